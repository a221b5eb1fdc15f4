//! The repository of the model: a bare one that git serves, or the repository of a story in memory.

use std::fmt::Debug;

use super::git;
use super::state::{FaultKind, State};

/// A repository in memory.
pub(crate) trait MemoryRepository: Debug + Send {
    fn tip(&self, branch: &str) -> Option<String>;
    fn contains(&self, commit: &str, ancestor: &str) -> bool;
    fn merges_cleanly(&self, base: &str, head: &str) -> bool;
    /// Merges a commit into a branch; nothing, if there is a conflict.
    fn merge(&self, into: &str, head: &str) -> Option<String>;
    /// Counts a write, at which the story may plan a fault.
    fn write(&self, name: &'static str) -> Option<FaultKind>;
}

impl State {
    /// The fault that a story plans for a call.
    pub(crate) fn fault_of_the_story(&self, method: &str, path: &str) -> Option<FaultKind> {
        let memory = self.memory.as_ref()?;
        let parts: Vec<&str> = path.split('/').collect();
        match (method, parts.as_slice()) {
            ("POST", [.., "issues", _, "comments"]) => memory.write("publish"),
            ("POST", [.., "issues"]) => memory.write("file issue"),
            ("POST", [.., "pulls"]) => memory.write("open pull request"),
            ("PUT", [.., "pulls", _, "merge"]) => memory.write("merge"),
            _ => None,
        }
    }

    pub(crate) fn tip(&self, branch: &str) -> Option<String> {
        match &self.memory {
            Some(memory) => memory.tip(branch),
            None => git::tip(&self.bare, branch),
        }
    }

    pub(crate) fn contains(&self, commit: &str, ancestor: &str) -> bool {
        match &self.memory {
            Some(memory) => memory.contains(commit, ancestor),
            None => git::ask(&self.bare, &["merge-base", "--is-ancestor", ancestor, commit]).is_some(),
        }
    }

    pub(crate) fn merges_cleanly(&self, base: &str, head: &str) -> bool {
        match &self.memory {
            Some(memory) => memory.merges_cleanly(base, head),
            None => git::ask(&self.bare, &["merge-tree", "--write-tree", base, head]).is_some(),
        }
    }

    /// Merges a commit into a branch; nothing, if there is a conflict.
    pub(crate) fn merge(&self, (into, head): (&str, &str), text: &str, method: &str) -> Option<String> {
        match &self.memory {
            Some(memory) => memory.merge(into, head),
            None => git::merge(&self.bare, (into, head), text, method),
        }
    }
}
