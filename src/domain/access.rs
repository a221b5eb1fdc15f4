//! What a turn may do: all that programs of agents, clones and turns depend on of a role.

/// What a turn may do, unless the user gives agents all permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Edit the clone and run commands in it.
    Edit,
    /// Read the clone.
    Read,
    /// Read the clone, search the web and fetch pages.
    ReadAndWeb,
    /// Nothing but answer: the prompt holds everything that the turn needs.
    Nothing,
}

/// Whether agents are held to the access of their turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    Bounded,
    /// `--dangerous-agent-permissions`: everything is allowed to a turn that has any access.
    Dangerous,
}
