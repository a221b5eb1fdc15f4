//! The announced consequences of a failed turn do follow, in every story.

use std::collections::BTreeMap;

use crate::world::{MemoryWorld, Reaction};
use agent_loop::domain::agent::Role;
use agent_loop::domain::failure::TurnFailure;
use agent_loop::domain::follow_up_action::FollowUpAction;
use agent_loop::domain::roster::SeatKey;
use agent_loop::flow::persistence::{Persistence, RepairChain};
use agent_loop::flow::request::Request;
use agent_loop::flow::retry::RetryPolicy;
use agent_loop::ports::run_event::RunEvent;

use super::cast::{agent, always_fails, always_says, blocks, honest_coder};
use super::stage::{Story, label, story};

/// Returns what followed a failed turn until the next round: the next role, and whether the run continued.
fn asked_next(after: &[RunEvent], whose: &str) -> Option<Role> {
    let same_round = after.iter().take_while(|one| !matches!(one, RunEvent::RoundBegun { .. }));
    same_round.into_iter().find_map(|one| {
        let RunEvent::TurnBegun { label, role, .. } = one else { return None };
        (label.as_str() == whose).then_some(*role)
    })
}

/// The kinds of announced consequences, all of which were true.
async fn announced(story: &Story, persistence: Persistence) -> Vec<&'static str> {
    let world: MemoryWorld = story.world();
    let request = Request { persistence, ..story.request() };
    story.run_as(&world, story.assignment(&world), request).await.unwrap();
    let events = world.events();
    let mut seen = Vec::new();
    for (place, event) in events.iter().enumerate() {
        let RunEvent::TurnFailed { label, role, follows, .. } = event else { continue };
        let next = asked_next(&events[place + 1..], label.as_str());
        let (kind, expected) = match follows {
            FollowUpAction::AskedAgain { .. } => ("asked again", Some(*role)),
            FollowUpAction::NextModel { .. } => ("next model", Some(*role)),
            FollowUpAction::Corrected => ("corrected", Some(*role)),
            FollowUpAction::PutIntoForm => ("reformatted", Some(Role::Repair)),
            FollowUpAction::Parked { .. } => ("parked", None),
            FollowUpAction::Nothing => ("nothing", None),
        };
        assert_eq!(next, expected, "{}: {event:?}", story.name);
        seen.push(kind);
    }
    seen
}

fn failing(name: &'static str, failure: &TurnFailure) -> Story {
    story(name, honest_coder(), vec![("careful", always_fails(failure))])
}

#[tokio::test]
async fn announced_steps_follow() {
    let usual = Persistence::default;
    let overloaded = super::retries::overloaded_at_first();
    assert_eq!(announced(&overloaded, usual()).await, ["asked again", "asked again"]);
    let tired = failing("tired", &TurnFailure::Overloaded { detail: "529".to_owned() });
    assert_eq!(announced(&tired, usual()).await, ["asked again", "asked again", "nothing"]);
    let slow = failing("slow", &TurnFailure::Timeout { seconds: 9, limit: None });
    assert_eq!(announced(&slow, usual()).await, ["nothing"]);
    let limited = failing("limited", &TurnFailure::RateLimited { retry_at: None, detail: String::new() });
    assert_eq!(announced(&limited, usual()).await, ["asked again", "asked again", "parked"]);
    let lost = failing("lost", &TurnFailure::SessionLost { detail: String::new() });
    assert_eq!(announced(&lost, usual()).await, ["asked again", "nothing"]);
    let resets_at = "2030-01-01T00:00:00Z".parse().unwrap();
    let used_up = failing("used up", &TurnFailure::Quota { resets_at, detail: String::new() });
    let chain = ["large", "small"].map(str::to_owned).to_vec();
    let models = BTreeMap::from([(SeatKey::new(Role::Reviewer, &label("careful")), chain)]);
    let retry = RetryPolicy { models, ..RetryPolicy::default() };
    let chained = Persistence { retry, ..Persistence::default() };
    assert_eq!(announced(&used_up, chained).await, ["next model", "parked"]);
    let too_long = TurnFailure::Malformed { complaints: vec!["too long".to_owned()] };
    assert_eq!(announced(&failing("too long", &too_long), usual()).await, ["corrected", "nothing"]);
}

#[tokio::test]
async fn reformatting_is_announced_too() {
    let usual = Persistence::default;
    let mended = super::repairs::a_review_put_into_form();
    assert_eq!(announced(&mended, usual()).await, ["reformatted", "reformatted"]);
    let words = super::repairs::a_coder_whose_words_are_put_into_form();
    assert_eq!(announced(&words, usual()).await, ["reformatted"]);
    let nobody = |repairer| Story {
        repairers: vec![("careless", repairer)],
        ..story(
            "nobody reformats it",
            honest_coder(),
            vec![("careless", agent(|order, _| Reaction::Says(blocks(order, "a bug").replacen('{', "", 1))))],
        )
    };
    let two = || {
        let models = vec![None, Some("other".to_owned())];
        Persistence { repair: RepairChain { models }, ..Persistence::default() }
    };
    let no_better = nobody(always_says("So it is."));
    assert_eq!(announced(&no_better, two()).await, ["reformatted", "reformatted", "nothing"]);
    let overloaded =
        nobody(agent(|_, _| Reaction::Fails(TurnFailure::Overloaded { detail: "529".to_owned() })));
    assert_eq!(
        announced(&overloaded, usual()).await,
        ["reformatted", "asked again", "asked again", "nothing"]
    );
    let silent = story("silent", honest_coder(), vec![("careless", always_says(""))]);
    assert_eq!(announced(&silent, usual()).await, ["nothing"]);
}
