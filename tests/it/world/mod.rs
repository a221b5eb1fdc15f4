//! All ports in memory: models of a forge, of git and of agents, and a manual clock. Any change of the world can be made the
//! last one of an engine.

mod agents;
mod effects;
mod forge;
mod git;
mod history;
mod machine;
mod memory_world;
mod on_github;
mod shapes;
mod workspace;

pub(crate) use agents::{Agent, Reaction, TURN_USAGE};
pub(crate) use effects::{Plan, Stop};
pub(crate) use git::Tree;
pub(crate) use history::History;
pub(crate) use memory_world::{Gate, GateResult, MemoryWorld, Setup};
pub(crate) use on_github::GithubWorld;
