//! Stories of the origin of a pull request: the issue or the task, according to records and never to the description.

use std::sync::{Arc, Mutex};

use crate::world::{Agent, MemoryWorld, Plan, Reaction, Stop};
use agent_loop::domain::agent::ResponseKind;
use agent_loop::domain::ending::Ending;
use agent_loop::ports::agents::TurnOrder;
use agent_loop::ports::forge::NewPullRequest;

use super::cast::{FILE, addresses_all, agent, approves, blocks, implementation};
use super::stage::{Begins, Story, pull_request, story};

type Orders = Arc<Mutex<Vec<TurnOrder>>>;

/// Creates a coder and a reviewer that save their prompts.
fn attentive(name: &'static str, begins: Begins) -> (Story, Orders) {
    let orders = Orders::default();
    let kept = Arc::clone(&orders);
    let keeps = move |order: &TurnOrder| kept.lock().unwrap().push(order.clone());
    let coder: Agent = {
        let keeps = keeps.clone();
        agent(move |order, tree| {
            keeps(order);
            let is_first = order.kind == ResponseKind::Implementation;
            let text = if is_first { "new with a bug" } else { "new and good" };
            tree.insert(FILE.to_owned(), text.to_owned());
            Reaction::Says(if is_first { implementation(order) } else { addresses_all(order) })
        })
    };
    let reviewer = agent(move |order, tree| {
        keeps(order);
        let bad = tree.get(FILE).is_some_and(|text| text.contains("bug"));
        Reaction::Says(if bad { blocks(order, "there is a bug") } else { approves(order) })
    });
    (Story { begins, ..story(name, coder, vec![("careful", reviewer)]) }, orders)
}

fn of_kind(orders: &Orders, kind: ResponseKind) -> Vec<TurnOrder> {
    let all = orders.lock().unwrap();
    all.iter().filter(|order| order.kind == kind).cloned().collect()
}

/// Returns the text between the delimiters of a prompt.
fn fenced(order: &TurnOrder) -> String {
    let line = format!("\nDATA-{}", order.attempt);
    let parts = order.prompt.split(&line).enumerate();
    let inside: Vec<&str> = parts.filter(|(place, _)| place % 2 == 1).map(|(_, text)| text).collect();
    inside.join("\n")
}

fn say(world: &MemoryWorld, number: u64, text: &str) {
    world.say(number, &"ada".parse().unwrap(), text);
}

/// Runs until the first review is published, changes the world, and continues.
async fn with_a_break_after_the_first_review(
    story: &Story,
    meanwhile: impl FnOnce(&MemoryWorld),
) -> MemoryWorld {
    let trial = story.world();
    story.play(&trial).await;
    let effects = trial.effects();
    let turns: Vec<usize> =
        (0..).zip(&effects).filter(|(_, name)| **name == "turn").map(|(place, _)| place).collect();
    let first_review = turns.get(1).or(turns.first()).unwrap();
    let published = effects.iter().skip(*first_review).position(|name| *name == "publish").unwrap();
    let world = story.world();
    world.stop_at(Plan { at: first_review + published, stop: Stop::After });
    story.run(&world).await;
    meanwhile(&world);
    world
}

/// Later comments are in the prompt too.
#[tokio::test]
async fn all_agents_see_the_issue() {
    let (story, orders) = attentive("an issue", Begins::Issue);
    let world =
        with_a_break_after_the_first_review(&story, |world| say(world, 1, "Rather blue than new.")).await;
    orders.lock().unwrap().clear();
    for is_elsewhere in [false, true] {
        let world = if is_elsewhere { &world.on_another_machine() } else { &world };
        world.restart();
        let outcome = story.play(world).await;
        assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    }
    let reviews = of_kind(&orders, ResponseKind::PrReview);
    let answers = of_kind(&orders, ResponseKind::CoderFollowup);
    assert!(reviews.len() == 1 && answers.len() == 1, "{} {}", reviews.len(), answers.len());
    for order in reviews.iter().chain(&answers) {
        let data = fenced(order);
        for words in ["It is old", "Make it new.", "Rather blue than new.", "It was to be done."] {
            assert!(data.contains(words), "{}: {words}\n{}", order.kind, order.prompt);
        }
        assert!(order.prompt.contains("Later comments may refine or supersede"), "{}", order.prompt);
        assert!(order.prompt.contains("issue 1"), "{}", order.prompt);
        assert!(!data.contains("AGENT_LOOP_META"), "{}", order.prompt);
        let origin = order.context.origin.as_ref().unwrap();
        assert_eq!((origin.kind.as_str(), origin.number), ("issue", Some(1)));
        assert_eq!((origin.title.as_str(), origin.body.as_str()), ("It is old", "Make it new."));
        assert_eq!(origin.comments.len(), 1, "{origin:?}");
        assert_eq!(order.context.task, "It is old\n\nMake it new.");
        assert_eq!((order.context.subject.kind.as_str(), order.context.subject.number), ("pr", Some(2)));
        assert!(order.context.subject.body.starts_with("It was to be done."));
        assert!(order.context.subject.comments.is_empty(), "{:?}", order.context.subject.comments);
    }
}

/// The records in the pull request's thread name the issue.
#[tokio::test]
async fn another_machine_finds_the_issue() {
    let (story, orders) = attentive("another machine", Begins::Issue);
    let world = with_a_break_after_the_first_review(&story, |_| {}).await;
    orders.lock().unwrap().clear();
    world.lose_machine();
    let assignment = pull_request(2);
    let outcome = story.run_as(&world, assignment, story.request()).await.unwrap();
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    let asked = orders.lock().unwrap().clone();
    assert!(
        asked.len() == 2 && asked.iter().all(|order| fenced(order).contains("Make it new.")),
        "{asked:#?}"
    );
}

#[tokio::test]
async fn a_task_keeps_its_own_words() {
    let (story, orders) = attentive("a task", Begins::Task);
    let world = story.world();
    story.play(&world).await;
    let asked = of_kind(&orders, ResponseKind::PrReview);
    assert_eq!(asked.len(), 2);
    for order in asked.iter().chain(&of_kind(&orders, ResponseKind::CoderFollowup)) {
        let origin = order.context.origin.as_ref().unwrap();
        assert_eq!((origin.kind.as_str(), origin.body.as_str()), ("task", "Make it new."));
        assert_eq!(order.context.task, "Make it new.");
        let data = fenced(order);
        assert!(data.contains("Make it new.") && data.contains("It was to be done."), "{}", order.prompt);
    }
    // `pr` has the text of the task on this machine, but not on another one, and both runs succeed.
    for (is_elsewhere, task) in [(false, "Make it new."), (true, "It was to be done.")] {
        let world = with_a_break_after_the_first_review(&story, |_| {}).await;
        orders.lock().unwrap().clear();
        if is_elsewhere {
            world.lose_machine();
        } else {
            world.restart();
        }
        let assignment = pull_request(1);
        let outcome = story.run_as(&world, assignment, story.request()).await.unwrap();
        assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
        let asked = orders.lock().unwrap().clone();
        assert_eq!(asked.len(), 2);
        for order in asked {
            assert!(order.context.task.starts_with(task), "{:?}", order.context.task);
            assert_eq!(order.context.origin.is_none(), is_elsewhere);
            assert!(fenced(&order).contains("It was to be done."), "{}", order.prompt);
        }
    }
}

/// The description alone does not link an issue.
#[tokio::test]
async fn a_persons_request_has_no_origin() {
    for branch in ["feature", "agent-loop/issue-1"] {
        let (story, orders) = attentive("a person's", Begins::Issue);
        let world = story.world();
        let (head_ref, base_ref) = (branch.parse().unwrap(), "main".parse().unwrap());
        world.push_as_person(&head_ref, &base_ref, [(FILE.to_owned(), "newest".to_owned())].into());
        let (title, body) = ("Newest".to_owned(), "Closes #1".to_owned());
        world.open_as_person(NewPullRequest { head_ref, base_ref, title, body });
        let assignment = pull_request(2);
        let outcome = story.run_as(&world, assignment, story.request()).await.unwrap();
        assert_eq!(outcome.ending, Ending::Approved, "{branch}: {}", outcome.message);
        let asked = orders.lock().unwrap().clone();
        assert_eq!(asked.len(), 1);
        for order in asked {
            assert_eq!((order.context.origin.as_ref(), order.context.task.as_str()), (None, "Closes #1"));
            assert!(fenced(&order).contains("Closes #1"), "{}", order.prompt);
            assert!(!order.prompt.contains("Make it new."), "{}", order.prompt);
        }
    }
}

#[tokio::test]
async fn long_discussions_are_cut() {
    let (story, orders) = attentive("a long discussion", Begins::Issue);
    let world = story.world();
    for number in 0..200 {
        say(&world, 1, &format!("remark {number}. {}", "word ".repeat(400)));
    }
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    for order in orders.lock().unwrap().iter() {
        assert!(order.prompt.len() < 60_000, "{}: {}", order.kind, order.prompt.len());
        assert!(order.prompt.contains("remark 199.") && !order.prompt.contains("remark 0."));
        assert!(order.prompt.contains("are left out here"), "{}", order.prompt);
        let subject = order.context.origin.as_ref().unwrap_or(&order.context.subject);
        assert_eq!(subject.comments.len(), 200, "the context file holds all of them");
    }
}
