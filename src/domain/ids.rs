//! Validated names and numbers: every value of these types is well-formed.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An error for a text that is not a valid name of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a valid {kind}; expected {expected}")]
pub struct InvalidName {
    pub kind: &'static str,
    pub text: String,
    /// A description of valid names, which follows the word "expected".
    pub expected: &'static str,
}

/// Makes serde write a type with its `Display` and read it with its `FromStr`.
macro_rules! text_form {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = $crate::domain::ids::InvalidName;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    };
}
pub(super) use text_form;

/// Declares a string newtype whose values all pass a check.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $expected:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::ids::InvalidName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let check: fn(&str) -> bool = $check;
                let text = text.to_owned();
                if check(&text) { Ok(Self(text)) } else { Err(Self::Err { kind: $kind, text, expected: $expected }) }
            }
        }

        $crate::domain::ids::text_form!($name);

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}
pub(super) use name;

/// Declares a newtype for numbers that a forge assigns.
macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

name!(
    /// A full git object id of a commit, 40 (SHA-1) or 64 (SHA-256) lowercase hexadecimal digits.
    CommitSha, "commit", "40 or 64 lowercase hexadecimal digits", |text| {
        matches!(text.len(), 40 | 64) && is_lower_hex(text)
    }
);
name!(
    /// A full git object id of a tree.
    TreeSha, "tree", "40 or 64 lowercase hexadecimal digits", |text| {
        matches!(text.len(), 40 | 64) && is_lower_hex(text)
    }
);
name!(BranchName, "branch name", "a branch name that git accepts, without refs/heads/", is_branch_name);
name!(
    /// A login on a forge.
    Login, "login", "letters, digits, `-`, `_`, `.`, `[` and `]`, at most 64 of them", |text| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.[]".contains(&byte))
    }
);
name!(
    /// The name of an agent in records and comments.
    Label, "label", "a lowercase letter or digit, then up to 31 of a-z, 0-9, `_` and `-`; not starting with `gate-`, \
    which is reserved for gates", |text| {
        text.len() <= 32
            && !text.starts_with("gate-")
            && text.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte))
    }
);
name!(
    /// The stable id of a finding in the records of a run: `item-1`, `item-2`, …
    ItemId, "item id", "a letter or digit, then letters, digits, `.`, `_` and `-`", |text| {
        text.len() <= 64
            && text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    }
);
name!(
    /// The stable id of a human requirement: `hr-` and the first 8 digits of the hash of its text.
    RequirementId, "requirement id", "hr- and 8 lowercase hexadecimal digits", |text| {
        text.strip_prefix("hr-").is_some_and(|digits| digits.len() == 8 && is_lower_hex(digits))
    }
);
name!(
    /// The key of an issue filed by this program: a hash of its origin and its text.
    ChildKey, "child key", "16 lowercase hexadecimal digits", |text| text.len() == 16 && is_lower_hex(text)
);
name!(
    /// The hash of a plan: the first 16 digits of the SHA-256 of its canonical text.
    PlanHash, "plan hash", "16 lowercase hexadecimal digits", |text| text.len() == 16 && is_lower_hex(text)
);
name!(
    /// The id of one run on one subject, unique and sortable by time.
    RunId, "run id", "lowercase letters, digits and `-`, at most 40 of them", |text| {
        (1..=40).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    }
);
name!(
    /// The key of a task: the first 8 hexadecimal digits of a SHA-256 over repository, base and normalised text,
    /// with `-2`, `-3` … when an earlier pull request of the same key was closed.
    TaskKey, "task key", "8 lowercase hexadecimal digits, optionally `-` and a number", |text| {
        let (hex, suffix) = text.split_once('-').map_or((text, None), |(hex, suffix)| (hex, Some(suffix)));
        hex.len() == 8
            && is_lower_hex(hex)
            && suffix.is_none_or(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    }
);
name!(
    /// The SHA-256 of a record's canonical bytes, or of the text that starts the chain, in hexadecimal.
    ChainHash, "chain hash", "64 lowercase hexadecimal digits", |text| text.len() == 64 && is_lower_hex(text)
);
name!(
    /// The deterministic id of a record: 16 hexadecimal digits.
    RecordId, "record id", "16 lowercase hexadecimal digits", |text| text.len() == 16 && is_lower_hex(text)
);
name!(
    /// The name of a gate: `tests`, `ci`, `score` …
    GateName, "gate name", "1 to 32 lowercase letters, digits and `-`", |text| {
        (1..=32).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    }
);

number!(
    /// The number of an issue on its forge.
    IssueNumber
);
number!(
    /// The number of a pull request on its forge.
    PullRequestNumber
);

impl CommitSha {
    /// Returns the first 7 digits, for messages.
    pub fn short(&self) -> &str {
        self.0.get(..7).unwrap_or(&self.0)
    }
}

impl ItemId {
    pub fn numbered(number: u64) -> Self {
        Self(format!("item-{number}"))
    }
}

impl GateName {
    /// Returns the name of the gate that runs the test command.
    pub fn tests() -> Self {
        Self("tests".to_owned())
    }

    /// Returns the name of the command that prepares a fresh clone. A run cannot require it.
    pub fn setup() -> Self {
        Self("setup".to_owned())
    }

    /// Returns the name of the gate that merges the base branch into the head.
    pub fn merge() -> Self {
        Self("merge".to_owned())
    }

    /// Returns the name of the gate that compares the quality of base and head.
    pub fn score() -> Self {
        Self("score".to_owned())
    }

    /// Returns the name of the gate that looks for weakened checks.
    pub fn tamper() -> Self {
        Self("tamper".to_owned())
    }

    /// Returns the name of the gate that reads the forge's checks.
    pub fn ci() -> Self {
        Self("ci".to_owned())
    }
}

/// Returns whether a text consists of lowercase hexadecimal digits.
pub(super) fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// Returns whether a name follows the rules of `git check-ref-format --branch` and has no leading dash: git would read it
/// as an option.
fn is_branch_name(text: &str) -> bool {
    let forbidden = |byte: u8| byte <= b' ' || byte == 0x7f || b"~^:?*[\\".contains(&byte);
    !text.is_empty()
        && text.len() <= 244
        && text != "@"
        && text != "HEAD"
        && !text.starts_with(['-', '/'])
        && !text.ends_with(['/', '.'])
        && !text.contains("..")
        && !text.contains("//")
        && !text.contains("@{")
        && !text.bytes().any(forbidden)
        && text.split('/').all(|part| !part.starts_with('.') && part.strip_suffix(".lock").is_none())
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    #[test]
    fn misread_branch_names_are_refused() {
        for good in ["main", "agent-loop/issue-3", "féature/x", "a.b"] {
            assert!(BranchName::from_str(good).is_ok(), "{good}");
        }
        for bad in [
            "", "-x", "a..b", "a b", "x.lock", "a/.b", "HEAD", "@", "a@{1}", "/a", "a/", "a\nb", "a//b",
            "a.", "a\\b",
        ] {
            assert!(BranchName::from_str(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn labels_of_gates_are_refused() {
        let refusal = Label::from_str("gate-tests").unwrap_err().to_string();
        assert!(refusal.contains("`gate-`"), "{refusal}");
        assert!(Label::from_str("gate").is_ok() && Label::from_str("gatekeeper").is_ok());
    }

    #[test]
    fn labels_are_short_and_lowercase() {
        assert!(Label::from_str("strict-2").is_ok());
        for bad in ["", "Strict", "-a", &"a".repeat(33), "a b", "ü"] {
            assert!(Label::from_str(bad).is_err(), "{bad}");
        }
    }
}
