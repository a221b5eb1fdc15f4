//! The signals that ask a child to stop before it is killed.

/// The signals that a child gets before SIGKILL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSequence {
    /// SIGTERM to each of its processes.
    Terminate,
    /// First SIGINT to its process group, like Ctrl-C in a terminal, then SIGTERM if it is still running.
    InterruptFirst,
}
