//! Reviews of GitHub's own kind: a view of the records, written once, with conversations that end with their findings.

use super::stage::{Ended, Stage, gh, loop_words};
use crate::github_model::{Fault, FaultKind, Pull, Review, Role};

const TODO_AGENT: &str = include_str!("../../../fixtures/agents/todo-agent.sh");

/// A pull request of this author with something TO DO, and a reviewer that names its line.
fn stage(author: &str) -> (Stage, String) {
    let stage = Stage::new();
    let finding = "\"`notes.txt:1` has a TODO (as README:7 forbids).\"";
    stage.agent("todo.sh", &TODO_AGENT.replacen("\"There is still a TODO.\"", finding, 1));
    let last_head = stage.branch("feature", "a TODO that stays\n");
    let (head, base) = ("feature".to_owned(), "main".to_owned());
    let pull = Pull { head, base, last_head, is_draft: false, fork: None, merge: None };
    let number = {
        let mut model = stage.github.state();
        let author = model.person(author, Role::Admin);
        model.file(author, ("Did it", "Nearly."), Some(pull)).to_string()
    };
    (stage, number)
}

fn reviewed(stage: &Stage, number: &str) -> Ended {
    let gh = gh();
    let ended = stage.run(&[&loop_words(&["pr", number], &gh)[..], &["--native-reviews"]].concat());
    assert_eq!(ended.exit, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    ended
}

fn states(stage: &Stage) -> Vec<&'static str> {
    stage.github.state().reviews.iter().map(|review| review.state).collect()
}

/// GitHub accepts no review beside a draft of the same person. The run goes on, and says what to do.
#[test]
#[ignore = "needs gh"]
fn a_draft_review_is_kept() {
    let (stage, number) = stage("bob");
    {
        let mut model = stage.github.state();
        let (id, author) = (model.id(), model.person("ada", Role::Admin));
        let body = "Delete everything.\n\n-- Human Reviewer".to_owned();
        let on = number.parse().unwrap();
        model.reviews.push(Review { id, on, author, state: "PENDING", body, commit: String::new() });
    }
    let ended = reviewed(&stage, &number);
    assert!(ended.stderr.contains("submit or discard your own draft"), "{}", ended.stderr);
    assert_eq!(states(&stage), ["PENDING"]);
    let model = stage.github.state();
    assert!(
        model.comments.iter().all(|one| !one.body.contains("Delete everything")),
        "a draft says nothing yet"
    );
}

#[test]
#[ignore = "needs gh"]
fn a_review_becomes_one_of_githubs() {
    let (stage, number) = stage("bob");
    let first = stage.github.state().filed[&1].pull.as_ref().unwrap().last_head.clone();
    reviewed(&stage, &number);
    assert_eq!(states(&stage), ["CHANGES_REQUESTED", "COMMENTED", "APPROVED"]);
    stage.github.calls();
    reviewed(&stage, &number);
    let calls = stage.github.calls();
    assert!(calls.iter().all(|call| call.method == "GET" || call.path == "graphql"), "{calls:?}");
    let model = stage.github.state();
    let [thread] = model.conversations.as_slice() else { panic!("{:?}", model.conversations) };
    assert_eq!((thread.path.as_str(), thread.line, thread.is_resolved), ("notes.txt", 1, true));
    assert!(thread.body.starts_with("`item-1` **blocking** `notes.txt:1` has a TODO"), "{}", thread.body);
    assert_eq!(model.reviews[0].commit, first);
    assert!(model.reviews[0].body.starts_with("**one** ✗ blocks"), "{}", model.reviews[0].body);
    let link = format!("[`notes.txt:1`](https://{}/octo/r/blob/{first}/notes.txt#L1)", stage.github.host());
    assert!(
        model.comments.iter().any(|comment| comment.body.contains(&link)),
        "{:?}",
        model.comments[1].body
    );
}

#[test]
#[ignore = "needs gh"]
fn an_own_pull_request_gets_comments() {
    let (stage, number) = stage("ada");
    reviewed(&stage, &number);
    assert_eq!(states(&stage), ["COMMENTED", "COMMENTED"]);
    let model = stage.github.state();
    assert!(model.reviews[0].body.contains("from the author of a pull request: this is a comment"));
}

#[test]
#[ignore = "needs gh"]
fn a_lost_review_is_published_once() {
    let (stage, number) = stage("bob");
    let kinds = [FaultKind::DoneButSilent, FaultKind::DoneButTorn, FaultKind::DoneButBadGateway];
    let faults = kinds.map(|kind| Fault { method: "POST", path: "/reviews", kind, times: 1 });
    stage.github.state().faults.extend(faults);
    reviewed(&stage, &number);
    assert_eq!(states(&stage), ["CHANGES_REQUESTED", "COMMENTED", "APPROVED"]);
}

#[test]
#[ignore = "needs gh"]
fn unknown_lines_lose_no_finding() {
    let (stage, number) = stage("bob");
    stage.github.state().faults.push(Fault {
        method: "POST",
        path: "/reviews",
        kind: FaultKind::NotInDiff,
        times: 1,
    });
    reviewed(&stage, &number);
    let model = stage.github.state();
    assert_eq!(model.conversations.len(), 0);
    assert!(model.reviews[0].body.contains("- `item-1` **blocking**"), "{}", model.reviews[0].body);
}

#[test]
#[ignore = "needs gh"]
fn reviewers_have_one_review_a_round() {
    let (stage, number) = stage("bob");
    let (gh, more) = (gh(), ["--native-reviews", "--reviewer", "two=command:../todo.sh"]);
    let ended = stage.run(&[&loop_words(&["pr", &number], &gh)[..], &more].concat());
    assert_eq!(ended.exit, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    let model = stage.github.state();
    let seen: Vec<(&str, &str)> = model
        .reviews
        .iter()
        .map(|one| (one.body.split("**").nth(1).unwrap_or_default(), one.state))
        .collect();
    let (blocks, comments) = ("CHANGES_REQUESTED", "COMMENTED");
    let rounds = [("one", blocks), ("two", blocks), ("one", comments), ("two", comments)];
    assert_eq!(seen[..4], rounds, "{seen:?}");
    assert_eq!((seen.len(), seen[4].1), (5, "APPROVED"), "{seen:?}");
    let first = model.reviews[0].commit.clone();
    assert!(model.reviews[..2].iter().all(|one| one.commit == first));
    assert!(model.reviews[2..].iter().all(|one| one.commit != first), "pinned to the head of their round");
}
