//! Stories of turns that fail for a reason that may be temporary: retried, with another model, later, or not at all.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::world::{MemoryWorld, Reaction, Tree};
use agent_loop::domain::agent::Role;
use agent_loop::domain::ending::{Ending, Failed, Parked};
use agent_loop::domain::failure::TurnFailure;
use agent_loop::domain::roster::SeatKey;
use agent_loop::engine::outcome::Outcome;
use agent_loop::flow::persistence::Persistence;
use agent_loop::flow::request::Request;
use agent_loop::flow::retry::{OnQuota, RetryPolicy};
use agent_loop::ports::clock::Clock;
use agent_loop::ports::run_event::RunEvent;
use jiff::{SignedDuration, Timestamp};

use super::cast::{agent, always_approves, always_fails, approves, honest_coder, implementation};
use super::stage::{Story, label, story};

fn overloaded() -> TurnFailure {
    TurnFailure::Overloaded { detail: "529".to_owned() }
}

/// The service is overloaded in the reviewer's first two attempts.
pub(super) fn overloaded_at_first() -> Story {
    let careful = agent(|order, _| match order.script_index {
        0 | 1 => Reaction::Fails(overloaded()),
        _ => Reaction::Says(approves(order)),
    });
    story("overloaded at first", honest_coder(), vec![("careful", careful), ("quick", always_approves())])
}

async fn with(story: &Story, world: &MemoryWorld, retry: RetryPolicy) -> Outcome {
    let persistence = Persistence { retry, ..Persistence::default() };
    let request = Request { persistence, ..story.request() };
    story.run_as(world, story.assignment(world), request).await.unwrap()
}

fn calls_of(world: &MemoryWorld, name: &str) -> usize {
    world.calls().iter().filter(|call| call.contains(name)).count()
}

#[tokio::test]
async fn an_overloaded_service_is_asked_again() {
    let story = overloaded_at_first();
    let world = story.world();
    let begun = world.now();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    assert_eq!((calls_of(&world, "careful"), calls_of(&world, "quick")), (3, 1));
    assert!(world.now().duration_since(begun) >= SignedDuration::from_secs(15 + 45));
    let waits = world.events().iter().filter(|one| matches!(one, RunEvent::Waiting { .. })).count();
    assert_eq!(waits, 2);
}

#[tokio::test]
async fn retries_have_an_end() {
    let tired = vec![("careful", always_fails(&overloaded()))];
    let story = story("always overloaded", honest_coder(), tired);
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Failed { reason: Failed::ReviewerUnavailable });
    assert_eq!(calls_of(&world, "careful"), 3);
}

#[tokio::test]
async fn a_repairer_is_asked_again_too() {
    let story = super::repairs::a_review_put_into_form();
    let world = story.world();
    story.play(&world).await;
    let usual = calls_of(&world, "repair");
    let mender = story.repairers.first().map(|(name, turn)| (*name, turn.clone())).unwrap();
    let hesitant = agent(move |order, tree| match order.script_index {
        0 => Reaction::Fails(overloaded()),
        _ => (mender.1)(order, tree),
    });
    let story = Story { repairers: vec![(mender.0, hesitant)], ..super::repairs::a_review_put_into_form() };
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    assert_eq!(calls_of(&world, "repair"), usual + 1);
}

#[tokio::test]
async fn a_timeout_is_not_asked_again() {
    let slow = vec![("careful", always_fails(&TurnFailure::Timeout { seconds: 3600, limit: None }))];
    let story = story("slow", honest_coder(), slow);
    let world = story.world();
    story.play(&world).await;
    assert_eq!(calls_of(&world, "careful"), 1);
}

#[tokio::test]
async fn the_chain_follows_a_spent_model() {
    let resets_at: Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
    let careful = agent(move |order, _| match order.model.as_deref() {
        Some("small") => Reaction::Says(approves(order)),
        _ => Reaction::Fails(TurnFailure::Quota { resets_at, detail: String::new() }),
    });
    let story = story("a chain", honest_coder(), vec![("careful", careful)]);
    let world = story.world();
    let chain = ["large", "medium", "small"].map(str::to_owned).to_vec();
    let models = BTreeMap::from([(SeatKey::new(Role::Reviewer, &label("careful")), chain)]);
    let outcome = with(&story, &world, RetryPolicy { models, ..RetryPolicy::default() }).await;
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    assert_eq!(calls_of(&world, "careful"), 3);
}

#[tokio::test]
async fn waiting_lasts_until_the_quota_resets() {
    let story = story("patient", honest_coder(), vec![("careful", always_approves())]);
    let world = story.world();
    let resets_at = world.now() + SignedDuration::from_hours(5);
    let careful = agent(move |order, _| match order.script_index {
        0 => Reaction::Fails(TurnFailure::Quota { resets_at, detail: String::new() }),
        _ => Reaction::Says(approves(order)),
    });
    let story = Story { reviewers: vec![("careful", careful)], ..story };
    let world = story.world();
    let outcome =
        with(&story, &world, RetryPolicy { on_quota: OnQuota::Wait, ..RetryPolicy::default() }).await;
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    assert!(world.now() >= resets_at);
}

#[tokio::test]
async fn too_many_requests_park_the_run() {
    let limited = TurnFailure::RateLimited { retry_at: None, detail: "429".to_owned() };
    let story = story(
        "limited",
        honest_coder(),
        vec![("careful", always_fails(&limited)), ("quick", always_approves())],
    );
    let world = story.world();
    let outcome = story.play(&world).await;
    let Ending::Parked { resets_at, reason } = outcome.ending else { panic!("{}", outcome.message) };
    assert_eq!((reason, outcome.view.votes.len()), (Parked::RateLimit, 1), "the other vote stays");
    assert!(resets_at > world.now());
}

/// A coder that writes a file, fails in this way, and records the files of its next attempt.
fn fails_in_the_middle(first: Reaction, finds: &'static [&'static str]) -> Story {
    let coder = agent(move |order, tree| {
        if order.script_index == 0 {
            assert!(!order.context.unfinished);
            tree.insert("half.txt".to_owned(), "half\n".to_owned());
            return first.clone();
        }
        let is_told = order.prompt.contains("Your previous attempt did not finish");
        assert_eq!((order.context.unfinished, is_told), (!finds.is_empty(), !finds.is_empty()));
        assert_eq!(tree.contains_key("half.txt"), finds.contains(&"half.txt"));
        tree.insert("whole.txt".to_owned(), "whole\n".to_owned());
        Reaction::Says(implementation(order))
    });
    story("fails in the middle", coder, vec![("careful", always_approves())])
}

#[tokio::test]
async fn half_done_work_survives_the_parking() {
    let reset: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
    let used_up = TurnFailure::Quota { resets_at: reset, detail: String::new() };
    let story = fails_in_the_middle(Reaction::Fails(used_up), &["half.txt"]);
    let world = story.world();
    let parked = story.play(&world).await;
    assert_eq!(parked.ending, Ending::Parked { resets_at: reset, reason: Parked::Quota });
    let done = story.play(&world).await;
    assert_eq!(done.ending, Ending::Approved, "{}", done.message);
    let branches = world.branches();
    let is_made = |tree: &Tree| tree.contains_key("half.txt") && tree.contains_key("whole.txt");
    assert!(branches.values().any(is_made), "{branches:?}");
}

#[tokio::test]
async fn failed_coders_continue_usable_files() {
    let detail = String::new;
    let failures: [(TurnFailure, &[&str]); 5] = [
        (TurnFailure::Killed { signal: 9 }, &["half.txt"]),
        (TurnFailure::Exit { code: 1, detail: detail() }, &["half.txt"]),
        (TurnFailure::Timeout { seconds: 9, limit: None }, &["half.txt"]),
        (TurnFailure::UnfitFiles { why: detail() }, &[]),
        (TurnFailure::Secret { kinds: Vec::new() }, &[]),
    ];
    let failures = failures.map(|(failure, finds)| (Reaction::Fails(failure), finds));
    let malformed: (Reaction, &[&str]) = (Reaction::Says("I am done.".to_owned()), &["half.txt"]);
    for (first, finds) in failures.into_iter().chain([malformed]) {
        let story = fails_in_the_middle(first, finds);
        let world = story.world();
        let mut done = story.play(&world).await;
        if done.ending != Ending::Approved {
            done = story.play(&world).await;
        }
        assert_eq!(done.ending, Ending::Approved, "{}", done.message);
    }
}

/// The run continues with the first model that is available again.
#[tokio::test]
async fn a_spent_chain_parks_the_run() {
    let story = story("a used up chain", honest_coder(), vec![("careful", always_approves())]);
    let begun = story.world().now();
    let back = move |model: &str| begun + SignedDuration::from_hours(if model == "medium" { 1 } else { 5 });
    let asked = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&asked);
    let careful = agent(move |order, _| {
        let model = order.model.clone().unwrap();
        let mut asked = notes.lock().unwrap();
        asked.push(model.clone());
        match asked.len() {
            1..=3 => Reaction::Fails(TurnFailure::Quota { resets_at: back(&model), detail: String::new() }),
            _ => Reaction::Says(approves(order)),
        }
    });
    let story = Story { reviewers: vec![("careful", careful)], ..story };
    let world = story.world();
    let chain = ["large", "medium", "small"].map(str::to_owned).to_vec();
    let models = BTreeMap::from([(SeatKey::new(Role::Reviewer, &label("careful")), chain)]);
    let policy = RetryPolicy { models, ..RetryPolicy::default() };
    let parked = with(&story, &world, policy.clone()).await;
    let resets_at = back("medium");
    assert_eq!(parked.ending, Ending::Parked { resets_at, reason: Parked::Quota }, "{}", parked.message);
    world.sleep_until(resets_at).await;
    world.restart();
    let outcome = with(&story, &world, policy).await;
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    assert_eq!(*asked.lock().unwrap(), ["large", "medium", "small", "medium"]);
}
