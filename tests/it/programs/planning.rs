//! Plans of issues with the built binary, on the embedded forge.

use serde_json::Value;

use super::killed::kill_after;
use super::stage::{Stage, task};

fn issue<'words>(stage: &Stage, more: &[&'words str]) -> Vec<&'words str> {
    let filed = stage.run(&["local", "issue", "create", "--title", "Do it", "--json"]);
    assert_eq!(filed.json()["number"], 1, "{}", filed.stderr);
    let mut words = task(more);
    words.splice(0..2, ["issue", "1"]);
    words
}

#[test]
fn a_plan_stops_before_code() {
    let stage = Stage::new();
    let ended = stage.run(&issue(&stage, &["--plan-first"]));
    let outcome = ended.json();
    assert_eq!((ended.exit, outcome["status"].as_str()), (Some(0), Some("planned")), "{}", ended.stderr);
    assert_eq!(outcome["next_command"], "agent-loop issue 1");
    assert_eq!(stage.run(&["local", "issue", "view", "1", "--comments"]).exit, Some(0));
    assert_eq!(stage.git(&["branch", "--list", "agent-loop/*"]), "", "no code was written");
    let mut later = task(&[]);
    later.splice(0..2, ["issue", "1"]);
    let implemented = stage.run(&later);
    assert_eq!(implemented.json()["status"], "approved", "{}", implemented.stderr);
    let pull = stage.run(&["local", "pr", "view", "2", "--json"]).json();
    assert!(pull["body"].as_str().unwrap().contains("Closes #1\nPlan `"), "{pull}");
    let status = stage.run(&["status"]);
    assert!(status.stdout.contains("pr/2"), "{}\n{}", status.stdout, status.stderr);
    let mut divided = task(&["--plan-first", "--plan-execution-mode", "decompose-only"]);
    divided.splice(0..2, ["issue", "1"]);
    let refused = stage.run(&divided);
    let message = refused.json()["message"].as_str().unwrap().to_owned();
    assert_eq!((refused.exit, message.contains("pull request 2 already")), (Some(2), true), "{message}");
}

#[test]
fn another_coder_implements_the_plan() {
    let stage = Stage::new();
    let more =
        ["--plan-first", "--implement-after-approval", "--implementation-coder", "bob=command:../todo.sh"];
    let ended = stage.run(&issue(&stage, &more));
    assert_eq!(ended.json()["status"], "approved", "{}", ended.stderr);
    let view = stage.run(&["local", "issue", "view", "1"]).stdout;
    assert!(view.contains("**sam** wrote the plan"), "{view}");
    assert!(view.contains("**bob** wrote"), "{view}");
    let resumed = stage.run(&["pr", "2", "--json"]);
    assert_eq!(resumed.json()["status"], "approved", "{}", resumed.stderr);
}

#[test]
fn phases_are_shown_and_resumed() {
    let stage = Stage::new();
    let mode = ["--plan-first", "--plan-execution-mode", "implement-by-phase", "--auto-merge"];
    let ended = stage.run(&issue(&stage, &mode));
    assert_eq!(ended.json()["status"], "merged", "{}", ended.stderr);
    assert_eq!(ended.json()["next_command"], "agent-loop resume issue/1");
    let resumed = stage.run(&["resume"]).stdout;
    assert!(resumed.contains("agent-loop status"), "no phase starts unasked: {resumed}");
    let status = stage.run(&["status", "issue/1"]).stdout;
    assert!(status.starts_with("issue/1  phase 2 “Check them” (#3) can start\n"), "{status}");
    assert!(status.contains("1. Replace them (#2) done"), "{status}");
    assert!(status.contains("2. Check them (#3) can start: agent-loop issue 3"), "{status}");
    let json: Value = stage.run(&["status", "issue/1", "--json"]).json();
    assert_eq!(
        (json["phases"][1]["state"].as_str(), json["doing"].as_str()),
        (Some("can start"), Some("ended"))
    );
    assert_eq!(json["next_command"], "agent-loop resume issue/1");
    // Nothing is left to replace, so the second phase changes nothing.
    let resumed = stage.run(&["resume", "issue/1", "--json"]);
    assert_eq!(resumed.json()["reason"], "no-change", "{}\n{}", resumed.stdout, resumed.stderr);
    assert!(resumed.stderr.contains("continues as #3"), "{}", resumed.stderr);
}

/// A command that was killed before its first record is resumed as it was: here nobody else knows that it plans, or how.
#[test]
fn a_plan_killed_early_resumes() {
    for lines in 1..3 {
        let stage = Stage::new();
        let todo = include_str!("../../../fixtures/agents/todo-agent.sh");
        let later = "\"deferred_stages\":[{\"title\":\"Later\",\"summary\":\"Not now.\"}],\"plan_steps\":";
        stage.agent("todo.sh", &todo.replace("\"plan_steps\":", later));
        let terms = ["--plan-first", "--plan-execution-mode", "decompose-only", "--materialize-split-issues"];
        kill_after(&stage, &issue(&stage, &terms), lines);
        let resumed = stage.run(&["resume", "issue/1", "--json"]);
        assert_eq!(resumed.json()["status"], "decomposed", "after {lines} lines: {}", resumed.stderr);
        let issues = stage.run(&["local", "issue", "list", "--json"]).json();
        assert_eq!(issues.as_array().map(Vec::len), Some(4), "after {lines} lines: {issues}");
    }
}

/// The words of a coder close no issue but its own, wherever they stand.
#[test]
fn a_phase_never_closes_its_parent() {
    let stage = Stage::new();
    let script = format!(
        "#!/bin/sh\ncase $AGENT_LOOP_KIND in implementation) ;; *) exec {}/todo.sh ;; esac\ncat > /dev/null\n\
         sed -i s/TODO/DONE/ notes.txt\ncat > \"$AGENT_LOOP_RESPONSE\" <<'JSON'\n\
         {{\"schema_version\":1,\"kind\":\"implementation\",\"summary\":\"Closes #1.\",\"pr_title\":\"Fixes #1\",\"pr_body\":\"Resolves #1\"}}\n\
         JSON\n",
        stage.root().display()
    );
    stage.agent("closer.sh", &script);
    let mode = ["--plan-first", "--plan-execution-mode", "implement-by-phase", "--auto-merge"];
    let mut words = issue(&stage, &mode);
    let coder = words.iter().position(|word| word.starts_with("sam=")).unwrap();
    words[coder] = "sam=command:../closer.sh";
    let ended = stage.run(&words);
    assert_eq!(ended.json()["status"], "merged", "{}", ended.stderr);
    let pull = stage.run(&["local", "pr", "view", "4", "--json"]).json();
    let all = format!("{} {} {}", pull["title"], pull["body"], stage.git(&["log", "--format=%B", "main"]));
    for word in ["closes #1", "fixes #1", "resolves #1"] {
        assert!(!all.to_lowercase().contains(word), "{all}");
    }
    let states = ["1", "2"].map(|number| stage.run(&["local", "issue", "view", number, "--json"]).json());
    assert_eq!(states.map(|issue| issue["state"].clone()), ["open", "closed"]);
}

/// A phase that will not be done blocks the next, and the status of the parent says so.
#[test]
fn a_dropped_phase_is_shown() {
    let stage = Stage::new();
    let ended = stage.run(&issue(&stage, &["--plan-first", "--plan-execution-mode", "decompose-only"]));
    assert_eq!(ended.json()["status"], "decomposed", "{}", ended.stderr);
    assert_eq!(ended.json()["next_command"], "agent-loop issue 2");
    let waiting = stage.run(&["status"]).stdout;
    let expected = "Waiting for you:\n\nissue/1  phase 1 “Replace them” (#2) can start\n";
    assert!(waiting.starts_with(expected) && waiting.ends_with("\n    agent-loop issue 2\n"), "{waiting}");
    let closed = stage.run(&["local", "issue", "close", "2", "--reason", "not planned"]);
    assert_eq!(closed.stdout, "issue #2 is not planned\n", "{}", closed.stderr);
    let status = stage.run(&["status", "issue/1"]).stdout;
    assert!(status.contains("1. Replace them (#2) closed as not planned"), "{status}");
    assert!(status.contains("2. Check them (#3) waits for #2"), "{status}");
    let mut second = task(&[]);
    second.splice(0..2, ["issue", "3"]);
    let refused = stage.run(&second);
    assert_eq!(refused.exit, Some(2));
    assert!(refused.stdout.contains("depends on #2, which will not be done"), "{}", refused.stdout);
}

#[test]
fn flags_about_plans_need_one() {
    let stage = Stage::new();
    let ended = stage.run(&issue(&stage, &["--implement-after-approval"]));
    assert_eq!(ended.exit, Some(2));
    let message = ended.json()["message"].as_str().unwrap().to_owned();
    assert!(
        message.contains("--implement-after-approval") && message.contains("add --plan-first"),
        "{message}"
    );
}
