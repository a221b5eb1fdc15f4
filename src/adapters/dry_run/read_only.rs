//! The real world with journals that are only read: for commands that measure and explain, and record nothing.

use crate::domain::subject::Subject;
use crate::ports::World;
use crate::ports::journal::{Entry, JournalError, Journals};

use super::machine::RehearsedJournal;

/// A world whose journals keep new entries in memory only. It takes no locks.
#[derive(Debug)]
pub struct ReadOnlyWorld<W>(pub W);

impl<W: World> World for ReadOnlyWorld<W> {
    type Forge = W::Forge;
    type Agents = W::Agents;
    type Workspace = W::Workspace;
    type Gates = W::Gates;
    type Clock = W::Clock;
    type Journals = Self;
    type Operator = W::Operator;
    type AgentMemories = W::AgentMemories;

    fn forge(&self) -> &W::Forge {
        self.0.forge()
    }

    fn agents(&self) -> &W::Agents {
        self.0.agents()
    }

    fn workspace(&self) -> &W::Workspace {
        self.0.workspace()
    }

    fn gates(&self) -> &W::Gates {
        self.0.gates()
    }

    fn clock(&self) -> &W::Clock {
        self.0.clock()
    }

    fn journals(&self) -> &Self {
        self
    }

    fn operator(&self) -> &W::Operator {
        self.0.operator()
    }

    fn agent_memories(&self) -> &W::AgentMemories {
        self.0.agent_memories()
    }
}

impl<W: World> Journals for ReadOnlyWorld<W> {
    type Journal = RehearsedJournal;

    async fn open(&self, subject: &Subject) -> Result<RehearsedJournal, JournalError> {
        self.peek(subject).await.map(RehearsedJournal::new)
    }

    async fn peek(&self, subject: &Subject) -> Result<Vec<Entry>, JournalError> {
        self.0.journals().peek(subject).await
    }
}
