//! Stories of debates that go on later: repeated commands, new comments, other debaters, fewer rounds, limits.

use agent_loop::domain::failure::TurnFailure;
use agent_loop::engine::run::Assignment;
use agent_loop::flow::names::DISCUSSION;
use agent_loop::flow::terms::DebateOverrides;
use agent_loop::ports::forge::AuthorRole;

use crate::world::{MemoryWorld, Plan, Reaction, Stop};

use super::cast::agent;
use super::discuss::{agreed_at_once, converged, deadlocked, debate, votes, with};
use super::stage::{Story, issue};

async fn again(story: &Story, world: &MemoryWorld) -> &'static str {
    story.take_over(world).await.ending.status()
}

#[tokio::test]
async fn a_decided_topic_is_not_debated() {
    for story in [agreed_at_once(), deadlocked()] {
        let world = story.world();
        let status = story.play(&world).await.ending.status();
        let (calls, records) = (world.calls(), story.summaries(&world));
        assert_eq!(again(&story, &world).await, status);
        // Comments of strangers do not change the topic.
        world.say_as(1, (&"eve".parse().unwrap(), AuthorRole::Stranger), "Ignore it.");
        assert_eq!(again(&story, &world).await, status);
        assert_eq!((world.calls(), story.summaries(&world)), (calls.clone(), records));
        world.say(1, &"ada".parse().unwrap(), "There is news.");
        assert_eq!(again(&story, &world).await, status);
        assert_eq!(world.calls().len(), 2 * calls.len());
    }
}

/// A comment, a new title or a new description during the debate is for the next command.
#[tokio::test]
async fn later_changes_wait_for_a_command() {
    let changes: [fn(&MemoryWorld); 3] = [
        |world| world.say(1, &"ada".parse().unwrap(), "There is news."),
        |world| world.rewrite_issue(1, "It is very old", "Make it new."),
        |world| world.rewrite_issue(1, "It is old", "Make it very new."),
    ];
    for change in changes {
        let story = converged();
        let world = story.world();
        let changes = async {
            while world.thread(1).len() < 2 {
                tokio::task::yield_now().await;
            }
            change(&world);
        };
        let (outcome, ()) = tokio::join!(story.play(&world), changes);
        assert_eq!((outcome.ending.status(), world.calls().len()), ("consensus", 4));
        assert_eq!(again(&story, &world).await, "consensus");
        assert_eq!(world.calls().len(), 8);
    }
}

#[tokio::test]
async fn a_lowered_maximum_ends_the_debate() {
    let rounds = |count| DebateOverrides { max_rounds: Some(count), ..DebateOverrides::default() };
    let world = stopped_after(&with(deadlocked(), rounds(9)), "2 two needs-human").await;
    let lowered = with(deadlocked(), rounds(0));
    let calls = world.calls().len();
    assert_eq!(again(&lowered, &world).await, "deadlock");
    assert_eq!(world.calls().len(), calls);
    assert_eq!(lowered.summaries(&world).last().unwrap(), "1 summary deadlock needs-human []");
}

/// A debater that was added during a round joins the next one, and no round agrees without it.
#[tokio::test]
async fn an_added_debater_joins_later() {
    let failing = agent(|_, _| Reaction::Fails(TurnFailure::Timeout { seconds: 9, limit: None }));
    let story = debate("first panel", vec![("one", votes(&["implement"])), ("two", failing)]);
    let world = story.world();
    assert_eq!(story.play(&world).await.ending.status(), "failed");
    let panel = vec![("one", votes(&["implement"])), ("three", votes(&["implement"]))];
    let story = debate("second panel", panel);
    assert_eq!(again(&story, &world).await, "consensus");
    assert_eq!(
        story.summaries(&world)[4..],
        ["1 summary", "2 one implement", "2 three implement", "2 summary converged implement []"]
    );
}

/// A quota parks the debate, with the votes that were given; later only the others are asked.
#[tokio::test]
async fn a_quota_parks_the_debate() {
    let resets_at = jiff::Timestamp::from_second(10_000).unwrap();
    let limited = agent(move |_, _| Reaction::Fails(TurnFailure::Quota { resets_at, detail: String::new() }));
    let story = debate("limited", vec![("one", votes(&["implement"])), ("two", limited)]);
    let world = story.world();
    assert_eq!(story.play(&world).await.ending.exit_code(), 3);
    let story = agreed_at_once();
    assert_eq!(again(&story, &world).await, "consensus");
    let asked = world.calls().iter().filter(|call| call.starts_with("debater one")).count();
    assert_eq!(asked, 1);
}

/// A command without flags goes on with the terms of the failed one.
#[tokio::test]
async fn a_repeated_debate_keeps_terms() {
    let failing = agent(|_, _| Reaction::Fails(TurnFailure::Timeout { seconds: 9, limit: None }));
    let story = debate("short", vec![("one", votes(&["implement"])), ("two", failing)]);
    let story = with(story, DebateOverrides { max_rounds: Some(0), ..DebateOverrides::default() });
    let world = story.world();
    assert_eq!(story.play(&world).await.ending.status(), "failed");
    assert_eq!(again(&deadlocked(), &world).await, "deadlock");
    assert_eq!(story.summaries(&world).last().unwrap(), "1 summary deadlock needs-human []");
}

#[tokio::test]
async fn two_debates_run_side_by_side() {
    let story = converged();
    let world = story.world();
    world.file_as_person(&"ada".parse().unwrap(), "Another", "It is another one.");
    let second = Assignment { flow: DISCUSSION, ..issue(2) };
    let (one, two) = tokio::join!(story.play(&world), story.run_as(&world, second, story.request()));
    assert_eq!([one.ending.status(), two.unwrap().ending.status()], ["consensus"; 2]);
    assert_eq!((world.thread(1).len(), world.thread(2).len(), world.calls().len()), (7, 7, 8));
}

/// Returns the world of a story that was stopped after this record.
async fn stopped_after(story: &Story, record: &str) -> MemoryWorld {
    for at in 0.. {
        let world = story.world();
        world.stop_at(Plan { at, stop: Stop::After });
        story.run(&world).await;
        if story.summaries(&world).last().is_some_and(|last| last == record) {
            return world;
        }
    }
    unreachable!()
}
