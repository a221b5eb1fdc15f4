//! The commit status `agent-loop/review`: rulesets can require it, and the run itself does not wait for it.

use super::stage::{Stage, gh, loop_words};
use crate::github_model::{Fault, FaultKind, Role, StatusRow};

/// Runs on an issue until everyone approves; returns the number of the pull request.
fn approved(stage: &Stage, more: &[&str]) -> u64 {
    let bob = stage.github.state().person("bob", Role::Write);
    let issue = stage.github.state().file(bob, ("Do it", "Resolve every TODO."), None).to_string();
    let gh = gh();
    let words = loop_words(&["issue", &issue], &gh);
    let ended = stage.run(&[&words, more].concat());
    assert_eq!(ended.exit, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    ended.json()["pr"].as_u64().unwrap()
}

fn told(rows: &[StatusRow]) -> Vec<(&str, &str)> {
    rows.iter().map(|row| (row.state.as_str(), row.description.as_deref().unwrap())).collect()
}

#[test]
#[ignore = "needs gh"]
fn the_status_follows_the_run() {
    let stage = Stage::new();
    let number = approved(&stage, &[]);
    let model = stage.github.state();
    assert_eq!(told(&model.statuses), [("pending", "In review by one"), ("success", "Approved by one")]);
    let conclusion = model.comments.iter().rfind(|comment| comment.on == number).unwrap();
    let url = format!("https://{}/octo/r/pull/{number}#issuecomment-{}", stage.github.host(), conclusion.id);
    assert_eq!(model.statuses[1].target_url.as_deref(), Some(url.as_str()));
    assert!(conclusion.body.starts_with("**Approved**"), "{}", conclusion.body);
}

#[test]
#[ignore = "needs gh"]
fn a_merge_follows_the_success() {
    let stage = Stage::new();
    let number = approved(&stage, &["--auto-merge", "--ci-timeout-seconds", "0"]);
    let calls = stage.github.calls();
    let merge = calls.iter().position(|call| call.path.ends_with("/merge")).unwrap();
    let before = calls[..merge].iter().filter(|call| call.path.contains("/statuses/")).count();
    let model = stage.github.state();
    assert_eq!((before, model.statuses[1].state.as_str()), (2, "success"));
    assert!(model.filed[&number].pull.as_ref().unwrap().merge.is_some());
}

fn fault(kind: FaultKind) -> Fault {
    Fault { method: "POST", path: "/statuses/", kind, times: 1 }
}

#[test]
#[ignore = "needs gh"]
fn a_lost_status_is_written_once() {
    for (kind, writes) in [(FaultKind::DoneButSilent, 2), (FaultKind::BadGateway, 3)] {
        let stage = Stage::new();
        stage.github.state().faults.push(fault(kind));
        approved(&stage, &[]);
        let calls = stage.github.calls();
        let written =
            calls.iter().filter(|call| call.method == "POST" && call.path.contains("/statuses/")).count();
        assert_eq!((stage.github.state().statuses.len(), written), (2, writes), "{kind:?}");
    }
}

#[test]
#[ignore = "needs gh"]
fn a_run_continues_without_statuses() {
    let stage = Stage::new();
    stage.github.state().faults.push(Fault { times: 9, ..fault(FaultKind::Forbidden) });
    approved(&stage, &[]);
    assert_eq!(stage.github.state().statuses, []);
}

/// A run that ends without an approval, and one that approves later.
#[test]
#[ignore = "needs gh"]
fn a_blocked_run_is_a_failure() {
    let stage = Stage::new();
    let agent = include_str!("../../../fixtures/agents/todo-agent.sh");
    stage.agent(
        "todo.sh",
        &agent.replacen("implementation)\n  do_all", "implementation)\n  echo x > x.txt", 1),
    );
    let gh = gh();
    let words = loop_words(&["task", "Do what is marked", "--max-rounds", "1"], &gh);
    let number = stage.run(&words).json()["pr"].to_string();
    let failed = stage.github.state().statuses.clone();
    assert_eq!(told(&failed), [("pending", "In review by one"), ("failure", "Blocked: rounds")]);
    assert!(failed[1].target_url.as_ref().unwrap().contains("#issuecomment-"), "{failed:?}");
    let ended = stage.run(&loop_words(&["pr", &number, "--max-rounds", "3"], &gh));
    assert_eq!(ended.exit, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    let statuses = stage.github.state().statuses.clone();
    let of_head = |state: &str| {
        statuses
            .iter()
            .filter(|row| row.state == state && row.commit == statuses.last().unwrap().commit)
            .count()
    };
    assert_eq!((of_head("pending"), of_head("failure"), of_head("success")), (1, 0, 1), "{statuses:?}");
    assert_ne!(failed[1].commit, statuses.last().unwrap().commit, "a success is of the new head");
}
