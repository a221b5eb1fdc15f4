//! Every port again, in memory: a model of a forge, of git, of agents, and a hand-cranked clock. Any change of the world
//! can be made to be the last thing that an engine does.

mod agents;
pub mod effects;
mod forge;
pub mod git;
mod machine;
mod workspace;
pub mod world;

pub use agents::{Deed, TURN, Turn};
pub use effects::{Plan, Stop};
pub use world::{MemoryWorld, Setup};
