//! `resume`: resumes interrupted and parked runs, here or in all repositories, at a terminal or from cron.

pub mod arguments;
pub mod command;
mod job;
mod list;
mod repositories;
