//! The access of a turn. Agent programs, clones and turns depend on it and never on the role.

/// The access of a turn, unless the user grants agents all permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Edit the clone and run commands in it.
    Edit,
    /// Read the clone.
    Read,
    /// Read the clone, search the web and fetch pages.
    ReadAndWeb,
    /// Only answer: the prompt holds everything that the turn needs.
    Nothing,
}

/// Whether agents are restricted to the access of their turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    Bounded,
    /// Allow everything to turns that have any access: `--dangerous-agent-permissions`.
    Dangerous,
}
