//! The files on the disk after a run, and their permissions.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use super::stage::{Stage, task, walk};

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn files_of_runs_are_private() {
    let stage = Stage::new();
    assert_eq!(stage.run(&task(&["--test-command", "true"])).exit, Some(0));
    let ours = stage.root().join("state/agent-loop");
    assert_eq!(mode(&ours), 0o700);
    let mut looked = 0;
    for path in walk(&ours) {
        // Files in a clone have the modes of their commit; the folder around the clone is private. The mirror shares objects with
        // the user's repository.
        let content = path.components().any(|part| part.as_os_str() == "clone");
        let is_object = path.to_string_lossy().contains("/mirror.git/objects/");
        let shared = is_object && path.is_file() && fs::metadata(&path).unwrap().nlink() > 1;
        if !content && !shared && !path.is_symlink() {
            assert_eq!(mode(&path) & 0o077, 0, "{}", path.display());
            looked += 1;
        }
    }
    assert!(looked > 20, "{looked}");
    for name in ["agent-loop.sqlite3", "agent-loop-locks/agent-loop-pr-1.lock"] {
        assert_eq!(mode(&stage.repository().join(".git").join(name)) & 0o077, 0, "{name}");
    }
}

/// Even root, who can list any folder, cannot guess the name of another turn's folder.
#[test]
fn folders_of_turns_are_hidden() {
    let stage = Stage::new();
    let look =
        "set -eu; turn=${AGENT_LOOP_RESPONSE%/*}; echo \"$(ls -ld ${turn%/*}) ${turn##*/}\" >> $HOME/seen";
    stage.agent("todo.sh", &include_str!("../../../fixtures/agents/todo-agent.sh").replace("set -eu", look));
    assert_eq!(stage.run(&task(&[])).exit, Some(0));
    let seen = fs::read_to_string(stage.root().join("seen")).unwrap();
    let names: BTreeSet<&str> = seen.lines().map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert!(seen.lines().count() == 3 && names.len() == 3, "{seen}");
    assert!(
        names.iter().all(|name| name.len() >= 24) && seen.lines().all(|line| line.starts_with("d-wx------")),
        "{seen}"
    );
    // The folders of a killed run are removed when its subject is worked on again.
    let ours = stage.root().join("state/agent-loop");
    let journal = walk(&ours).into_iter().find(|path| path.ends_with("pr-1/journal.jsonl")).unwrap();
    let left = journal.with_file_name("turns").join("left");
    assert_eq!(fs::read_dir(left.parent().unwrap()).unwrap().count(), 0, "an ended turn leaves nothing");
    fs::create_dir(&left).unwrap();
    stage.run(&["pr", "1"]);
    assert!(!left.exists());
}

/// Neither an agent nor a test command gets the token, under any name.
#[test]
fn no_command_gets_the_forges_token() {
    let stage = Stage::new();
    let script =
        include_str!("../../../fixtures/agents/todo-agent.sh").replace("set -eu", "set -eu; env >&2");
    let path = stage.agent("telling.sh", &script);
    stage.agent("claude.sh", "#!/bin/sh\nenv >&2\nexit 1\n");
    let folder = stage.root().join(".config/agent-loop");
    fs::create_dir_all(&folder).unwrap();
    let settings = format!(
        "[agents.telling]\ncmd = \"{}\"\nenv = [\"GITHUB_PAT\", \"HARMLESS\", \"SHAPED\", \"OWN_KEY\", \"GH_TOKEN\"]\n",
        path.display()
    );
    fs::write(folder.join("config.toml"), settings).unwrap();
    let shaped = format!("x-access-token:ghs_{}", "0123456789abcdefghij0123456789ABCDEF");
    let variables = [
        ("GITHUB_PAT", "pat-of-the-forge"),
        ("ANTHROPIC_GITHUB_TOKEN", "vendors-pat-of-the-forge"),
        ("HARMLESS", "prefix secret-of-the-forge"),
        ("HTTPS_PROXY", "http://secret-of-the-forge@proxy"),
        ("SHAPED", shaped.as_str()),
        ("OWN_KEY", "its-own-key"),
        ("ANTHROPIC_MODEL", "opus"),
    ];
    let words = |coder| {
        let all = ["task", coder, "--json", "--claude-cmd", "../claude.sh", "--agent-max-retries", "0"];
        let seats = ["--coder", coder, "--reviewer", "one=command:telling", "--test-command", "env"];
        [&all[..], &seats].concat()
    };
    let ended = stage.run_with(&words("sam=command:telling"), &variables);
    assert_eq!(ended.json()["status"], "approved", "{}", ended.stderr);
    let warnings: Vec<&str> = ended.stderr.lines().filter(|line| line.contains("not passed to")).collect();
    assert!(
        warnings.len() == 1 && warnings[0].contains(": GH_TOKEN, GITHUB_PAT, HARMLESS, HTTPS_PROXY, SHAPED."),
        "{warnings:?}"
    );
    let vendors = stage.run_with(&words("claude"), &variables);
    assert!(!vendors.stderr.contains("-of-the-forge"), "{}", vendors.stderr);

    let logs: Vec<String> = stage.logs().iter().map(|log| fs::read_to_string(log).unwrap()).collect();
    assert!(
        logs.iter().any(|log| log.contains("OWN_KEY=its-own-key")),
        "variables that settings name are passed"
    );
    assert!(
        logs.iter().any(|log| log.contains("ANTHROPIC_MODEL=opus")),
        "{vendors}",
        vendors = vendors.stderr
    );
    assert!(
        logs.iter().any(|log| log.contains("AGENT_LOOP_RUN_ID") && !log.contains("AGENT_LOOP_ROLE")),
        "the tests ran"
    );
    for log in logs {
        assert!(!log.contains("-of-the-forge") && !log.contains("ghs_"), "{log}");
    }
}

/// An invisible letter splits the secret in the summary, which is the message of the commit.
#[test]
fn commit_messages_hold_no_secret() {
    let stage = Stage::new();
    let todo = include_str!("../../../fixtures/agents/todo-agent.sh");
    stage.agent("todo.sh", &todo.replace("Every TODO is done now.", r"Used secret-of\u200b-the-forge."));
    assert_eq!(stage.run(&task(&[])).json()["status"], "approved");
    let message = stage.git(&["log", "-1", "--format=%B", &stage.branch()]).replace('\u{200b}', "");
    assert!(message.contains("Used [redacted: ") && !message.contains("the-forge"), "{message}");
}

#[test]
fn the_users_checkout_is_unchanged() {
    let stage = Stage::new();
    let before = walk(&stage.repository().join("."))
        .into_iter()
        .filter(|path| !path.starts_with(stage.repository().join("./.git")));
    let before: Vec<_> = before.map(|path| (fs::read(&path).unwrap(), path)).collect();
    assert_eq!(stage.run(&task(&[])).exit, Some(0));
    let after = walk(&stage.repository().join("."))
        .into_iter()
        .filter(|path| !path.starts_with(stage.repository().join("./.git")));
    assert_eq!(after.map(|path| (fs::read(&path).unwrap(), path)).collect::<Vec<_>>(), before);
    assert_eq!(stage.git(&["status", "--porcelain"]), "");
}

#[test]
fn only_old_logs_are_removed() {
    let stage = Stage::new();
    assert_eq!(stage.run(&task(&[])).exit, Some(0));
    let logs = stage.logs();
    let (first, rest) = logs.split_first().unwrap();
    assert_eq!(rest.len(), 2, "the coder and two reviewers took a turn each: {logs:?}");
    let written = fs::metadata(first).unwrap().modified().unwrap();
    let old = written - std::time::Duration::from_hours(24 * 40);
    fs::File::options().append(true).open(first).unwrap().set_modified(old).unwrap();
    let mut words = task(&[]);
    words[1] = "Something else";
    stage.run(&words);
    assert!(!first.exists());
    assert!(rest.iter().all(|log| log.exists()));
}
