//! Agents that print nothing, too much, nonsense, or for ever: a failed turn with its log, and a program that stays small.

use super::stage::{Ended, Stage, task};

/// A run whose coder does this instead of an answer.
fn with_a_coder_that(stage: &Stage, script: &str, more: &[&str]) -> Ended {
    stage.agent("odd.sh", &format!("#!/bin/sh\ncat > /dev/null\n{script}\n"));
    let mut words = task(more);
    words[4] = "sam=command:../odd.sh";
    stage.run(&words)
}

/// The turn has failed, for this reason, and its log is named and there.
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
fn nonsense_and_excess_fail_the_turn() {
    for (script, why) in [
        ("", "malformed"),
        ("printf '\\377\\376\\000\\001'", "not UTF-8"),
        ("head -c 3000000 /dev/zero | tr '\\000' x", "longer than 1 MiB"),
        ("head -c 2000000 /dev/zero > \"$AGENT_LOOP_RESPONSE\"", "longer than 1 MiB"),
        ("mkdir \"$AGENT_LOOP_RESPONSE\"", "no plain file"),
        ("mkfifo \"$AGENT_LOOP_RESPONSE\"", "no plain file"),
        ("ln -s /dev/zero \"$AGENT_LOOP_RESPONSE\"", "no plain file"),
        ("ln -s /etc/passwd \"$AGENT_LOOP_RESPONSE\"", "no plain file"),
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
    let script = "echo $PPID > ../pid 2>/dev/null || true\nhead -c 100000000 /dev/zero | tr '\\000' y\n\
                  grep VmHWM /proc/$PPID/status > PEAK";
    let script = script.replace("PEAK", &stage.root().join("peak").display().to_string());
    let ended = with_a_coder_that(&stage, &script, &[]);
    assert_eq!(ended.json()["reason"], "agent-failed", "{}", ended.stdout);
    let peak = std::fs::read_to_string(stage.root().join("peak")).unwrap();
    let kilobytes: u64 = peak.split_whitespace().nth(1).unwrap().parse().unwrap();
    // The program itself takes most of it: a build for tests is large.
    assert!(kilobytes < 40_000, "{peak}");
    let log = stage.logs().pop().unwrap();
    assert!(std::fs::metadata(log).unwrap().len() >= 100_000_000, "all of it is in the log");
}
