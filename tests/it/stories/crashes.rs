//! Every story again, with a crash at every effect: the end is the same, and no finished turn is repeated.

use crate::world::{MemoryWorld, Plan, Stop};
use agent_loop::domain::subject::Subject;
use agent_loop::engine::outcome::Outcome;

use super::budgets::no_second_round;
use super::deliveries::{a_coder_with_questions, an_issue_merged};
use super::followups::follow_ups_filed;
use super::repairs::{a_coder_whose_words_are_put_into_form, a_review_put_into_form};
use super::requirements::a_wish_in_an_issue;
use super::retries::overloaded_at_first;
use super::reviews::{
    a_persons_pull_request, failing_reviewer_goes_on, idle_coder, lost_dispute, never_content, red_tests,
    two_reviewers_one_blocks, won_dispute,
};
use super::stage::Story;

fn all() -> Vec<Story> {
    vec![
        two_reviewers_one_blocks(),
        red_tests(),
        lost_dispute(),
        won_dispute(),
        never_content(),
        idle_coder(),
        failing_reviewer_goes_on(),
        a_persons_pull_request(),
        an_issue_merged(),
        a_coder_with_questions(),
        a_review_put_into_form(),
        a_coder_whose_words_are_put_into_form(),
        follow_ups_filed(),
        a_wish_in_an_issue(),
        no_second_round(),
        overloaded_at_first(),
    ]
}

/// What must be the same at the end, leaving aside times, run ids, usage, commits and salvage.
#[derive(Debug, PartialEq)]
struct End {
    status: &'static str,
    reason: Option<&'static str>,
    rounds: u32,
    votes: Vec<String>,
    branches: Vec<String>,
    states: Vec<String>,
}

fn end(world: &MemoryWorld, outcome: &Outcome) -> End {
    End {
        status: outcome.ending.status(),
        reason: outcome.ending.reason(),
        rounds: outcome.rounds,
        votes: outcome.votes.iter().map(|vote| format!("{} {}", vote.agent, vote.state.name())).collect(),
        branches: world.branches().iter().map(|branch| format!("{branch:?}")).collect(),
        states: world.states().iter().map(|state| format!("{state:?}")).collect(),
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Machine {
    Same,
    Lost,
}

/// Goes on until the story has ended; an engine that was told "no answer" may end with a failure of its own.
async fn go_on(story: &Story, world: &MemoryWorld, stopped: Option<Outcome>, machine: Machine) -> Outcome {
    if let Some(outcome) = stopped.filter(|outcome| outcome.ending.reason() != Some("forge")) {
        return outcome;
    }
    match machine {
        Machine::Same => world.restart(),
        Machine::Lost => world.lose_machine(),
    }
    within(story.play(world), story, usize::MAX).await
}

/// A story that does not end is a failure that names its place.
async fn within<T>(run: impl Future<Output = T>, story: &Story, at: usize) -> T {
    #[expect(clippy::disallowed_methods, reason = "a loop without end must fail, not hang")]
    let result = tokio::time::timeout(std::time::Duration::from_secs(20), run).await;
    result.unwrap_or_else(|_| panic!("{} does not end after a crash at {at}", story.name))
}

/// Whether the same command again says the same and does nothing.
fn is_settled(told: &[String]) -> bool {
    told.last().is_some_and(|last| last.contains("concluded approved") || last.contains("concluded merged"))
}

async fn crash_everywhere(machine: Machine) {
    for story in all() {
        let (expected, told, effects) = {
            let world = story.world();
            let outcome = story.play(&world).await;
            (end(&world, &outcome), story.told(&world), world.effects())
        };
        for (at, effect) in effects.iter().enumerate() {
            for stop in [Stop::Before, Stop::After, Stop::Unacknowledged] {
                let world = story.world();
                world.stop_at(Plan { at, stop });
                let stopped = within(story.run(&world), &story, at).await;
                // A run that has ended for good is not gone on with: a later command would open another.
                if stopped.is_none() && told.last() == story.told(&world).last() && !is_settled(&told) {
                    continue;
                }
                let outcome = go_on(&story, &world, stopped, machine).await;
                let place = format!(
                    "{}, {stop:?} effect {at} ({}), {machine:?}: {}",
                    story.name, effect, outcome.message
                );
                assert_eq!(end(&world, &outcome), expected, "{place}\n{:#?}", story.told(&world));
                if machine == Machine::Same {
                    assert_eq!(story.told(&world), told, "{place}");
                    let subject = Subject::PullRequest(story.pull_request());
                    story.assert_no_finished_turn_was_repeated(&world, subject).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_crash_at_any_effect_changes_nothing_on_the_same_machine() {
    crash_everywhere(Machine::Same).await;
}

#[tokio::test]
async fn a_crash_at_any_effect_and_the_loss_of_the_machine_change_nothing_that_counts() {
    crash_everywhere(Machine::Lost).await;
}
