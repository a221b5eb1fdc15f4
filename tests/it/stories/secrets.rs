//! Stories of agents whose answers contain secrets.

use crate::world::{MemoryWorld, Reaction};
use agent_loop::domain::ending::{Ending, NeedsHuman};
use agent_loop::domain::failure::TurnFailure;
use agent_loop::domain::subject::Subject;
use agent_loop::engine::guard::{OnSecret, Secrets};
use agent_loop::ports::journal::Journals;
use agent_loop::text::redaction::Secret;

use super::cast::{
    FILE, addresses_all, agent, always_fails, approves, blocks_while, honest_coder, implements_and,
};
use super::reviews::bug_fails;
use super::stage::{Begins, Story, StoryGate, story};

const PASSWORD: &str = "correct-horse-battery";

/// A fictional GitHub token, assembled so that no scanner reports this file.
fn token() -> String {
    format!("ghp_{}", "0123456789abcdefghij0123456789ABCDEF")
}

fn knowing(on_hit: OnSecret) -> Secrets {
    let known = Secret { kind: "MY_PASSWORD".to_owned(), value: PASSWORD.to_owned() };
    Secrets { values: vec![known], on_hit }
}

fn leaky(on_hit: OnSecret) -> Story {
    let coder = implements_and(|order, tree| {
        tree.insert(FILE.to_owned(), "new and good".to_owned());
        let escaped = PASSWORD.replace('-', "\\u002d");
        Reaction::Says(addresses_all(order).replace("went over it", &format!("logged in with {escaped}")))
    });
    let reviewer = agent(|order, tree| {
        if tree.get(FILE).is_some_and(|text| text.contains("bug")) {
            return Reaction::Says(super::cast::blocks(order, &format!("the token {} is in a log", token())));
        }
        Reaction::Says(approves(order))
    });
    Story { secrets: knowing(on_hit), ..story("leaky", coder, vec![("careful", reviewer)]) }
}

async fn everything_kept(world: &MemoryWorld) -> String {
    let mut all: Vec<String> = world.thread(1).into_iter().map(|comment| comment.body.to_string()).collect();
    let subject: Subject = "pr/1".parse().unwrap();
    let journal = world.open(&subject).await.unwrap();
    all.extend(journal.entries().iter().map(|entry| format!("{entry:?}")));
    all.join("\n")
}

#[tokio::test]
async fn secrets_are_replaced_everywhere() {
    let story = leaky(OnSecret::Replace);
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    let kept = everything_kept(&world).await;
    let records = format!("{:?}", story.records(&world));
    for secret in [PASSWORD, &token()] {
        assert!(!kept.contains(secret) && !records.contains(secret), "{secret}");
    }
    assert!(kept.contains("[redacted: github-token]") && kept.contains("[redacted: MY_PASSWORD]"), "{kept}");
    assert!(records.contains("[redacted: github-token]") && records.contains("[redacted: MY_PASSWORD]"));
    let found: Vec<(&str, usize)> =
        outcome.redacted.iter().map(|(kind, count)| (kind.as_str(), *count)).collect();
    assert_eq!(found, [("MY_PASSWORD", 1), ("github-token", 1)]);
}

#[tokio::test]
async fn a_stopping_secret_is_never_kept() {
    let story = leaky(OnSecret::Stop);
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::NeedsHuman { reason: NeedsHuman::Secret });
    assert_eq!(outcome.ending.exit_code(), 4);
    assert!(outcome.message.contains("github-token"), "{}", outcome.message);
    assert!(!everything_kept(&world).await.contains(&token()));
    assert_eq!(story.summaries(&world).last().unwrap(), "1 concluded needs-human secret");
}

#[tokio::test]
async fn a_gates_secrets_are_replaced_too() {
    let mut story = story("clean", honest_coder(), vec![("careful", blocks_while("bug"))]);
    story.secrets = Secrets {
        values: vec![Secret { kind: "STORY".to_owned(), value: "as the story says".to_owned() }],
        on_hit: OnSecret::Replace,
    };
    story.gates = vec![StoryGate::required("tests", bug_fails)];
    let world = story.world();
    assert_eq!(story.play(&world).await.ending, Ending::Approved);
    assert!(!everything_kept(&world).await.contains("as the story says"));
    let records = format!("{:?}", story.records(&world));
    assert!(!records.contains("as the story says") && records.contains("[redacted: STORY]"));
}

#[tokio::test]
async fn a_failing_agents_secrets_are_replaced() {
    let failure = TurnFailure::Exit { code: 1, detail: format!("login with {PASSWORD} refused") };
    let reviewers = vec![("careful", always_fails(&failure))];
    let story = Story {
        begins: Begins::PullRequest,
        secrets: knowing(OnSecret::Replace),
        ..story("broken", honest_coder(), reviewers)
    };
    let world = story.world();
    let outcome = story.play(&world).await;
    assert!(outcome.message.contains("[redacted: MY_PASSWORD]"), "{}", outcome.message);
    assert!(!outcome.message.contains(PASSWORD));
    assert!(!everything_kept(&world).await.contains(PASSWORD));
}

/// Invisible letters inside a secret are removed.
#[tokio::test]
async fn split_secrets_are_replaced_too() {
    let torn = token().replace('_', "_\u{2066}");
    let reviewer = agent(move |order, _| Reaction::Says(approves(order).replace("looked", &torn)));
    let reviewers = vec![("careful", reviewer)];
    let story = Story { begins: Begins::PullRequest, ..story("torn", honest_coder(), reviewers) };
    let world = story.world();
    assert_eq!(story.play(&world).await.ending, Ending::Approved);
    assert!(!everything_kept(&world).await.contains(&token()));
}
