//! What the engine is told to do next. One step at a time; the engine has the one match over it.

use jiff::Timestamp;

use crate::domain::agent::ResponseKind;
use crate::domain::ending::Ending;
use crate::domain::failure::TurnFailure;
use crate::domain::ids::{BranchName, ChildKey, CommitSha, ItemId, Label, PullRequestNumber, RunId};
use crate::domain::instant::was_set_back;
use crate::domain::item::{Author, Item};
use crate::domain::policy::Followups;
use crate::domain::requirement::Requirements;
use crate::domain::turn::TurnKey;
use crate::domain::usage::Usage;
use crate::ledger::record::{Draft, Payload};
use crate::protocol::answer;
use crate::protocol::context::Clarification;
use crate::protocol::expectation::{Complaint, Expectation, Owner, ShownItem};
use crate::protocol::kinds::coder_followup::CoderFollowup;
use crate::protocol::kinds::implementation::{Delivery, Implementation};
use crate::protocol::preservation;
use crate::protocol::raw_answer::RawAnswer;

use super::request::Terms;
use super::retry::Tries;

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Start these turns, at once.
    Ask(Vec<Ask>),
    /// Wait until a running turn ends.
    Await,
    /// Run the test command on this commit.
    Measure(Measure),
    /// Move a branch on the forge.
    Push(PushOrder),
    OpenPullRequest(PullRequestOrder),
    Publish(Box<Draft>),
    /// Ask a person the coder's questions.
    Clarify {
        turn: TurnKey,
        questions: Vec<String>,
    },
    /// File an issue, or find the one that was filed before.
    FileIssue(IssueOrder),
    /// Merge, with this head as precondition.
    Merge {
        head: CommitSha,
    },
    Wait {
        /// What is waited for, in words for a person.
        what: String,
        /// The instant at which to look again.
        until: Timestamp,
    },
    /// The pull request stands: go on with its review.
    HandOver {
        /// The run goes on under the same id.
        run: RunId,
        pull_request: PullRequestNumber,
        /// The head that our coder delivered, if it did so in this run.
        delivered: Option<CommitSha>,
        /// Who takes part, and by which rules.
        terms: Option<Terms>,
        /// What the run has spent until now.
        spent: Usage,
    },
    Stop {
        /// The state in which the run ends; it decides the exit code.
        ending: Ending,
        /// The reason, in words for a person.
        message: String,
    },
}

/// A turn to be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    pub key: TurnKey,
    /// The findings that are shown.
    pub shown: Vec<Item>,
    /// What the answer is measured against.
    pub expectation: Expectation,
    pub requirements: Requirements,
    /// What becomes of future items.
    pub followups: Followups,
    /// The branch that a coder's clone is on.
    pub branch: Option<BranchName>,
    /// The last round that may be taken.
    pub max_rounds: u32,
    /// Questions that the coder asked before, and a person's answers.
    pub clarifications: Vec<Clarification>,
    /// What the coder last said of its change.
    pub summary: Option<String>,
    /// How many turns of this label and role the ledger knows.
    pub published_turns: u32,
    /// What the turn is for.
    pub purpose: Purpose,
    /// The model that is asked, if one is named.
    pub model: Option<String>,
    /// It is not started before this is over.
    pub pause: Option<Pause>,
    /// The ref of what an earlier try of this coder had done when its service gave out: it is laid out again.
    pub unfinished: Option<String>,
    /// How often and of whom the question was asked before.
    pub tries: Tries,
}

/// The time between a failure and the next try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// When the failure was noted.
    pub since: Timestamp,
    /// When the question may be put again.
    pub until: Timestamp,
}

impl Pause {
    /// Whether the question may be put. A clock that shows an earlier time than when the pause began was set back: then
    /// nobody knows how long it still is, and asking costs one turn.
    pub fn is_over(self, now: Timestamp) -> bool {
        self.until <= now || was_set_back(self.since, now)
    }
}

/// What a turn is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    Work,
    /// The work again: the answer before lacked something that only this agent can say.
    Again {
        /// What was wrong with it.
        complaints: Vec<String>,
    },
    /// Only the form of an answer.
    Form(Form),
}

/// An answer that is to be put into form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// What was said, as it was said.
    pub source: String,
    /// What is wrong with it.
    pub complaints: Vec<String>,
    /// The model that is asked, if one was named.
    pub model: Option<String>,
    /// How many others are asked if this one does not succeed.
    pub others: usize,
}

/// An issue for a follow-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueOrder {
    /// The name by which it is found again.
    pub key: ChildKey,
    /// The pull request that it comes from.
    pub parent: PullRequestNumber,
    pub head: CommitSha,
    /// Its title, in a reviewer's words.
    pub title: String,
    /// What is to be done, in a reviewer's words.
    pub text: String,
    pub notes: Vec<String>,
}

/// A run of the test command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    pub run: RunId,
    pub round: u32,
    pub head: CommitSha,
}

/// A branch to be moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushOrder {
    /// The branch that is moved.
    pub branch: BranchName,
    /// The commit at which it is to be.
    pub commit: CommitSha,
    /// The commit at which it must be until then; absent: it must not exist.
    pub expected: Option<CommitSha>,
}

/// A pull request to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequestOrder {
    pub branch: BranchName,
    pub base_ref: BranchName,
    /// Its title, in the coder's words.
    pub title: String,
    /// Its description, in the coder's words.
    pub body: String,
}

/// What becomes of the files that a coder left in its clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// They are committed, with this message.
    Commit(String),
    /// They are kept aside: there is no valid answer to go with them.
    KeepAside,
}

impl Ask {
    /// What is wrong with an answer that does not follow the protocol; nothing, if it does.
    pub fn complaints(&self, raw: &RawAnswer) -> Option<Vec<Complaint>> {
        let understood = answer::understand(raw, &self.expectation);
        let kept = understood.and_then(|understood| match &self.purpose {
            Purpose::Form(form) => preservation::check(&form.source, &understood.object, understood.verdict),
            Purpose::Work | Purpose::Again { .. } => Ok(()),
        });
        kept.err()
    }

    /// What becomes of a coder's files, given what it said.
    pub fn work(&self, raw: &RawAnswer) -> Work {
        match self.key.kind {
            ResponseKind::Implementation => self.first_work(raw),
            ResponseKind::CoderFollowup => self.later_work(raw),
            ResponseKind::PrReview
            | ResponseKind::PlanState
            | ResponseKind::PlanRevision
            | ResponseKind::PlanReview
            | ResponseKind::PlanDecomposition
            | ResponseKind::DiscussReview
            | ResponseKind::DiscussAgenda => Work::KeepAside,
        }
    }

    fn first_work(&self, raw: &RawAnswer) -> Work {
        match answer::read::<Implementation>(raw, &self.expectation).map(|reading| reading.meaning) {
            Ok(Delivery::Done { title, summary, .. }) => Work::Commit(format!("{title}\n\n{summary}\n")),
            Ok(Delivery::Questions(_)) => Work::KeepAside,
            Err(_) => Work::Commit(self.provisional()),
        }
    }

    /// The message for work whose words are still to be put into form. If that fails, the commit is kept aside.
    fn provisional(&self) -> String {
        format!("Work of {} in round {}\n", self.key.label, self.key.round)
    }

    fn later_work(&self, raw: &RawAnswer) -> Work {
        match answer::read::<CoderFollowup>(raw, &self.expectation) {
            Ok(reading) => {
                let summary = reading.said.summary.as_str();
                let first: String = summary.lines().next().unwrap_or_default().chars().take(72).collect();
                Work::Commit(format!("{first}\n\n{summary}\n"))
            }
            Err(_) => Work::Commit(self.provisional()),
        }
    }
}

/// A turn whose answer does not follow the protocol.
pub fn malformed(complaints: &[Complaint]) -> TurnFailure {
    TurnFailure::Malformed { complaints: complaints.iter().map(ToString::to_string).collect() }
}

/// A record to be published.
pub fn publish(run: &RunId, round: u32, payload: Payload) -> Step {
    Step::Publish(Box::new(Draft { run: run.clone(), round, payload }))
}

/// Items as the validator looks at them.
pub fn shown_items(items: &[Item], is_on_roster: impl Fn(&Label) -> bool) -> Vec<ShownItem> {
    let owner = |item: &Item| match &item.author {
        Author::Gate(_) => Owner::Gate,
        Author::Reviewer(label) if is_on_roster(label) => Owner::Reviewer,
        Author::Reviewer(_) => Owner::FormerReviewer,
    };
    let shown = |item: &Item| ShownItem { id: item.id.clone(), standing: item.standing, owner: owner(item) };
    items.iter().map(shown).collect()
}

/// The ids of items, for sentences.
pub fn list(ids: impl IntoIterator<Item = ItemId>) -> String {
    let ids: Vec<String> = ids.into_iter().map(String::from).collect();
    ids.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_ends_when_its_time_has_come_and_when_the_clock_was_set_back() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let pause = Pause { since: at(1_000_000), until: at(1_000_015) };
        for (now, is_over) in [
            (1_000_000, false),
            (1_000_014, false),
            (1_000_015, true),
            (9_000_000, true),
            // A network corrected the clock.
            (999_900, false),
            // Somebody did: it was ahead by days when the failure was noted.
            (500_000, true),
        ] {
            assert_eq!(pause.is_over(at(now)), is_over, "{now}");
        }
    }
}
