//! Refusals of the program, each with a command that works.

use std::fs;

use agent_loop::cli::view::outcome::next_command;
use agent_loop::domain::ending::{Blocked, Ending, Failed, NeedsHuman, Parked, Refused};
use agent_loop::domain::subject::Subject;
use agent_loop::engine::outcome::Outcome;

use super::stage::{Stage, task, walk};

fn refused(stage: &Stage, words: &[&str], reason: &str, hint: &str) {
    let ended = stage.run(words);
    let outcome = ended.json();
    assert_eq!(ended.exit, Some(2), "{words:?}: {}", ended.stdout);
    assert_eq!(outcome["reason"], reason, "{words:?}");
    let text = format!(
        "{}; next: {}",
        outcome["message"].as_str().unwrap(),
        outcome["next_command"].as_str().unwrap_or_default()
    );
    assert!(text.contains(hint), "{words:?}: {text}");
    is_typed_as_shown(outcome["next_command"].as_str().unwrap_or_default());
    let message = outcome["message"].as_str().unwrap();
    // Messages about the command line itself also quote the names of commands.
    let is_about_words = message.contains("did you mean") || message.contains("is not an option of");
    for command in message.split('`').skip(1).step_by(2).filter(|_| !is_about_words) {
        let is_template =
            command.split(' ').any(|word| word.chars().all(|letter| letter.is_ascii_uppercase()));
        if !is_template {
            is_typed_as_shown(command);
        }
    }
    if words.contains(&"task") {
        let key = outcome["subject"].as_str();
        assert_eq!(key, None, "a refused task has no key yet: {words:?}");
    }
}

/// A next command is one of ours that the command line accepts, and never help alone; or one of another program.
fn is_typed_as_shown(command: &str) {
    let words = shlex::split(command).unwrap_or_else(|| panic!("{command}"));
    if words.first().is_some_and(|program| program == "agent-loop") {
        assert!(!words.iter().any(|word| ["-h", "--help", "help"].contains(&word.as_str())), "{command}");
        let parsed = agent_loop::cli::arguments::task::read(words.into_iter().map(Into::into));
        assert!(parsed.is_ok(), "{command}: {}", parsed.unwrap_err());
    }
}

#[test]
fn refusals_name_a_command() {
    let stage = Stage::new();
    let nowhere = ["--claude-cmd", "/nowhere/claude"];
    let with = |words: &[&'static str]| [words, &nowhere].concat();
    refused(&stage, &with(&["task", "x", "--json", "--coder", "claude"]), "config", "--claude-cmd");
    refused(&stage, &with(&["task", "x", "--json"]), "config", "--claude-cmd PATH");
    let there = ["--opencode-cmd", "/bin/true", "--coder", "opencode"];
    refused(
        &stage,
        &[&["task", "x", "--json"][..], &there].concat(),
        "config",
        "--opencode-model provider/model",
    );
    refused(&stage, &["task", "x", "--json", "--coder", "gpt"], "usage", "claude");
    refused(&stage, &["task", "x", "--json", "--coder", "sam=codx"], "usage", "did you mean `codex`?");
    refused(&stage, &["task", "x", "--json", "--coder", "claude-code"], "usage", "did you mean `claude`?");
    refused(&stage, &["task", "x", "--json", "--reviewer", "codex,claude"], "usage", "repeat the flag");
    refused(&stage, &["task", "x", "--json", "--max-round", "3"], "usage", "--max-rounds");
    refused(&stage, &["task", "x", "--json", "--model", "opus"], "usage", "--claude-model, ");
    refused(&stage, &["tsak", "x", "--json"], "usage", "task");
    refused(&stage, &["task", " ", "--json"], "usage", "the task is empty");
    refused(&stage, &["task", "--json"], "usage", "--task-file PATH");
    refused(&stage, &["task", "x", "--coder", "claude:opus", "--json"], "usage", "--claude-model opus");
    let explained = stage.run(&["config", "explain", "coder"]).stderr;
    assert!(explained.contains("did you mean `roles.coder`?"), "{explained}");
    refused(&stage, &["resume", "pr/1", "--json"], "usage", "there are no runs in this repository yet");
    stage.run(&["local", "init"]);
    refused(&stage, &["resume", "pr/1", "--json"], "usage", "pr/1 is not known on this machine");
    assert_eq!(stage.run(&["resume", "--json"]).stdout, "[]\n");
    refused(&stage, &["gates", "task/zz", "--json"], "usage", "`zz` is not a valid task key");
    refused(&stage, &["gates", "--json"], "usage", "--base");
    assert_eq!(stage.run(&["gates", "--json"]).json()["subject"], serde_json::Value::Null);
    assert!(stage.run(&["gates"]).stdout.starts_with("refused (usage)\n"), "no subject is made up");
    refused(&stage, &["task", "x", "--json", "--repo", "/nope"], "usage", "a folder is named with -C");
    refused(&stage, &["gates", "--json", "-C", "/"], "usage", "is not in a git repository");
    refused(&stage, &["task", "x", "--json", "--coder", "command:./no.sh"], "usage", "does not exist");
    refused(&stage, &["task", "x", "--json", "--forge", "github"], "usage", "--repo OWNER/REPO");
    refused(&stage, &["pr", "9", "--json"], "usage", "local pr list");
    refused(&stage, &["pr", "9", "--json", "--frobnicate"], "usage", "--frobnicate");
    refused(&stage, &["pr", "list", "--json"], "usage", "`agent-loop local pr list --json`");
    refused(&stage, &["task", "x", "--json", "-C", ".."], "usage", "git init");
    refused(&stage, &["task", "--json", "--task-file", "no.md"], "usage", "cannot read no.md");
    stage.git(&["checkout", "--quiet", "--detach"]);
    refused(&stage, &["task", "x", "--json"], "usage", "--base");
}

#[test]
fn a_vanished_current_folder_is_named() {
    let stage = Stage::new();
    let program = env!("CARGO_BIN_EXE_agent-loop");
    let said = stage.root().join("said").display().to_string();
    let script = format!("mkdir gone && cd gone && rmdir ../gone && {program} task x --json > {said}");
    assert!(!stage.succeeds("sh", &["-c", &script]));
    let outcome: serde_json::Value = serde_json::from_str(&fs::read_to_string(said).unwrap()).unwrap();
    assert_eq!((&outcome["exit"], &outcome["reason"]), (&2.into(), &"usage".into()));
    assert!(outcome["message"].as_str().unwrap().contains("cannot find the current folder"));
}

#[test]
fn a_missing_test_command_is_refused() {
    let stage = Stage::new();
    let words = ["task", "Do it", "--forge", "local", "--coder", "sam=command:/bin/true", "--reviewer"];
    let more = ["one=command:/bin/true", "--test-command", "no-such-program --all"];
    let refused = stage.run(&[&words[..], &more].concat());
    assert_eq!(refused.exit, Some(2), "{}", refused.stderr);
    assert!(refused.stdout.contains("`no-such-program` was not found"), "{}", refused.stdout);
    let refused =
        stage.run(&[&words[..], &["one=command:/bin/true", "--test-command", "/no/such -x"]].concat());
    assert!(refused.stdout.contains("`/no/such` is not an executable file"), "{}", refused.stdout);
    assert_eq!(stage.run(&["status", "--json"]).stdout.trim(), "[]", "nothing was begun");
}

#[test]
fn refused_and_dry_tasks_leave_nothing() {
    let stage = Stage::new();
    let files = || walk(stage.root());
    let before = files();
    let agents = ["--coder", "sam=command:../todo.sh", "--reviewer", "one=command:../todo.sh"];
    for (words, exit) in [
        ([&["task", "Do it"][..], &["--claude-cmd", "/nowhere"]].concat(), 2),
        ([&["task", "Do it", "--dry-run"][..], &agents].concat(), 0),
        ([&["task", "Do it", "--test-command", "no-such-program"][..], &agents].concat(), 2),
    ] {
        let ended = stage.run(&words);
        assert_eq!(ended.exit, Some(exit), "{words:?}: {}", ended.stderr);
        assert_eq!(files(), before, "{words:?}");
    }
}

#[test]
fn a_deleted_branch_is_never_reviewed() {
    let stage = Stage::new();
    stage.git(&["checkout", "--quiet", "-b", "feature"]);
    stage.write("notes.txt", "one DONE\n");
    stage.git(&["commit", "--quiet", "--all", "--message", "done"]);
    stage.git(&["checkout", "--quiet", "main"]);
    let create =
        ["local", "pr", "create", "--head", "feature", "--base", "main", "--title", "T", "--body", "B"];
    assert_eq!(stage.run(&create).exit, Some(0));
    let review =
        ["pr", "1", "--json", "--coder", "sam=command:../todo.sh", "--reviewer", "one=command:../todo.sh"];
    stage.git(&["branch", "--move", "feature", "elsewhere"]);
    refused(&stage, &review, "closed-subject", "restore it with `git branch feature ");
    stage.git(&["branch", "--move", "elsewhere", "feature"]);
    stage.git(&["checkout", "--quiet", "feature"]);
    stage.git(&["branch", "--delete", "--force", "main"]);
    refused(&stage, &review, "closed-subject", "the base branch `main` of pull request 1");
}

#[test]
fn names_of_nothing_are_refused() {
    let stage = Stage::new();
    stage.git(&["config", "user.name", "Ada"]);
    let no_gate = |name| task(&["--no-gate", name]);
    refused(&stage, &no_gate("test"), "usage", "the gates are tests, score, tamper; did you mean `tests`?");
    refused(&stage, &no_gate("frobnicate"), "usage", "there is no gate `frobnicate`");
    let gates = |more: &[&'static str]| [&["gates", "--base", "main", "--json"], more].concat();
    refused(&stage, &gates(&["--no-gate", "frobnicate"]), "usage", "there is no gate `frobnicate`");
    refused(&stage, &task(&["--scope", "srcx/**"]), "usage", "no file on main matches `srcx/**`");
    refused(&stage, &gates(&["--scope", "srcx"]), "usage", "next: git ls-files");
    let partly = stage.run(&task(&["--scope", "srcx", "--scope", "./notes.txt"]));
    assert!(partly.stderr.contains("no file on main matches `srcx`"), "{}", partly.stderr);
    assert_eq!(partly.json()["status"], "approved", "{}", partly.stdout);
    let of_the_pull_request = |more: &[&'static str]| [&["gates", "pr/1", "--json"], more].concat();
    let near = of_the_pull_request(&["--no-gate", "test"]);
    refused(&stage, &near, "usage", "did you mean `tests`?");
    refused(&stage, &of_the_pull_request(&["--scope", "srcx"]), "usage", "no file on main matches `srcx`");
    let unlike = stage.run(&of_the_pull_request(&["--no-gate", "frobnicate"]));
    assert!(unlike.stderr.contains("there is no gate `frobnicate`"), "{}", unlike.stderr);
}

#[test]
fn unset_variables_are_named_once() {
    let stage = Stage::new();
    let program = stage.root().join("todo.sh").display().to_string();
    let agent = format!("[agents.todo]\ncmd = \"{program}\"\nenv = [\"NOT_SET_ANYWHERE\", \"PATH\"]\n");
    let settings = stage.root().join(".config/agent-loop");
    fs::create_dir_all(&settings).unwrap();
    fs::write(settings.join("config.toml"), agent).unwrap();
    let agents = ["--coder", "sam=command:todo", "--reviewer", "one=command:todo"];
    let run = stage.run(&[&["task", "Resolve every TODO", "--json=events"][..], &agents].concat());
    assert_eq!(run.stdout.matches("NOT_SET_ANYWHERE").count(), 1, "{}", run.stdout);
    let doctor = stage.run(&[&["doctor"][..], &agents].concat()).stdout;
    assert!(doctor.contains("not set: NOT_SET_ANYWHERE"), "{doctor}");
}

#[test]
fn a_missing_base_names_existing_ones() {
    let stage = Stage::new();
    refused(&stage, &["gates", "--base", "mian", "--json"], "usage", "(did you mean `main`?)");
    refused(&stage, &["gates", "--base", "nope", "--json"], "usage", "next: git branch -a");
    stage.git(&["remote", "add", "origin", "/nowhere"]);
    refused(&stage, &["gates", "--base", "nope", "--json"], "usage", "next: git fetch origin nope");
}

/// A refusal of any command names the command that removes its cause, for people and for scripts.
#[test]
fn every_refusal_names_its_fix() {
    let stage = Stage::new();
    let path = stage.repository().display().to_string();
    stage.git(&["branch", "agent-loop"]);
    let rename = "git branch -m agent-loop agent-loop-old";
    assert_eq!(stage.run(&task(&[])).json()["next_command"], rename);
    stage.git(&rename.split(' ').skip(1).collect::<Vec<_>>());
    assert_eq!(stage.run(&task(&[])).json()["status"], "approved");
    let names = |words: &[&str], next: &str| {
        let printed = stage.run(words);
        let said = format!("{}{}", printed.stdout, printed.stderr);
        assert!(said.ends_with(&format!("\nnext: {next}\n")), "{words:?}: {said}");
        assert_eq!(stage.run(&[words, &["--json"]].concat()).json()["next_command"], next, "{words:?}");
    };
    let list = format!("agent-loop local pr list -C {path}");
    names(&["local", "pr", "view", "99", "-C", &path], &list);
    stage.write("notes.txt", "one TODO, edited\n");
    names(&["local", "pr", "merge", "1"], &format!("git -C {path} stash push --include-untracked"));
    stage.git(&["checkout", "--quiet", "notes.txt"]);
    assert_eq!(stage.run(&["local", "pr", "close", "1"]).exit, Some(0));
    for words in [["local", "pr", "merge", "1"].as_slice(), &["pr", "1"]] {
        names(words, "agent-loop local pr reopen 1");
    }
    stage.run(&["local", "issue", "create", "--title", "Fix it"]);
    stage.run(&["local", "issue", "close", "2"]);
    let agents = ["--coder", "command:../todo.sh", "--reviewer", "command:../todo.sh"];
    names(&[&["issue", "2"][..], &agents].concat(), "agent-loop local issue reopen 2");
}

/// Every problem that can be found before the first turn is reported before it, the most basic one first.
#[test]
fn impossible_runs_are_refused_first() {
    let stage = Stage::new();
    stage.write("plain.sh", "#!/bin/sh\n");
    let plain = format!("command:{}", stage.repository().join("plain.sh").display());
    refused(&stage, &["task", "x", "--json", "--coder", &plain], "usage", "is not executable (`chmod +x");
    let program = stage.repository().join("plain.sh").display().to_string();
    refused(&stage, &["task", "x", "--json", "--claude-cmd", &program], "config", "is not executable");
    let twice = ["task", "x", "--json", "--reviewer", "claude", "--reviewer", "claude"];
    refused(
        &stage,
        &[&twice[..], &["--claude-cmd", "/nowhere"]].concat(),
        "usage",
        "two reviewers have the label `claude`",
    );
    stage.run(&["local", "issue", "create", "--title", "Fix it"]);
    let other = ["pr", "1", "--json", "--claude-cmd", "/nowhere", "--test-command", "nowhere"];
    refused(&stage, &other, "usage", "1 is an issue, not a pull request; next: agent-loop issue 1");
    let all: serde_json::Value = stage.run(&["local", "issue", "view", "1", "--json"]).json();
    assert_eq!(all["comments"], serde_json::json!([]), "no comment was published");
}

#[test]
fn read_only_commands_change_nothing() {
    let stage = Stage::new();
    let forge = stage.repository().join(".git/agent-loop.sqlite3");
    assert_eq!(stage.run(&["local", "issue", "list", "--json"]).stdout, "[]\n");
    assert_eq!(stage.run(&["local", "pr", "list", "--json"]).stdout, "[]\n");
    for words in [["local", "issue", "view", "1"], ["local", "pr", "view", "1"]] {
        let ended = stage.run(&words);
        assert!(ended.exit == Some(2) && ended.stderr.contains("local init"), "{}", ended.stderr);
    }
    assert!(!forge.exists(), "{}", forge.display());
    for title in ["", "  "] {
        assert_eq!(stage.run(&["local", "issue", "create", "--title", title]).exit, Some(2));
    }
    stage.run(&["local", "issue", "create", "--title", "Fix it"]);
    let ended = stage.run(&["local", "pr", "view", "1"]);
    assert!(ended.stderr.contains("`agent-loop local issue view 1`"), "{}", ended.stderr);
}

#[test]
fn every_ending_names_a_usable_command() {
    let mut endings = vec![
        Ending::Approved,
        Ending::Merged { commit: "a".repeat(40).parse().unwrap() },
        Ending::Consensus,
        Ending::Planned,
        Ending::Decomposed,
        Ending::Kept,
        Ending::ApprovedCiPending,
        Ending::Parked { resets_at: jiff::Timestamp::UNIX_EPOCH, reason: Parked::Quota },
        Ending::Deadlock,
        Ending::Inconclusive,
        Ending::Interrupted,
    ];
    endings.extend(Blocked::ALL.map(|reason| Ending::Blocked { reason }));
    endings.extend(Failed::ALL.map(|reason| Ending::Failed { reason }));
    endings.extend(Refused::ALL.map(|reason| Ending::Refused { reason }));
    endings.extend(NeedsHuman::ALL.map(|reason| Ending::NeedsHuman { reason }));
    for subject in [None, Some("task/1a2b3c4d"), Some("issue/3"), Some("pr/7")] {
        for ending in &endings {
            let subject: Option<Subject> = subject.map(|subject| subject.parse().unwrap());
            for message in ["", "run `agent-loop task -h`", "start one with `agent-loop issue N`"] {
                let outcome = Outcome::bare(subject.clone(), ending.clone(), message.to_owned());
                is_typed_as_shown(&next_command(&outcome));
            }
        }
    }
}
