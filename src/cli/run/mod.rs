//! Runs `task`, `issue`, `pr` and `discuss`: from the command line to an engine, and to its outcome.

pub mod after_debate;
pub mod attended;
pub mod base;
pub mod beginning;
pub mod command;
pub mod directories;
pub mod display;
pub mod gates;
pub mod goal;
pub mod learning;
pub mod memory;
pub mod models;
pub mod order;
pub mod overrides;
pub mod permissions;
pub mod planning;
pub mod programs;
pub mod question;
pub mod rehearse;
pub mod remembered;
pub mod retain;
pub mod scope;
pub mod secrets;
pub mod signals;
mod unseen;
pub mod wiring;
pub mod withheld;
