//! The subject of a run: an issue, a pull request, or a task that is not on a forge yet.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ids::{InvalidName, IssueNumber, PullRequestNumber, TaskKey, text_form};

/// The subject of a run and of a chain of records, written as `issue/3`, `pr/7` or `task/1a2b3c4d`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Subject {
    Issue(IssueNumber),
    PullRequest(PullRequestNumber),
    /// A text that a person typed.
    Task(TaskKey),
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issue(number) => write!(formatter, "issue/{number}"),
            Self::PullRequest(number) => write!(formatter, "pr/{number}"),
            Self::Task(key) => write!(formatter, "task/{key}"),
        }
    }
}

impl FromStr for Subject {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let invalid =
            || InvalidName { kind: "subject", text: text.to_owned(), expected: "issue/N, pr/N or task/KEY" };
        let (kind, name) = text.split_once('/').ok_or_else(invalid)?;
        let number = || name.parse::<u64>().ok().filter(|number| *number > 0).ok_or_else(invalid);
        match kind {
            "issue" => Ok(Self::Issue(IssueNumber(number()?))),
            "pr" => Ok(Self::PullRequest(PullRequestNumber(number()?))),
            "task" => name.parse().map(Self::Task),
            _ => Err(invalid()),
        }
    }
}

text_form!(Subject);
