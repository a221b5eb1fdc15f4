//! Stories of follow-ups when a pull request is approved: filed or listed, once.

use crate::world::{MemoryWorld, Plan, Stop};
use agent_loop::domain::ending::Ending;
use agent_loop::domain::policy::{AfterApproval, Followups};
use agent_loop::domain::pull_request::{Check, CheckState};
use agent_loop::ports::forge::{Forge, OwnIssue};

use super::cast::{blocks_while, honest_coder, leaves_for_later};
use super::stage::{Begins, Story, story};

const LATER: &[&str] = &[
    "Split the parser: it does two things in one module.",
    "Measure the time of a cold start on a slow disk.",
    "**Documentation** The manual page names no exit codes at all.",
    "Replace the hand-written table by one that is generated.",
];

fn leaving(mode: Followups) -> Story {
    let same = &["Split the parser: `parse` and `print` should be two modules."];
    Story {
        followups: mode,
        ..story(
            "follow-ups",
            honest_coder(),
            vec![
                ("careful", blocks_while("bug")),
                ("far", leaves_for_later(LATER)),
                ("wide", leaves_for_later(same)),
            ],
        )
    }
}

pub(super) fn follow_ups_filed() -> Story {
    Story { after: AfterApproval::Merge, ..leaving(Followups::Issue) }
}

async fn filed(world: &MemoryWorld) -> Vec<OwnIssue> {
    world.own_issues("AGENT_LOOP_CHILD", "").await.unwrap()
}

fn last_comment(world: &MemoryWorld) -> String {
    let thread = world.thread(1);
    let comments = thread.iter().rev().find(|comment| comment.body.starts_with("**Follow-ups**"));
    comments.map(|comment| comment.body.to_string()).unwrap_or_default()
}

#[tokio::test]
async fn followups_need_the_setting() {
    let story = leaving(Followups::Ignore);
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    assert_eq!((outcome.future_items().count(), filed(&world).await.len()), (0, 0));
    assert_eq!(last_comment(&world), "");
}

#[tokio::test]
async fn followups_are_listed_once() {
    for mode in [Followups::Summarize, Followups::FixAndSummarize] {
        let story = leaving(mode);
        let world = story.world();
        assert_eq!(story.play(&world).await.ending, Ending::Approved);
        let comment = last_comment(&world);
        assert!(comment.contains("4 listed · 1 merged with a similar one\n"), "{comment}");
        assert!(
            comment.contains("by far in round 1") && !comment.contains("by wide in round 1"),
            "{comment}"
        );
        assert!(comment.contains("(`item-2` by far, `item-6` by wide)"), "{comment}");
        assert!(filed(&world).await.is_empty());
        let before = world.thread(1).len();
        story.play(&world).await;
        assert_eq!(world.thread(1).len(), before, "and never again");
    }
}

#[tokio::test]
async fn at_most_three_issues_are_filed() {
    let story = leaving(Followups::FixAndIssue);
    let world = story.world();
    assert_eq!(story.play(&world).await.ending, Ending::Approved);
    let issues = filed(&world).await;
    let titles: Vec<&str> = issues.iter().map(|issue| issue.title.as_str()).collect();
    assert_eq!(
        titles,
        ["Split the parser", "Measure the time of a cold start on a slow disk", "Documentation"]
    );
    assert!(issues[0].body.starts_with("From the review of #1"), "{}", issues[0].body);
    assert!(issues[0].body.contains("### Original reviewer notes"));
    let comment = last_comment(&world);
    assert!(comment.contains("3 filed · 1 merged with a similar one · 1 not filed (limit)"), "{comment}");
    assert!(comment.contains("#2 Split the parser"), "{comment}");
}

#[tokio::test]
async fn a_lost_machines_issues_are_found() {
    let story = leaving(Followups::Issue);
    let trial = story.world();
    story.play(&trial).await;
    let at = trial.effects().iter().rposition(|name| *name == "file issue").unwrap();
    let world = story.world();
    world.stop_at(Plan { at, stop: Stop::After });
    assert!(story.run(&world).await.is_none());
    world.lose_machine();
    assert_eq!(story.play(&world).await.ending, Ending::Approved);
    assert_eq!(filed(&world).await.len(), 3);
}

#[tokio::test]
async fn a_strangers_issue_is_not_ours() {
    let story = leaving(Followups::Issue);
    let trial = story.world();
    story.play(&trial).await;
    let ours = filed(&trial).await.remove(0);
    let world = story.world();
    world.file_as_person(&"mallory".parse().unwrap(), &ours.title, &ours.body.replace('2', "3"));
    story.play(&world).await;
    assert_eq!(filed(&world).await.len(), 3);
}

/// Each follow-up with its reviewer, before the run ends to wait for the forge's checks.
#[tokio::test]
async fn followups_come_before_pending_checks() {
    let story = Story { begins: Begins::PullRequest, ..leaving(Followups::Summarize) };
    let world = story.world();
    let feature = "feature".parse().unwrap();
    let pending = || Check::bare("build".to_owned(), CheckState::Pending);
    world.check(&world.tip_of(&feature).unwrap(), pending());
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::ApprovedCiPending, "{}", outcome.message);
    let listed = last_comment(&world);
    assert!(listed.contains("by far") && listed.contains("by wide"), "{listed}");
    story.play(&world).await;
    let comments = world.thread(1);
    let lists = comments.iter().filter(|comment| comment.body.starts_with("**Follow-ups**"));
    assert_eq!(lists.count(), 1, "once for a head");
}

/// An issue that a person filed under the login of this program has no marker: its title finds it, for one follow-up.
#[tokio::test]
async fn an_issue_by_hand_is_adopted() {
    let story = leaving(Followups::Issue);
    let world = story.world();
    let by_hand = world.file_as_person(&world.login(), "Documentation", "To be written.");
    assert_eq!(story.play(&world).await.ending, Ending::Approved);
    let issues = filed(&world).await;
    assert_eq!(issues.len(), 2, "{issues:?}");
    assert!(issues.iter().all(|issue| issue.number.0 != by_hand));
}
