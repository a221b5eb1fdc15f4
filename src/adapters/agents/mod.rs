//! Agents: convert a turn to a command line or a script, and its ending to an answer or a class of failure. This code knows
//! nothing about rounds. Each vendor's program has a pure file in `vendors`; `driver` runs the program; `errors` classifies
//! its error messages.

mod accounting;
pub mod activity;
pub mod command;
pub mod driver;
pub mod errors;
pub mod local;
pub mod scripted;
pub mod turn_files;
pub mod turn_host;
pub mod vendors;
