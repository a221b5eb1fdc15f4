//! Reads with faults, limits, pages, and comments of strange authors. Faults of writes are in `writes.rs`.

use agent_loop::adapters::clock::SystemClock;
use agent_loop::domain::ids::{IssueNumber, PullRequestNumber};
use agent_loop::ports::clock::Clock;
use agent_loop::ports::forge::{Forge, Thread};
use jiff::SignedDuration;

use super::stage::Stage;
use crate::github_model::{Fault, FaultKind, Role};

fn one(method: &'static str, path: &'static str, kind: FaultKind) -> Fault {
    Fault { method, path, kind, times: 1 }
}

fn issue(stage: &Stage) -> u64 {
    let mut model = stage.github.state();
    let bob = model.person("bob", Role::Write);
    model.file(bob, ("Do it", "All of it."), None)
}

#[tokio::test]
#[ignore = "needs gh"]
async fn a_lagging_list_hides_no_record() {
    let stage = Stage::new();
    let number = issue(&stage);
    let forge = stage.forge().await.unwrap();
    forge.issue(IssueNumber(number)).await.unwrap();
    stage.github.state().lag = 2;
    forge.publish(Thread::Issue(IssueNumber(number)), "record").await.unwrap();
    for _ in 0..4 {
        assert_eq!(forge.issue(IssueNumber(number)).await.unwrap().comments.len(), 1);
    }
}

#[tokio::test]
#[ignore = "needs gh"]
async fn reads_are_repeated_and_paged() {
    let stage = Stage::new();
    let number = issue(&stage);
    let bob = stage.github.state().person("bob", Role::Write);
    for count in 0..250 {
        stage.github.state().comment(number, bob, &format!("comment {count}"));
    }
    let forge = stage.forge().await.unwrap();
    stage.github.state().faults.push(one("GET", "/comments", FaultKind::BadGateway));
    assert_eq!(forge.issue(IssueNumber(number)).await.unwrap().comments.len(), 250);
    stage.github.calls();
    // What is new costs one call, beside the issue itself.
    stage.github.state().comment(number, bob, "one more");
    assert_eq!(forge.comments(PullRequestNumber(number)).await.unwrap().len(), 251);
    // Everything was written within a minute, so that all of it is looked at again: three pages.
    assert!(stage.github.calls().len() <= 3);
}

/// A limited call is made again when its time has come, and not before.
#[tokio::test]
#[ignore = "needs gh"]
async fn limits_are_never_hammered() {
    let stage = Stage::new();
    let thread = Thread::Issue(IssueNumber(issue(&stage)));
    let forge = stage.forge().await.unwrap();
    for (method, path, expected) in [("POST", "/comments", 3), ("GET", "/comments", 3)] {
        stage.github.calls();
        let fault = Fault { method, path, kind: FaultKind::Secondary(1), times: 2 };
        stage.github.state().faults.push(fault);
        let begun = SystemClock.now();
        match method {
            "POST" => forge.publish(thread, "record").await.unwrap(),
            _ => drop(forge.comments(PullRequestNumber(1)).await.unwrap()),
        }
        let lasted = SystemClock.now().duration_since(begun);
        assert!(lasted >= SignedDuration::from_secs(2), "{method}: {lasted}");
        let calls = stage.github.calls();
        assert_eq!(calls.iter().filter(|call| call.method == method).count(), expected, "{calls:?}");
    }
}

#[tokio::test]
#[ignore = "needs gh"]
async fn strange_authors_are_read() {
    let stage = Stage::new();
    let number = issue(&stage);
    {
        let mut model = stage.github.state();
        let bot = model.person("renovate[bot]", Role::Read);
        let gone = model.person("gone", Role::Admin);
        model.comment(number, bot, "bump\r\nit");
        model.comment(number, gone, "Do that.\n\n-- Human Reviewer");
        model.comments.last_mut().unwrap().author = None;
    }
    let comments = stage.forge().await.unwrap().issue(IssueNumber(number)).await.unwrap().comments;
    let seen: Vec<_> = comments.iter().map(|one| (one.author.as_str(), &*one.body)).collect();
    assert_eq!(seen, [("renovate[bot]", "bump\nit"), ("ghost", "Do that.\n\n-- Human Reviewer")]);
}
