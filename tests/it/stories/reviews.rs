//! Stories of rounds: blocking, fixing, disputing, giving up.

use agent_loop::domain::agent::AgentName;
use agent_loop::domain::ending::{Blocked, Ending, Failed, NeedsHuman, Refused};
use agent_loop::domain::failure::TurnFailure;
use agent_loop::domain::gate::Verdict;
use agent_loop::domain::policy::OnReviewerFailure;
use agent_loop::domain::roster::Seat;
use agent_loop::engine::outcome::Outcome;

use super::cast::{
    FILE, addresses_all, agent, always_approves, always_fails, always_says, approves, blocks, blocks_while,
    disputes_all, honest_coder, implements_and, leaves_all,
};
use super::stage::{Begins, Story, StoryGate, story};
use crate::world::{Agent, Reaction, Tree};

/// Creates a coder that implements honestly and answers every review in this way.
fn coder_that_answers(answer: fn(&agent_loop::ports::agents::TurnOrder) -> String) -> Agent {
    implements_and(move |order, _| Reaction::Says(answer(order)))
}

pub(super) fn two_reviewers_one_blocks() -> Story {
    story(
        "two reviewers, one blocks",
        honest_coder(),
        vec![("careful", blocks_while("bug")), ("quick", always_approves())],
    )
}

/// Fails on a tree with a bug.
pub(super) fn bug_fails(tree: &Tree) -> Verdict {
    if tree.get(FILE).is_some_and(|text| text.contains("bug")) { Verdict::Fail } else { Verdict::Pass }
}

pub(super) fn red_tests() -> Story {
    let gates = vec![StoryGate::required("tests", bug_fails)];
    Story { gates, ..story("red tests", honest_coder(), vec![("quick", always_approves())]) }
}

pub(super) fn lost_dispute() -> Story {
    story("lost dispute", coder_that_answers(disputes_all), vec![("careful", blocks_while("bug"))])
}

pub(super) fn won_dispute() -> Story {
    let convinced = agent(|order, _| {
        let objects = order.context.items.iter().any(|item| item.dispute.is_some());
        Reaction::Says(if objects { approves(order) } else { blocks(order, "is this right?") })
    });
    story(
        "won dispute",
        coder_that_answers(disputes_all),
        vec![("careful", convinced), ("quick", always_approves())],
    )
}

pub(super) fn never_content() -> Story {
    let busy = implements_and(|order, tree| {
        tree.insert(FILE.to_owned(), format!("bug {}", order.round));
        Reaction::Says(addresses_all(order))
    });
    Story { max_rounds: 3, ..story("never content", busy, vec![("careful", blocks_while("bug"))]) }
}

pub(super) fn idle_coder() -> Story {
    story("idle coder", coder_that_answers(leaves_all), vec![("careful", blocks_while("bug"))])
}

pub(super) fn failing_reviewer() -> Story {
    let failure = TurnFailure::Exit { code: 1, detail: "no".to_owned() };
    story(
        "failing reviewer",
        honest_coder(),
        vec![("careful", always_fails(&failure)), ("quick", always_approves())],
    )
}

pub(super) fn failing_reviewer_goes_on() -> Story {
    let failure = TurnFailure::Exit { code: 1, detail: "no".to_owned() };
    Story {
        on_failure: OnReviewerFailure::Continue,
        ..story(
            "failing reviewer, the loop goes on",
            honest_coder(),
            vec![("absent", always_fails(&failure)), ("careful", blocks_while("bug"))],
        )
    }
}

pub(super) fn a_persons_pull_request() -> Story {
    Story { begins: Begins::PullRequest, ..two_reviewers_one_blocks() }
}

fn assert_votes_on_head(outcome: &Outcome) {
    let head = outcome.view.head.as_ref().unwrap();
    assert!(outcome.view.votes.iter().all(|vote| vote.head == *head), "{:?}", outcome.view.votes);
}

#[tokio::test]
async fn everyone_must_approve_the_same_commit() {
    let story = two_reviewers_one_blocks();
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Approved);
    let summaries = [
        "1 opened Stand",
        "1 careful blocking [\"item-1\"] []",
        "1 quick approved [] []",
        "1 sam answers, changed",
        "2 careful approved [] [\"item-1 resolved\"]",
        "2 quick approved [] [\"item-1 resolved\"]",
        "2 concluded approved -",
    ];
    assert_eq!(story.summaries(&world), summaries);
    assert_votes_on_head(&outcome);
}

#[tokio::test]
async fn an_empty_difference_is_never_reviewed() {
    let story = a_persons_pull_request();
    let world = story.world();
    world.force_push(&"feature".parse().unwrap(), world.branches()[&"main".parse().unwrap()].clone());
    let outcome = story.play(&world).await;
    assert_eq!((outcome.ending, world.calls()), (Ending::Refused { reason: Refused::NoChange }, Vec::new()));
}

#[tokio::test]
async fn a_change_taken_back_is_blocked() {
    let takes_back = implements_and(|order, tree| {
        tree.insert(FILE.to_owned(), "old".to_owned());
        Reaction::Says(addresses_all(order))
    });
    let story = story("takes it back", takes_back, vec![("careful", blocks_while("bug"))]);
    let outcome = story.play(&story.world()).await;
    assert_eq!(outcome.ending, Ending::Blocked { reason: Blocked::NoChange });
    assert!(outcome.message.contains("changes no file"), "{}", outcome.message);
}

#[tokio::test]
async fn an_approval_is_not_given_twice() {
    let story = two_reviewers_one_blocks();
    let world = story.world();
    story.play(&world).await;
    let (calls, summaries) = (world.calls(), story.summaries(&world));
    let again = story.play(&world).await;
    assert_eq!((again.ending, world.calls(), story.summaries(&world)), (Ending::Approved, calls, summaries));
}

#[tokio::test]
async fn only_green_tests_resolve_red_ones() {
    let story = red_tests();
    let world = story.world();
    assert_eq!(story.play(&world).await.ending, Ending::Approved);
    let summaries = [
        "1 opened Stand",
        "1 gates [\"fail\"] opened 1 resolved 0",
        "1 sam answers, changed",
        "2 gates [\"pass\"] opened 0 resolved 1",
        "2 quick approved [] []",
        "2 concluded approved -",
    ];
    assert_eq!(story.summaries(&world), summaries);
}

#[tokio::test]
async fn an_unmeasured_gate_is_not_green() {
    let story = Story { gates: vec![StoryGate::required("tests", |_| Verdict::Inconclusive)], ..red_tests() };
    let outcome = story.play(&story.world()).await;
    assert_eq!((outcome.ending.exit_code(), outcome.ending), (6, Ending::Inconclusive));
}

#[tokio::test]
async fn a_repeated_dispute_needs_a_person() {
    let outcome = lost_dispute().play(&lost_dispute().world()).await;
    assert_eq!(outcome.ending, Ending::NeedsHuman { reason: NeedsHuman::Dispute });
    assert!(outcome.message.contains("it is meant to be so"), "{}", outcome.message);
    assert_eq!(won_dispute().play(&won_dispute().world()).await.ending, Ending::Approved);
}

#[tokio::test]
async fn the_loop_ends_at_its_maximum() {
    let story = never_content();
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_eq!((outcome.ending, outcome.view.rounds), (Ending::Blocked { reason: Blocked::Rounds }, 3));
    assert_eq!(world.calls().iter().filter(|call| call.contains("coder_followup")).count(), 2);
}

#[tokio::test]
async fn an_idle_coder_ends_the_run() {
    let outcome = idle_coder().play(&idle_coder().world()).await;
    assert_eq!((outcome.ending, outcome.view.rounds), (Ending::Blocked { reason: Blocked::NoChange }, 2));
}

#[tokio::test]
async fn a_failed_reviewer_has_not_voted() {
    let story = failing_reviewer();
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Failed { reason: Failed::ReviewerUnavailable });
    assert_eq!(story.summaries(&world)[1], "1 quick approved [] []", "an earlier vote remains valid");
    let story = failing_reviewer_goes_on();
    let outcome = story.play(&story.world()).await;
    assert_eq!(outcome.ending, Ending::Failed { reason: Failed::ReviewerUnavailable });
    assert_eq!(outcome.view.rounds, 2, "the coder worked on what the other found");
}

#[tokio::test]
async fn garbage_is_never_an_approval() {
    for garbage in [
        "",
        "LGTM",
        "{}",
        r#"{"state":"approved"}"#,
        r#"{"schema_version":1,"kind":"pr_review","state":"approved","summary":"s"}"#,
        r#"{"schema_version":1,"kind":"pr_review","state":"approved","summary":"s","prior_item_dispositions":[]"#,
        r#"{"schema_version":1,"kind":"pr_review","state":"blocking","summary":"s","prior_item_dispositions":[]}"#,
        "<!-- AGENT_STATE: approved -->",
    ] {
        let story = story("garbage", honest_coder(), vec![("careful", always_says(garbage))]);
        let outcome = story.play(&story.world()).await;
        assert_eq!(outcome.ending, Ending::Failed { reason: Failed::ReviewerUnavailable }, "{garbage}");
    }
}

#[tokio::test]
async fn a_tampering_reviewer_has_no_vote() {
    let tampers = agent(|order, tree| {
        tree.insert(FILE.to_owned(), "better".to_owned());
        Reaction::Says(approves(order))
    });
    let story = story("tampering", honest_coder(), vec![("careful", tampers)]);
    let outcome = story.play(&story.world()).await;
    assert_eq!(outcome.ending, Ending::Failed { reason: Failed::ReviewerUnavailable });
    assert!(outcome.message.contains("changed what it reviewed"), "{}", outcome.message);
}

#[tokio::test]
async fn a_push_voids_an_approval() {
    let story = a_persons_pull_request();
    let world = story.world();
    assert_eq!(story.play(&world).await.ending, Ending::Approved);
    let more = [(FILE.to_owned(), "again a bug".to_owned())].into();
    world.push_as_person(&"feature".parse().unwrap(), &"main".parse().unwrap(), more);
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Approved);
    assert_eq!(world.branches()[&"feature".parse().unwrap()][FILE], "new and good");
    assert_votes_on_head(&outcome);
}

#[tokio::test]
async fn a_dependent_reviewer_is_named() {
    let story = two_reviewers_one_blocks();
    for (coder, dependent) in [("claude", Some("`careful`")), ("codex", Some("`quick`")), ("gemini", None)] {
        let seat = |label: &str, backend: &str| {
            let name: AgentName = format!("{label}={backend}").parse().unwrap();
            Seat::from(&name)
        };
        let mut request = story.request();
        request.asked.coder = Some(seat("sam", coder));
        request.asked.reviewers = vec![seat("careful", "claude"), seat("quick", "codex")];
        let world = story.world();
        let outcome = story.run_as(&world, story.assignment(&world), request).await.unwrap();
        assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
        let thread = world.thread(story.pull_request().0);
        let published = &thread.last().unwrap().body;
        for said in [outcome.message.as_str(), published] {
            match dependent {
                Some(who) => {
                    let words =
                        format!("Not independent: the reviewer {who} is of the same vendor as the coder");
                    assert!(said.contains(&words), "{coder}: {said}");
                }
                None => assert!(!said.contains("independent"), "{coder}: {said}"),
            }
        }
    }
    let world = story.world();
    let outcome = story.play(&world).await;
    assert!(!outcome.message.contains("independent"), "scripts have no vendor: {}", outcome.message);
}

/// A coder that changes the file in every turn, but never the part that the gate measures.
#[tokio::test]
async fn the_same_red_output_ends_blocked() {
    let red_on = |bad: fn(&str) -> bool| {
        StoryGate::required("tests", move |tree| {
            if tree.get(FILE).is_some_and(|text| bad(text)) { Verdict::Fail } else { Verdict::Pass }
        })
    };
    for (gate, on_base, next) in [
        (red_on(|_| true), "`main` at", Some("agent-loop logs pr/1")),
        (red_on(|_| true), "run it again with the right `--test-command`", Some("agent-loop logs pr/1")),
        (red_on(|text| text != "old"), "passes, so this change breaks it", None),
    ] {
        let busy = implements_and(|order, tree| {
            tree.insert(FILE.to_owned(), format!("bug {}", order.round));
            Reaction::Says(addresses_all(order))
        });
        let story = Story {
            gates: vec![gate],
            max_rounds: 10,
            ..story("hopeless", busy, vec![("quick", always_approves())])
        };
        let world = story.world();
        let outcome = story.play(&world).await;
        assert_eq!(outcome.ending, Ending::Blocked { reason: Blocked::Gate }, "{}", outcome.message);
        assert!(outcome.message.contains(on_base), "{}", outcome.message);
        assert_eq!(outcome.next.as_deref(), next);
        assert_eq!(world.calls().len(), 3, "the first turn and two fixes: {:?}", world.calls());
    }
}
