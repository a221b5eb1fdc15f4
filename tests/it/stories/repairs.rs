//! Stories of malformed answers: reformatted by an agent that sees nothing else, and never turned into an approval.

use crate::world::{Agent, Plan, Reaction, Stop};
use agent_loop::domain::ending::{Ending, Failed, Parked};
use agent_loop::domain::failure::TurnFailure;
use agent_loop::domain::repair::{Remedy, RepairResult};
use agent_loop::ports::run_event::RunEvent;

use super::cast::{
    FILE, addresses_all, agent, always_approves, always_says, approves, blocks, blocks_while, honest_coder,
    implements_and,
};
use super::records::delivered_answer;
use super::stage::{Begins, Story, story};

/// Returns an answer with a key that its kind does not have.
fn with_extra(answer: &str) -> String {
    answer.replacen('{', "{\"extra\":1,", 1)
}

/// Returns the answer in the prompt without that key. In saved stories the key has another value.
fn tidy() -> Agent {
    agent(|order, _| {
        let shown = order.prompt.lines().find(|line| line.contains("\"extra\":")).unwrap();
        Reaction::Says(shown.replace("\"extra\":1,", "").replace("\"extra\":true,", ""))
    })
}

fn careless() -> Agent {
    agent(|order, tree| {
        let bad = tree.get(FILE).is_some_and(|text| text.contains("bug"));
        Reaction::Says(with_extra(&if bad { blocks(order, "there is a bug in it") } else { approves(order) }))
    })
}

pub(super) fn a_review_put_into_form() -> Story {
    Story {
        repairers: vec![("careless", tidy())],
        ..story(
            "a review put into form",
            honest_coder(),
            vec![("careless", careless()), ("quick", always_approves())],
        )
    }
}

pub(super) fn a_coder_whose_words_are_put_into_form() -> Story {
    let coder = implements_and(|order, tree| {
        tree.insert(FILE.to_owned(), "new and good".to_owned());
        Reaction::Says(with_extra(&addresses_all(order)))
    });
    Story {
        repairers: vec![("sam", tidy())],
        ..story("a coder put into form", coder, vec![("careful", blocks_while("bug"))])
    }
}

#[tokio::test]
async fn a_reviews_repair_is_recorded() {
    let story = a_review_put_into_form();
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    let reviews = story.records(&world).reviews_by("careless");
    assert_eq!(reviews.len(), 2);
    for review in reviews {
        assert_eq!(review.repairs.len(), 1);
        assert_eq!(
            (review.repairs[0].remedy, review.repairs[0].result),
            (Remedy::Form, RepairResult::Recovered)
        );
        assert_eq!(review.usage.calls, 2, "the repair is a call of its own");
    }
    let repairs: Vec<String> = world.calls().into_iter().filter(|call| call.starts_with("repair ")).collect();
    assert_eq!(repairs, ["repair careless pr_review round 1", "repair careless pr_review round 2"]);
}

#[tokio::test]
async fn a_repair_never_makes_an_approval() {
    let flatters = agent(|order, _| Reaction::Says(approves(order)));
    let blocking = agent(|order, _| Reaction::Says(with_extra(&blocks(order, "there is a bug in it"))));
    for source in
        [blocking, always_says("Looks good to me: approved."), always_says("{\"state\":\"approved\"")]
    {
        let story = Story {
            repairers: vec![("careless", flatters.clone())],
            ..story("flattery", honest_coder(), vec![("careless", source)])
        };
        let outcome = story.play(&story.world()).await;
        assert_eq!(
            outcome.ending,
            Ending::Failed { reason: Failed::ReviewerUnavailable },
            "{}",
            outcome.message
        );
    }
}

/// Gives another answer in its first turn.
fn first_says(text: impl Fn(&str) -> String + Send + Sync + 'static) -> Agent {
    agent(move |order, _| {
        let vote = approves(order);
        Reaction::Says(if order.context.errors.is_empty() { text(&vote) } else { vote })
    })
}

#[tokio::test]
async fn a_quoting_voter_is_asked_again() {
    let quotes: [fn(&str) -> String; 3] = [
        |vote| vote.replace("\"nonce\"", "\"other\""),
        |vote| format!("The description holds a verdict:\n{vote}\nI have not looked at the rest."),
        |vote| {
            vote.replace("\"resolved\"", "\"resolved\" ").replacen(
                '{',
                "{\"findings\":{\"it crashes\":true},",
                1,
            )
        },
    ];
    for quote in quotes {
        let voter = first_says(quote);
        let story = Story {
            begins: Begins::PullRequest,
            ..story("quoting", honest_coder(), vec![("careful", voter)])
        };
        let world = story.world();
        let outcome = story.play(&world).await;
        assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
        let review = &story.records(&world).reviews_by("careful")[0];
        assert_eq!(review.repairs.len(), 1);
        assert_eq!(
            (review.repairs[0].remedy, review.repairs[0].result),
            (Remedy::Again, RepairResult::Recovered)
        );
        assert!(!world.thread(1).iter().any(|comment| comment.body.contains("nonce")));
    }
}

#[tokio::test]
async fn unused_answers_are_reported() {
    let made_up = "{\"disposition\":\"resolved\",\"item_id\":\"item-99\"}";
    let voter = agent(move |order, _| {
        let list = format!("\"prior_item_dispositions\":[{made_up}]");
        Reaction::Says(approves(order).replace("\"prior_item_dispositions\":[]", &list))
    });
    let story =
        Story { begins: Begins::PullRequest, ..story("made up", honest_coder(), vec![("careful", voter)]) };
    let world = story.world();
    assert_eq!(story.play(&world).await.ending, Ending::Approved);
    let is_told =
        |event: &RunEvent| matches!(event, RunEvent::Warning { text } if text.contains("`item-99`"));
    assert!(world.events().iter().any(is_told));
}

#[tokio::test]
async fn malformed_answers_repeat_no_work() {
    let story = a_coder_whose_words_are_put_into_form();
    let world = story.world();
    assert_eq!(story.play(&world).await.ending, Ending::Approved);
    let coder: Vec<String> = world.calls().into_iter().filter(|call| call.starts_with("coder")).collect();
    assert_eq!(coder.len(), 2, "one implementation and one follow-up: {coder:?}");
    let branch = world.branches().into_keys().find(|name| name.as_str().starts_with("agent-loop/")).unwrap();
    assert_eq!(world.branches()[&branch][FILE], "new and good");
}

#[tokio::test]
async fn unreadable_work_is_saved() {
    let coder = implements_and(|_, tree| {
        tree.insert(FILE.to_owned(), "new and good".to_owned());
        Reaction::Says("I did it, trust me.".to_owned())
    });
    let story = story("mumbling", coder, vec![("careful", blocks_while("bug"))]);
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Failed { reason: Failed::AgentFailed });
    assert_eq!(world.kept().len(), 1, "the commit is not lost");
    assert_eq!(outcome.usage.calls, 4, "the delivery, the review, the follow-up that failed, and its repair");
}

#[tokio::test]
async fn a_waiting_repair_parks_the_run() {
    let resets_at: jiff::Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
    let story = Story {
        repairers: vec![(
            "careless",
            super::cast::always_fails(&TurnFailure::Quota { resets_at, detail: String::new() }),
        )],
        ..a_review_put_into_form()
    };
    let outcome = story.play(&story.world()).await;
    assert_eq!(outcome.ending, Ending::Parked { resets_at, reason: Parked::Quota });
}

/// Returns text that is too long for a record, even compressed.
fn noise(mut seed: u64) -> String {
    let piece = |_| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        format!("{:x}", seed >> 16)
    };
    (0..12_000).map(piece).collect::<Vec<_>>().concat()
}

/// Fails at first; then gives an answer that is too long for a record.
fn rambles_after_a_failure() -> Agent {
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let long = noise(7);
    agent(move |order, _| match calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => Reaction::Fails(TurnFailure::Timeout { seconds: 1, limit: None }),
        _ => Reaction::Says(approves(order).replace("looked", &long)),
    })
}

/// An answer that is too long is distinguished from one about an older head.
#[tokio::test]
async fn too_long_is_not_outdated() {
    let begins = |turn: Agent| Story {
        begins: Begins::PullRequest,
        ..story("rambling", honest_coder(), vec![("long", turn)])
    };
    let trial = begins(rambles_after_a_failure()).world();
    begins(rambles_after_a_failure()).play(&trial).await;
    let effects = trial.effects();
    let end = effects.iter().rposition(|name| *name == "publish").unwrap();
    for number in 0..8 {
        let story = begins(rambles_after_a_failure());
        let world = story.world();
        world.stop_at(Plan { at: end, stop: Stop::Before });
        story.run(&world).await;
        let more = [(format!("more{number}"), "more".to_owned())].into();
        world.push_as_person(&"feature".parse().unwrap(), &"main".parse().unwrap(), more);
        world.restart();
        let outcome = story.play(&world).await;
        let unavailable = Ending::Failed { reason: Failed::ReviewerUnavailable };
        assert_eq!(outcome.ending, unavailable, "{}", outcome.message);
        assert!(outcome.message.contains("too long"), "{}", outcome.message);
    }
}

#[tokio::test]
async fn a_deliverys_repair_is_recorded() {
    let coder = agent(|order, tree| {
        tree.insert(FILE.to_owned(), "new and good".to_owned());
        Reaction::Says(with_extra(&super::cast::implementation(order)))
    });
    let story = Story {
        begins: Begins::Issue,
        repairers: vec![("sam", tidy())],
        ..story("a first answer put into form", coder, vec![("careful", blocks_while("bug"))])
    };
    let world = story.world();
    assert_eq!(story.play(&world).await.ending, Ending::Approved);
    let thread = world.thread(1);
    let (repairs, usage) = delivered_answer(&thread).unwrap();
    assert_eq!(repairs.len(), 1);
    assert_eq!(usage.calls, 2);
}

#[tokio::test]
async fn a_long_answer_is_asked_once() {
    let coder = implements_and(|order, tree| {
        tree.insert(FILE.to_owned(), format!("bug {}", order.head));
        Reaction::Says(addresses_all(order).replace("went over it", &noise(7)))
    });
    let story = story("talkative", coder, vec![("careful", blocks_while("bug"))]);
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Failed { reason: Failed::AgentFailed }, "{}", outcome.message);
    assert!(outcome.message.contains("too long"), "{}", outcome.message);
    assert_eq!(world.calls().iter().filter(|call| call.contains("coder_followup")).count(), 1);
    assert_eq!(world.kept().len(), 1, "its work is saved");
}
