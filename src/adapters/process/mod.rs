//! The only place that starts programs: command lines as values, captured runs, supervised runs, exits as values.

pub mod capture;
pub mod children;
pub mod command;
mod ending;
pub mod environment;
pub mod exit;
mod idle;
pub mod lines;
pub mod listener;
pub mod log;
pub mod probe;
pub mod search;
pub mod signal;
pub mod supervise;
pub mod tail;
pub mod time;
pub mod tree;
