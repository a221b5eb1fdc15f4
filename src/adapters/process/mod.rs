//! The only place that starts programs: command lines as values, captured runs, exits as values.

pub mod capture;
pub mod command;
pub mod environment;
pub mod exit;
