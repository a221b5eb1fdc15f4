//! The end of a run with its reason. An approving conclusion requires the proof of an approval.

use crate::domain::correction::Correction;
use crate::domain::ending::{Blocked, Ending, Failed, NeedsHuman, Parked, Refused};
use crate::domain::ids::{CommitSha, IssueNumber};

use jiff::Timestamp;

use super::approval::{Approval, Unanimous};

/// The end of a run, with its reason for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conclusion {
    ending: Ending,
    message: String,
    /// The head at the end, if there is one.
    head: Option<CommitSha>,
    /// What follows, if it is not what follows every such end.
    next: Option<Box<AfterConclusion>>,
    reached: Reached,
}

/// What follows the end of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterConclusion {
    Command(String),
    /// The command, once a person has closed this issue.
    OnceClosed {
        issue: IssueNumber,
        command: String,
    },
    /// A person closes the subject.
    Closing,
    Correction(Correction),
}

/// When a run came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reached {
    #[default]
    Now,
    /// A record or the forge stated the end before this command.
    Before,
}

impl Conclusion {
    fn new(ending: Ending, message: String) -> Self {
        Self { ending, message, head: None, next: None, reached: Reached::Now }
    }

    /// All reviewers approved the head, and all gates passed on it.
    pub fn approved(_: &Approval, message: String) -> Self {
        Self::new(Ending::Approved, message)
    }

    /// The approved head was merged by this commit.
    pub fn merged(_: &Approval, commit: CommitSha, message: String) -> Self {
        Self::new(Ending::Merged { commit }, message)
    }

    /// All reviewers approved the head; the forge's checks are not finished.
    pub fn checks_pending(_: &Unanimous, message: String) -> Self {
        Self::new(Ending::ApprovedCiPending, message)
    }

    /// All reviewers approved the plan.
    pub fn planned(_: &Unanimous, message: String) -> Self {
        Self::new(Ending::Planned, message)
    }

    /// All reviewers approved the plan, and each of its phases has an issue.
    pub fn decomposed(_: &Unanimous, message: String) -> Self {
        Self::new(Ending::Decomposed, message)
    }

    /// The command was refused.
    pub fn refused(reason: Refused, message: impl Into<String>) -> Self {
        Self::new(Ending::Refused { reason }, message.into())
    }

    /// Findings remain, and the run has reached a limit.
    pub fn blocked(reason: Blocked, message: impl Into<String>) -> Self {
        Self::new(Ending::Blocked { reason }, message.into())
    }

    /// The run could not continue.
    pub fn failed(reason: Failed, message: impl Into<String>) -> Self {
        Self::new(Ending::Failed { reason }, message.into())
    }

    /// The run waits until a quota resets.
    pub fn parked(resets_at: Timestamp, reason: Parked, message: String) -> Self {
        Self::new(Ending::Parked { resets_at, reason }, message)
    }

    /// A person must decide.
    pub fn needs_human(reason: NeedsHuman, message: impl Into<String>) -> Self {
        Self::new(Ending::NeedsHuman { reason }, message.into())
    }

    /// A gate could not be measured.
    pub fn inconclusive(message: String) -> Self {
        Self::new(Ending::Inconclusive, message)
    }

    /// A record of this command states this end.
    pub fn recorded(ending: &Ending, message: String) -> Self {
        Self::new(ending.clone(), message)
    }

    /// A record or the forge already states this end.
    pub fn again(recorded: &Ending, message: String) -> Self {
        Self { reached: Reached::Before, ..Self::new(recorded.clone(), message) }
    }

    /// Adds the head to the conclusion.
    #[must_use]
    pub fn about(self, head: &CommitSha) -> Self {
        Self { head: Some(head.clone()), ..self }
    }

    /// Names the command that follows.
    #[must_use]
    pub fn with_next(self, command: String) -> Self {
        Self { next: Some(Box::new(AfterConclusion::Command(command))), ..self }
    }

    /// Names the command that follows once a person has closed an issue.
    #[must_use]
    pub fn with_next_after(self, issue: IssueNumber, command: String) -> Self {
        Self { next: Some(Box::new(AfterConclusion::OnceClosed { issue, command })), ..self }
    }

    /// Names the command that closes the subject.
    #[must_use]
    pub fn with_closing(self) -> Self {
        Self { next: Some(Box::new(AfterConclusion::Closing)), ..self }
    }

    /// Names what to change so that the next run does not fail in the same way.
    #[must_use]
    pub fn corrected_by(self, correction: Option<Correction>) -> Self {
        Self { next: correction.map(AfterConclusion::Correction).map(Box::new), ..self }
    }

    /// Rewrites the message of the conclusion.
    #[must_use]
    pub fn reworded(self, reword: impl FnOnce(String) -> String) -> Self {
        Self { message: reword(self.message), ..self }
    }

    pub fn ending(&self) -> &Ending {
        &self.ending
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    pub fn reached(&self) -> Reached {
        self.reached
    }

    /// Returns what follows, if it is not what follows every such end.
    pub fn next(&self) -> Option<&AfterConclusion> {
        self.next.as_deref()
    }

    pub fn head(&self) -> Option<&CommitSha> {
        self.head.as_ref()
    }
}
