//! The ports: what the engine needs from the world, as traits. Each has a real implementation, and one in memory in
//! `tests/it/world`.

pub mod agent_memory;
pub mod agents;
pub mod cancellation;
pub mod clock;
pub mod forge;
pub mod gates;
pub mod journal;
pub mod operator;
pub mod run_event;
pub mod workspace;

use std::sync::Arc;

use agent_memory::AgentMemories;
use agents::Agents;
use clock::Clock;
use forge::Forge;
use gates::Gates;
use journal::Journals;
use operator::Operator;
use workspace::Workspace;

/// All ports of an engine.
#[derive(Clone)]
pub struct World {
    pub forge: Arc<dyn Forge>,
    pub agents: Arc<dyn Agents>,
    pub workspace: Arc<dyn Workspace>,
    pub gates: Arc<dyn Gates>,
    pub clock: Arc<dyn Clock>,
    pub journals: Arc<dyn Journals>,
    pub operator: Arc<dyn Operator>,
    pub agent_memories: Arc<dyn AgentMemories>,
}

impl World {
    /// Creates a world from a value that implements all ports.
    pub fn of<W>(all: &Arc<W>) -> Self
    where
        W: Forge + Agents + Workspace + Gates + Clock + Journals + Operator + AgentMemories + 'static,
    {
        Self {
            forge: all.clone(),
            agents: all.clone(),
            workspace: all.clone(),
            gates: all.clone(),
            clock: all.clone(),
            journals: all.clone(),
            operator: all.clone(),
            agent_memories: all.clone(),
        }
    }
}
