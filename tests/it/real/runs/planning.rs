//! A test of a plan between real agents: it is reviewed, divided, and its first phase is implemented.

use serde_json::json;

use super::super::program::Program;
use super::answers::{implemented, kind, reviewed, writes};
use super::stage::Stage;
use crate::model::{Answer, Scenario, Seen};

/// The coder: it plans, divides the plan into two phases, and implements the first.
fn plans_and_implements(seen: &Seen) -> Answer {
    let phase = |title: &str, after: &[&str]| {
        json!({
            "title": title, "scope": title, "non_goals": "Other birds.", "dependency_notes": "In this order.",
            "rollout_risk": "None.", "validation": "There are two.", "parent_context": "Count the herons.",
            "automation": "agent-pr", "depends_on": after,
        })
    };
    match kind(seen) {
        "plan_state" => Answer::Structured(json!({
            "schema_version": 1, "kind": "plan_state", "summary": "Count, then name them.",
            "plan_steps": ["Count the herons.", "Name them."], "deferred_stages": null, "human_requirements": null,
            "clarification": null,
        })),
        "plan_decomposition" => Answer::Structured(json!({
            "schema_version": 1, "kind": "plan_decomposition",
            "phases": [phase("Count them", &[]), phase("Name them", &["Count them"])],
        })),
        "implementation" => {
            assert!(seen.prompt.contains("Phase 1 of 2: Count them"), "{}", seen.prompt);
            writes("herons.txt", "two herons\n", implemented())
        }
        other => panic!("{other}"),
    }
}

fn approves(seen: &Seen) -> Answer {
    assert!(seen.prompt.contains("Count the herons."), "the plan is shown: {}", seen.prompt);
    if kind(seen) == "pr_review" {
        return reviewed(&[], &[]);
    }
    Answer::Structured(json!({
        "schema_version": 1, "kind": "plan_review", "nonce": "{{nonce}}", "state": "approved", "summary": "It is small.",
        "blocking_plan_issues": null, "same_plan_followups": null, "future_followups": null,
        "prior_plan_item_dispositions": [], "human_requirements_resolved": null,
    }))
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn a_plan_is_done_by_phase() {
    let stage = Stage::new(&[Program::Claude, Program::Codex]);
    stage.plays(Program::Claude, Scenario::thinks(plans_and_implements));
    stage.plays(Program::Codex, Scenario::thinks(approves));
    let filed = stage.ours(&["local", "issue", "create", "--title", "Herons", "--body", "Count the herons."]);
    assert_eq!(filed.exit, Some(0), "{}", filed.stderr);
    let mode = ["--plan-first", "--plan-execution-mode", "implement-by-phase"];
    let agents = ["--coder", "claude", "--reviewer", "codex"];
    let told = stage.run(&[&["issue", "1"][..], &mode, &agents].concat());
    told.assert(0, "approved");
    assert_eq!(told.asked(), ["claude", "codex", "claude", "claude", "codex"]);
    assert_eq!(told.outcome["pr"], 4, "after two phases: {}", told.outcome);
    let head = told.outcome["head"].as_str().unwrap();
    assert_eq!(stage.git(&["show", &format!("{head}:herons.txt")]), "two herons");
    assert_eq!(stage.git(&["status", "--porcelain"]), "", "the checkout is left alone");
    let shown = stage.ours(&["status", "issue/1"]).stdout;
    assert!(shown.contains("1. Count them (#2) in progress: agent-loop issue 2"), "{shown}");
    assert!(shown.contains("2. Name them (#3) waits for #2"), "{shown}");
}
