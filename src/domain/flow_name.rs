//! The name of a flow in records. The module `flow` has the list of flows.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::InvalidName;

/// The name of a flow: lower-case letters and hyphens, at most 32 of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FlowName(Cow<'static, str>);

impl FlowName {
    /// Creates the name of a flow of this program.
    pub const fn constant(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

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
            Err(InvalidName { kind: "flow", text, expected: "up to 32 lowercase letters and `-`" })
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
