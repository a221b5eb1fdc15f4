//! What a person sees first: help pages, settings, a run in lines and as JSON, and the forge from the command line. The
//! snapshots are in `fixtures/screens`; after an intended change: `INSTA_UPDATE=always cargo test --test it programs`.

use regex::Regex;
use serde_json::Value;

use super::stage::{Stage, task};

/// Compares a text with the snapshot of this name. Paths of the stage are written as `ROOT`.
#[track_caller]
pub(super) fn assert_screen(stage: &Stage, name: &str, text: &str) {
    let text = text.replace(&stage.root().display().to_string(), "ROOT");
    let text = text.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../../fixtures/screens");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn help_pages_are_saved() {
    let stage = Stage::new();
    let names = stage.run(&["-h"]).stdout;
    let (_, names) = names.split_once("Commands:\n").unwrap();
    let commands =
        names.lines().map_while(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    let page = |words: &[&str], flag: &str| {
        let help = stage.run(&[words, &[flag]].concat());
        format!("=== agent-loop {} {flag}\n{}\n", words.join(" "), help.stdout)
    };
    let (mut short, mut long) = (page(&[], "-h"), page(&[], "--help"));
    for command in commands {
        short += &page(&[command], "-h");
        // The flags of `issue`, `pr` and `resume` are those of `task`.
        if !["issue", "pr", "resume"].contains(&command) {
            long += &page(&[command], "--help");
        }
    }
    for words in ["issue", "pr", "check"].map(|noun| ["local", noun]) {
        long += &page(&words, "--help");
    }
    assert_screen(&stage, "help-short", &short);
    assert_screen(&stage, "help-long", &long);
    assert!(stage.run(&["task", "-h"]).stdout.lines().count() < 60, "one page");
}

#[test]
fn settings_are_explained() {
    let stage = Stage::new();
    assert_screen(&stage, "config-explain", &stage.run(&["config", "explain"]).stdout);
}

/// Replaces the parts of a text that differ from run to run.
fn stable(text: &str) -> String {
    let hex = |word: &str| word.len() == 7 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words = text.split_inclusive([' ', '\n', ',', ':']).map(|word| {
        let bare = word.trim_end_matches([' ', '\n', ',', ':']);
        let shown = if hex(bare) {
            "COMMIT"
        } else if bare.starts_with("task/") {
            "task/KEY"
        } else {
            bare
        };
        word.replacen(bare, shown, 1)
    });
    let shown: String = words.collect();
    Regex::new(r"\d+ s\b").unwrap().replace_all(&shown, "N s").into_owned()
}

#[test]
fn a_run_reads_as_lines() {
    let stage = Stage::new();
    let mut words = task(&["--test-command", "grep -c DONE notes.txt"]);
    words.remove(2);
    let ended = stage.run(&words);
    assert_eq!(ended.exit, Some(0), "{}", ended.stderr);
    assert_screen(&stage, "run-lines", &stable(&format!("{}{}", ended.stderr, ended.stdout)));
}

#[test]
fn published_records_are_events() {
    let stage = Stage::new();
    let mut words = task(&["--test-command", "grep -c DONE notes.txt"]);
    words[2] = "--json=events";
    let ended = stage.run(&words);
    let events = ended.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let published: Vec<Value> = events.filter(|event| event["event"] == "published").collect();
    let reviewed = published.iter().find(|event| event["record"] == "reviewed").unwrap();
    assert_eq!((&reviewed["agent"], &reviewed["state"]), (&"one".into(), &"approved".into()));
    assert!(reviewed["items"].is_array() && reviewed["round"] == 1, "{reviewed}");
    let shapes = published.iter().map(|event| {
        let keys: Vec<&str> = event.as_object().unwrap().keys().map(String::as_str).collect();
        format!("{}: {}\n", event["record"].as_str().unwrap(), keys.join(" "))
    });
    assert_screen(&stage, "published-events", &shapes.collect::<String>());
}

#[test]
fn pull_requests_are_shown() {
    let stage = Stage::new();
    assert_eq!(stage.run(&task(&[])).exit, Some(0));
    let repository = stage.repository().display().to_string();
    let diff = stage.run(&["-C", &repository, "local", "pr", "diff", "#1"]).stdout;
    assert!(diff.contains("-one TODO\n+one DONE\n"), "{diff}");
    let view = stage.run(&["local", "pr", "view", "pr/1"]).stdout;
    assert!(view.contains("comments not shown; --comments shows all") && !view.contains("<sub>"), "{view}");
    let list = stage.run(&["local", "pr", "list"]).stdout;
    assert_eq!(list, format!("#1  open  {}  agent-loop  Resolve all TODOs\n", stage.branch()));
    assert_eq!(stage.run(&["local", "pr", "checkout", "1"]).exit, Some(0));
    assert_eq!(stage.git(&["branch", "--show-current"]), stage.branch());
    stage.git(&["switch", "--quiet", "main"]);
    assert_eq!(stage.run(&["local", "pr", "merge", "1"]).exit, Some(0));
    assert_eq!(stage.run(&["local", "pr", "diff", "1"]).stdout, diff, "a merged change is shown too");
    stage.git(&["branch", "--quiet", "topic", "HEAD~1"]);
    let created = stage.run(&["local", "pr", "create", "-t", "T", "-b", "B", "-B", "main", "-H", "topic"]);
    assert_eq!(created.stdout, "Created pull request #2; next: agent-loop pr 2\n", "{}", created.stderr);
    for (words, why) in
        [(["pr", "list"], "agent-loop local pr list"), (["issue", "view"], "agent-loop local issue view")]
    {
        let refused = stage.run(&words);
        assert!(refused.exit == Some(2) && refused.stderr.contains(why), "{}", refused.stderr);
    }
    let refused = stage.run(&["task", "x", "--coder", "./agent.sh"]);
    assert!(refused.stderr.contains("command:./agent.sh"), "{}", refused.stderr);
    assert!(stage.run(&["status", "#1"]).stdout.starts_with("pr/1"));
    assert_eq!(stage.run(&["verify", "1"]).exit, Some(0));
}

/// Names from the repository and the command line are escaped on the terminal.
#[test]
fn control_characters_never_reach_terminals() {
    let stage = Stage::new();
    stage.write("agent-loop.toml", "[\"\\u001b]0;t\\u0007\\u001b[8m\\u202e\"]\nx = 1\n");
    stage.git(&["add", "--all"]);
    stage.git(&["commit", "--quiet", "--message", "more"]);
    let head = stage.git(&["rev-parse", "HEAD"]);
    let name = "\u{1b}]0;t\u{7}\u{1b}[8m\u{202e}";
    for words in [
        &["doctor"][..],
        &["config", "explain"],
        &["config", "trust"],
        &["local", "check", "set", &head, name, "failure"],
        &["status", name],
        &["-C", name, "status"],
        &["verify", "pr/1", "--dump", name],
    ] {
        let ended = stage.run(words);
        let said = ended.stdout + &ended.stderr;
        assert!(said.contains("\\u001b]0;t\\u0007\\u001b[8m\\u202e"), "{words:?}: {said}");
        assert!(!said.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{words:?}: {said}");
    }
}

/// A program that reads the diff gets its exact bytes.
#[test]
fn a_piped_diff_can_be_applied() {
    let stage = Stage::new();
    stage.git(&["switch", "--quiet", "--create", "fix"]);
    std::fs::write(stage.repository().join("notes.txt"), b"one \xe9 \x1b[8m\xe2\x80\xae TODO\r\n").unwrap();
    stage.git(&["commit", "--quiet", "--all", "--message", "more"]);
    stage.git(&["switch", "--quiet", "main"]);
    stage.run(&["local", "pr", "create", "--title", "t", "--base", "main", "--head", "fix"]);
    let program = env!("CARGO_BIN_EXE_agent-loop");
    let applied = stage
        .run_program("sh", &["-c", &format!("{program} local pr diff 1 | git apply --whitespace=nowarn")]);
    assert_eq!(applied.stderr, "");
    assert_eq!(stage.git(&["diff", "fix", "--"]), "");
}

#[test]
fn the_demo_needs_no_cargo() {
    let stage = Stage::new();
    let ended = stage.run_with(&["demo", "--keep"], &[("TMPDIR", &stage.root().display().to_string())]);
    assert_eq!(ended.exit, Some(0), "{}", ended.stderr);
    let project = ended.stderr.lines().find_map(|line| line.strip_prefix("  cd ")).unwrap().to_owned();
    let folder = ended.stderr.lines().find_map(|line| line.strip_prefix("  export XDG_STATE_HOME=")).unwrap();
    for words in [&["status", "-C", &project][..], &["logs", "pr/2", "--list", "-C", &project]] {
        let shown = stage.run_with(words, &[("XDG_STATE_HOME", folder)]);
        assert!(shown.exit == Some(0) && shown.stdout.contains("pr/2"), "{}{}", shown.stdout, shown.stderr);
    }
    let shown = ended.stderr.lines().skip(3).take_while(|line| !line.is_empty());
    assert_screen(&stage, "demo-lines", &stable(&(shown.collect::<Vec<_>>().join("\n") + "\n")));
}
