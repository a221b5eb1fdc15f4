//! Plans of issues on the model of GitHub.

use super::runs::approved;
use super::stage::{Stage, gh, loop_words};
use crate::github_model::Role;

#[test]
#[ignore = "needs gh"]
fn phases_are_filed_once() {
    let stage = Stage::new();
    let bob = stage.github.state().person("bob", Role::Write);
    let issue = stage.github.state().file(bob, ("Do it", "Resolve every TODO."), None).to_string();
    let gh = gh();
    let words = ["issue", &issue, "--plan-first", "--plan-execution-mode", "implement-by-phase"];
    let outcome = approved(&stage, &words);
    let number = outcome["pr"].as_u64().unwrap();
    let children = || {
        let model = stage.github.state();
        model.filed.values().filter(|filed| filed.body.contains("AGENT_LOOP_CHILD")).count()
    };
    assert_eq!(children(), 2);
    let body = stage.github.state().filed[&number].body.clone();
    assert!(body.contains("Closes #2\nRefs #1\nPlan `"), "{body}");
    let again = stage.run(&loop_words(&words, &gh));
    assert_eq!(again.json()["reason"], "phase", "{}\n{}", again.stdout, again.stderr);
    assert_eq!(children(), 2);
    let status = stage.run(&["status", "issue/1"]).stdout;
    assert!(status.contains("1. Replace them (#2) in progress"), "{status}");
    for (reason, shown) in [
        ("completed", "done"),
        ("not_planned", "closed as not planned"),
        ("duplicate", "closed as not planned"),
    ] {
        {
            let mut model = stage.github.state();
            let phase = model.filed.get_mut(&2).unwrap();
            (phase.is_open, phase.state_reason) = (false, Some(reason));
        }
        let status = stage.run(&["status", "issue/1"]).stdout;
        assert!(status.contains(&format!("1. Replace them (#2) {shown}")), "{reason}: {status}");
    }
    stage.github.state().filed.get_mut(&3).unwrap().is_open = true;
    let next = stage.run(&loop_words(&["issue", "3"], &gh)).json();
    assert!(next["message"].as_str().unwrap().contains("#2, which will not be done"), "{next}");
}
