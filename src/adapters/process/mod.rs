//! The only code that starts programs: command lines, captured runs, supervised runs, exits.

pub mod capture;
pub mod command;
pub mod environment;
pub mod exit;
mod forge_token;
pub mod guard;
pub mod output;
mod platform;
pub mod probe;
pub mod search;
pub mod signal;
pub mod supervision;
pub mod time;
pub mod variables;
