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
}
