//! Agents: one small file per program. Knows how a turn becomes a command line or a script, nothing about rounds.

pub mod cli;
pub mod command;
pub mod offer;
pub mod program;
pub mod reset;
pub mod script;
pub mod scripted;
pub mod transcript;
