//! A world in which nothing is done: what would be done is written down instead, up to the next turn of an agent. It reads
//! the real world; the only thing that it brings up to date is our own mirror, which is a copy of what it reads.

mod forge;
mod machine;
mod workspace;
mod world;

pub use world::{RehearsedChanges, RehearsedWorld};
