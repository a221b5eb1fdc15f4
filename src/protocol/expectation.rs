//! The expectation for an answer, and complaints about an answer: path, expected value, actual value.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::agent::ResponseKind;
pub use crate::domain::debate::ResearchPolicy;
use crate::domain::ids::{ItemId, Label, RequirementId};
use crate::domain::item_status::ItemStatus;
use crate::domain::nonce::Nonce;

use super::text::Text;

/// An item in the prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownItem {
    pub id: ItemId,
    /// The status in the prompt.
    pub status: ItemStatus,
    pub owner: Owner,
}

/// The kind of author of a shown item. It decides which statements about the item are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A reviewer of the roster: reviewers dispose of the item, and the coder may dispute it.
    Reviewer,
    /// A former reviewer: reviewers dispose of the item, and the coder cannot dispute it.
    FormerReviewer,
    /// A gate: only the gate itself resolves it.
    Gate,
}

/// Whether all items of the ledger are known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Completeness {
    /// All are known: an id that was not shown was made up and is ignored.
    #[default]
    Complete,
    /// Records are missing: an unknown id may come from one of them.
    Gaps,
}

/// The human requirements in the prompt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surfaced {
    pub ids: Vec<RequirementId>,
    pub extent: SurfacedExtent,
}

/// Whether the prompt has all human requirements.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SurfacedExtent {
    #[default]
    All,
    /// Older ones were left out: the agent must read the whole discussion.
    Bounded,
}

/// The additional expectation for the answer of a debater or an analyzer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Debate {
    pub round: u32,
    pub debaters: Vec<Label>,
    pub research: ResearchPolicy,
}

/// The voter, with the nonce that its vote must return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voter {
    pub label: Label,
    pub nonce: Nonce,
}

/// The expectation for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The requested kind.
    pub kind: ResponseKind,
    /// The items in the prompt.
    pub shown: Vec<ShownItem>,
    /// Whether all items of the ledger are known.
    pub ledger: Completeness,
    /// The human requirements in the prompt.
    pub requirements: Surfaced,
    pub debate: Option<Debate>,
    /// The voter; without a voter no vote is valid.
    pub voter: Option<Voter>,
}

impl Expectation {
    /// Creates the expectation of an answer of this kind without items and requirements.
    pub fn bare(kind: ResponseKind) -> Self {
        Self {
            kind,
            shown: Vec::new(),
            ledger: Completeness::Complete,
            requirements: Surfaced::default(),
            debate: None,
            voter: None,
        }
    }

    /// Creates the expectation of a vote of this kind without items and requirements.
    pub fn vote(kind: ResponseKind, voter: Voter) -> Self {
        Self { voter: Some(voter), ..Self::bare(kind) }
    }

    pub fn item(&self, id: &str) -> Option<&ShownItem> {
        self.shown.iter().find(|shown| shown.id.as_str() == id)
    }

    /// Returns the ids of the shown requirements in the form of an answer.
    pub(super) fn requirement_texts(&self) -> Vec<Text> {
        self.requirements.ids.iter().filter_map(|id| Text::try_from(id.to_string()).ok()).collect()
    }

    /// Reports an id that was not shown: a remark if the ledger is complete, else a complaint.
    pub(super) fn unknown(&self, path: &str, id: &str, report: &mut RuleReport) {
        match self.ledger {
            Completeness::Complete => report.remarks.push(format!("`{id}` was not shown and is left out")),
            Completeness::Gaps => report
                .complaints
                .push(Complaint::new(path, "ids of items that were shown", format!("`{id}`")).about([id])),
        }
    }
}

/// The result of checking an answer against the rules.
#[derive(Debug, Default)]
pub struct RuleReport {
    pub complaints: Vec<Complaint>,
    /// Content that was left out, with the reason.
    pub remarks: Vec<String>,
}

impl RuleReport {
    /// Adds a complaint.
    pub fn complain(
        &mut self,
        path: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) {
        self.complaints.push(Complaint::new(path, expected, found));
    }
}

/// The kind of a broken rule, which decides how the answer can be repaired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The format, or statements about items: a repair can fix these.
    Form,
    /// A human requirement is not acknowledged: only an agent that saw the change can acknowledge one.
    Acknowledgement,
}

/// A complaint about an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The JSON pointer; empty for the whole answer.
    pub path: String,
    pub expected: String,
    pub found: String,
    /// The items or requirements that the complaint is about.
    pub ids: Vec<String>,
    pub rule: Rule,
}

impl Complaint {
    /// Creates a complaint about one place.
    pub fn new(path: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            expected: expected.into(),
            found: found.into(),
            ids: Vec::new(),
            rule: Rule::Form,
        }
    }

    /// Adds the ids of items or requirements to the complaint.
    #[must_use]
    pub fn about<Id: ToString>(mut self, ids: impl IntoIterator<Item = Id>) -> Self {
        self.ids = ids.into_iter().map(|id| id.to_string()).collect();
        self
    }

    /// Marks the complaint as a missing acknowledgement of a human requirement.
    #[must_use]
    pub fn of_acknowledgement(mut self) -> Self {
        self.rule = Rule::Acknowledgement;
        self
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the answer" } else { &self.path };
        write!(formatter, "{path}: expected {}, found {}", self.expected, self.found)
    }
}
