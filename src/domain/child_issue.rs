//! An issue that a run files because of its subject: a follow-up, a phase, or a stage.

use super::ids::ChildKey;

/// An issue that a run files. Its key finds it again, so that no second one is filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildIssue {
    pub key: ChildKey,
    /// The number of the issue or pull request in whose thread the work was found.
    pub parent: u64,
    /// The title by an agent.
    pub title: String,
    /// The first paragraph, by this program: it refers to the parent.
    pub origin: String,
    /// The work to do, by an agent.
    pub text: String,
    pub sections: Vec<ChildSection>,
    /// The numbers that may be linked, besides the parent.
    pub links: Vec<u64>,
}

/// A section of an issue, by an agent or a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildSection {
    pub heading: &'static str,
    pub content: SectionContent,
}

/// The content of a section, as it is rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SectionContent {
    Text(String),
    List(Vec<String>),
}

/// The reason why an issue is filed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChildPurpose {
    /// A finding that was left for later.
    FollowUp,
    /// A phase of an approved plan.
    Phase,
    /// A stage that a plan or a discussion split off.
    Stage,
}

impl ChildPurpose {
    /// Returns the name in keys. It must never change.
    pub fn name(self) -> &'static str {
        match self {
            Self::FollowUp => "followup",
            Self::Phase => "phase",
            Self::Stage => "stage",
        }
    }
}
