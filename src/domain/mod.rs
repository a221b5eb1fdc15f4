//! The nouns: plain data that all other modules use. No IO, no async, no JSON values, no text formats.

pub mod access;
pub mod agent;
pub mod agent_files;
pub mod agent_memory;
pub mod branch_names;
pub mod ending;
pub mod failure;
pub mod flow_name;
pub mod follow_up_action;
pub mod gate;
pub mod ids;
pub mod instant;
pub mod item;
pub mod item_status;
pub mod policy;
pub mod pull_request;
pub mod repair;
pub mod requirement;
pub mod revision;
pub mod roster;
pub mod subject;
pub mod trust;
pub mod turn;
pub mod usage;
pub mod vendors;
pub mod vote;
mod word_list;
