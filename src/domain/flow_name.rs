//! The name of a flow, as records carry it. Which flows exist is known to `flow` alone.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::InvalidName;

/// The name of a flow: lower-case letters and hyphens, at most 32 of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FlowName(Cow<'static, str>);

impl FlowName {
    /// The name that a flow gives itself.
    pub const fn constant(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for FlowName {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        let is_name = (1..=32).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        if is_name {
            Ok(Self(Cow::Owned(text)))
        } else {
            Err(InvalidName { kind: "flow", text, expected: "lowercase letters and `-`, at most 32 of them" })
        }
    }
}

impl From<FlowName> for String {
    fn from(name: FlowName) -> Self {
        name.0.into_owned()
    }
}

impl fmt::Display for FlowName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
