//! The implementations of the ports: the only code that touches the operating system. Adapters decide nothing about a run.

pub mod agent_memory;
pub mod agents;
pub mod any_forge;
pub mod clock;
pub mod dry_run;
pub mod embedded_forge;
pub mod files;
pub mod gates;
pub mod git;
pub mod github;
pub mod process;
pub mod storage;
