//! Stories of runs that a person stops: the last answers are stored, and a disk that could not store them is reported.

use std::sync::Arc;

use crate::world::Reaction;
use agent_loop::domain::ending::{Ending, Failed};
use agent_loop::engine::outcome::Outcome;
use agent_loop::ports::cancellation::{Urgency, cancellation};

use super::cast::{agent, approves, honest_coder};
use super::stage::story;

/// Runs with two reviewers and stops in their turns, on a disk with space for this number of ends of turns.
async fn stopped(ends: usize) -> Outcome {
    let (canceller, cancellation) = cancellation();
    let canceller = Arc::new(canceller);
    let stopper = Arc::clone(&canceller);
    let reviewer = agent(move |order, _| {
        stopper.raise(Urgency::Stop);
        Reaction::Says(approves(order))
    });
    let reviewers = vec![("one", Arc::clone(&reviewer)), ("two", reviewer)];
    let story = story("stopped", honest_coder(), reviewers);
    let world = story.world();
    world.fill_disk_after(ends);
    let control = (canceller, cancellation);
    story.run_under(&world, story.assignment(&world), story.request(), control).await.unwrap()
}

#[tokio::test]
async fn a_safe_interrupted_run_says_so() {
    let outcome = stopped(3).await;
    assert_eq!(outcome.ending, Ending::Interrupted);
    assert!(outcome.message.contains("the state is saved"), "{}", outcome.message);
}

#[tokio::test]
async fn an_unwritten_journal_is_reported_instead() {
    // There is space for the coder's turn and the first reviewer's.
    let outcome = stopped(2).await;
    assert_eq!(outcome.ending, Ending::Failed { reason: Failed::Disk }, "{}", outcome.message);
    assert!(outcome.message.contains("no space left"), "{}", outcome.message);
}
