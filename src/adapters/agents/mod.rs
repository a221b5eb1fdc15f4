//! Agents: one small file per program. Knows how a turn becomes a command line or a script, nothing about rounds.

pub mod command;
pub mod driver;
pub mod errors;
pub mod local;
pub mod scripted;
pub mod turn_files;
pub mod vendors;
