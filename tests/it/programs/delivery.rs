//! Whole runs of the built binary: from a task, an issue or a branch to an approved pull request.

use jiff::SignedDuration;

use super::stage::{Stage, from_now, task};

#[test]
fn a_task_becomes_a_pull_request() {
    let stage = Stage::new();
    let ended = stage.run(&task(&[]));
    let outcome = ended.json();
    assert_eq!((ended.exit, outcome["status"].as_str()), (Some(0), Some("approved")), "{}", ended.stderr);
    assert_eq!(stage.git(&["show", &format!("{}:notes.txt", stage.branch())]), "one DONE");
    assert_eq!(stage.git(&["show", "main:notes.txt"]), "one TODO");
    assert_eq!(stage.git(&["status", "--porcelain"]), "");
    let again = stage.run(&task(&[]));
    assert_eq!(
        (again.exit, again.json()["head"].clone()),
        (Some(0), outcome["head"].clone()),
        "a rerun does nothing"
    );
    let merged = stage.run(&task(&["--auto-merge"]));
    assert_eq!(merged.json()["status"], "merged", "{}", merged.stderr);
    assert_eq!(stage.git(&["show", "main:notes.txt"]), "one DONE");
    assert_eq!(stage.git(&["status", "--porcelain"]), "", "the clean checkout of main was moved along");
    let known = stage.run(&task(&[]));
    assert_eq!((known.exit, &known.json()["status"]), (Some(0), &"merged".into()));
    assert!(known.json()["message"].as_str().unwrap().contains("with other words"), "{}", known.stdout);
}

#[test]
fn a_merged_task_needs_other_words() {
    let stage = Stage::new();
    stage.run(&task(&[]));
    let words: Vec<&str> = task(&[]).into_iter().filter(|word| *word != "--json").collect();
    let open = stage.run(&words);
    assert!(open.stderr.contains(" already has pull request #1\n"), "{}", open.stderr);
    let first = open.stdout.lines().next().unwrap();
    assert!(first.starts_with("already approved #1 at ") && first.ends_with(" · 1 round"), "{}", open.stdout);
    assert_eq!(stage.run(&["local", "pr", "merge", "1"]).exit, Some(0));
    let merged = stage.run(&words);
    assert!(merged.stdout.starts_with("already merged #1 as "), "{}", merged.stdout);
    assert!(!merged.stdout.contains("--test-command"), "{}", merged.stdout);
    let again = stage.run(&task(&[]));
    assert_eq!((again.exit, &again.json()["status"]), (Some(0), &"merged".into()), "{}", again.stdout);
    assert!(again.json()["message"].as_str().unwrap().contains("with other words"), "{}", again.stdout);
}

#[test]
fn a_merge_closes_its_issue() {
    let stage = Stage::new();
    assert_eq!(stage.run(&["local", "issue", "create", "--title", "Do it", "--json"]).json()["number"], 1);
    let mut words = task(&["--auto-merge", "--test-command", "grep -q DONE notes.txt"]);
    words.splice(0..2, ["issue", "1"]);
    let ended = stage.run(&words);
    assert_eq!(ended.json()["status"], "merged", "{}", ended.stderr);
    assert_eq!(ended.json()["gates"][0]["verdict"], "pass");
    assert_eq!(stage.run(&["local", "issue", "view", "1", "--json"]).json()["state"], "closed");
}

#[test]
fn a_persons_failing_branch_is_fixed() {
    let stage = Stage::new();
    stage.git(&["checkout", "--quiet", "-b", "feature"]);
    stage.write("more.txt", "two TODO\n");
    stage.git(&["add", "--all"]);
    stage.git(&["commit", "--quiet", "--message", "more"]);
    stage.git(&["checkout", "--quiet", "main"]);
    let created = stage
        .run(&["local", "pr", "create", "--head", "feature", "--base", "main", "--title", "More", "--json"]);
    assert_eq!(created.json()["number"], 1);
    let mut words = task(&["--test-command", "grep -q DONE more.txt"]);
    words.splice(0..2, ["pr", "1"]);
    let ended = stage.run(&words);
    assert_eq!(ended.json()["status"], "approved", "{}", ended.stderr);
    assert_eq!(ended.json()["rounds"], 2);
    assert_eq!(stage.git(&["show", "feature:more.txt"]), "two DONE");
}

#[test]
fn our_secrets_reach_no_agent() {
    let stage = Stage::new();
    let agent = include_str!("../../../fixtures/agents/todo-agent.sh").replace("set -eu", "set -eu; env >&2");
    stage.agent("todo.sh", &agent);
    let ended = stage.run(&task(&[]));
    assert_eq!(ended.exit, Some(0), "{}", ended.stderr);
    let mut looked = 0;
    for path in stage.logs() {
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains("AGENT_LOOP_KIND="), "{text}");
        assert!(!text.contains("secret-of-the-forge") && !text.contains("SSH_AUTH_SOCK"), "{text}");
        looked += 1;
    }
    assert!(looked >= 3, "{looked} logs");
}

#[test]
fn a_parked_run_resumes_when_repeated() {
    let stage = Stage::new();
    let back = from_now(SignedDuration::from_hours(50));
    stage.agent("tired.sh", &format!("#!/bin/sh\ncat > /dev/null\necho resets_at={back} >&2\nexit 75\n"));
    let words = |second: &'static str| {
        vec![
            "task",
            "Do it",
            "--json",
            "--coder",
            "sam=command:../todo.sh",
            "--reviewer",
            "one=command:../todo.sh",
            "--reviewer",
            second,
        ]
    };
    let parked = stage.run(&words("two=command:../tired.sh"));
    assert_eq!((parked.exit, parked.json()["resets_at"].as_str()), (Some(3), Some(back.as_str())));
    assert_eq!(parked.json()["votes"].as_array().map(Vec::len), Some(1), "the vote that was given stays");
    let done = stage.run(&words("two=command:../todo.sh"));
    assert_eq!(done.json()["status"], "approved", "{}", done.stderr);
    assert!(!done.stderr.contains("✓ one"), "{}", done.stderr);
}

/// A conflict with a base branch that has moved is shown by every command, and each of them names the way out.
#[test]
fn a_later_conflict_is_shown() {
    let stage = Stage::new();
    assert_eq!(stage.run(&task(&[])).json()["status"], "approved");
    stage.write("notes.txt", "one or two TODO\n");
    stage.git(&["commit", "--quiet", "--all", "--message", "moved"]);
    let merge = stage.run(&["local", "pr", "merge", "1"]);
    assert!(merge.stderr.contains("`agent-loop pr 1 --auto-merge`"), "{}", merge.stderr);
    let status = stage.run(&["status"]).stdout;
    assert!(status.contains("approved, conflicts with main"), "{status}");
    assert!(status.contains("agent-loop pr 1 --auto-merge"), "{status}");
    let gates = stage.run(&["gates", "1"]);
    assert!(gates.stdout.contains("`main` conflicts with this change in notes.txt"), "{}", gates.stdout);
    let again = stage.run(&task(&[]));
    assert_eq!(again.json()["next_command"], "agent-loop pr 1 --auto-merge", "{}", again.stdout);
}
