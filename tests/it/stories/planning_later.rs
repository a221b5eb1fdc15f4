//! Stories of plans that go on later: stages, new requirements, limits, and subjects that people change meanwhile.

use std::sync::Arc;

use agent_loop::domain::agent::ResponseKind;
use agent_loop::domain::ending::{Ending, NeedsHuman, Refused};
use agent_loop::domain::execution::{DeferredWork, ExecutionMode};
use agent_loop::domain::failure::TurnFailure;
use agent_loop::domain::ids::IssueNumber;
use agent_loop::domain::policy::{AfterApproval, Followups};
use agent_loop::engine::outcome::Outcome;
use agent_loop::flow::request::PlanningChoices;
use agent_loop::ports::forge::Forge;
use serde_json::json;

use crate::world::{Agent, MemoryWorld, Plan, Reaction, Stop};

use super::cast::{FILE, agent, always_approves, approves, implementation};
use super::discuss::{split, stages_filed};
use super::planning::{
    Phases, a_plan_by_phase, a_plan_decomposed, a_plan_implemented, a_plan_in_stages, a_plan_revised,
    approves_plans, children, choices, keeps_the_name, plan, plan_review, planned, planning, said,
};
use super::stage::{Begins, Story, issue, pull_request, story};

/// Returns the description of the pull request of a run.
async fn description(world: &MemoryWorld, outcome: &Outcome) -> String {
    world.pull_request(outcome.view.pull_request.expect(&outcome.message)).await.unwrap().body
}

/// A coder that plans this step, and implements the plan.
fn plans(step: &'static str) -> Agent {
    agent(move |order, tree| {
        if order.kind != ResponseKind::Implementation {
            return Reaction::Says(plan(order, &[step], &[]));
        }
        tree.insert(FILE.to_owned(), format!("new, as {}", planned(order)));
        Reaction::Says(implementation(order))
    })
}

/// A plan with this step for the issue of a debate.
fn after_a_debate(step: &'static str, planning: PlanningChoices) -> Story {
    Story { begins: Begins::Plan, planning, ..story("", plans(step), vec![("one", approves_plans())]) }
}

fn filing(mode: ExecutionMode) -> PlanningChoices {
    PlanningChoices { stages: Some(DeferredWork::Filed), ..choices(mode) }
}

/// The parent is not closed by the change, and only an issue of its own stages can be named.
#[tokio::test]
async fn a_named_stage_is_implemented() {
    let filed = Story { planning: filing(ExecutionMode::PlanOnly), ..a_plan_in_stages() };
    let world = filed.world();
    assert_eq!(filed.play(&world).await.ending, Ending::Planned);
    let named = |number| {
        let stage = Some(IssueNumber(number));
        let planning = PlanningChoices { stage, ..filing(ExecutionMode::ImplementOneShot) };
        Story { planning, ..a_plan_in_stages() }
    };
    let calls = world.calls();
    let wrong = named(9).play(&world).await;
    assert_eq!(world.calls(), calls, "nobody is asked first");
    assert_eq!(wrong.ending, Ending::Refused { reason: Refused::Usage });
    assert!(wrong.message.contains("2 “Stage B”, 3 “Stage C”"), "{}", wrong.message);
    let outcome = named(3).play(&world).await;
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    let body = description(&world, &outcome).await;
    assert!(body.contains("Closes #3\nRefs #1\nPlan `"), "{body}");
    assert_eq!(world.branches()[&"agent-loop/issue-3".parse().unwrap()][FILE], "new, as 1. Write it.");
}

/// A plan for one of the stages that a debate filed is implemented on the issue of that stage.
#[tokio::test]
async fn stages_of_a_debate_are_known() {
    let world = stages_filed().world();
    stages_filed().play(&world).await;
    let mode = choices(ExecutionMode::ImplementOneShot);
    let unclear = after_a_debate("Write it.", mode.clone()).take_over(&world).await;
    assert_eq!(unclear.ending, Ending::Refused { reason: Refused::Usage });
    assert!(unclear.message.contains("name one with --split-stage"), "{}", unclear.message);
    let named = PlanningChoices { stage: Some(IssueNumber(3)), ..mode.clone() };
    let outcome = after_a_debate("Write it.", named).take_over(&world).await;
    let body = description(&world, &outcome).await;
    assert!(body.contains("Closes #3\nRefs #1\nPlan `"), "{body}");

    let world = stages_filed().world();
    stages_filed().play(&world).await;
    let story = after_a_debate("Do part of two now.", mode);
    let outcome = story.take_over(&world).await;
    let body = description(&world, &outcome).await;
    assert!(body.contains("Closes #4\nRefs #1\nPlan `"), "{body}");
    assert_eq!(children(&world).await.len(), 3);
    let thread = said(&world, 1);
    assert!(
        thread.contains("#4 Part of two") && thread.contains("**Stage 3** is handed over to #4"),
        "{thread}"
    );
    world.close_as_person(4);
    for _ in 0..2 {
        let next = story.play(&world).await;
        assert_eq!(next.ending, Ending::Decomposed, "{}", next.message);
        assert!(next.message.starts_with("stage #4 is closed"), "{}", next.message);
        assert_eq!(next.next.as_deref(), Some("agent-loop issue 2"));
    }
}

#[tokio::test]
async fn a_debated_stage_names_its_parent() {
    let world = stages_filed().world();
    stages_filed().play(&world).await;
    let change = after_a_debate("", PlanningChoices::default());
    world.restart();
    let agents = Story { begins: Begins::Issue, ..change };
    agents.take_over(&world).await;
    let outcome = agents.run_as(&world, issue(2), agents.request()).await.unwrap();
    let body = description(&world, &outcome).await;
    assert!(body.contains("Closes #2\nRefs #1\n"), "{body}");
}

/// Proposals without issues are named, and filed by either command, once.
#[tokio::test]
async fn plans_file_the_stages_of_debates() {
    let world = split().world();
    split().play(&world).await;
    let listed = after_a_debate("Write it.", choices(ExecutionMode::PlanOnly)).take_over(&world).await;
    assert_eq!(listed.ending, Ending::Planned);
    let unfiled = "No issue is filed for “Part of one”, “The common part.”, “Part of two”";
    assert!(listed.message.contains(unfiled), "{}", listed.message);
    let thread = said(&world, 1);
    assert!(thread.contains(&format!("{unfiled}: `--materialize-split-issues`")), "{thread}");
    let filed = after_a_debate("Write it.", filing(ExecutionMode::PlanOnly)).take_over(&world).await;
    assert!(!filed.message.contains("No issue is filed"), "{}", filed.message);
    assert_eq!(children(&world).await.len(), 3);
    let debated = stages_filed().take_over(&world).await;
    assert!(debated.message.contains("filed as #2, #3, #4"), "{}", debated.message);
    assert_eq!(children(&world).await.len(), 3);
}

/// The coder of the plan sees the decision of the debate.
#[tokio::test]
async fn a_plan_follows_the_decision() {
    let world = split().world();
    split().play(&world).await;
    let coder = agent(|order, _| {
        assert!(order.prompt.contains("one has reasons."), "{}", order.prompt);
        Reaction::Says(plan(order, &["Write it."], &[]))
    });
    let story = Story { coder, ..after_a_debate("", choices(ExecutionMode::PlanOnly)) };
    assert_eq!(story.take_over(&world).await.ending, Ending::Planned);
}

#[tokio::test]
async fn a_requirement_reaches_the_plan() {
    let story = keeps_the_name();
    let world = story.world();
    let requires = async {
        while world.thread(1).len() < 2 {
            tokio::task::yield_now().await;
        }
        world.say(1, &"ada".parse().unwrap(), "Keep the old name.\n\n-- Human Reviewer");
    };
    let (outcome, ()) = tokio::join!(story.play(&world), requires);
    assert_eq!(outcome.ending, Ending::Planned, "{}", outcome.message);
    let approval = world.thread(1).into_iter().find(|one| one.body.starts_with("**Plan approved**")).unwrap();
    assert!(approval.body.contains("Keep the name."), "{}", approval.body);
}

/// The plan and the votes that were given are kept; only the others are asked.
#[tokio::test]
async fn a_quota_parks_the_plan() {
    let resets_at = jiff::Timestamp::from_second(10_000).unwrap();
    let limited = agent(move |_, _| Reaction::Fails(TurnFailure::Quota { resets_at, detail: String::new() }));
    let mut story = a_plan_revised();
    story.reviewers[1].1 = Arc::clone(&limited);
    let world = story.world();
    assert_eq!(story.play(&world).await.ending.exit_code(), 3);
    story.reviewers[0].1 = limited;
    let without_votes = story.world();
    assert_eq!(story.play(&without_votes).await.ending.exit_code(), 3);
    let parked = without_votes.thread(1).last().unwrap().body.clone();
    assert!(parked.contains("| | result | plan |"), "{parked}");
    assert_eq!(a_plan_revised().take_over(&world).await.ending, Ending::Planned);
    let whole = a_plan_revised().world();
    a_plan_revised().play(&whole).await;
    let of_others = |world: &MemoryWorld| {
        let mut calls = world.calls();
        calls.retain(|call| !call.contains("quick"));
        calls
    };
    assert_eq!(of_others(&world), of_others(&whole));
}

/// A plan that was only divided is not divided again, and its first phase is handed over.
#[tokio::test]
async fn divided_plans_are_continued() {
    let world = a_plan_decomposed().world();
    a_plan_decomposed().play(&world).await;
    let outcome = a_plan_by_phase().take_over(&world).await;
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    assert_eq!(children(&world).await.len(), 2);
    let thread = said(&world, 1);
    assert_eq!(thread.matches("divides the plan").count(), 1, "{thread}");
    assert!(thread.contains("**Phase 1** is handed over to #2"), "{thread}");
}

#[tokio::test]
async fn a_closed_pull_request_is_replaced() {
    let story = a_plan_by_phase();
    let world = story.world();
    let first = story.play(&world).await;
    world.close_as_person(first.view.pull_request.unwrap().0);
    let second = story.run_as(&world, issue(2), story.request()).await.unwrap();
    assert_eq!(second.ending, Ending::Approved, "{}", second.message);
    assert_ne!(second.view.pull_request, first.view.pull_request);
    let body = description(&world, &second).await;
    assert!(body.contains("Closes #2\nRefs #1\nPlan `"), "{body}");
    let parent = story.play(&world).await;
    assert_eq!(parent.ending, Ending::NeedsHuman { reason: NeedsHuman::Phase });
    let number = second.view.pull_request.unwrap();
    assert!(parent.message.contains(&format!("is pull request {number}, which is not merged yet")));
    assert_eq!(parent.next, Some(format!("agent-loop pr {number}")));
}

/// Agents may do such a phase, but only a person closes it.
#[tokio::test]
async fn a_person_closes_a_manual_phase() {
    let all: Phases = &[("Roll it out", "manual-close", &[]), ("Use it", "agent-pr", &["Roll it out"])];
    let story = Story { after: AfterApproval::Merge, ..planning(ExecutionMode::ImplementByPhase, all) };
    let world = story.world();
    let waits = story.play(&world).await;
    assert_eq!(waits.ending, Ending::NeedsHuman { reason: NeedsHuman::Phase });
    assert!(waits.message.contains("run `agent-loop issue 2`, then close #2"), "{}", waits.message);
    assert_eq!(
        (waits.next.as_deref(), waits.next_after),
        (Some("agent-loop resume issue/1"), Some(IssueNumber(2)))
    );
    let done = story.run_as(&world, issue(2), story.request()).await.unwrap();
    assert!(matches!(done.ending, Ending::Merged { .. }), "{}", done.message);
    let body = description(&world, &done).await;
    assert!(body.contains("Refs #2\nRefs #1\nPlan `"), "{body}");
    assert_eq!(world.states()[&2], "open issue");
    assert_eq!(story.play(&world).await.ending, waits.ending);
    world.close_as_person(2);
    let next = story.play(&world).await;
    assert!(matches!(next.ending, Ending::Merged { .. }), "{}", next.message);
    let all = story.play(&world).await;
    assert_eq!(
        (all.ending, all.next.as_deref()),
        (Ending::Decomposed, Some("close issue 1")),
        "{}",
        all.message
    );
}

/// A closed parent files and starts nothing; its phases can still be done.
#[tokio::test]
async fn a_parent_closed_meanwhile_stops() {
    let story = a_plan_by_phase();
    let world = story.world();
    story.play(&world).await;
    world.close_as_person(1);
    let parent = story.play(&world).await;
    assert_eq!(parent.ending, Ending::Refused { reason: Refused::ClosedSubject }, "{}", parent.message);
    let child = story.run_as(&world, issue(2), story.request()).await.unwrap();
    assert_eq!(child.ending, Ending::Approved, "{}", child.message);

    let story = a_plan_decomposed();
    let trial = story.world();
    story.play(&trial).await;
    let at = trial.effects().iter().position(|effect| *effect == "file issue").unwrap();
    let world = story.world();
    world.stop_at(Plan { at, stop: Stop::Before });
    assert!(story.run(&world).await.is_none());
    world.restart();
    world.close_as_person(1);
    assert_eq!(story.play(&world).await.ending, Ending::Refused { reason: Refused::ClosedSubject });
    assert!(children(&world).await.is_empty());
}

/// Issues are filed before the implementation, and only if there is one.
#[tokio::test]
async fn followups_of_plans_have_five_modes() {
    for (mode, filed, note) in [
        (Followups::Ignore, 0, ""),
        (Followups::Summarize, 0, "are not carried into the review"),
        (Followups::FixAndSummarize, 0, "are not carried into the review"),
        (Followups::Issue, 1, "#2 Measure the start"),
        (Followups::FixAndIssue, 1, "#2 Measure the start"),
    ] {
        let story = Story { followups: mode, ..a_plan_implemented() };
        let world = story.world();
        let outcome = story.play(&world).await;
        assert!(matches!(outcome.ending, Ending::Merged { .. }), "{mode:?}: {}", outcome.message);
        assert_eq!(children(&world).await.len(), filed, "{mode:?}");
        assert!(said(&world, 1).contains(note), "{mode:?}: {}", said(&world, 1));
        assert_eq!(said(&world, 1).contains("Measure the start"), mode != Followups::Ignore, "{mode:?}");
        let planned = Story { planning: choices(ExecutionMode::PlanOnly), ..story };
        let world = planned.world();
        assert_eq!(planned.play(&world).await.ending, Ending::Planned);
        assert!(children(&world).await.is_empty(), "{mode:?}");
    }
}

#[tokio::test]
async fn small_improvements_change_the_plan() {
    let picky = agent(|order, _| {
        Reaction::Says(if order.kind == ResponseKind::PrReview {
            approves(order)
        } else if order.round == 1 {
            plan_review(order, "blocking", &json!({ "same_plan_followups": ["Test it, too."] }))
        } else {
            plan_review(order, "approved", &json!({}))
        })
    });
    let story = Story {
        followups: Followups::FixAndSummarize,
        reviewers: vec![("picky", picky)],
        ..a_plan_revised()
    };
    let outcome = story.play(&story.world()).await;
    assert_eq!((outcome.ending.clone(), outcome.view.rounds), (Ending::Planned, 2), "{}", outcome.message);
}

/// Only records are read: an edit of their text changes nothing, and a deleted approval is none.
#[tokio::test]
async fn an_edited_plan_is_as_recorded() {
    let story = a_plan_revised();
    let approval = |world: &MemoryWorld| {
        world.thread(1).iter().position(|one| one.body.starts_with("**Plan approved**")).unwrap()
    };
    let world = story.world();
    story.play(&world).await;
    let at = approval(&world);
    let body = world.thread(1)[at].body.replace("Write it.", "Write nothing.");
    world.edit(1, at, &body);
    let outcome = story.run_as(&world, issue(1), story.request()).await.unwrap();
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    let branch = "agent-loop/issue-1".parse().unwrap();
    assert_eq!(world.branches()[&branch][FILE], "new, as 1. Write it.");
    world.delete(1, at);
    let outcome = story.run_as(&world, pull_request(2), story.request()).await.unwrap();
    assert!(outcome.message.contains("is no longer valid"), "{}", outcome.message);

    let world = story.world();
    story.play(&world).await;
    world.delete(1, approval(&world));
    let unplanned = Story { reviewers: vec![("quick", always_approves())], ..story };
    unplanned.run_as(&world, issue(1), unplanned.request()).await.unwrap();
    assert_eq!(world.branches()[&branch][FILE], "new, as nobody planned");
}

/// Each mistake in a division has its own message, and nothing is filed or cut off.
#[tokio::test]
async fn wrong_phases_are_asked_again() {
    const NINE: Phases = &[
        ("1", "agent-pr", &[]),
        ("2", "agent-pr", &[]),
        ("3", "agent-pr", &[]),
        ("4", "agent-pr", &[]),
        ("5", "agent-pr", &[]),
        ("6", "agent-pr", &[]),
        ("7", "agent-pr", &[]),
        ("8", "agent-pr", &[]),
        ("9", "agent-pr", &[]),
    ];
    const SELF: Phases = &[("One", "agent-pr", &["One"])];
    const UNKNOWN: Phases = &[("One", "agent-pr", &["Zero"])];
    const CYCLE: Phases = &[("One", "agent-pr", &["Two"]), ("Two", "agent-pr", &["One"])];
    const EQUAL: Phases = &[("Über  alles", "agent-pr", &[]), ("über ALLES", "agent-pr", &[])];
    for (all, complaint) in [
        (NINE, "merge some of them"),
        (SELF, "a phase cannot depend on itself"),
        (UNKNOWN, "the title of a phase in this list"),
        (CYCLE, "an earlier phase: move the phase"),
        (EQUAL, "a title that no earlier phase has"),
    ] {
        let story = planning(ExecutionMode::DecomposeOnly, all);
        let world = story.world();
        let outcome = story.play(&world).await;
        assert_eq!(outcome.ending.status(), "failed", "{}", outcome.message);
        assert!(outcome.message.contains(complaint), "{}", outcome.message);
        assert!(children(&world).await.is_empty());
    }
}
