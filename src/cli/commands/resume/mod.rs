//! `resume`: goes on with what was interrupted or parked; here or everywhere, at a terminal or from cron.

pub mod arguments;
pub mod command;
mod job;
mod list;
mod repositories;
