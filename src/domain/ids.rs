//! Validated names and numbers. A value that exists is well-formed; nothing here knows where it came from.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is not a well-formed name of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {kind}: {expected}")]
pub struct InvalidName {
    /// The kind of name that was wanted.
    pub kind: &'static str,
    pub text: String,
    /// What a well-formed one looks like.
    pub expected: &'static str,
}

/// Declares a string newtype that can only hold what its check accepts.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $expected:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text of the name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                let check: fn(&str) -> bool = $check;
                if check(&text) {
                    Ok(Self(text))
                } else {
                    Err(InvalidName { kind: $kind, text, expected: $expected })
                }
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

/// Declares a number newtype for things that a forge counts.
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
name!(
    /// The name of a branch, without `refs/heads/`.
    BranchName, "branch name", "a branch name that git accepts, without refs/heads/", is_branch_name
);
name!(
    /// A login on a forge.
    Login, "login", "letters, digits, `-`, `_`, `.`, `[` and `]`, at most 64 of them", |text| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.[]".contains(&byte))
    }
);
name!(
    /// What the ledger and the comments call an agent.
    Label, "label", "a lowercase letter or digit, then up to 31 of a-z, 0-9, `_` and `-`; not `gate-` first, for comments \
    show what gates say under such names", |text| {
        text.len() <= 32
            && !text.starts_with("gate-")
            && text.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte))
    }
);
name!(
    /// The stable name of a finding in a ledger: `item-1`, `item-2`, …
    ItemId, "item id", "a letter or digit, then letters, digits, `.`, `_` and `-`", |text| {
        text.len() <= 64
            && text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    }
);
name!(
    /// The stable name of what a person asked for: `hr-` and the beginning of the hash of its words.
    RequirementId, "requirement id", "hr- and 8 lowercase hexadecimal digits", |text| {
        text.strip_prefix("hr-").is_some_and(|digits| digits.len() == 8 && is_lower_hex(digits))
    }
);
name!(
    /// The name of an issue that the loop filed: a hash of where it comes from and what it says.
    ChildKey, "child key", "16 lowercase hexadecimal digits", |text| text.len() == 16 && is_lower_hex(text)
);
name!(
    /// The name of one run of the program on one subject, unique and sortable by time.
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
    /// The SHA-256 of a record's canonical bytes, or of the chain's starting text, in hexadecimal.
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
    /// The first 10 digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..10).unwrap_or(&self.0)
    }
}

impl ItemId {
    /// The id of the item with this number.
    pub fn numbered(number: u64) -> Self {
        Self(format!("item-{number}"))
    }
}

impl GateName {
    /// The test command.
    pub fn tests() -> Self {
        Self("tests".to_owned())
    }

    /// The forge's board of checks.
    pub fn ci() -> Self {
        Self("ci".to_owned())
    }
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// The rules of `git check-ref-format --branch`, and no leading dash, so that a name is never read as an option.
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
    use super::*;

    /// Git or a parser of options would misread them.
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
    fn a_label_is_never_a_gate() {
        let refusal = Label::from_str("gate-tests").unwrap_err().to_string();
        assert!(refusal.contains("`gate-`"), "{refusal}");
        assert!(Label::from_str("gate").is_ok() && Label::from_str("gatekeeper").is_ok());
    }

    #[test]
    fn a_label_is_short_and_lowercase() {
        assert!(Label::from_str("strict-2").is_ok());
        for bad in ["", "Strict", "-a", &"a".repeat(33), "a b", "ü"] {
            assert!(Label::from_str(bad).is_err(), "{bad}");
        }
    }
}
