//! What people who may write to the repository asked for, signed.

use super::ids::{Login, RequirementId};

/// A signed requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Its stable name.
    pub id: RequirementId,
    /// Who asked for it.
    pub author: Login,
    /// The words, without the signature.
    pub text: String,
}

/// The requirements that a turn is shown, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements {
    /// Those that are shown.
    pub shown: Vec<Requirement>,
    /// How many older ones were left out, or cut.
    pub omitted: usize,
}
