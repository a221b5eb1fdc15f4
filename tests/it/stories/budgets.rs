//! Stories of budgets: the run ends before the next turn, keeps all answers, and continues with a higher budget.

use std::num::NonZeroU64;

use crate::world::{MemoryWorld, Reaction, TURN_USAGE};
use agent_loop::domain::ending::{Blocked, Ending};
use agent_loop::domain::failure::TurnFailure;
use agent_loop::domain::subject::Subject;
use agent_loop::domain::usage::Usage;
use agent_loop::engine::outcome::Outcome;
use agent_loop::engine::run::Assignment;
use agent_loop::flow::budget::Budget;
use agent_loop::flow::request::{Request, Reviewing};
use agent_loop::ports::journal::{AnswerForm, Entry, Finished, Journals};
use agent_loop::ports::run_event::RunEvent;
use agent_loop::protocol::raw_answer::RawAnswer;

use super::cast::{
    agent, always_approves, always_fails, approves, blocks_while, honest_coder, implementation,
};
use super::discuss::converged;
use super::planning::a_plan_decomposed;
use super::reviews::{a_persons_pull_request, two_reviewers_one_blocks};
use super::stage::{Begins, Story, issue, pull_request, story};

/// Returns a budget for this number of turns, in tokens.
pub(super) fn turns(count: u64) -> Budget {
    Budget { tokens: NonZeroU64::new(count * TURN_USAGE.tokens()), ..Budget::default() }
}

const SPENT: Ending = Ending::Blocked { reason: Blocked::Budget };

/// The budget covers two reviews, but not the coder's turn after them.
pub(super) fn no_second_round() -> Story {
    Story { name: "no second round", budget: turns(2), ..a_persons_pull_request() }
}

async fn with_budget(story: &Story, world: &MemoryWorld, assignment: Assignment, budget: Budget) -> Outcome {
    story.run_as(world, assignment, Request { budget, ..story.request() }).await.unwrap()
}

#[tokio::test]
async fn a_spent_budget_ends_the_run() {
    let story = no_second_round();
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_eq!((outcome.ending.exit_code(), outcome.ending), (1, SPENT));
    assert!(outcome.message.starts_with("2000 of 2000 tokens are spent"), "{}", outcome.message);
    assert!(outcome.message.contains("higher --budget-tokens"), "{}", outcome.message);
    let summaries = [
        "1 opened Stand",
        "1 careful blocking [\"item-1\"] []",
        "1 quick approved [] []",
        "1 concluded blocked budget",
    ];
    assert_eq!(story.summaries(&world), summaries);
    assert_eq!(world.calls().len(), 2);
}

#[tokio::test]
async fn a_reviews_budget_includes_its_delivery() {
    for begins in [Begins::Task, Begins::Issue] {
        // The coder, two reviewers in parallel, the coder, the two reviewers.
        for (paid, begun, ending) in [(1, 1, SPENT), (2, 3, SPENT), (4, 4, SPENT), (5, 6, Ending::Approved)] {
            let story = Story { begins, budget: turns(paid), ..two_reviewers_one_blocks() };
            let world = story.world();
            let outcome = story.play(&world).await;
            assert_eq!(outcome.ending, ending, "{paid}: {}", outcome.message);
            assert_eq!((world.calls().len(), outcome.usage.calls), (begun, u64::try_from(begun).unwrap()));
        }
    }
}

#[tokio::test]
async fn the_same_command_spends_nothing_more() {
    let story = no_second_round();
    let world = story.world();
    story.play(&world).await;
    let (calls, summaries) = (world.calls(), story.summaries(&world));
    let again = story.play(&world).await;
    assert_eq!((again.ending, world.calls(), story.summaries(&world)), (SPENT, calls, summaries));
}

#[tokio::test]
async fn a_higher_budget_continues_the_run() {
    let story = no_second_round();
    let world = story.world();
    let first = story.play(&world).await;
    let again = || pull_request(story.pull_request().0);
    let second = with_budget(&story, &world, again(), turns(3)).await;
    assert_eq!((second.ending, second.run.as_ref(), second.usage.calls), (SPENT, first.run.as_ref(), 3));
    assert_eq!(world.calls().len(), 3, "the coder's turn, and no second round");
    let last = with_budget(&story, &world, again(), Budget::default()).await;
    assert_eq!((last.ending, last.run), (Ending::Approved, first.run));
    assert_eq!((last.usage.calls, world.calls().len()), (5, 5), "nothing that was paid is asked again");
}

/// An agent that has answered is not asked again.
#[tokio::test]
async fn a_delivery_can_spend_the_budget() {
    let story = Story {
        begins: Begins::Issue,
        repairers: vec![("sam", agent(|order, _| Reaction::Says(implementation(order))))],
        budget: turns(1),
        ..story(
            "unreadable",
            agent(|_, tree| {
                tree.insert("code".to_owned(), "new and good".to_owned());
                Reaction::Says("did it".to_owned())
            }),
            vec![("quick", always_approves())],
        )
    };
    let world = story.world();
    assert_eq!(story.play(&world).await.ending, SPENT);
    assert_eq!(story.play(&world).await.ending, SPENT);
    assert_eq!(world.calls().len(), 1, "nobody puts its words into form");
    let again = || issue(1);
    let outcome = with_budget(&story, &world, again(), Budget::default()).await;
    let coders = world.calls().iter().filter(|call| call.starts_with("coder")).count();
    assert_eq!(coders, 1, "its work is paid for: {:?}, {}", world.calls(), outcome.message);
}

#[tokio::test]
async fn a_paid_vote_is_published_anyway() {
    // The first reviewer is asked a second time, and the budget ends between the two.
    let failure = TurnFailure::Network { detail: "gone".to_owned() };
    let story = Story {
        begins: Begins::PullRequest,
        budget: turns(2),
        ..story(
            "a retry",
            honest_coder(),
            vec![("flaky", always_fails(&failure)), ("quick", always_approves())],
        )
    };
    let world = story.world();
    assert_eq!(story.play(&world).await.ending, SPENT);
    assert_eq!(story.summaries(&world)[1..], ["1 quick approved [] []", "1 concluded blocked budget"]);
    assert_eq!(world.calls().len(), 2);
}

#[tokio::test]
async fn sequential_reviewers_stop_between_two() {
    let story = Story { budget: turns(1), ..a_persons_pull_request() };
    let world = story.world();
    let request = Request { reviewing: Reviewing::Sequential, ..story.request() };
    let assignment = pull_request(story.pull_request().0);
    let outcome = story.run_as(&world, assignment, request).await.unwrap();
    assert_eq!((outcome.ending, outcome.view.votes.len(), world.calls().len()), (SPENT, 1, 1));
}

#[tokio::test]
async fn money_and_minutes_are_budgets_too() {
    let some = NonZeroU64::new;
    for budget in [
        Budget { micro_usd: some(2 * TURN_USAGE.micro_usd), ..Budget::default() },
        Budget { minutes: some(2), ..Budget::default() },
    ] {
        let story = Story { budget, ..no_second_round() };
        let world = story.world();
        assert_eq!(story.play(&world).await.ending, SPENT);
        assert_eq!(world.calls().len(), 2);
    }
}

#[tokio::test]
async fn an_approval_survives_its_cost() {
    let story = Story {
        begins: Begins::PullRequest,
        budget: turns(1),
        ..story("one turn", honest_coder(), vec![("quick", always_approves())])
    };
    assert_eq!(story.play(&story.world()).await.ending, Ending::Approved);
}

#[tokio::test]
async fn another_machine_counts_from_the_records() {
    let story = Story { budget: turns(3), ..two_reviewers_one_blocks() };
    let world = story.world();
    assert_eq!(story.play(&world).await.ending, SPENT);
    let elsewhere = world.on_another_machine();
    let again = || pull_request(story.pull_request().0);
    assert_eq!(with_budget(&story, &elsewhere, again(), turns(3)).await.ending, SPENT);
    let outcome = with_budget(&story, &elsewhere, again(), turns(6)).await;
    assert_eq!((outcome.ending, outcome.usage.calls), (Ending::Approved, 6));
}

#[tokio::test]
async fn an_unpriced_agent_is_named_once() {
    let story = no_second_round();
    let world = story.world();
    let subject = Subject::PullRequest(story.pull_request());
    let first = with_budget(&story, &world, pull_request(story.pull_request().0), turns(1)).await;
    let warned = |world: &MemoryWorld| {
        let warning = |one: &RunEvent| matches!(one, RunEvent::Warning { text } if text.contains("no cost"));
        world.events().iter().filter(|one| warning(one)).count()
    };
    assert_eq!(warned(&world), 0);
    // A turn of the same run by a program that reports no cost.
    {
        let journal = Journals::open(&world, &subject).await.unwrap();
        let finished =
            |entry| if let Entry::Finished { turn, at, .. } = entry { Some((turn, at)) } else { None };
        let (mut turn, at) = journal.entries().iter().cloned().find_map(finished).unwrap();
        assert_eq!(Some(&turn.run), first.run.as_ref());
        turn.round = 99;
        let usage = Usage { priced_calls: 0, micro_usd: 0, ..TURN_USAGE };
        let raw = RawAnswer::message(String::new());
        let finished = Finished::Answered {
            raw,
            usage,
            model: None,
            commit: None,
            session: None,
            notes: Vec::new(),
            form: AnswerForm::Valid,
        };
        journal.append(Entry::Finished { turn, at, finished }).await.unwrap();
    }
    let budget = Budget { micro_usd: NonZeroU64::new(1_000_000), ..Budget::default() };
    with_budget(&story, &world, pull_request(story.pull_request().0), budget).await;
    assert_eq!(warned(&world), 1);
}

#[tokio::test]
async fn too_long_answers_are_paid_for() {
    let endless = agent(|order, _| {
        let said = approves(order).replace("looked", &noise(90_000));
        Reaction::Says(said)
    });
    let story = Story {
        begins: Begins::PullRequest,
        ..story("too long", honest_coder(), vec![("endless", endless), ("careful", blocks_while("bug"))])
    };
    let world = story.world();
    let outcome = story.play(&world).await;
    let calls = u64::try_from(world.calls().len()).unwrap();
    assert_eq!(
        outcome.usage.tokens(),
        calls * TURN_USAGE.tokens(),
        "{:?}: {}",
        outcome.ending,
        outcome.message
    );
}

/// Returns text that cannot be compressed.
fn noise(length: usize) -> String {
    let mut state = 88_172_645_463_325_252_u64;
    let letter = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'a' + u8::try_from(state % 26).unwrap())
    };
    (0..length).map(letter).collect()
}

/// Plans and debates end at a spent budget, and continue with a higher one: nobody is asked twice.
#[tokio::test]
async fn plans_and_debates_have_budgets() {
    for (story, ending) in [(a_plan_decomposed(), Ending::Decomposed), (converged(), Ending::Consensus)] {
        let whole = story.world();
        story.play(&whole).await;
        let world = story.world();
        let short = Story { budget: turns(3), ..story.clone() };
        assert_eq!(short.play(&world).await.ending, SPENT, "{}", story.name);
        assert_eq!(world.calls().len(), 3, "{}", story.name);
        let outcome = story.play(&world).await;
        assert_eq!(outcome.ending, ending, "{}: {}", story.name, outcome.message);
        assert_eq!(world.calls(), whole.calls(), "{}", story.name);
    }
}
