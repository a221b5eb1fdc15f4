//! Human requirements: signed requests of people with write access to the repository.

use serde::{Deserialize, Serialize};

use super::ids::{Login, RequirementId};

/// A signed requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    pub id: RequirementId,
    pub author: Login,
    /// The request without its signature.
    pub text: String,
}

/// The requirements in a turn's prompt, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements {
    pub shown: Vec<Requirement>,
    /// The number of older requirements that were left out or shortened.
    pub omitted: usize,
}
