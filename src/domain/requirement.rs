//! What people who may write to the repository asked for, signed.

use super::ids::{Login, RequirementId};

/// A signed requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    pub id: RequirementId,
    pub author: Login,
    /// The words, without the signature.
    pub text: String,
}

/// The requirements that a turn is shown, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements {
    pub shown: Vec<Requirement>,
    /// How many older ones were left out, or cut.
    pub omitted: usize,
}
