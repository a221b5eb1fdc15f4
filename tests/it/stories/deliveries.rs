//! Stories from an issue or a task to a pull request.

use crate::world::{MemoryWorld, Reaction};
use agent_loop::domain::agent::ResponseKind;
use agent_loop::domain::ending::{Blocked, Ending, Failed, NeedsHuman, Parked, Refused};
use agent_loop::domain::failure::TurnFailure;
use agent_loop::domain::policy::AfterApproval;
use jiff::Timestamp;
use serde_json::json;

use super::cast::{
    FILE, addresses_all, agent, always_approves, always_fails, always_says, blocks_while, honest_coder,
    implementation,
};
use super::reviews::two_reviewers_one_blocks;
use super::stage::{Begins, Story, issue, story};

pub(super) fn an_issue_merged() -> Story {
    Story {
        name: "an issue, merged",
        begins: Begins::Issue,
        after: AfterApproval::Merge,
        ..two_reviewers_one_blocks()
    }
}

pub(super) fn a_coder_with_questions() -> Story {
    let curious = agent(|order, tree| {
        if order.kind != ResponseKind::Implementation {
            return Reaction::Says(addresses_all(order));
        }
        let Some(clarified) = order.context.clarifications.first() else {
            tree.insert(FILE.to_owned(), "half done".to_owned());
            let questions = json!({ "questions": ["How new?"] });
            let kind = "implementation";
            let asks =
                json!({ "schema_version": 1, "kind": kind, "summary": "?", "clarification": questions });
            return Reaction::Says(asks.to_string());
        };
        tree.insert(FILE.to_owned(), clarified.answer.clone());
        Reaction::Says(implementation(order))
    });
    Story {
        answer: Some("very new"),
        ..story("a coder with questions", curious, vec![("quick", always_approves())])
    }
}

#[tokio::test]
async fn an_issue_is_merged_and_closed() {
    let story = an_issue_merged();
    let world = story.world();
    let outcome = story.play(&world).await;
    assert!(matches!(outcome.ending, Ending::Merged { .. }), "{}", outcome.message);
    assert_eq!(world.branches()[&"main".parse().unwrap()][FILE], "new and good");
    assert_eq!(
        world.states(),
        [(1, "closed issue".to_owned()), (2, "merged pull request".to_owned())].into()
    );
    let again = story.play(&world).await;
    assert!(matches!(again.ending, Ending::Merged { .. }), "the same command again says the same");
}

#[tokio::test]
async fn an_unresponsive_forge_ends_the_run() {
    for deed in ["open pull request", "merge"] {
        let story = an_issue_merged();
        let world = story.world();
        world.be_deaf_to(deed);
        let outcome = story.play(&world).await;
        assert_eq!(outcome.ending, Ending::Failed { reason: Failed::Forge }, "{deed}");
        assert!(outcome.message.contains("3 tries: no answer"), "{}", outcome.message);
        world.restart();
        assert!(matches!(story.play(&world).await.ending, Ending::Merged { .. }), "{deed}");
    }
}

#[tokio::test]
async fn unanswered_questions_stop_the_run() {
    let story = a_coder_with_questions();
    let world = story.world();
    assert_eq!(story.play(&world).await.ending, Ending::Approved);
    assert_eq!(world.branches()[&"agent-loop/task-".to_owned().chain(&world)][FILE], "very new");
    assert_eq!(world.kept().len(), 1, "what the coder had begun is kept");
    let story = Story { answer: None, begins: Begins::Issue, ..story };
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::NeedsHuman { reason: NeedsHuman::Clarification });
    assert!(outcome.message.contains("How new?"), "{}", outcome.message);
}

/// Returns the only branch with this prefix.
trait OneBranch {
    fn chain(self, world: &MemoryWorld) -> agent_loop::domain::ids::BranchName;
}

impl OneBranch for String {
    fn chain(self, world: &MemoryWorld) -> agent_loop::domain::ids::BranchName {
        world.branches().into_keys().find(|name| name.as_str().starts_with(&self)).unwrap()
    }
}

#[tokio::test]
async fn an_idle_coder_delivers_nothing() {
    let lazy = agent(|order, _| Reaction::Says(implementation(order)));
    let story = story("nothing", lazy, vec![("quick", always_approves())]);
    let outcome = story.play(&story.world()).await;
    assert_eq!(outcome.ending, Ending::Blocked { reason: Blocked::NoChange });
}

#[tokio::test]
async fn a_failed_coder_is_asked_again() {
    let story = story("talker", always_says("done!"), vec![("quick", always_approves())]);
    let world = story.world();
    assert_eq!(story.play(&world).await.ending, Ending::Failed { reason: Failed::AgentFailed });
    assert_eq!(story.play(&world).await.ending, Ending::Failed { reason: Failed::AgentFailed });
    assert_eq!(world.calls().len(), 4, "each time the coder, and then somebody to put its words into form");
}

#[tokio::test]
async fn quota_parks_and_votes_stay() {
    let said: Timestamp = "1970-01-06T23:59:41.883991612Z".parse().unwrap();
    let resets_at: Timestamp = "1970-01-06T23:59:42Z".parse().unwrap();
    let tired = always_fails(&TurnFailure::Quota { resets_at: said, detail: String::new() });
    let story = story("quota", honest_coder(), vec![("careful", blocks_while("bug")), ("tired", tired)]);
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_eq!(
        (outcome.ending.exit_code(), outcome.ending),
        (3, Ending::Parked { resets_at, reason: Parked::Quota })
    );
    assert_eq!(outcome.view.votes.len(), 1);
    let words = "the quota of `tired` (reviewer) is used up until 1970-01-06 23:59 UTC";
    let published = world.thread(1).last().unwrap().body.clone();
    for said in [outcome.message.as_str(), &published] {
        assert!(said.contains(words) && !said.contains(":41."), "{said}");
    }
    assert!(published.starts_with("**Parked**"), "{published}");
    let before = world.calls().len();
    story.play(&world).await;
    assert_eq!(world.calls().len(), before + 1, "only the parked question is asked again");
}

#[tokio::test]
async fn the_coders_rate_limit_is_named() {
    let said: Timestamp = "1970-01-06T23:59:41.5Z".parse().unwrap();
    let tired = always_fails(&TurnFailure::RateLimited { retry_at: Some(said), detail: "slow".to_owned() });
    let story = story("rate limit", tired, vec![("quick", always_approves())]);
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending.exit_code(), 3, "{}", outcome.message);
    let words = "`sam` (coder) is rate limited until 1970-01-06 23:59 UTC";
    assert!(outcome.message.contains(words), "{}", outcome.message);
    let summaries = format!("{:?}", world.events());
    assert!(summaries.contains("1970-01-06T23:59:42Z") && !summaries.contains("23:59:41"), "{summaries}");
}

#[tokio::test]
async fn a_closed_issue_is_refused() {
    let story = an_issue_merged();
    let world = story.world();
    story.play(&world).await;
    let other = Story { begins: Begins::Issue, ..two_reviewers_one_blocks() };
    let world = other.world();
    let missing = other.run_as(&world, issue(9), other.request()).await;
    assert_eq!(missing.unwrap().ending, Ending::Refused { reason: Refused::Usage });
}

/// Questions that ended a run are asked at the terminal by the next command, before the coder's next turn.
#[tokio::test]
async fn a_later_command_asks_old_questions() {
    let silent = Story { answer: None, ..a_coder_with_questions() };
    let world = silent.world();
    let outcome = silent.play(&world).await;
    assert_eq!(outcome.ending, Ending::NeedsHuman { reason: NeedsHuman::Clarification });
    let asked = world.calls().len();
    let again = silent.play(&world).await;
    assert_eq!((again.ending, again.message), (outcome.ending, outcome.message));
    assert_eq!(world.calls().len(), asked, "nothing new for the coder");
    world.answer_questions("very new");
    let story = a_coder_with_questions();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    assert_eq!(
        world.calls().len(),
        asked + 2,
        "the coder with the answer, the reviewer: {:?}",
        world.calls()
    );
}
