//! Faults of the network and of GitHub: each write happens once and is noticed, and a write that did not happen is an error.

use agent_loop::domain::ids::{IssueNumber, PullRequestNumber};
use agent_loop::ports::forge::{Forge, ForgeError, NewPullRequest, Thread};

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
async fn lost_acknowledgements_make_no_duplicate() {
    let stage = Stage::new();
    let number = issue(&stage);
    let forge = stage.forge().await.unwrap();
    let kinds = [FaultKind::DoneButBadGateway, FaultKind::DoneButTorn, FaultKind::DoneButSilent];
    for (count, kind) in (1..).zip(kinds) {
        stage.github.state().faults.push(one("POST", "/comments", kind));
        let body = format!("record {count}");
        forge
            .publish(Thread::Issue(IssueNumber(number)), &body)
            .await
            .unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        let seen = forge.issue(IssueNumber(number)).await.unwrap().comments;
        assert_eq!(seen.len(), count, "{kind:?}");
        assert_eq!(stage.github.state().comments.len(), count, "{kind:?}");
    }
}

#[tokio::test]
#[ignore = "needs gh"]
async fn what_was_not_written_is_said() {
    let stage = Stage::new();
    let number = issue(&stage);
    let forge = stage.forge().await.unwrap();
    stage.github.state().faults.push(one("POST", "/comments", FaultKind::BadGateway));
    let refused = forge.publish(Thread::Issue(IssueNumber(number)), "lost").await;
    assert!(matches!(refused, Err(ForgeError::Unreachable(_))), "{refused:?}");
    assert_eq!(stage.github.state().comments.len(), 0);
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
async fn a_pull_request_is_opened_once() {
    let stage = Stage::new();
    stage.branch("feature", "one DONE\n");
    let forge = stage.forge().await.unwrap();
    stage.github.state().faults.push(one("POST", "/pulls", FaultKind::DoneButSilent));
    let new = NewPullRequest {
        head_ref: "feature".parse().unwrap(),
        base_ref: "main".parse().unwrap(),
        title: "Did it".to_owned(),
        body: String::new(),
    };
    let number = forge.open_pull_request(&new).await.unwrap();
    assert_eq!(forge.open_pull_request(&new).await.unwrap(), number);
    assert_eq!(stage.github.state().filed.len(), 1);
}

#[tokio::test]
#[ignore = "needs gh"]
async fn limits_are_waited_for_or_said() {
    let stage = Stage::new();
    let number = issue(&stage);
    let forge = stage.forge().await.unwrap();
    let thread = Thread::Issue(IssueNumber(number));
    stage.github.state().faults.push(one("POST", "/comments", FaultKind::Secondary(1)));
    forge.publish(thread, "later").await.unwrap();
    stage.github.state().faults.push(one("POST", "/comments", FaultKind::Primary(1800)));
    let limited = forge.publish(thread, "much later").await;
    assert!(matches!(limited, Err(ForgeError::Limited { .. })), "{limited:?}");
    assert_eq!(stage.github.state().comments.len(), 1);
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
    let seen: Vec<_> = comments.iter().map(|one| (one.author.as_str(), one.body.as_str())).collect();
    assert_eq!(seen, [("renovate[bot]", "bump\nit"), ("ghost", "Do that.\n\n-- Human Reviewer")]);
}
