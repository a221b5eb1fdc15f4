//! Stories of several gates: findings, advisory and late gates, and gates that a later command drops.

use agent_loop::domain::ending::{Blocked, Ending, Refused};
use agent_loop::domain::gate::{Finding, Verdict};
use agent_loop::domain::gate_plan::{GateChoice, GatePlan, GateTiming, GateWeight, NotRun};
use agent_loop::domain::ids::GateName;

use super::budgets::turns;
use super::cast::{FILE, addresses_all, always_approves, honest_coder, implements_and};
use super::reviews::bug_fails;
use super::stage::{Begins, Story, StoryGate, story};
use crate::world::{GateResult, Reaction, Tree};

/// Finds eight problems in a bug, five of them in a half-fixed file, and none in others.
fn findings(tree: &Tree) -> GateResult {
    let text = tree.get(FILE).map_or("", String::as_str);
    let found = [("bug", 0..8), ("half", 3..8)].into_iter().find(|(word, _)| text.contains(word));
    let finding = |number| Finding::blocking(format!("rule-{number}"), format!("broken rule {number}"));
    match found {
        Some((_, numbers)) => GateResult { verdict: Verdict::Fail, findings: numbers.map(finding).collect() },
        None => Verdict::Pass.into(),
    }
}

/// A required gate with findings, the tests, and an advisory gate that runs last and always fails.
pub(super) fn three_gates_on_one_head() -> Story {
    let coder = implements_and(|order, tree| {
        // A turn that continues unfinished work ends in the same way.
        tree.insert(FILE.to_owned(), if order.context.round == 1 { "half" } else { "good" }.to_owned());
        Reaction::Says(addresses_all(order))
    });
    let plan = GatePlan { timing: GateTiming::BeforeApproval, weight: GateWeight::Advisory };
    let advice = StoryGate { choice: GateChoice::On(plan), ..StoryGate::required("lint", |_| Verdict::Fail) };
    let gates = vec![StoryGate::required("score", findings), StoryGate::required("tests", bug_fails), advice];
    Story { gates, ..story("three gates", coder, vec![("quick", always_approves())]) }
}

#[tokio::test]
async fn gates_keep_their_own_findings() {
    let story = three_gates_on_one_head();
    let world = story.world();
    assert_eq!(story.play(&world).await.ending, Ending::Approved);
    let measured: Vec<String> =
        story.summaries(&world).into_iter().filter(|line| line.contains("gates")).collect();
    assert_eq!(
        measured,
        [
            "1 gates [\"fail\"] opened 1 resolved 0",
            "2 gates [\"pass\"] opened 0 resolved 1",
            "2 gates [\"fail\"] opened 5 resolved 0",
            "3 gates [\"pass\"] opened 0 resolved 0",
            "3 gates [\"pass\"] opened 0 resolved 5",
            "3 gates [\"fail\"] opened 0 resolved 0",
        ]
    );
}

#[tokio::test]
async fn three_of_eight_items_are_resolved() {
    let gates = vec![StoryGate::required("score", findings)];
    let story = Story { gates, ..three_gates_on_one_head() };
    let world = story.world();
    assert_eq!(story.play(&world).await.ending, Ending::Approved);
    let measured: Vec<String> =
        story.summaries(&world).into_iter().filter(|line| line.contains("gates")).collect();
    assert_eq!(
        measured,
        [
            "1 gates [\"fail\"] opened 8 resolved 0",
            "2 gates [\"fail\"] opened 0 resolved 3",
            "3 gates [\"pass\"] opened 0 resolved 5",
        ]
    );
}

#[tokio::test]
async fn unmeasurable_advice_blocks_nothing() {
    let plan = GatePlan { timing: GateTiming::BeforeReview, weight: GateWeight::Advisory };
    let advice =
        StoryGate { choice: GateChoice::On(plan), ..StoryGate::required("lint", |_| Verdict::Inconclusive) };
    let story =
        Story { gates: vec![advice], ..story("advice", honest_coder(), vec![("quick", always_approves())]) };
    let world = story.world();
    assert_eq!(story.play(&world).await.ending, Ending::Approved);
    assert_eq!(story.summaries(&world)[1], "1 gates [\"inconclusive\"] opened 0 resolved 0");
}

/// The second command names a test command where no scorer is found any more.
#[tokio::test]
async fn only_off_drops_a_gate() {
    let score = StoryGate::required("score", |_| Verdict::Pass);
    let tests = StoryGate::required("tests", |_| Verdict::Pass);
    let both = Story { gates: vec![score, tests.clone()], budget: turns(1), ..three_gates_on_one_head() };
    let world = both.world();
    assert_eq!(both.play(&world).await.ending, Ending::Blocked { reason: Blocked::Budget });
    let later = Story { gates: vec![tests], budget: turns(9), ..both };
    let refused = later.play(&world).await;
    assert_eq!(refused.ending, Ending::Refused { reason: Refused::Config }, "{}", refused.message);
    assert!(
        refused.message.contains("`score`") && refused.message.contains("--no-gate score"),
        "{}",
        refused.message
    );
    let mut request = later.request();
    request.asked.gates.insert(GateName::score(), GateChoice::Off(NotRun::TurnedOff));
    let outcome = later.run_as(&world, later.assignment(&world), request).await.unwrap();
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
}

/// A new run on another machine knows neither the command of a red gate nor that it was dropped.
#[tokio::test]
async fn red_gates_bind_later_runs() {
    for (name, configured) in [("lint", None), ("score", Some(NotRun::NoScorer))] {
        let red = StoryGate::required(name, |_| Verdict::Fail);
        let story = Story { gates: vec![red], max_rounds: 1, ..three_gates_on_one_head() };
        let world = story.world();
        let ended = story.play(&world).await;
        assert_eq!(ended.ending, Ending::Blocked { reason: Blocked::Rounds }, "{}", ended.message);
        let begins = Begins::PullRequest;
        let elsewhere = Story { gates: Vec::new(), max_rounds: 2, begins, ..story };
        let mut request = elsewhere.request();
        let gate: GateName = name.parse().unwrap();
        request.configured.gates.extend(configured.map(|why| (gate.clone(), GateChoice::Off(why))));
        let run =
            async |request| elsewhere.run_as(&world, elsewhere.assignment(&world), request).await.unwrap();
        let refused = run(request.clone()).await;
        assert_eq!(refused.ending, Ending::Refused { reason: Refused::Config }, "{}", refused.message);
        assert!(refused.message.contains(&format!("--no-gate {name}")), "{}", refused.message);
        request.asked.gates.insert(gate, GateChoice::Off(NotRun::TurnedOff));
        let approved = run(request).await;
        assert_eq!(approved.ending, Ending::Approved, "{}", approved.message);
        let conclusion = world.thread(1).pop().unwrap().body;
        assert!(conclusion.contains(&format!("| gate {name} | not run: turned off | |")), "{conclusion}");
    }
}

/// Items of a gate block nothing after `--gate off`.
#[tokio::test]
async fn items_of_a_dropped_gate_rest() {
    let red = StoryGate::required("score", |_| GateResult {
        verdict: Verdict::Fail,
        findings: vec![Finding::blocking("k".to_owned(), "t".to_owned())],
    });
    let story = Story { gates: vec![red], max_rounds: 1, ..three_gates_on_one_head() };
    let world = story.world();
    assert_eq!(story.play(&world).await.ending.exit_code(), 1);
    let mut request = story.request();
    request.asked.gates.insert(GateName::score(), GateChoice::Off(NotRun::TurnedOff));
    request.asked.max_rounds = Some(2);
    let outcome = story.run_as(&world, story.assignment(&world), request).await.unwrap();
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
}
