//! Agents that print nothing, too much, invalid or endless output: a failed turn with its log, in little memory.

use std::fs;
use std::path::PathBuf;

use super::stage::{Ended, Stage, task, walk};

/// Runs with a coder that executes this script instead of answering.
fn with_a_coder_that(stage: &Stage, script: &str, more: &[&str]) -> Ended {
    stage.agent("odd.sh", &format!("#!/bin/sh\ncat > /dev/null\n{script}\n"));
    let mut words = task(more);
    words[4] = "sam=command:../odd.sh";
    stage.run(&words)
}

/// git cannot stage the files of the first turn, which fails. `resume` asks the coder again.
#[test]
fn unstageable_files_do_not_wedge_runs() {
    let stage = Stage::new();
    let script = "if [ ! -e \"$HOME/told\" ]; then touch \"$HOME/told\"\n\
        printf '*.rc working-tree-encoding=UTF-16\\n' > .gitattributes; echo hi > a.rc; fi\n\
        exec \"$HOME/todo.sh\" < /dev/null";
    let first = with_a_coder_that(&stage, script, &[]);
    assert_eq!(first.json()["reason"], "agent-failed", "{}", first.stdout);
    assert!(first.stderr.contains("left a change that cannot be used: could not stage"), "{}", first.stderr);
    let next = first.json()["next_command"].as_str().unwrap().to_owned();
    let words: Vec<&str> = next.split(' ').skip(1).chain(["--json"]).collect();
    let ended = stage.run(&words);
    assert_eq!(ended.json()["status"], "approved", "{}{}", ended.stdout, ended.stderr);
    assert_eq!(stage.git(&["ls-tree", "--name-only", &stage.branch()]).trim(), "notes.txt");
}

/// Checks that the turn failed for this reason, and that its log is named and exists.
fn failed(stage: &Stage, script: &str, more: &[&str], why: &str) {
    let ended = with_a_coder_that(stage, script, more);
    assert_eq!(
        (ended.exit, ended.json()["reason"].as_str()),
        (Some(1), Some("agent-failed")),
        "{script}\n{}",
        ended.stdout
    );
    let line = ended
        .stderr
        .lines()
        .find(|line| line.starts_with("! coder sam "))
        .unwrap_or_else(|| panic!("{}", ended.stderr));
    assert!(line.contains(why), "{script}: {line}");
    ended.log_of(stage, "coder sam");
}

#[test]
fn invalid_output_fails_the_turn() {
    for (script, why) in [
        ("", "malformed"),
        ("printf '\\377\\376\\000\\001'", "not UTF-8"),
        ("head -c 3000000 /dev/zero | tr '\\000' x", "longer than 1 MiB"),
        ("head -c 2000000 /dev/zero > \"$AGENT_LOOP_RESPONSE\"", "longer than 1 MiB"),
        ("mkdir \"$AGENT_LOOP_RESPONSE\"", "not a regular file"),
        ("mkfifo \"$AGENT_LOOP_RESPONSE\"", "not a regular file"),
        ("ln -s /dev/zero \"$AGENT_LOOP_RESPONSE\"", "not a regular file"),
        ("ln -s /etc/passwd \"$AGENT_LOOP_RESPONSE\"", "not a regular file"),
        ("echo '{\"kind\": \"implementation\"'", "malformed"),
        ("echo oh no >&2; exit 3", "exit code 3"),
        ("kill -9 $$", "ended with exit code 137"),
    ] {
        failed(&Stage::new(), script, &[], why);
    }
}

#[test]
fn an_endless_child_is_ended() {
    let limit = ["--agent-timeout-seconds", "1"];
    failed(&Stage::new(), "exec > /dev/null 2>&1; while :; do sleep 0.1; done", &limit, "longer than 1 s");
    failed(&Stage::new(), "while :; do echo and on and on; done", &limit, "longer than 1 s");
}

#[test]
fn a_hundred_megabytes_cost_no_memory() {
    let stage = Stage::new();
    let script = "grep VmHWM /proc/$PPID/status > PEAK\nhead -c 100000000 /dev/zero | tr '\\000' y\n\
                  grep VmHWM /proc/$PPID/status >> PEAK";
    let script = script.replace("PEAK", &stage.root().join("peak").display().to_string());
    let ended = with_a_coder_that(&stage, &script, &[]);
    assert_eq!(ended.json()["reason"], "agent-failed", "{}", ended.stdout);
    let peaks = fs::read_to_string(stage.root().join("peak")).unwrap();
    let kilobytes = |line: &str| line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap();
    let peaks: Vec<u64> = peaks.lines().map(kilobytes).collect();
    assert!(peaks[1] - peaks[0] < 8_000, "{peaks:?}");
    let log = stage.logs().pop().unwrap();
    assert!(fs::metadata(log).unwrap().len() >= 100_000_000, "all of it is in the log");
}

/// A state file that was replaced by a pipe or a link is neither waited for nor followed.
#[test]
fn odd_state_files_are_not_opened() {
    let stage = Stage::new();
    stage.write("agent-loop.toml", "[gates.tests]\ncommand = \"true\"\nsetup = \"true\"\n");
    stage.git(&["add", "agent-loop.toml"]);
    stage.git(&["commit", "--quiet", "--message", "settings"]);
    assert_eq!(stage.run(&["config", "trust"]).exit, Some(0));
    let first = stage.run(&task(&[]));
    assert_eq!(first.exit, Some(0), "{}", first.stderr);
    let target = stage.root().join("target");
    let folders = ["repository/.git", "state", ".config"].map(|folder| walk(&stage.root().join(folder)));
    let is_state = |path: &PathBuf| {
        let text = path.to_string_lossy();
        let is_named =
            ["json", "jsonl"].iter().any(|ending| path.extension().is_some_and(|is| is == *ending))
                || ["setup", "index", "trusted.toml"].iter().any(|name| path.ends_with(name));
        let is_own = text.contains("/repository/.git/") && text.contains("agent-loop");
        (is_own || (is_named && !text.contains("/.git/")))
            && !text.contains(".git/refs")
            && !text.contains("/logs/")
    };
    let files: Vec<PathBuf> = folders.into_iter().flatten().filter(is_state).collect();
    let (mut journals, mut marks) = (0, 0);
    for path in files {
        let (name, saved) = (path.display().to_string(), path.with_extension("saved"));
        fs::rename(&path, &saved).unwrap();
        for make in [&["mkfifo", &name][..], &["ln", "-s", &target.display().to_string(), &name]] {
            // A new commit makes the run read its clones again.
            let branch = stage.branch();
            let commit =
                stage.git(&["commit-tree", &format!("{branch}^{{tree}}"), "-p", &branch, "-m", "more"]);
            stage.git(&["update-ref", &format!("refs/heads/{branch}"), &commit]);
            fs::write(&target, "kept").unwrap();
            assert!(stage.succeeds(make[0], &make[1..]));
            let status = (make[0] == "mkfifo").then(|| vec!["status"]);
            for words in status.into_iter().chain([task(&[])]) {
                let limited = [&["-s", "KILL", "60", env!("CARGO_BIN_EXE_agent-loop")], &words[..]].concat();
                let ended = stage.run_program("timeout", &limited);
                assert!(ended.exit.is_some_and(|code| code < 10), "{make:?} {words:?}: {:?}", ended.exit);
                let printed = ended.stdout + &ended.stderr;
                let is_named = printed.contains("not a regular file");
                journals += usize::from(is_named && name.ends_with("journal.jsonl"));
                marks += usize::from(name.ends_with("setup"));
            }
            assert_eq!(fs::read_to_string(&target).unwrap(), "kept", "{make:?}");
            agent_loop::adapters::files::remove(&path).unwrap();
        }
        fs::rename(&saved, &path).unwrap();
    }
    assert!(journals > 0, "the reason is named");
    assert!(marks > 0, "marks of the setup command are among the files");
}
