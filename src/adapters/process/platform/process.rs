//! A process, as every operating system describes it.

/// A process of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapters::process) struct Process {
    pub(in crate::adapters::process) pid: u32,
    pub(in crate::adapters::process) parent: u32,
    pub(in crate::adapters::process) group: u32,
    pub(in crate::adapters::process) life: Life,
    /// The processor time of the process and of the children it has waited for, in ticks of 1/100 second.
    pub(in crate::adapters::process) used: u64,
    /// The start of the process, in a unit of the system.
    pub(in crate::adapters::process) start: u64,
}

/// Whether a process is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapters::process) enum Life {
    Alive,
    /// The process has ended, and its parent has not waited for it.
    Zombie,
}

/// What happens to orphans of our children.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapters::process) enum Adoption {
    Ours,
    /// The first process of the machine adopts them.
    Elsewhere,
}
