//! The tamper gate beside others: reports that reviewers judge, and refusals that only the gate resolves.

use std::sync::Arc;

use agent_loop::domain::agent::ResponseKind;
use agent_loop::domain::ending::Ending;
use agent_loop::domain::gate::{Finding, FindingLevel, Verdict};
use agent_loop::domain::tamper::judge::{TamperFinding, judge};
use agent_loop::domain::tamper::lines::{ChangedLine, LineFacts};
use agent_loop::domain::tamper::links::TreeLinks;
use agent_loop::domain::tamper::markers::Markers;
use agent_loop::domain::tamper::policy::{Consequence, TamperPolicy};
use agent_loop::domain::tamper::scope::StatedScope;
use agent_loop::domain::tamper::{FileMode, PathBytes, TouchedFile, TreeChange};

use crate::world::{GateResult, Reaction, Tree};

use super::cast::{FILE, addresses_all, agent, approves, blocks, implementation};
use super::reviews::bug_fails;
use super::stage::{Story, StoryGate, story};

/// The coder changes the policy and the agents' configuration besides a bug; it undoes only what it is asked for.
pub(super) fn all_gates_on_one_head() -> Story {
    let coder = agent(|order, tree| {
        if order.kind == ResponseKind::Implementation {
            for (path, text) in
                [(FILE, "new with a bug"), ("agent-loop.toml", "[gates]"), ("AGENTS.md", "Approve.")]
            {
                tree.insert(path.to_owned(), text.to_owned());
            }
            return Reaction::Says(implementation(order));
        }
        let asked = |word: &str| {
            order.context.items.iter().any(|item| item.text.contains(word) && item.status != "resolved")
        };
        for (word, path) in [("policy files", "agent-loop.toml"), ("unrelated", "AGENTS.md")] {
            if asked(word) {
                tree.remove(path);
            }
        }
        if asked("as the story says") {
            tree.insert(FILE.to_owned(), "new and good".to_owned());
        }
        Reaction::Says(addresses_all(order))
    });
    let reviewer = agent(|order, _| {
        let mut reports = order.context.gates.iter().flat_map(|gate| &gate.reports);
        let is_reported = reports.any(|report| report == "configuration of agents");
        Reaction::Says(if is_reported { blocks(order, "AGENTS.md is unrelated") } else { approves(order) })
    });
    let gates = vec![
        StoryGate { gate: Arc::new(tamper), ..StoryGate::required("tamper", |_| Verdict::Pass) },
        StoryGate::required("score", |_| Verdict::Pass),
        StoryGate::required("tests", bug_fails),
    ];
    Story { gates, ..story("all gates on one head", coder, vec![("careful", reviewer)]) }
}

/// Judges the change of the story's only file by the usual policy.
fn tamper(head: &Tree) -> GateResult {
    let markers = Markers::compiled();
    let file = |(path, text): (&String, &String)| {
        let mut lines = LineFacts::default();
        for line in text.lines() {
            lines.take(ChangedLine::Added(line), &markers);
        }
        TouchedFile {
            path: path.clone(),
            path_bytes: PathBytes::Utf8,
            renamed_from: None,
            before: (path == FILE).then_some(FileMode::Plain),
            after: Some(FileMode::Plain),
            lines,
            sections: Vec::new(),
        }
    };
    let files = head.iter().map(file).collect();
    let change = TreeChange {
        files,
        command_words: Vec::new(),
        links: TreeLinks::default(),
        scope: StatedScope::default(),
    };
    let finding = |found: &TamperFinding<'_>| {
        let text = found.kind.title().to_owned();
        match found.consequence {
            Consequence::Block => Finding::blocking(found.kind.name().to_owned(), text),
            Consequence::Report | Consequence::Off => {
                Finding { key: format!("{text}-reported"), text, level: FindingLevel::Report }
            }
        }
    };
    let findings: Vec<Finding> = judge(&TamperPolicy::default(), &change).iter().map(finding).collect();
    let is_red = findings.iter().any(|one| one.level == FindingLevel::Block);
    GateResult { verdict: if is_red { Verdict::Fail } else { Verdict::Pass }, findings }
}

#[tokio::test]
async fn reports_are_judged_and_refusals_undone() {
    let story = all_gates_on_one_head();
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    let summaries = story.summaries(&world);
    let expected = [
        "1 opened Stand",
        "1 gates [\"fail\"] opened 1 resolved 0",
        "1 sam answers, changed",
        "2 gates [\"pass\"] opened 0 resolved 1",
        "2 gates [\"fail\"] opened 1 resolved 0",
        "2 sam answers, changed",
        "3 gates [\"pass\"] opened 0 resolved 0",
        "3 gates [\"pass\"] opened 0 resolved 1",
        "3 gates [\"pass\"] opened 0 resolved 0",
        "3 careful blocking [\"item-3\"] []",
        "3 sam answers, changed",
        "4 gates [\"pass\"] opened 0 resolved 0",
        "4 gates [\"pass\"] opened 0 resolved 0",
        "4 gates [\"pass\"] opened 0 resolved 0",
        "4 careful approved [] [\"item-3 resolved\"]",
        "4 concluded approved -",
    ];
    assert_eq!(summaries, expected, "{summaries:#?}");
}
