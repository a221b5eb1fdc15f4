//! Agents: one small file per program. Knows how a turn becomes a command line or a script, nothing about rounds.

pub mod antigravity;
pub mod checkup;
pub mod claude;
pub mod cli;
pub mod codex;
pub mod command;
pub mod conclusion;
pub mod drive;
pub mod gemini;
mod lenient;
pub mod offer;
pub mod opencode;
pub mod program;
pub mod reset;
pub mod script;
pub mod scripted;
mod session_file;
pub mod transcript;
pub mod trouble;
pub mod vendor;
mod wording;
