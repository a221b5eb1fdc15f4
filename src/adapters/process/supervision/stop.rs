//! How a child is asked to stop, before it is killed.

/// The signals that a child gets before SIGKILL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSequence {
    /// SIGTERM, to each of its processes.
    Terminate,
    /// SIGINT to its process group first, as Ctrl-C in a terminal would, and SIGTERM if that does not help.
    InterruptFirst,
}
