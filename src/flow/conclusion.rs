//! How a run ends, and why. An approving conclusion takes the proof of an approval.

use crate::domain::ending::{Blocked, Ending, Failed, NeedsHuman, Parked, Refused};
use crate::domain::ids::CommitSha;

use jiff::Timestamp;

use super::approval::{Approval, Unanimous};

/// How a run ends, and why, in words for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conclusion {
    ending: Ending,
    message: String,
    /// The head at that time, where there is one.
    head: Option<CommitSha>,
}

impl Conclusion {
    fn new(ending: Ending, message: String) -> Self {
        Self { ending, message, head: None }
    }

    /// Everyone approved the head, and every gate passed on it.
    pub fn approved(_: &Approval, message: String) -> Self {
        Self::new(Ending::Approved, message)
    }

    /// The approved head was merged by this commit.
    pub fn merged(_: &Approval, commit: CommitSha, message: String) -> Self {
        Self::new(Ending::Merged { commit }, message)
    }

    /// Everyone approved the head; the forge's checks are not finished.
    pub fn checks_pending(_: &Unanimous, message: String) -> Self {
        Self::new(Ending::ApprovedCiPending, message)
    }

    /// Nothing was begun.
    pub fn refused(reason: Refused, message: impl Into<String>) -> Self {
        Self::new(Ending::Refused { reason }, message.into())
    }

    /// Something is left to fix, and the loop has done what it may.
    pub fn blocked(reason: Blocked, message: impl Into<String>) -> Self {
        Self::new(Ending::Blocked { reason }, message.into())
    }

    /// The loop could not do its work.
    pub fn failed(reason: Failed, message: impl Into<String>) -> Self {
        Self::new(Ending::Failed { reason }, message.into())
    }

    /// The run waits for an allowance to come back.
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

    /// A record says so already, and nothing has happened since.
    pub fn again(recorded: &Ending, message: String) -> Self {
        Self::new(recorded.clone(), message)
    }

    /// The same conclusion, about this head.
    #[must_use]
    pub fn about(self, head: &CommitSha) -> Self {
        Self { head: Some(head.clone()), ..self }
    }

    /// The same conclusion, its message rewritten.
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

    pub fn head(&self) -> Option<&CommitSha> {
        self.head.as_ref()
    }
}
