//! A process as every operating system shows it.

/// A process of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapters::process) struct Process {
    pub(in crate::adapters::process) pid: u32,
    pub(in crate::adapters::process) parent: u32,
    pub(in crate::adapters::process) group: u32,
    pub(in crate::adapters::process) life: Life,
    /// Ticks of processor time that it and the children it has waited for have used, 100 in a second.
    pub(in crate::adapters::process) used: u64,
    /// When it was started, in a unit of the system.
    pub(in crate::adapters::process) start: u64,
}

/// Whether a process still runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapters::process) enum Life {
    Alive,
    /// It has ended, and its parent has not waited for it.
    Zombie,
}

/// Whether orphans of our children become our children.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapters::process) enum Adoption {
    Ours,
    /// They go to the first process of the machine.
    Elsewhere,
}
