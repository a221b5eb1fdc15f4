//! What an answer is measured against, and what is said when it falls short: path, what was expected, what was found.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::agent::ResponseKind;
use crate::domain::ids::{ItemId, Label, RequirementId};
use crate::domain::item_status::ItemStatus;
use crate::domain::nonce::Nonce;

use super::text::Text;

/// An item as it was shown to the agent who answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownItem {
    pub id: ItemId,
    /// Where it stood when it was shown.
    pub status: ItemStatus,
    /// Who may say what about it.
    pub owner: Owner,
}

/// Who raised a shown item, which decides what may be said about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A reviewer of the roster: reviewers dispose of it, the coder may dispute it.
    Reviewer,
    /// A reviewer who is no longer on the roster: reviewers dispose of it, nobody can be disputed with.
    FormerReviewer,
    /// A gate: only the gate itself resolves it.
    Gate,
}

/// Whether every item of the ledger is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Completeness {
    /// It is: an id that was not shown was made up, and counts for nothing.
    #[default]
    Complete,
    /// Records are missing: an id that is not known may have stood in them.
    Gaps,
}

/// The requirements of people that were shown to the agent who answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surfaced {
    pub ids: Vec<RequirementId>,
    pub extent: SurfacedExtent,
}

/// Whether all requirements of people were shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SurfacedExtent {
    #[default]
    All,
    /// Older ones were left out: the whole discussion has to be read.
    Bounded,
}

/// What a debater's or an analyzer's answer is measured against besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Debate {
    pub round: u32,
    pub debaters: Vec<Label>,
    /// What is asked of research.
    pub research: ResearchPolicy,
}

/// What is asked of a debater's research.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResearchPolicy {
    Forbidden,
    Optional,
    Required,
}

/// The voter that was asked, and the word that its vote must return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voter {
    pub label: Label,
    pub nonce: Nonce,
}

/// What an answer is measured against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The kind that was asked for.
    pub kind: ResponseKind,
    /// The items that were shown.
    pub shown: Vec<ShownItem>,
    /// Whether every item of the ledger is known.
    pub ledger: Completeness,
    /// The requirements of people that were shown.
    pub requirements: Surfaced,
    /// The debate, where there is one.
    pub debate: Option<Debate>,
    /// The voter; without one no vote is valid.
    pub voter: Option<Voter>,
}

impl Expectation {
    /// An answer of this kind, with nothing shown.
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

    /// A vote of this kind, with nothing shown.
    pub fn vote(kind: ResponseKind, voter: Voter) -> Self {
        Self { voter: Some(voter), ..Self::bare(kind) }
    }

    /// The shown item of this name.
    pub fn item(&self, id: &str) -> Option<&ShownItem> {
        self.shown.iter().find(|shown| shown.id.as_str() == id)
    }

    /// The ids of the requirements that were shown, as an answer lists them.
    pub(super) fn requirement_texts(&self) -> Vec<Text> {
        self.requirements.ids.iter().filter_map(|id| Text::try_from(id.to_string()).ok()).collect()
    }

    /// What is said of an id that was not shown: nothing but a remark while the ledger is known to be complete.
    pub(super) fn unknown(&self, path: &str, id: &str, report: &mut RuleReport) {
        match self.ledger {
            Completeness::Complete => report.remarks.push(format!("`{id}` was not shown and is left out")),
            Completeness::Gaps => report
                .complaints
                .push(Complaint::new(path, "ids of items that were shown", format!("`{id}`")).about([id])),
        }
    }
}

/// What the rules say of an answer.
#[derive(Debug, Default)]
pub struct RuleReport {
    /// What is wrong with it.
    pub complaints: Vec<Complaint>,
    /// What was left out of it, and why.
    pub remarks: Vec<String>,
}

impl RuleReport {
    /// Something is wrong.
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
    /// The format, or the statements about items: a repair can fix it.
    Form,
    /// It does not say that a person's requirement is fulfilled: only who looked at the change can say so.
    Acknowledgement,
}

/// One thing that is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The JSON pointer of the place; empty for the whole answer.
    pub path: String,
    pub expected: String,
    pub found: String,
    /// The items or requirements that it concerns.
    pub ids: Vec<String>,
    pub rule: Rule,
}

impl Complaint {
    /// A complaint about one place.
    pub fn new(path: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            expected: expected.into(),
            found: found.into(),
            ids: Vec::new(),
            rule: Rule::Form,
        }
    }

    /// The same, concerning these items or requirements.
    #[must_use]
    pub fn about<Id: ToString>(mut self, ids: impl IntoIterator<Item = Id>) -> Self {
        self.ids = ids.into_iter().map(|id| id.to_string()).collect();
        self
    }

    /// The same, as a missing word on a person's requirement.
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
