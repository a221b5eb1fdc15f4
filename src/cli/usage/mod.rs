//! The cost of runs: summaries, their files, and the table for people.

pub mod forge_calls;
pub mod kept;
pub mod recorder;
mod sum;
pub mod summary;
pub mod table;
