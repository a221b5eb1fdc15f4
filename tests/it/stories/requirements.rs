//! Stories of signed requirements: shown to everyone, acknowledged by the coder, resolved by reviewers.

use crate::world::{Agent, MemoryWorld, Plan, Reaction, Stop};
use agent_loop::domain::ending::{Ending, Failed};
use agent_loop::domain::trust::Trust;
use agent_loop::ports::forge::AuthorRole;

use super::cast::{
    FILE, addresses_all, agent, always_approves, approves, blocks_while, honest_coder, implements_and,
    required,
};
use super::reviews::a_persons_pull_request;
use super::stage::{Begins, Story, story};

const WISH: &str = "Keep the old name.\n\n-- Human Reviewer";

fn ask_for_it(world: &MemoryWorld, number: u64) {
    world.say(number, &"ada".parse().unwrap(), WISH);
}

/// Approves without mentioning requirements until asked for them.
fn forgetful() -> Agent {
    agent(|order, _| {
        let forgets = order.context.errors.is_empty();
        let said = approves(order);
        let ids = format!("{:?}", required(order)).replace(' ', "");
        Reaction::Says(if forgets { said.replace(&ids, "[]") } else { said })
    })
}

pub(super) fn a_wish_in_an_issue() -> Story {
    let reviewers = vec![("careful", blocks_while("bug")), ("forgetful", forgetful())];
    Story {
        begins: Begins::Issue,
        requirement: Some(WISH),
        ..story("a requirement", honest_coder(), reviewers)
    }
}

/// The coder acknowledges the requirement.
#[tokio::test]
async fn every_reviewer_resolves_a_requirement() {
    let story = a_wish_in_an_issue();
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    assert!(outcome.view.votes.iter().all(|vote| vote.requirements.len() == 1), "{:?}", outcome.view.votes);
}

/// The repeated question contains everything that the first one did.
#[tokio::test]
async fn a_forgetful_reviewer_is_asked_again() {
    let story = Story {
        begins: Begins::PullRequest,
        ..story("forgetful", honest_coder(), vec![("forgetful", forgetful())])
    };
    let world = story.world();
    ask_for_it(&world, 1);
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    assert_eq!(world.calls(), ["reviewer forgetful pr_review round 1"; 2]);
    assert_eq!(outcome.usage.calls, 2);
}

#[tokio::test]
async fn a_silent_reviewer_has_not_voted() {
    let mute = agent(|order, _| {
        let ids = format!("{:?}", required(order)).replace(' ', "");
        Reaction::Says(approves(order).replace(&ids, "[]"))
    });
    let story = Story { begins: Begins::PullRequest, ..story("mute", honest_coder(), vec![("mute", mute)]) };
    let world = story.world();
    ask_for_it(&world, 1);
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Failed { reason: Failed::ReviewerUnavailable });
    assert_eq!(world.calls().len(), 2, "asked twice, and nobody else is asked to say it");
}

#[tokio::test]
async fn a_late_requirement_starts_a_round() {
    let story = a_persons_pull_request();
    let world = story.world();
    assert_eq!(story.play(&world).await.ending, Ending::Approved);
    let before = world.calls().len();
    ask_for_it(&world, 1);
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    assert_eq!(world.calls().len(), before + story.reviewers.len(), "{:?}", world.calls());
    assert_eq!(story.play(&world).await.ending, Ending::Approved);
    assert_eq!(world.calls().len(), before + story.reviewers.len(), "and then it is settled");
}

#[tokio::test]
async fn requirements_during_reviews_are_read() {
    let story = Story {
        begins: Begins::PullRequest,
        ..story("late", honest_coder(), vec![("one", always_approves()), ("two", always_approves())])
    };
    let trial = story.world();
    story.play(&trial).await;
    let effects = trial.effects();
    let first_turn = effects.iter().position(|name| *name == "turn").unwrap();
    let first_review =
        effects.iter().skip(first_turn).position(|name| *name == "publish").unwrap() + first_turn;
    let world = story.world();
    world.stop_at(Plan { at: first_review, stop: Stop::After });
    story.run(&world).await;
    ask_for_it(&world, 1);
    world.restart();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    assert!(outcome.view.votes.iter().all(|vote| vote.requirements.len() == 1), "{:?}", outcome.view.votes);
}

#[tokio::test]
async fn only_trusted_strangers_sign_requirements() {
    for (trusted, shown) in [(false, 0), (true, 1)] {
        let humans = if trusted { vec!["mallory".parse().unwrap()] } else { Vec::new() };
        let trust = Trust { humans, ..Trust::default() };
        let story = Story { trust, ..a_persons_pull_request() };
        let world = story.world();
        world.say_as(1, (&"mallory".parse().unwrap(), AuthorRole::Stranger), WISH);
        let outcome = story.play(&world).await;
        assert_eq!(outcome.ending, Ending::Approved);
        assert!(
            outcome.view.votes.iter().all(|vote| vote.requirements.len() == shown),
            "{:?}",
            outcome.view.votes
        );
    }
}

/// The requirement arrives between an answer and its repair.
#[tokio::test]
async fn earlier_answers_ignore_later_requirements() {
    let coder = implements_and(|order, tree| {
        tree.insert(FILE.to_owned(), "new and good".to_owned());
        Reaction::Says(addresses_all(order).replacen('{', "{\"extra\":1,", 1))
    });
    let story = Story {
        begins: Begins::PullRequest,
        repairers: vec![("sam", agent(|order, _| Reaction::Says(addresses_all(order))))],
        ..story("late repair", coder, vec![("careful", blocks_while("bug"))])
    };
    let trial = story.world();
    assert_eq!(story.play(&trial).await.ending, Ending::Approved);
    let effects = trial.effects();
    let turns: Vec<usize> =
        (0..).zip(&effects).filter(|(_, name)| **name == "turn").map(|(place, _)| place).collect();
    let repair = turns[2];
    let world = story.world();
    world.stop_at(Plan { at: repair, stop: Stop::Before });
    story.run(&world).await;
    ask_for_it(&world, 1);
    world.restart();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
}
