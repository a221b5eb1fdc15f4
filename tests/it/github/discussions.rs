//! Debates of the built binary on the model: the transcript, what a rerun costs, and the issues of a split.

use std::fs;

use super::stage::{Stage, TOKEN, gh};
use crate::github_model::Role;

const DEBATER: &str = r#"#!/bin/sh
cat > /dev/null
split=
test "$(cat "$(dirname "$0")/vote")" = implement || split='"split_proposals":["The first part","The second part"],'
printf '{"schema_version":1,"kind":"discuss_review","nonce":"%s",%s"outcome":"%s","rationale":"Because of #2."}' \
  "$AGENT_LOOP_NONCE" "$split" "$(cat "$(dirname "$0")/vote")" > "$AGENT_LOOP_RESPONSE"
"#;

fn stage(vote: &str) -> Stage {
    let stage = Stage::new();
    stage.agent("debater.sh", DEBATER);
    fs::write(stage.root().join("vote"), vote).unwrap();
    let bob = stage.github.state().person("bob", Role::Write);
    stage.github.state().file(bob, ("Do it", "Resolve every TODO."), None);
    stage
}

fn debated(stage: &Stage, more: &[&str]) -> serde_json::Value {
    let gh = gh();
    let words = ["discuss", "1", "--json", "--gh-cmd", &gh];
    let panel = ["--reviewer", "one=command:../debater.sh", "--reviewer", "two=command:../debater.sh"];
    let ended = stage.run(&[&words[..], &panel, more].concat());
    assert_eq!(ended.exit, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    assert!(!ended.stderr.contains(TOKEN) && !ended.stdout.contains(TOKEN));
    ended.json()
}

#[test]
#[ignore = "needs gh"]
fn a_debate_is_a_transcript() {
    let stage = stage("implement");
    let outcome = debated(&stage, &[]);
    assert_eq!((outcome["status"].as_str(), outcome["rounds"].as_u64()), (Some("consensus"), Some(1)));
    let bodies: Vec<String> =
        stage.github.state().comments.iter().map(|comment| comment.body.clone()).collect();
    assert_eq!(bodies.len(), 4);
    assert!(
        bodies[1].starts_with("### Round 1: one position\n")
            && bodies[3].starts_with("### Final consensus\n")
    );
    let results = bodies.iter().filter(|body| body.contains("<!-- AGENT_DISCUSS_CONSENSUS: ")).count();
    assert_eq!(results, 1);
    stage.github.calls();
    debated(&stage, &[]);
    assert!(stage.github.calls().iter().all(|call| call.method == "GET"), "a rerun publishes nothing");
}

#[test]
#[ignore = "needs gh"]
fn a_split_is_filed_once() {
    let stage = stage("split");
    let listed = debated(&stage, &[]);
    assert_eq!(listed["next_command"], "agent-loop discuss 1 --materialize-split-issues");
    for _ in 0..2 {
        let filed = debated(&stage, &["--materialize-split-issues"]);
        let next = filed["next_command"].as_str().unwrap();
        assert!(next.starts_with("agent-loop issue 2 --coder one=command:"), "the debaters make it: {next}");
        let model = stage.github.state();
        assert_eq!(model.filed.len(), 3);
        assert!(model.filed[&2].body.starts_with("Split off from #1"), "{}", model.filed[&2].body);
        assert!(model.filed[&2].body.contains("<!-- AGENT_LOOP_CHILD: parent=1 key="));
    }
}
