//! Stories of the plan of an issue: its rounds, and what follows its approval.
#![expect(clippy::wildcard_enum_match_arm, reason = "an agent of a story answers few kinds of questions")]

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::world::{Agent, MemoryWorld, Plan, Reaction, Stop, Tree};
use agent_loop::domain::agent::ResponseKind;
use agent_loop::domain::ending::{Blocked, Ending, NeedsHuman, Refused};
use agent_loop::domain::execution::{DeferredWork, ExecutionMode};
use agent_loop::domain::nonce::Nonce;
use agent_loop::domain::policy::{AfterApproval, Followups};
use agent_loop::engine::run::Assignment;
use agent_loop::flow::names::PLANNING;
use agent_loop::flow::request::PlanningChoices;
use agent_loop::ports::agents::TurnOrder;
use agent_loop::ports::forge::{Forge, IssueState, OwnIssue};
use agent_loop::protocol::context::ContextItem;
use serde_json::{Value, json};

use super::cast::{FILE, addresses_all, agent, always_approves, approves, implementation, required};
use super::stage::{Begins, Story, issue, pull_request, story};

fn acknowledged(order: &TurnOrder) -> Value {
    json!({ "addressed_ids": required(order), "checked_discussion_directly": true })
}

pub(super) fn plan(order: &TurnOrder, steps: &[&str], deferred: &[&str]) -> String {
    let stages: Vec<Value> =
        deferred.iter().map(|title| json!({ "title": title, "summary": "Later." })).collect();
    let mut answer = json!({
        "schema_version": 1, "kind": order.kind.name(), "summary": "In small steps.", "plan_steps": steps,
        "deferred_stages": stages, "human_requirements": acknowledged(order),
    });
    if order.kind == ResponseKind::PlanRevision {
        let said = |item: &ContextItem| json!({ "item_id": item.id, "disposition": "resolved" });
        answer["state"] = json!("blocking");
        answer["prior_plan_item_dispositions"] = order.context.items.iter().map(said).collect();
    }
    answer.to_string()
}

/// Phases by their titles, each with its automation and the titles of those that come first.
pub(super) type Phases = &'static [(&'static str, &'static str, &'static [&'static str])];

fn phases(all: Phases) -> String {
    let phase = |(title, automation, after): &(&str, &str, &[&str])| {
        json!({
            "title": title, "scope": format!("Do {title}."), "non_goals": "Nothing else.",
            "dependency_notes": "As listed.", "rollout_risk": "None.", "validation": "The tests pass.",
            "parent_context": "Step 1 of the plan.", "automation": automation, "depends_on": after,
        })
    };
    let phases: Vec<Value> = all.iter().map(phase).collect();
    json!({ "schema_version": 1, "kind": "plan_decomposition", "phases": phases }).to_string()
}

/// A coder that plans these steps, adds a test once a reviewer asks for it, and implements the plan.
pub(super) fn planner(deferred: &'static [&'static str], all: Phases) -> Agent {
    agent(move |order, tree| match order.kind {
        ResponseKind::PlanState => Reaction::Says(plan(order, &["Write it."], deferred)),
        ResponseKind::PlanRevision => Reaction::Says(plan(order, &["Write it.", "Test it."], deferred)),
        ResponseKind::PlanDecomposition => Reaction::Says(phases(all)),
        ResponseKind::Implementation => {
            tree.insert(FILE.to_owned(), format!("new, as {}", planned(order)));
            Reaction::Says(implementation(order))
        }
        _ => Reaction::Says(addresses_all(order)),
    })
}

pub(super) fn planned(order: &TurnOrder) -> String {
    let plan = order.context.plan.as_ref();
    plan.map_or_else(|| "nobody planned".to_owned(), |plan| plan.text.lines().next().unwrap().to_owned())
}

pub(super) fn plan_review(order: &TurnOrder, state: &str, findings: &Value) -> String {
    let said = if state == "approved" { "resolved" } else { "blocking" };
    let known = order.context.items.iter().map(|item| json!({ "item_id": item.id, "disposition": said }));
    let mut answer = json!({
        "schema_version": 1, "kind": "plan_review", "nonce": order.nonce.as_ref().map(Nonce::as_str),
        "state": state, "summary": "Read it.", "prior_plan_item_dispositions": known.collect::<Vec<_>>(),
        "human_requirements_resolved": required(order),
    });
    for (key, value) in findings.as_object().unwrap() {
        answer[key] = value.clone();
    }
    answer.to_string()
}

/// A reviewer that wants a test in every plan, and approves every change.
pub(super) fn wants_a_test() -> Agent {
    agent(|order, _| {
        Reaction::Says(match (&order.context.plan, order.kind) {
            (_, ResponseKind::PrReview) => approves(order),
            (Some(plan), _) if plan.text.contains("Test") => plan_review(order, "approved", &json!({})),
            (_, _) if !order.context.items.is_empty() => plan_review(order, "blocking", &json!({})),
            (_, _) => plan_review(order, "blocking", &json!({ "blocking_plan_issues": ["No test."] })),
        })
    })
}

/// A reviewer that approves everything, and leaves something for later.
pub(super) fn leaves_a_followup() -> Agent {
    agent(|order, _| {
        Reaction::Says(match order.kind {
            ResponseKind::PrReview => approves(order),
            _ if order.context.items.is_empty() => {
                plan_review(order, "approved", &json!({ "future_followups": ["Measure the start."] }))
            }
            _ => {
                let later = |item: &ContextItem| {
                    let said = if item.status == "future" { "future" } else { "resolved" };
                    json!({ "item_id": item.id, "disposition": said })
                };
                let said: Vec<Value> = order.context.items.iter().map(later).collect();
                plan_review(order, "approved", &json!({ "prior_plan_item_dispositions": said }))
            }
        })
    })
}

pub(super) fn approves_plans() -> Agent {
    agent(|order, _| {
        Reaction::Says(match order.kind {
            ResponseKind::PrReview => approves(order),
            _ => plan_review(order, "approved", &json!({})),
        })
    })
}

pub(super) const TWO_PHASES: Phases =
    &[("Read  the Ünicode", "agent-pr", &[]), ("Write it", "agent-pr", &["read the ünicode"])];

pub(super) fn choices(mode: ExecutionMode) -> PlanningChoices {
    PlanningChoices { mode: Some(mode), ..PlanningChoices::default() }
}

pub(super) fn planning(mode: ExecutionMode, phases: Phases) -> Story {
    Story {
        begins: Begins::Plan,
        planning: choices(mode),
        ..story(
            "a plan",
            planner(&[], phases),
            vec![("careful", wants_a_test()), ("quick", approves_plans())],
        )
    }
}

pub(super) fn a_plan_revised() -> Story {
    Story { name: "a plan, revised", ..planning(ExecutionMode::PlanOnly, &[]) }
}

pub(super) fn a_plan_decomposed() -> Story {
    Story { name: "a plan, decomposed", ..planning(ExecutionMode::DecomposeOnly, TWO_PHASES) }
}

pub(super) fn a_plan_implemented() -> Story {
    let reviewers = vec![("careful", wants_a_test()), ("later", leaves_a_followup())];
    Story {
        name: "a plan, implemented",
        after: AfterApproval::Merge,
        followups: Followups::Issue,
        reviewers,
        ..planning(ExecutionMode::ImplementOneShot, &[])
    }
}

pub(super) fn a_plan_by_phase() -> Story {
    Story { name: "a plan, by phase", ..planning(ExecutionMode::ImplementByPhase, TWO_PHASES) }
}

pub(super) fn a_plan_in_stages() -> Story {
    let planning =
        PlanningChoices { stages: Some(DeferredWork::Filed), ..choices(ExecutionMode::ImplementOneShot) };
    Story {
        name: "a plan, in stages",
        begins: Begins::Plan,
        planning,
        ..story("", planner(&["Stage B", "Stage C"], &[]), vec![("careful", wants_a_test())])
    }
}

pub(super) async fn children(world: &MemoryWorld) -> Vec<OwnIssue> {
    world.own_issues("AGENT_LOOP_CHILD", "").await.unwrap()
}

pub(super) fn said(world: &MemoryWorld, number: u64) -> String {
    world.thread(number).into_iter().map(|comment| comment.body.to_string()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_plan_is_approved_by_all() {
    let story = a_plan_revised();
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Planned, "{}", outcome.message);
    assert_eq!((outcome.view.rounds, outcome.view.votes.len(), outcome.resolved()), (2, 2, 1));
    assert!(outcome.message.contains("agent-loop issue 1"), "{}", outcome.message);
    let calls = world.calls().len();
    let again = story.play(&world).await;
    assert_eq!(again.ending, Ending::Planned);
    assert_eq!(world.calls().len(), calls, "nothing is asked again");
    assert!(children(&world).await.is_empty());
}

#[tokio::test]
async fn a_disputed_plan_needs_a_person() {
    let stubborn = agent(|order, _| {
        let mut answer: Value = serde_json::from_str(&plan(order, &["Write it."], &[])).unwrap();
        let said = answer.get_mut("prior_plan_item_dispositions").and_then(Value::as_array_mut);
        if let Some(said) = said {
            for one in said {
                *one = json!({ "item_id": one["item_id"], "disposition": "future", "note": "no test can show it" });
            }
        }
        Reaction::Says(answer.to_string())
    });
    let story = Story { coder: stubborn, ..a_plan_revised() };
    let outcome = story.play(&story.world()).await;
    assert_eq!(outcome.ending, Ending::NeedsHuman { reason: NeedsHuman::Dispute }, "{}", outcome.message);
    assert!(outcome.message.contains("no test can show it"), "{}", outcome.message);
}

#[tokio::test]
async fn planning_rounds_have_a_limit() {
    let blind = agent(|order, _| {
        let steps = [format!("Write it, {} times.", order.round)];
        Reaction::Says(plan(order, &[&steps[0]], &[]))
    });
    let story = Story { coder: blind, max_rounds: 2, ..a_plan_revised() };
    let outcome = story.play(&story.world()).await;
    assert_eq!(outcome.ending, Ending::Blocked { reason: Blocked::Rounds }, "{}", outcome.message);
}

#[tokio::test]
async fn a_planner_may_ask() {
    let curious = agent(|order, _| {
        let Some(answer) = order.context.clarifications.first() else {
            let questions = json!({ "questions": ["How new?"] });
            let asks = json!({ "schema_version": 1, "kind": "plan_state", "summary": "?", "clarification": questions });
            return Reaction::Says(asks.to_string());
        };
        Reaction::Says(plan(order, &[&answer.answer, "Test it."], &[]))
    });
    let story = Story { coder: curious, answer: Some("very new"), ..a_plan_revised() };
    let world = story.world();
    assert_eq!(story.play(&world).await.ending, Ending::Planned);
    assert!(said(&world, 1).contains("1. very new"));
    let silent = Story { answer: None, ..story };
    let outcome = silent.play(&silent.world()).await;
    assert_eq!(outcome.ending, Ending::NeedsHuman { reason: NeedsHuman::Clarification });
}

#[tokio::test]
async fn a_planner_that_edits_is_reported() {
    let busy = agent(|order, tree: &mut Tree| {
        tree.insert(FILE.to_owned(), "too early".to_owned());
        Reaction::Says(plan(order, &["Write it.", "Test it."], &[]))
    });
    let story = Story { coder: busy, ..a_plan_revised() };
    let world = story.world();
    assert_eq!(story.play(&world).await.ending, Ending::Planned);
    assert!(
        format!("{:?}", world.events()).contains("edits are not allowed in this turn"),
        "{:?}",
        world.events()
    );
    assert_eq!(world.branches().len(), 1, "nothing is pushed");
}

#[tokio::test]
async fn an_approved_plan_is_implemented() {
    let story = a_plan_implemented();
    let world = story.world();
    let outcome = story.play(&world).await;
    assert!(matches!(outcome.ending, Ending::Merged { .. }), "{}", outcome.message);
    let text = &world.branches()[&"main".parse().unwrap()][FILE];
    assert_eq!(text, "new, as 1. Write it.", "the coder had the plan");
    assert_eq!(children(&world).await.len(), 1, "the follow-up was filed once, before the implementation");
    let filed = world.effects().iter().position(|effect| *effect == "file issue").unwrap();
    let opened = world.effects().iter().position(|effect| *effect == "open pull request").unwrap();
    assert!(filed < opened);
}

#[tokio::test]
async fn a_later_command_implements_the_plan() {
    let story = a_plan_revised();
    let world = story.world();
    story.play(&world).await;
    let outcome = story.run_as(&world, issue(1), story.request()).await.unwrap();
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    let body = world.pull_request(story.pull_request()).await.unwrap().body;
    assert!(body.contains("Closes #1\nPlan `"), "{body}");
    assert!(said(&world, 2).contains("is checked against the plan"), "{}", said(&world, 2));
}

/// A plan that is changed once a person requires it.
pub(super) fn keeps_the_name() -> Story {
    let coder = agent(|order, tree| match order.kind {
        ResponseKind::PlanState => Reaction::Says(plan(order, &["Write it."], &[])),
        ResponseKind::PlanRevision => Reaction::Says(plan(order, &["Keep the name."], &[])),
        _ => {
            tree.insert(FILE.to_owned(), "new".to_owned());
            Reaction::Says(implementation(order))
        }
    });
    let keeper = agent(|order, _| {
        let kept = order.context.plan.as_ref().is_some_and(|plan| plan.text.contains("Keep"));
        let is_fine = kept || required(order).is_empty();
        Reaction::Says(match order.kind {
            ResponseKind::PrReview => approves(order),
            _ if is_fine => plan_review(order, "approved", &json!({})),
            _ if order.context.items.is_empty() => {
                plan_review(order, "blocking", &json!({ "blocking_plan_issues": ["The name."] }))
            }
            _ => plan_review(order, "blocking", &json!({})),
        })
    });
    Story { coder, reviewers: vec![("keeper", keeper)], ..a_plan_revised() }
}

#[tokio::test]
async fn a_replaced_plan_is_not_bound() {
    let story = keeps_the_name();
    let world = story.world();
    assert_eq!(story.play(&world).await.ending, Ending::Planned);
    story.run_as(&world, issue(1), story.request()).await.unwrap();
    world.say(1, &"ada".parse().unwrap(), "Keep the old name.\n\n-- Human Reviewer");
    let planned = story.play(&world).await;
    assert_eq!(planned.ending, Ending::Planned, "{}", planned.message);
    let outcome = story.run_as(&world, pull_request(2), story.request()).await.unwrap();
    assert!(outcome.message.contains("is no longer valid"), "{}", outcome.message);
}

#[tokio::test]
async fn a_dropped_phase_blocks_the_next() {
    let story = a_plan_by_phase();
    let world = story.world();
    story.play(&world).await;
    world.set_issue(2, IssueState::NotPlanned);
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::NeedsHuman { reason: NeedsHuman::Phase }, "{}", outcome.message);
    assert!(outcome.message.contains("waits for #2"), "{}", outcome.message);
    let second = story.run_as(&world, issue(3), story.request()).await.unwrap();
    assert!(second.message.contains("which will not be done"), "{}", second.message);
}

#[tokio::test]
async fn every_phase_has_one_issue() {
    let story = a_plan_decomposed();
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Decomposed, "{}", outcome.message);
    let filed = children(&world).await;
    let titles: Vec<&str> = filed.iter().map(|issue| issue.title.as_str()).collect();
    assert_eq!(titles, ["Read the Ünicode", "Write it"]);
    for part in [
        "Refs #1. Phase 2 of 2",
        "### Rollout risk",
        "### Constraints and invariants",
        "Blocked by phase 1: #2",
    ] {
        assert!(filed[1].body.contains(part), "{part}: {}", filed[1].body);
    }
    assert!(said(&world, 1).contains("| 2 | Write it | #3 | agent-pr | 1 |"), "{}", said(&world, 1));
    assert_eq!(story.play(&world).await.ending, Ending::Decomposed);
    assert_eq!(children(&world).await.len(), 2);
    // The parent is not implemented as a whole any more, and no phase before its dependencies.
    let parent = story.run_as(&world, issue(1), story.request()).await.unwrap();
    assert_eq!(parent.ending, Ending::Refused { reason: Refused::Usage });
    let second = story.run_as(&world, issue(3), story.request()).await.unwrap();
    assert_eq!(second.ending, Ending::Refused { reason: Refused::Usage });
    assert!(second.message.contains("run `agent-loop issue 2` first"), "{}", second.message);
}

#[tokio::test]
async fn phases_go_on_one_by_one() {
    let story = a_plan_by_phase();
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    let body = world.pull_request(outcome.view.pull_request.unwrap()).await.unwrap().body;
    assert!(body.contains("Closes #2\nRefs #1\nPlan `"), "{body}");
    let calls = world.calls().len();
    let again = story.play(&world).await;
    assert_eq!(again.ending, Ending::NeedsHuman { reason: NeedsHuman::Phase }, "{}", again.message);
    assert!(again.message.contains("`agent-loop pr 4`"), "{}", again.message);
    assert_eq!(world.calls().len(), calls, "the phase is handed over once");
    world.close_as_person(2);
    let next = story.play(&world).await;
    assert_eq!(next.ending, Ending::Approved, "{}", next.message);
    assert!(said(&world, 1).contains("**Phase 2** is handed over to #3"));
}

#[tokio::test]
async fn a_phase_for_a_person_stops() {
    let all: Phases = &[("Buy it", "human-action", &[]), ("Use it", "agent-pr", &["Buy it"])];
    let story = planning(ExecutionMode::ImplementByPhase, all);
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::NeedsHuman { reason: NeedsHuman::Phase }, "{}", outcome.message);
    assert!(
        outcome.message.contains("close #2. Then run `agent-loop resume issue/1`"),
        "{}",
        outcome.message
    );
    let child = story.run_as(&world, issue(2), story.request()).await.unwrap();
    assert_eq!(child.ending, Ending::NeedsHuman { reason: NeedsHuman::Phase });
    world.close_as_person(2);
    // `resume` has no flags: what follows the plan is as recorded.
    let resumed = Story { planning: PlanningChoices::default(), ..story };
    assert_eq!(resumed.play(&world).await.ending, Ending::Approved);
    assert!(
        said(&world, 1).contains("**agent-loop** continues with the approved plan"),
        "{}",
        said(&world, 1)
    );
}

#[tokio::test]
async fn stages_are_filed_and_never_closed() {
    let story = a_plan_in_stages();
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    let titles: Vec<String> = children(&world).await.into_iter().map(|issue| issue.title).collect();
    assert_eq!(titles, ["Stage B", "Stage C"]);
    let body = world.pull_request(outcome.view.pull_request.unwrap()).await.unwrap().body;
    assert!(body.contains("Refs #1\n") && !body.contains("Closes"), "{body}");
}

#[tokio::test]
async fn unfiled_stages_are_named() {
    let mode = choices(ExecutionMode::PlanOnly);
    let story = Story { planning: mode, ..a_plan_in_stages() };
    let world = story.world();
    let outcome = story.play(&world).await;
    assert!(outcome.message.contains("“Stage B”, “Stage C”"), "{}", outcome.message);
    assert!(outcome.message.contains("--materialize-split-issues"), "{}", outcome.message);
    assert!(children(&world).await.is_empty());
}

#[tokio::test]
async fn a_closed_parent_is_refused() {
    let story = a_plan_decomposed();
    let world = story.world();
    world.close_as_person(1);
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Refused { reason: Refused::ClosedSubject });
}

#[tokio::test]
async fn two_parents_have_their_own_children() {
    let story = a_plan_decomposed();
    let world = story.world();
    world.file_as_person(&"ada".parse().unwrap(), "It is old, too", "Make it new.");
    let second = Assignment { flow: PLANNING, ..issue(2) };
    let (one, two) = tokio::join!(story.play(&world), story.run_as(&world, second, story.request()));
    assert_eq!([one.ending, two.unwrap().ending], [Ending::Decomposed, Ending::Decomposed]);
    assert_eq!(children(&world).await.len(), 4, "equal titles under two parents are four issues");
}

/// A crash on a machine that is lost must not lead to other phases: the coder of this story divides differently each time.
#[tokio::test]
async fn a_lost_machine_keeps_the_phases() {
    static TIMES: AtomicUsize = AtomicUsize::new(0);
    let fickle = agent(|order, _| match order.kind {
        ResponseKind::PlanDecomposition => {
            let is_first = TIMES.fetch_add(1, Ordering::Relaxed) == 0;
            Reaction::Says(phases(if is_first { TWO_PHASES } else { &[("Other", "agent-pr", &[])] }))
        }
        _ => Reaction::Says(plan(order, &["Write it.", "Test it."], &[])),
    });
    let story = Story { coder: fickle, ..a_plan_decomposed() };
    let trial = a_plan_decomposed();
    let whole = trial.world();
    trial.play(&whole).await;
    let world = story.world();
    let effects = whole.effects();
    let from_end = effects.len() - effects.iter().position(|effect| *effect == "file issue").unwrap();
    let other = story.world();
    TIMES.store(0, Ordering::Relaxed);
    story.play(&other).await;
    let at = other.effects().len() - from_end;
    TIMES.store(0, Ordering::Relaxed);
    world.stop_at(Plan { at, stop: Stop::After });
    assert!(story.run(&world).await.is_none());
    world.lose_machine();
    assert_eq!(story.play(&world).await.ending, Ending::Decomposed);
    assert_eq!(children(&world).await.len(), 2);
}

#[tokio::test]
async fn an_unplanned_issue_has_no_plan() {
    let story = Story { begins: Begins::Issue, ..planning(ExecutionMode::PlanOnly, &[]) };
    let story = Story { reviewers: vec![("quick", always_approves())], ..story };
    let world = story.world();
    story.play(&world).await;
    let branch = "agent-loop/issue-1".parse().unwrap();
    assert_eq!(world.branches()[&branch][FILE], "new, as nobody planned");
}

/// A crash at any point of a story by phases: the parent, and then the first child, are continued by hand.
#[tokio::test]
async fn a_crash_starts_one_phase_once() {
    let story = a_plan_by_phase();
    let trial = story.world();
    story.play(&trial).await;
    for at in 0..trial.effects().len() {
        for stop in [Stop::Before, Stop::After, Stop::Unacknowledged] {
            let world = story.world();
            world.stop_at(Plan { at, stop });
            let _ = story.run(&world).await;
            if at % 2 == 0 {
                world.restart();
            } else {
                world.lose_machine();
            }
            let mut outcome = story.play(&world).await;
            if outcome.ending == (Ending::NeedsHuman { reason: NeedsHuman::Phase }) {
                outcome = story.run_as(&world, issue(2), story.request()).await.unwrap();
            }
            let place = format!("{at} {stop:?} {}: {}", trial.effects()[at], outcome.message);
            assert_eq!(outcome.ending, Ending::Approved, "{place}");
            assert_eq!(children(&world).await.len(), 2, "{place}");
            assert_eq!(world.states().len(), 4, "{place}: one pull request");
            assert_eq!(said(&world, 1).matches("is handed over to").count(), 1, "{place}");
        }
    }
}
