//! The clone of an agent: its paths, its preparation for a turn, and the inspection and harvest of the agent's work.

pub(super) mod agent_files;
pub(super) mod agent_head;
pub(super) mod agent_index;
pub(super) mod belonging;
pub(super) mod checkout_folder;
pub(super) mod filters;
pub(super) mod git_folder;
pub(super) mod harvest;
mod ignored;
mod index_file;
mod index_trees;
pub(super) mod inspect;
mod listed;
pub(super) mod listing;
mod notes;
mod objects;
pub(super) mod overlay;
pub(super) mod paths;
pub(super) mod prepare;
pub(super) mod salvage;
mod scan;
pub(super) mod settled;
pub(super) mod snapshot;
mod submodules;
