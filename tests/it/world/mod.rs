//! Every port in memory: a model of a forge, of git, of agents, and a hand-cranked clock. Any change of the world can be
//! made to be the last thing that an engine does.

mod agents;
mod effects;
mod forge;
mod git;
mod history;
mod machine;
mod memory_world;
mod shapes;
mod workspace;

pub(crate) use agents::{Agent, Reaction, TURN_USAGE};
pub(crate) use effects::{Plan, Stop};
pub(crate) use git::Tree;
pub(crate) use history::History;
pub(crate) use memory_world::{Gate, MemoryWorld, Setup};
