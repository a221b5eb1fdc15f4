//! One question to one agent: which turn it is, what the agent is told, and what the answer is measured against.

use jiff::Timestamp;

use crate::domain::access::Access;
use crate::domain::agent::ResponseKind;
use crate::domain::failure::TurnFailure;
use crate::domain::gate::Measurement;
use crate::domain::ids::{BranchName, CommitSha, Label};
use crate::domain::instant::was_set_back;
use crate::domain::item::{Author, Item};
use crate::domain::policy::Followups;
use crate::domain::requirement::Requirements;
use crate::domain::turn::TurnKey;
use crate::protocol::answer;
use crate::protocol::context::{Clarification, ContextSubject};
use crate::protocol::expectation::{Complaint, Expectation, Owner, ShownItem};
use crate::protocol::kinds::coder_followup::CoderFollowup;
use crate::protocol::kinds::implementation::{Delivery, Implementation};
use crate::protocol::preservation;
use crate::protocol::raw_answer::RawAnswer;

use super::retry::Tries;

/// A turn to be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    pub key: TurnKey,
    /// What the turn may do.
    pub access: Access,
    /// What the agent is told; the engine adds the diff.
    pub brief: Brief,
    /// What the answer is measured against.
    pub expectation: Expectation,
    /// How many turns of this label and role the ledger knows.
    pub published_turns: u32,
    pub purpose: Purpose,
    /// The model that is asked, if one is named.
    pub model: Option<String>,
    /// The turn is not started before this is over.
    pub pause: Option<Pause>,
    /// The ref of what an earlier try of this coder had done when its service gave out: it is laid out again.
    pub unfinished: Option<String>,
    /// The commit of the base branch that the coder merges into its head.
    pub merges: Option<CommitSha>,
    /// How often and of whom the question was asked before.
    pub tries: Tries,
}

/// What an agent is told in a turn, but for the diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    pub subject: ContextSubject,
    /// The text that the change is for.
    pub task: String,
    /// The issue or task that a pull request came from.
    pub origin: Option<ContextSubject>,
    /// The commit or branch that the diff begins at.
    pub against: Against,
    pub items: Vec<Item>,
    pub requirements: Requirements,
    pub gates: Vec<Measurement>,
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
}

/// What a head is compared with: the merge base with a branch or a commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Against {
    Branch(BranchName),
    Commit(CommitSha),
}

/// The time between a failure and the next try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
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
    pub source: String,
    pub complaints: Vec<String>,
    /// The model that is asked, if one was named.
    pub model: Option<String>,
    /// How many others are asked if this one does not succeed.
    pub others: usize,
}

/// What becomes of the files that a coder left in its clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftFiles {
    /// They are committed, with this message.
    Commit(String),
    /// They are kept aside: there is no valid answer to go with them.
    KeepAside,
}

impl Ask {
    /// A question that is put for the first time.
    pub fn first(
        key: TurnKey,
        access: Access,
        brief: Brief,
        expectation: Expectation,
        model: Option<String>,
    ) -> Self {
        Self {
            key,
            access,
            brief,
            expectation,
            published_turns: 0,
            purpose: Purpose::Work,
            model,
            pause: None,
            unfinished: None,
            merges: None,
            tries: Tries::default(),
        }
    }

    /// What is wrong with an answer that does not follow the protocol; nothing, if it does.
    pub fn complaints(&self, raw: &RawAnswer) -> Option<Vec<Complaint>> {
        let understood = answer::understand(raw, &self.expectation);
        let kept = understood.and_then(|understood| match &self.purpose {
            Purpose::Form(form) => preservation::check(&form.source, &understood.object, &self.expectation),
            Purpose::Work | Purpose::Again { .. } => Ok(()),
        });
        kept.err()
    }

    /// Returns what a valid answer says and what does not count, such as a disposition of an unknown item.
    pub fn left_out(&self, raw: &RawAnswer) -> Vec<String> {
        answer::understand(raw, &self.expectation)
            .map_or_else(|_| Vec::new(), |understood| understood.left_out)
    }

    /// What becomes of a coder's files, given what it said.
    pub fn work(&self, raw: &RawAnswer) -> LeftFiles {
        match self.key.kind {
            ResponseKind::Implementation => self.first_work(raw),
            ResponseKind::CoderFollowup => self.later_work(raw),
            ResponseKind::PrReview
            | ResponseKind::PlanState
            | ResponseKind::PlanRevision
            | ResponseKind::PlanReview
            | ResponseKind::PlanDecomposition
            | ResponseKind::DiscussReview
            | ResponseKind::DiscussAgenda => LeftFiles::KeepAside,
        }
    }

    fn first_work(&self, raw: &RawAnswer) -> LeftFiles {
        match answer::read::<Implementation>(raw, &self.expectation).map(|reading| reading.meaning) {
            Ok(Delivery::Done { title, summary, .. }) => LeftFiles::Commit(format!("{title}\n\n{summary}\n")),
            Ok(Delivery::Questions(_)) => LeftFiles::KeepAside,
            Err(_) => LeftFiles::Commit(self.provisional()),
        }
    }

    /// The message for work whose words are still to be put into form. If that fails, the commit is kept aside.
    fn provisional(&self) -> String {
        format!("Work of {} in round {}\n", self.key.label, self.key.round)
    }

    fn later_work(&self, raw: &RawAnswer) -> LeftFiles {
        match answer::read::<CoderFollowup>(raw, &self.expectation) {
            Ok(reading) => {
                let summary = reading.said.summary.as_str();
                let first: String = summary.lines().next().unwrap_or_default().chars().take(72).collect();
                LeftFiles::Commit(format!("{first}\n\n{summary}\n"))
            }
            Err(_) => LeftFiles::Commit(self.provisional()),
        }
    }
}

/// A turn whose answer does not follow the protocol.
pub fn malformed(complaints: &[Complaint]) -> TurnFailure {
    TurnFailure::Malformed { complaints: complaints.iter().map(ToString::to_string).collect() }
}

/// Items as the validator looks at them.
pub fn shown_items(items: &[Item], is_on_roster: impl Fn(&Label) -> bool) -> Vec<ShownItem> {
    let owner = |item: &Item| match &item.author {
        Author::Gate(_) => Owner::Gate,
        Author::Reviewer(label) if is_on_roster(label) => Owner::Reviewer,
        Author::Reviewer(_) => Owner::FormerReviewer,
    };
    let shown = |item: &Item| ShownItem { id: item.id.clone(), status: item.status, owner: owner(item) };
    items.iter().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_set_back_ends_pauses() {
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
