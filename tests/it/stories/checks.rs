//! The forge's checks of an approved head: which of them count, and the consequences of their results.

use std::collections::BTreeSet;

use agent_loop::domain::branch_rules::BranchRules;
use agent_loop::domain::ending::Ending;
use agent_loop::domain::policy::AfterApproval;
use agent_loop::domain::pull_request::{Check, CheckArrival, CheckState};
use agent_loop::ports::run_event::RunEvent;

use super::cast::{always_approves, honest_coder};
use super::reviews::a_persons_pull_request;
use super::stage::{Begins, Story, story};

fn rules(required: &[&str]) -> BranchRules {
    let required_checks: BTreeSet<String> = required.iter().map(|name| (*name).to_owned()).collect();
    BranchRules { required_checks, ..BranchRules::default() }
}

fn check(name: &str, state: CheckState) -> Check {
    Check::bare(name.to_owned(), state)
}

/// Creates a pull request that everyone approves.
fn approved_by_all(after: AfterApproval) -> Story {
    let story = story("checks", honest_coder(), vec![("quick", always_approves())]);
    Story { begins: Begins::PullRequest, after, ..story }
}

/// Which checks count: the named one, else the required ones, else all.
#[tokio::test]
async fn only_checks_that_count_are_awaited() {
    use CheckState::{Failure, Pending, Success};
    let both = [("build", Success), ("lint", Failure)];
    let half = [("build", Pending), ("lint", Success)];
    for (required, named, shown, unreadable, exit_code, said) in [
        (&["build"][..], None, &both[..], None, 0, "approved"),
        (&["build"], None, &[], None, 5, "build (not reported)"),
        (&["build", "slow"], None, &both, None, 5, "no result yet from slow (not reported)"),
        (&["build"], None, &half, None, 5, "no result yet from build"),
        (&["build"], Some("lint"), &half, None, 0, "approved"),
        (&[], Some("lint"), &[], None, 5, "lint (not reported)"),
        (&[], None, &half, None, 5, "no result yet from build"),
        (&[], None, &[], None, 0, "approved"),
        (&[], None, &[], Some("no permission"), 5, "the checks cannot be read: no permission"),
        (&["build"], None, &both, Some("no permission"), 0, "approved"),
        (&["build"], None, &[], Some("no permission"), 5, "the checks cannot be read"),
    ] {
        for after in [AfterApproval::Leave, AfterApproval::Merge] {
            let story = approved_by_all(after);
            let world = story.world();
            let head = world.tip_of(&"feature".parse().unwrap()).unwrap();
            world.require(rules(required));
            world.with_board(&head, |board| {
                board.checks = shown.iter().map(|(name, state)| check(name, *state)).collect();
                board.unreadable = unreadable.map(str::to_owned);
            });
            let mut request = story.request();
            request.ci_check = named.map(str::to_owned);
            let outcome = story.run_as(&world, story.assignment(&world), request).await.unwrap();
            let place =
                format!("{required:?} {named:?} {shown:?} {unreadable:?} {after:?}: {}", outcome.message);
            assert_eq!(outcome.ending.exit_code(), exit_code, "{place}");
            assert!(outcome.message.contains(said), "{place}");
        }
    }
}

/// While the run waits for checks, it reads nothing else.
#[tokio::test]
async fn a_wait_reads_only_checks() {
    let story = approved_by_all(AfterApproval::Merge);
    let mut seen = Vec::new();
    for timeout in [60, 120] {
        let world = story.world();
        let head = world.tip_of(&"feature".parse().unwrap()).unwrap();
        world.check(&head, check("slow", CheckState::Pending));
        let mut request = story.request();
        request.ci_timeout_seconds = timeout;
        let outcome = story.run_as(&world, story.assignment(&world), request).await.unwrap();
        assert_eq!(outcome.ending, Ending::ApprovedCiPending, "{}", outcome.message);
        seen.push(world.forge_reads());
    }
    for (name, count) in &seen[1] {
        let more = if *name == "checks" { 6 } else { 0 };
        assert_eq!(*count, seen[0][name] + more, "{name}");
    }
}

/// A commit without checks gets some time for the first one to appear, before a merge only.
#[tokio::test]
async fn the_first_check_gets_time() {
    for (after, waited) in [(AfterApproval::Leave, false), (AfterApproval::Merge, true)] {
        let story = approved_by_all(after);
        let world = story.world();
        let head = world.tip_of(&"feature".parse().unwrap()).unwrap();
        world.with_board(&head, |board| board.arrival = CheckArrival::AfterThePush);
        let outcome = story.play(&world).await;
        assert_eq!(outcome.ending.exit_code(), 0, "{}", outcome.message);
        let is_it = |event: &RunEvent| matches!(event, RunEvent::Waiting { what, .. } if what.contains("the first check"));
        assert_eq!(world.events().iter().any(is_it), waited);
    }
}

/// Each failed check is a separate item with the text of the check.
#[tokio::test]
async fn failed_checks_become_items() {
    let story = approved_by_all(AfterApproval::Leave);
    let world = story.world();
    let head = world.tip_of(&"feature".parse().unwrap()).unwrap();
    for (name, conclusion, excerpt) in
        [("build", "timed_out", None), ("lint", "failure", Some("line 7 is too long"))]
    {
        world.check(
            &head,
            Check {
                conclusion: Some(conclusion.to_owned()),
                url: Some(format!("https://ci/{name}")),
                excerpt: excerpt.map(str::to_owned),
                ..check(name, CheckState::Failure)
            },
        );
    }
    story.play(&world).await;
    let summaries = story.summaries(&world);
    assert!(summaries.iter().any(|line| line.contains("gates [\"fail\"] opened 2")), "{summaries:#?}");
    let thread: Vec<String> = world.thread(1).into_iter().map(|comment| comment.body.to_string()).collect();
    for words in ["The check build (timed_out) failed: https://ci/build", "line 7 is too long"] {
        assert!(thread.iter().any(|body| body.contains(words)), "{words}: {thread:#?}");
    }
}

#[tokio::test]
async fn unfinished_checks_leave_the_run_open() {
    let story = approved_by_all(AfterApproval::Leave);
    let world = story.world();
    let head = world.tip_of(&"feature".parse().unwrap()).unwrap();
    world.check(&head, check("build", CheckState::Pending));
    let outcome = story.play(&world).await;
    assert_eq!((outcome.ending.exit_code(), outcome.ending), (5, Ending::ApprovedCiPending));
    world.check(&head, check("lint", CheckState::Failure));
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::ApprovedCiPending, "{}", outcome.message);
    assert!(story.summaries(&world).iter().any(|line| line.contains("gates [\"fail\"] opened 1")));
}

#[tokio::test]
async fn vanished_checks_are_pending() {
    for (before, after, expected) in [
        (CheckState::Failure, AfterApproval::Leave, Ending::Approved),
        (CheckState::Failure, AfterApproval::Merge, Ending::ApprovedCiPending),
        // The first head was blocked by a reviewer, so its checks were not read.
        (CheckState::Pending, AfterApproval::Merge, Ending::ApprovedCiPending),
    ] {
        let story = Story { after, ..a_persons_pull_request() };
        let world = story.world();
        let feature = "feature".parse().unwrap();
        let head = world.tip_of(&feature).unwrap();
        world.check(&head, check("build", before));
        let outcome = story.play(&world).await;
        assert_eq!(outcome.ending, Ending::ApprovedCiPending, "{}", outcome.message);
        assert!(outcome.message.contains("build"), "{}", outcome.message);
        let now = world.tip_of(&feature).unwrap();
        assert_ne!(now, head);
        if expected == Ending::Approved {
            world.check(&now, check("build", CheckState::Success));
        }
        assert_eq!(story.play(&world).await.ending, expected);
    }
}
