//! The world of a dry run: it reads the real world, and records effects instead of performing them, up to the next turn of
//! an agent. It changes only our own mirror, which it updates.

mod forge;
mod gate;
mod machine;
mod read_only;
mod script;
mod workspace;
mod world;

pub use read_only::read_only;
pub use world::RehearsedWorld;
