//! The only place that starts programs: command lines as values, captured runs, supervised runs, exits as values.

pub mod capture;
pub mod command;
pub mod environment;
pub mod exit;
mod forge_token;
pub mod output;
pub mod probe;
pub mod search;
pub mod signal;
pub mod supervision;
pub mod time;
pub mod variables;
