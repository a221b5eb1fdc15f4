//! The flows of the older tool whose findings are read.

use crate::domain::subject::Subject;

/// A flow of the older tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OlderFlow {
    Review,
    Planning,
}

impl OlderFlow {
    /// Returns the flow whose comments are in the thread of a subject.
    pub fn about(subject: &Subject) -> Self {
        match subject {
            Subject::PullRequest(_) => Self::Review,
            Subject::Issue(_) | Subject::Task(_) => Self::Planning,
        }
    }

    /// Returns the names of the flow in data.
    pub(super) fn names(self) -> [&'static str; 2] {
        match self {
            Self::Review => ["pr", "review"],
            Self::Planning => ["plan", "planning"],
        }
    }
}
