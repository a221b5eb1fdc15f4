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
    /// The forge.
    type Forge: Forge;
    /// The agents.
    type Agents: Agents;
    /// git, and the clones that agents work in.
    type Workspace: Workspace;
    /// The gates that are measured here.
    type Gates: Gates;
    /// The clock.
    type Clock: Clock;
    /// The journals and locks of subjects.
    type Journals: Journals;
    /// The person at the terminal.
    type Operator: Operator;
    /// What is known of the repository.
    type AgentMemories: AgentMemories;

    /// The forge.
    fn forge(&self) -> &Self::Forge;
    /// The agents.
    fn agents(&self) -> &Self::Agents;
    /// git, and the clones that agents work in.
    fn workspace(&self) -> &Self::Workspace;
    /// The gates that are measured here.
    fn gates(&self) -> &Self::Gates;
    /// The clock.
    fn clock(&self) -> &Self::Clock;
    /// The journals and locks of subjects.
    fn journals(&self) -> &Self::Journals;
    /// The person at the terminal.
    fn operator(&self) -> &Self::Operator;
    /// What is known of the repository.
    fn agent_memories(&self) -> &Self::AgentMemories;
}
