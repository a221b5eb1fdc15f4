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

use agent_memory::AgentMemories;
use agents::Agents;
use clock::Clock;
use forge::Forge;
use gates::Gates;
use journal::Journals;
use operator::Operator;
use workspace::Workspace;

/// All ports together, so that generic code has one type parameter. A type that implements all ports itself is a world too.
pub trait World: Send + Sync + 'static {
    type Forge: Forge;
    type Agents: Agents;
    type Workspace: Workspace;
    type Gates: Gates;
    type Clock: Clock;
    type Journals: Journals;
    type Operator: Operator;
    type AgentMemories: AgentMemories;

    fn forge(&self) -> &Self::Forge;
    fn agents(&self) -> &Self::Agents;
    fn workspace(&self) -> &Self::Workspace;
    fn gates(&self) -> &Self::Gates;
    fn clock(&self) -> &Self::Clock;
    fn journals(&self) -> &Self::Journals;
    fn operator(&self) -> &Self::Operator;
    fn agent_memories(&self) -> &Self::AgentMemories;
}

impl<W> World for W
where
    W: Forge + Agents + Workspace + Gates + Clock + Journals + Operator + AgentMemories + 'static,
{
    type Forge = Self;
    type Agents = Self;
    type Workspace = Self;
    type Gates = Self;
    type Clock = Self;
    type Journals = Self;
    type Operator = Self;
    type AgentMemories = Self;

    fn forge(&self) -> &Self {
        self
    }

    fn agents(&self) -> &Self {
        self
    }

    fn workspace(&self) -> &Self {
        self
    }

    fn gates(&self) -> &Self {
        self
    }

    fn clock(&self) -> &Self {
        self
    }

    fn journals(&self) -> &Self {
        self
    }

    fn operator(&self) -> &Self {
        self
    }

    fn agent_memories(&self) -> &Self {
        self
    }
}
