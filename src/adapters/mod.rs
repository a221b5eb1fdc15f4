//! The ports made real: the only code that touches the operating system. Adapters decide nothing about a run.

pub mod agents;
pub mod clock;
pub mod gates;
pub mod git;
pub mod local;
pub mod memory;
pub mod primer;
pub mod process;
pub mod rehearsal;
pub mod state;
