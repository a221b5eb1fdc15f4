//! The author of our commits. Knows no repository.

/// The author and committer of commits by the tool, and by agents in their clones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub name: String,
    /// The address; it may not exist.
    pub email: String,
}
