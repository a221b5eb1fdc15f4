//! The agent memory, made from our mirror and kept in the cache folder. It never leaves the machine.

mod cache;
mod maker;

pub use maker::{LocalAgentMemories, Memory, MemoryOptions, Refresh};
