//! What the engine needs from the world, as small traits. Each has a real implementation, and one in memory in `tests/it/world`.

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

/// All ports together, so that everything generic has one parameter.
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
