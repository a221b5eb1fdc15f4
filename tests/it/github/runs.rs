//! Whole runs of the built binary on the model: from a task to a pull request that everyone approved.

use serde_json::Value;

use super::stage::{Stage, TOKEN, gh, loop_words};
use crate::github_model::{Call, Fault, FaultKind, Role};

const TODO_AGENT: &str = include_str!("../../../fixtures/agents/todo-agent.sh");

pub(super) fn approved(stage: &Stage, words: &[&str]) -> Value {
    let gh = gh();
    let ended = stage.run(&loop_words(words, &gh));
    let outcome = ended.json();
    assert_eq!(outcome["status"], "approved", "{}\n{}", ended.stdout, ended.stderr);
    assert!(!ended.stderr.contains(TOKEN) && !ended.stdout.contains(TOKEN));
    outcome
}

fn shown(calls: &[Call]) -> String {
    let line = |call: &Call| format!("{} {} {}\n", call.method, call.path, call.status);
    calls.iter().map(line).collect::<Vec<_>>().concat()
}

#[test]
#[ignore = "needs gh"]
fn an_issue_becomes_a_pull_request() {
    let stage = Stage::new();
    let bob = stage.github.state().person("bob", Role::Write);
    let issue = stage.github.state().file(bob, ("Do it", "Resolve every TODO."), None).to_string();
    let outcome = approved(&stage, &["issue", &issue]);
    let calls = stage.github.calls();
    let number = outcome["pr"].as_u64().unwrap();
    let model = stage.github.state();
    let pull = model.filed[&number].pull.clone().unwrap();
    assert_eq!((pull.base.as_str(), model.filed[&number].body.contains("Closes #1")), ("main", true));
    let records = model.comments.iter().filter(|comment| comment.body.contains("AGENT_LOOP_META")).count();
    let writes = calls.iter().filter(|call| call.method == "POST").count();
    let statuses = model.statuses.len();
    assert_eq!(
        (writes, statuses),
        (records + 3, 2),
        "a write for each record, the pull request, and each status"
    );
    // A slow machine reads more often, and GitHub does not count an answer that nothing has changed.
    let counted: Vec<_> = calls.iter().filter(|call| call.status != 304).collect();
    let reads = counted.iter().filter(|call| call.method == "GET" && call.path.contains("/comments")).count();
    assert!(reads <= records + 5, "{reads} reads of threads for {records} records\n{}", shown(&calls));
    assert!(counted.len() <= 40, "{}", shown(&calls));
}

#[test]
#[ignore = "needs gh"]
fn a_task_is_reviewed_and_resumed() {
    let stage = Stage::new();
    let outcome = approved(&stage, &["task", "Resolve every TODO"]);
    let number = outcome["pr"].as_u64().unwrap().to_string();
    stage.github.calls();
    let again = approved(&stage, &["pr", &number]);
    assert_eq!(again["head"], outcome["head"]);
    let calls = stage.github.calls();
    assert!(calls.len() <= 8, "{}", shown(&calls));
    assert!(calls.iter().all(|call| call.method == "GET"), "nothing is published twice");
    let status = stage.run(&["status"]);
    assert!(status.stdout.contains(&format!("pr/{number}")), "{}\n{}", status.stdout, status.stderr);
    assert_eq!(stage.git(&["status", "--porcelain"]), "", "the user's checkout is untouched");
}

/// A known thread costs only the reads of new comments.
#[test]
#[ignore = "needs gh"]
fn a_long_thread_is_resumed() {
    let stage = Stage::new();
    let outcome = approved(&stage, &["task", "Do what is marked"]);
    let number = outcome["pr"].as_u64().unwrap();
    {
        let mut model = stage.github.state();
        let bob = model.person("bob", Role::Write);
        let records = std::mem::take(&mut model.comments);
        for count in 0..3_000 {
            model.comment(number, bob, &format!("comment {count}"));
        }
        for comment in &mut model.comments {
            comment.created_at -= jiff::SignedDuration::from_hours(24);
            comment.updated_at = comment.created_at;
        }
        model.comments.extend(records);
        model.comments.sort_by_key(|comment| comment.id);
    }
    std::fs::remove_dir_all(threads(&stage)).unwrap();
    approved(&stage, &["pr", &number.to_string()]);
    let first = stage.github.calls();
    assert!(first.len() > 30, "nobody knew the thread: {}", shown(&first));
    let again = approved(&stage, &["pr", &number.to_string()]);
    let calls = stage.github.calls();
    assert!(calls.len() <= 6, "{}", shown(&calls));
    let counted = &again["forge_calls"];
    assert_eq!(
        (counted["reads"].as_u64(), counted["writes"].as_u64()),
        (u64::try_from(calls.len()).ok(), Some(0))
    );
}

/// The folder of threads in the state of the only repository.
pub(super) fn threads(stage: &Stage) -> std::path::PathBuf {
    let mut repositories = std::fs::read_dir(stage.root().join("state/agent-loop/repositories")).unwrap();
    repositories.next().unwrap().unwrap().path().join("threads")
}

#[test]
#[ignore = "needs gh"]
fn a_persons_pull_request_is_fixed() {
    let stage = Stage::new();
    stage.branch("feature", "a TODO that stays\n");
    let last_head = stage.git(&["rev-parse", "feature"]);
    let (head, base) = ("feature".to_owned(), "main".to_owned());
    let pull = crate::github_model::Pull {
        head,
        base,
        last_head: last_head.clone(),
        is_draft: false,
        fork: None,
        merge: None,
    };
    let number = {
        let mut model = stage.github.state();
        let bob = model.person("bob", Role::Write);
        model.file(bob, ("Did it", "Nearly."), Some(pull)).to_string()
    };
    let outcome = approved(&stage, &["pr", &number]);
    assert_ne!(outcome["head"], last_head.as_str());
    stage.git(&["fetch", "--quiet", stage.github.bare().to_str().unwrap(), "feature"]);
    assert_eq!(stage.git(&["show", "FETCH_HEAD:notes.txt"]), "a DONE that stays");
    assert!(
        stage.git(&["merge-base", "--is-ancestor", &last_head, "FETCH_HEAD"]).is_empty(),
        "it was moved forward"
    );
}

/// An agent kills the program in its first turn in each role.
#[test]
#[ignore = "needs gh"]
fn killed_runs_publish_nothing_twice() {
    let stage = Stage::new();
    let bob = stage.github.state().person("bob", Role::Write);
    let issue = stage.github.state().file(bob, ("Do it", "Resolve every TODO."), None).to_string();
    let kills = "mark=../killed-$AGENT_LOOP_ROLE; case $PWD in */clones/*) mark=${PWD%%/clones/*}/killed-$AGENT_LOOP_ROLE;; esac\n\
                 if [ ! -e \"$mark\" ]; then : > \"$mark\"; kill -9 $PPID; exit 1; fi\nset -eu";
    stage.agent("todo.sh", &TODO_AGENT.replacen("set -eu", kills, 1));
    let gh = gh();
    let words = loop_words(&["issue", &issue], &gh);
    let mut killed = 0;
    while stage.run(&words).exit.is_none() {
        killed += 1;
        assert!(killed < 4, "the run never ends");
    }
    assert_eq!(killed, 2, "once as coder, once as reviewer");
    assert_eq!(approved(&stage, &["issue", &issue])["status"], "approved");
    let model = stage.github.state();
    let mut records: Vec<&str> =
        model.comments.iter().filter_map(|one| one.body.trim_end().lines().next_back()).collect();
    let written = records.len();
    records.sort_unstable();
    records.dedup();
    assert_eq!(records.len(), written, "each record is published once");
    assert_eq!(model.filed.values().filter(|filed| filed.pull.is_some()).count(), 1);
}

#[test]
#[ignore = "needs gh"]
fn a_rejected_push_is_reported() {
    let stage = Stage::new();
    let hook = stage.github.bare().join("hooks/update");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\necho 'GH013: Repository rule violations found' >&2\nexit 1\n").unwrap();
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let gh = gh();
    let ended = stage.run(&loop_words(&["task", "Resolve every TODO"], &gh));
    let message = ended.json()["message"].as_str().unwrap().to_owned();
    assert_eq!(ended.exit, Some(2), "{message}");
    assert!(message.contains("GH013: Repository rule violations found"), "{message}");
    std::fs::remove_file(&hook).unwrap();
    approved(&stage, &["task", "Resolve every TODO"]);
}

#[test]
#[ignore = "needs gh"]
fn a_limited_run_is_parked() {
    let stage = Stage::new();
    stage.branch("feature", "a TODO that stays\n");
    let last_head = stage.git(&["rev-parse", "feature"]);
    let (head, base) = ("feature".to_owned(), "main".to_owned());
    let pull = crate::github_model::Pull { head, base, last_head, is_draft: false, fork: None, merge: None };
    let ada = stage.github.state().person("ada", Role::Admin);
    let number = stage.github.state().file(ada, ("Did it", ""), Some(pull)).to_string();
    // The first record is written; the first vote is not.
    let gh = gh();
    let limit = Fault { method: "POST", path: "/comments", kind: FaultKind::Primary(3000), times: 1 };
    let opens = Fault { kind: FaultKind::DoneButSilent, ..limit.clone() };
    stage.github.state().faults.extend([opens, limit]);
    let ended = stage.run(&loop_words(&["pr", &number], &gh));
    let outcome = ended.json();
    assert_eq!((ended.exit, outcome["reason"].as_str()), (Some(3), Some("rate-limit")), "{}", ended.stdout);
    assert!(outcome["resets_at"].is_string(), "{outcome}");
    let waits = stage.run(&["resume", "--list"]).stdout;
    assert!(waits.contains(&format!("pr/{number}")), "{waits}");
    let status = stage.run(&["status"]).stdout;
    assert!(status.contains("parked, can be resumed in"), "{status}");
    let resumed = stage.run(&["resume", &format!("pr/{number}"), "--json"]);
    assert_eq!(resumed.json()["status"], "approved", "{}\n{}", resumed.stdout, resumed.stderr);
}
