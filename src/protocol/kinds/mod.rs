//! The kinds of answers, one file each: its fields, and what an answer of it comes to. A kind knows nothing of turns,
//! streams or rounds.

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
    /// Which.
    const KIND: ResponseKind;

    /// What a valid answer comes to.
    type Meaning: Clone + std::fmt::Debug + PartialEq;

    /// The one word by which it decides something: an approval, a vote. `None` where it decides nothing.
    fn verdict(&self) -> Option<&'static str> {
        None
    }

    /// What the answer comes to. It counts only if nothing is complained about.
    fn meaning(&self, expectation: &Expectation, report: &mut RuleReport) -> Self::Meaning;

    /// A marker of the older form beside the object says that every requirement of people is fulfilled.
    fn take_older_acknowledgement(&mut self, _: &Expectation) {}

    /// What the answer comes to, and what was left out of it.
    ///
    /// # Errors
    /// With every rule that it breaks.
    fn judged(&self, expectation: &Expectation) -> Result<(Self::Meaning, Vec<String>), Vec<Complaint>> {
        let mut report = RuleReport::default();
        let meaning = self.meaning(expectation, &mut report);
        if report.complaints.is_empty() { Ok((meaning, report.remarks)) } else { Err(report.complaints) }
    }
}
