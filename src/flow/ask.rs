//! One question to one agent: the key of the turn, the input for the prompt, and the expectation for the answer.

use jiff::Timestamp;

use crate::domain::access::Access;
use crate::domain::agent::ResponseKind;
use crate::domain::failure::TurnFailure;
use crate::domain::gate::Measurement;
use crate::domain::ids::{BranchName, CommitSha, Label};
use crate::domain::instant::was_set_back;
use crate::domain::item::{Author, Item};
use crate::domain::plan::PlanReference;
use crate::domain::policy::Followups;
use crate::domain::requirement::Requirements;
use crate::domain::turn::{TurnKey, Unfinished};
use crate::protocol::answer;
use crate::protocol::context::{Clarification, ContextDebate, ContextPosition, ContextSubject};
use crate::protocol::expectation::{Complaint, Expectation, Owner, ShownItem};
use crate::protocol::kinds::coder_followup::CoderFollowup;
use crate::protocol::kinds::implementation::{Implementation, Implemented};
use crate::protocol::kinds::shared::OrQuestions;
use crate::protocol::preservation;
use crate::protocol::raw_answer::RawAnswer;

use super::retry::Tries;

/// A turn that the flow requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    pub key: TurnKey,
    pub access: Access,
    /// The input for the prompt; the engine adds the diff.
    pub brief: Brief,
    pub expectation: Expectation,
    /// The number of turns of this label and role in the ledger.
    pub published_turns: u32,
    pub purpose: Purpose,
    /// The requested model.
    pub model: Option<String>,
    /// The wait before the turn starts.
    pub pause: Option<Pause>,
    /// The coder's work from an earlier attempt: the clone gets these files again.
    pub unfinished: Option<Unfinished>,
    /// The commit of the base branch that the coder merges into its head.
    pub merges: Option<CommitSha>,
    /// The earlier attempts.
    pub tries: Tries,
}

/// The input for the prompt of a turn, except for the diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    pub subject: ContextSubject,
    /// The text of the task, or of the issue, that the change is for.
    pub task: String,
    /// The issue or task of the pull request.
    pub origin: Option<ContextSubject>,
    /// The base of the diff.
    pub against: Against,
    pub items: Vec<Item>,
    pub requirements: Requirements,
    pub gates: Vec<Measurement>,
    /// The treatment of future items.
    pub followups: Followups,
    /// The branch of a coder's clone.
    pub branch: Option<BranchName>,
    /// The maximum number of rounds.
    pub max_rounds: u32,
    /// Earlier questions of the coder, with a person's answers.
    pub clarifications: Vec<Clarification>,
    /// The coder's latest summary of its change.
    pub summary: Option<String>,
    /// The plan under review, or the approved plan of the change.
    pub plan: Option<PlanReference>,
    /// The state of the debate, for debaters and the analyzer.
    pub debate: Option<ContextDebate>,
    /// The positions of debaters that this agent may see.
    pub positions: Vec<ContextPosition>,
}

impl Brief {
    /// Creates the input for a prompt about a subject.
    pub fn about(subject: ContextSubject, against: Against, max_rounds: u32) -> Self {
        Self {
            task: subject.text(),
            subject,
            origin: None,
            against,
            items: Vec::new(),
            requirements: Requirements::default(),
            gates: Vec::new(),
            followups: Followups::Ignore,
            branch: None,
            max_rounds,
            clarifications: Vec::new(),
            summary: None,
            plan: None,
            debate: None,
            positions: Vec::new(),
        }
    }
}

/// The base with which a head is compared: its merge base with a branch or a commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Against {
    Branch(BranchName),
    Commit(CommitSha),
}

/// The wait between a failure and the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    pub since: Timestamp,
    pub until: Timestamp,
}

impl Pause {
    /// Returns whether the pause is over. It also is if the clock was set back since the pause began, because the
    /// remaining time is then unknown, and asking costs only one turn.
    pub fn is_over(self, now: Timestamp) -> bool {
        self.until <= now || was_set_back(self.since, now)
    }
}

/// The purpose of a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    Work,
    /// Repeat the work: the previous answer lacked something that only this agent can state.
    Again {
        complaints: Vec<String>,
    },
    /// Reformat an answer.
    Form(Form),
}

/// An answer to reformat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    pub source: String,
    pub complaints: Vec<String>,
    /// The requested model.
    pub model: Option<String>,
    /// The number of further attempts if this one fails.
    pub others: usize,
}

/// The treatment of the files that a coder left in its clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftFiles {
    /// Commit them with this message.
    Commit(String),
    /// Salvage them, because there is no valid answer.
    KeepAside,
}

impl Ask {
    /// Creates a question that is asked for the first time.
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

    /// Returns the complaints about an answer; `None` if it follows the protocol.
    pub fn complaints(&self, raw: &RawAnswer) -> Option<Vec<Complaint>> {
        let understood = answer::understand(raw, &self.expectation);
        let kept = understood.and_then(|understood| match &self.purpose {
            Purpose::Form(form) => preservation::check(&form.source, &understood.object, &self.expectation),
            Purpose::Work | Purpose::Again { .. } => Ok(()),
        });
        kept.err()
    }

    /// Returns the content of a valid answer that does not count, such as a disposition of an unknown item.
    pub fn left_out(&self, raw: &RawAnswer) -> Vec<String> {
        answer::understand(raw, &self.expectation)
            .map_or_else(|_| Vec::new(), |understood| understood.left_out)
    }

    /// Returns the treatment of a coder's files, given its answer.
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
            Ok(OrQuestions::Done(Implemented { title, summary, .. })) => {
                LeftFiles::Commit(format!("{title}\n\n{summary}\n"))
            }
            Ok(OrQuestions::Questions(_)) => LeftFiles::KeepAside,
            Err(_) => LeftFiles::Commit(self.provisional()),
        }
    }

    /// Returns the commit message for work whose answer must be reformatted first. If that fails, the commit is salvaged.
    fn provisional(&self) -> String {
        match self.key.round {
            0 => format!("Work of {}\n", self.key.label),
            round => format!("Work of {} in round {round}\n", self.key.label),
        }
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

/// Creates the failure of a turn whose answer does not follow the protocol.
pub fn malformed(complaints: &[Complaint]) -> TurnFailure {
    TurnFailure::Malformed { complaints: complaints.iter().map(ToString::to_string).collect() }
}

/// Converts items for the validator.
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
            // A time server corrected the clock.
            (999_900, false),
            // A person corrected it: it was ahead by days when the failure was recorded.
            (500_000, true),
        ] {
            assert_eq!(pause.is_over(at(now)), is_over, "{now}");
        }
    }
}
