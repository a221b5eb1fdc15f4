//! Tests of debates between real agents: votes, rebuttals, and the web tools of each research policy.

use serde_json::{Value, json};

use super::super::program::Program;
use super::stage::Stage;
use crate::model::{Answer, Scenario, Seen};

/// A vote in the strict format; from round 2 on with a rebuttal.
fn voted(seen: &Seen, outcomes: [&str; 2], research: &Value) -> Answer {
    let first = seen.prompt.contains("This is round 1 ");
    let rebuttal = if first { Value::Null } else { json!("I have read the others.") };
    Answer::Structured(json!({
        "schema_version": 1, "kind": "discuss_review", "nonce": "{{nonce}}",
        "outcome": outcomes[usize::from(!first)], "rationale": "There are two herons.", "split_proposals": null,
        "rebuttal": rebuttal, "analyzer_framing": null, "framing_note": null, "research": research,
    }))
}

/// Debates a question between Claude Code, which keeps its vote, and Codex, which changes it.
fn debated(policy: &'static str, research: &Value) -> (Stage, Vec<String>) {
    let stage = Stage::new(&[Program::Claude, Program::Codex]);
    for (program, outcomes) in
        [(Program::Claude, ["implement", "implement"]), (Program::Codex, ["needs-human", "implement"])]
    {
        let research = research.clone();
        stage.plays(program, Scenario::thinks(move |seen| voted(seen, outcomes, &research)));
    }
    let words = ["discuss", "--question", "Count the herons?", "--reviewer", "claude", "--reviewer", "codex"];
    let told = stage.run(&[&words[..], &["--discuss-parallel", "--discuss-research", policy]].concat());
    told.assert(0, "consensus");
    assert_eq!(told.outcome["rounds"], 2);
    assert_eq!(stage.git(&["status", "--porcelain"]), "", "the checkout is left alone");
    let tools = [Program::Claude, Program::Codex].map(|program| stage.seen(program));
    let tools = tools.into_iter().flatten().flat_map(|seen| seen.tools);
    let is_of_the_web = |tool: &String| tool.to_ascii_lowercase().contains("web");
    let mut web: Vec<String> = tools.filter(is_of_the_web).collect();
    web.sort();
    web.dedup();
    (stage, web)
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn claude_and_codex_converge() {
    let (stage, web) = debated("none", &Value::Null);
    assert_eq!(web, Vec::<String>::new(), "no web tools without research");
    let body = stage.ours(&["local", "issue", "view", "1"]).stdout;
    assert!(body.contains("`codex`, round 2: needs-human → implement"), "{body}");
    assert!(!body.contains("independent"), "two vendors: {body}");
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn research_opens_the_web() {
    let fact = json!({ "fact": "Herons come in spring.", "source": "notes.txt" });
    let sourced = json!({ "status": "sourced", "sourced_facts": [fact] });
    let unneeded = json!({ "status": "not-needed", "sourced_facts": null });
    for (policy, research, shown) in [
        ("required", sourced, "Herons come in spring. (source: notes.txt) (cited by `claude`)"),
        ("auto", unneeded, "`claude`, last round: not needed"),
    ] {
        let (stage, web) = debated(policy, &research);
        assert_eq!(web, ["WebFetch", "WebSearch", "web_search"], "{policy}");
        let body = stage.ours(&["local", "issue", "view", "1"]).stdout;
        assert!(body.contains(shown), "{policy}: {body}");
    }
}
