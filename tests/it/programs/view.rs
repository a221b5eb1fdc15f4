//! The display of a run: quiet lines, events for scripts, heartbeats.

use std::io::{BufRead, BufReader};

use serde_json::Value;

use super::stage::{Stage, task};

#[test]
fn events_end_with_the_outcome() {
    let stage = Stage::new();
    let mut words = task(&[]);
    words[2] = "--json=events";
    let ended = stage.run(&words);
    let lines: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (outcome, events) = lines.split_last().unwrap();
    assert_eq!(outcome["schema"], "agent-loop/outcome/1");
    assert!(events.iter().all(|event| event["schema"] == "agent-loop/event/1" && event["at"].is_string()));
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names.first(), Some(&"begun"));
    for name in [
        "turn-begun",
        "turn-answered",
        "pushed",
        "pull-request-opened",
        "round-begun",
        "published",
        "counted",
    ] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
}

#[test]
fn quiet_is_silent_and_pipes_colourless() {
    let stage = Stage::new();
    let quiet = stage.run(&task(&["--quiet", "--progress-interval-seconds", "1"]));
    assert_eq!((quiet.exit, quiet.stderr.as_str()), (Some(0), ""));
    let piped = Stage::new().run_with(&task(&[]), &[("TERM", "xterm-256color")]);
    assert!(!piped.stderr.contains('\u{1b}') && piped.stderr.lines().count() == 3, "{}", piped.stderr);
}

#[test]
fn a_long_turn_shows_its_activity() {
    let stage = Stage::new();
    let seen = stage.root().join("seen");
    // The agent works until its heartbeat has appeared, and gives up after half a minute: then the test fails instead of
    // hanging.
    let wait = format!("for i in $(seq 300); do [ -e {} ] && break; sleep 0.1; done", seen.display());
    stage.agent(
        "slow.sh",
        &format!("#!/bin/sh\necho looking around\n{wait}\nexec \"$(dirname \"$0\")/todo.sh\"\n"),
    );
    let mut words = task(&["--progress-interval-seconds", "1"]);
    words[4] = "sam=command:../slow.sh";
    let mut child = stage.start_captured(&words);
    let mut told = Vec::new();
    for line in BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap) {
        if line.contains("coder sam is working") {
            std::fs::write(&seen, "").unwrap();
        }
        told.push(line);
    }
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0), "{told:#?}");
    assert!(told.iter().any(|line| line.ends_with("): looking around")), "{told:#?}");
}

#[test]
fn diagnostics_say_nothing_secret() {
    let stage = Stage::new();
    let ended = stage.run_with(&task(&[]), &[("AGENT_LOOP_LOG", "debug")]);
    assert_eq!(ended.exit, Some(0), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("ran line=git") && ended.stderr.contains("took a turn"),
        "{}",
        ended.stderr
    );
    assert!(!ended.stderr.contains("secret-of-the-forge"));
    let odd = stage.run_with(&["status"], &[("AGENT_LOOP_LOG", "loud")]);
    assert!(
        odd.exit == Some(2) && odd.stderr.contains("error, warn, info, debug or trace"),
        "{}",
        odd.stderr
    );
}
