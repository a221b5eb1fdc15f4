//! The kinds of answers, one file each: fields and meaning. A kind knows nothing of turns, streams or rounds.

pub mod coder_followup;
pub mod discuss_agenda;
pub mod discuss_review;
pub mod implementation;
pub mod plan_decomposition;
pub mod plan_review;
pub mod plan_revision;
pub mod plan_state;
pub mod pr_review;
pub mod shared;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::agent::ResponseKind;

use super::expectation::{Complaint, Expectation, RuleReport};

/// A kind of answer.
pub trait Kind: Clone + std::fmt::Debug + PartialEq + Serialize + DeserializeOwned + JsonSchema {
    const KIND: ResponseKind;

    /// The meaning of a valid answer.
    type Meaning: Clone + std::fmt::Debug + PartialEq;

    /// Returns the verdict, such as an approval or a vote; `None` for kinds without one.
    fn verdict(&self) -> Option<&'static str> {
        None
    }

    /// Returns the meaning of the answer. It is valid only without complaints.
    fn meaning(&self, expectation: &Expectation, report: &mut RuleReport) -> Self::Meaning;

    /// Applies an older marker beside the object, by which all human requirements are fulfilled.
    fn take_older_acknowledgement(&mut self, _: &Expectation) {}

    /// Returns the meaning of the answer, and the content that was left out.
    ///
    /// # Errors
    /// Returns all complaints.
    fn judged(&self, expectation: &Expectation) -> Result<(Self::Meaning, Vec<String>), Vec<Complaint>> {
        let mut report = RuleReport::default();
        let meaning = self.meaning(expectation, &mut report);
        if report.complaints.is_empty() { Ok((meaning, report.remarks)) } else { Err(report.complaints) }
    }
}
