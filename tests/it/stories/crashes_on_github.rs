//! Stories on GitHub with a crash at a write: the end is that of the in-memory forge, and nothing is filed twice.

use agent_loop::ports::forge::Forge;

use crate::world::{GithubWorld, Plan, Stop};

use super::catalogue::{self, every_story};
use super::crashes::{Machine, Whole};
use super::end::{End, has_ended_for_good};
use super::planning::{a_plan_by_phase, children, said};
use super::stage::Story;

const STOPS: [Stop; 3] = [Stop::Before, Stop::After, Stop::Unacknowledged];
/// The writes to the forge, as the worlds count them.
const WRITES: [&str; 4] = ["publish", "file issue", "open pull request", "merge"];

/// Chooses crash points: at each issue that is filed; in a story without any, at a write that differs from story to story.
fn crash_points(story: &Story, effects: &[&'static str]) -> Vec<(Plan, Machine)> {
    let at = |wanted: &[&str]| -> Vec<usize> {
        let fits = |(_, name): &(usize, &&str)| wanted.contains(name);
        effects.iter().enumerate().filter(fits).map(|(at, _)| at).collect()
    };
    let filings = at(&["file issue"]);
    if let Some(last) = filings.last() {
        let unanswered = (Plan { at: *last, stop: Stop::Unacknowledged }, Machine::Lost);
        let ways = filings.iter().zip(STOPS.into_iter().cycle());
        return ways.map(|(at, stop)| (Plan { at: *at, stop }, Machine::Same)).chain([unanswered]).collect();
    }
    let (writes, seed) = (at(&WRITES), story.name.bytes().map(usize::from).sum::<usize>());
    let plan = Plan { at: writes[seed % writes.len()], stop: STOPS[seed / 2 % STOPS.len()] };
    vec![(plan, if seed % 2 == 0 { Machine::Same } else { Machine::Lost })]
}

async fn survives_crashes(story: &Story) {
    let effects = Whole::on(story, story.world()).await.effects;
    for (plan, machine) in crash_points(story, &effects) {
        let github = GithubWorld::of(story.world()).await;
        let whole = Whole::on(story, story.world().of_repository(github.forge().repository_id())).await;
        github.memory().stop_at(plan);
        let (mut github, mut outcome) = story.run_on(github).await;
        if outcome.as_ref().is_none_or(|outcome| outcome.ending.reason() == Some("forge")) {
            if has_ended_for_good(&story.summaries(&github.to_memory()), &whole.summaries) {
                continue;
            }
            machine.restart(github.memory());
            (github, outcome) = story.run_on(github.reopened().await).await;
        }
        let (world, outcome) = (github.to_memory(), outcome.unwrap());
        let place = format!(
            "{}, {plan:?} ({}), {machine:?}: {}",
            story.name, whole.effects[plan.at], outcome.message
        );
        let summaries = story.summaries(&world);
        assert_eq!(End::of(&world, &outcome), whole.end, "{place}\n{summaries:#?}");
        if machine == Machine::Same {
            assert_eq!(summaries, whole.summaries, "{place}");
            story.assert_no_finished_turn_was_repeated(&world);
        }
    }
}

/// A story by phases ends at its first phase, so that its parent has another end once it is continued.
#[tokio::test]
#[ignore = "needs gh"]
async fn a_phase_starts_once() {
    let story = a_plan_by_phase();
    let effects = Whole::on(&story, story.world()).await.effects;
    let writes = (0..effects.len()).filter(|at| WRITES.contains(&effects[*at]));
    for (at, stop) in writes.step_by(4).zip(STOPS.into_iter().cycle()) {
        let github = GithubWorld::of(story.world()).await;
        github.memory().stop_at(Plan { at, stop });
        let (github, _) = story.run_on(github).await;
        let machine = if stop == Stop::After { Machine::Same } else { Machine::Lost };
        machine.restart(github.memory());
        let (github, outcome) = story.run_on(github.reopened().await).await;
        let (world, outcome) = (github.to_memory(), outcome.unwrap());
        let place = format!("{at} {stop:?} {machine:?} {}: {}", effects[at], outcome.message);
        assert!(["approved", "needs-human"].contains(&outcome.ending.status()), "{place}");
        assert_eq!(children(&world).await.len(), 2, "{place}");
        assert_eq!(said(&world, 1).matches("is handed over to").count(), 1, "{place}");
    }
}

macro_rules! github_crash_tests {
    ($($story:ident: $least:literal),* $(,)?) => {
        $(#[tokio::test]
        #[ignore = "needs gh"]
        async fn $story() {
            survives_crashes(&catalogue::$story()).await;
        })*
    };
}

every_story!(github_crash_tests);
