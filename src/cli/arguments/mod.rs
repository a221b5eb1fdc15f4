//! Arguments of the command line: those that commands share, and the flags that are settings.

pub mod common;
pub mod deferred;
pub mod memory;
mod mistyped;
pub mod numbers;
pub mod run;
pub mod settings;
pub mod task;
