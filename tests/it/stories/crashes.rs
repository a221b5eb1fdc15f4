//! Every story with a crash at every effect: the end is the same, and no finished turn is repeated.

use agent_loop::domain::ending::Ending;
use agent_loop::engine::outcome::Outcome;
use agent_loop::ports::run_event::RunEvent;

use crate::world::{MemoryWorld, Plan, Stop};

use super::catalogue::{an_issue_merged, every_story};
use super::end::{End, has_ended_for_good};
use super::stage::Story;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Machine {
    Same,
    Lost,
}

impl Machine {
    /// Prepares a stopped world for the next engine.
    pub(super) fn restart(self, world: &MemoryWorld) {
        match self {
            Self::Same => world.restart(),
            Self::Lost => world.lose_machine(),
        }
    }
}

/// A story without interruption.
pub(super) struct Whole {
    pub(super) end: End,
    pub(super) summaries: Vec<String>,
    pub(super) effects: Vec<&'static str>,
}

impl Whole {
    async fn of(story: &Story) -> Self {
        Self::on(story, story.world()).await
    }

    /// Plays a story on a world.
    pub(super) async fn on(story: &Story, world: MemoryWorld) -> Self {
        let outcome = story.play(&world).await;
        Self { end: End::of(&world, &outcome), summaries: story.summaries(&world), effects: world.effects() }
    }
}

/// Stops a story at every effect in every way, and continues it. `least` is the minimum number of crash points.
async fn crash_everywhere(story: &Story, machine: Machine, least: usize) {
    let whole = Whole::of(story).await;
    let mut crash_points = 0;
    for at in 0..whole.effects.len() {
        for stop in [Stop::Before, Stop::After, Stop::Unacknowledged] {
            crash_points += crash_and_go_on(story, &whole, Plan { at, stop }, machine).await;
        }
    }
    assert!(crash_points >= least, "{}: only {crash_points} crash points", story.name);
}

/// Stops a story once and continues it; returns 0 if it had ended before.
async fn crash_and_go_on(story: &Story, whole: &Whole, plan: Plan, machine: Machine) -> usize {
    let world = story.world();
    world.stop_at(plan);
    let stopped = within(story.run(&world), story, plan.at).await;
    if stopped.is_none() && has_ended_for_good(&story.summaries(&world), &whole.summaries) {
        return 0;
    }
    let outcome = go_on(story, &world, stopped, machine).await;
    let effect = whole.effects[plan.at];
    let place = format!("{}, {plan:?} ({effect}), {machine:?}: {}", story.name, outcome.message);
    let summaries = story.summaries(&world);
    assert_eq!(End::of(&world, &outcome), whole.end, "{place}\n{summaries:#?}");
    if machine == Machine::Same {
        assert_eq!(summaries, whole.summaries, "{place}");
        story.assert_no_finished_turn_was_repeated(&world);
    }
    1
}

/// Continues until the story has ended; an engine without an acknowledgement may end with a failure.
async fn go_on(story: &Story, world: &MemoryWorld, stopped: Option<Outcome>, machine: Machine) -> Outcome {
    if let Some(outcome) = stopped.filter(|outcome| outcome.ending.reason() != Some("forge")) {
        return outcome;
    }
    machine.restart(world);
    within(story.play(world), story, usize::MAX).await
}

/// Fails with the place of a story that does not end.
async fn within<T>(run: impl Future<Output = T>, story: &Story, at: usize) -> T {
    #[expect(clippy::disallowed_methods, reason = "a loop without end must fail, not hang")]
    let result = tokio::time::timeout(std::time::Duration::from_secs(20), run).await;
    result.unwrap_or_else(|_| panic!("{} does not end after a crash at {at}", story.name))
}

/// The embedded forge moves the base branch before it closes the pull request.
#[tokio::test]
async fn a_cut_off_merge_is_finished() {
    let story = an_issue_merged();
    let at = Whole::of(&story).await.effects.iter().position(|effect| *effect == "merge").unwrap();
    let world = story.world();
    world.stop_at(Plan { at, stop: Stop::Before });
    story.run(&world).await;
    world.restart();
    let (_, tree) = world.branches().into_iter().find(|(name, _)| name.as_str() != "main").unwrap();
    let main = "main".parse().unwrap();
    world.push_as_person(&main, &main, tree);
    let outcome = story.play(&world).await;
    assert!(matches!(outcome.ending, Ending::Merged { .. }), "{}", outcome.message);
}

macro_rules! crash_tests {
    ($($story:ident: $least:literal),* $(,)?) => {
        /// Journals, clones and commits survive the crash.
        mod on_the_same_machine {
            use super::super::catalogue;
            use super::{Machine, crash_everywhere};

            $(#[tokio::test]
            async fn $story() {
                crash_everywhere(&catalogue::$story(), Machine::Same, $least).await;
            })*
        }

        /// Only published and pushed data survives the crash.
        mod on_another_machine {
            use super::super::catalogue;
            use super::{Machine, crash_everywhere};

            $(#[tokio::test]
            async fn $story() {
                crash_everywhere(&catalogue::$story(), Machine::Lost, $least).await;
            })*
        }
    };
}

every_story!(crash_tests);

/// A push whose answer was lost has happened: it is announced, once, and the run goes on.
#[tokio::test]
async fn unanswered_pushes_are_announced() {
    let story = an_issue_merged();
    let whole = story.world();
    story.play(&whole).await;
    let at = whole.effects().iter().position(|effect| *effect == "push").unwrap();
    let world = story.world();
    world.stop_at(Plan { at, stop: Stop::Unacknowledged });
    let outcome = story.run(&world).await.unwrap();
    assert!(matches!(outcome.ending, Ending::Merged { .. }), "{}", outcome.message);
    let pushed = |world: &MemoryWorld| -> Vec<RunEvent> {
        let events = world.events().into_iter();
        events.filter(|event| matches!(event, RunEvent::Pushed { .. })).collect()
    };
    assert_eq!(pushed(&world).len(), pushed(&whole).len(), "{:?}", pushed(&world));
}
