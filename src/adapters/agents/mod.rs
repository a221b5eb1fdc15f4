//! Agents: how a turn becomes a command line or a script, and its ending an answer or a class of failure. Knows nothing
//! about rounds.
//!
//! A vendor's program is one pure file in `vendors`; `driver` runs it; `errors` reads what it complains of.

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
