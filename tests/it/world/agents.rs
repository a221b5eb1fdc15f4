//! The agents and the gate of the model: pure functions of their orders, so that a story survives a lost machine.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;

use agent_loop::domain::failure::TurnFailure;
use agent_loop::domain::gate::Verdict;
use agent_loop::domain::ids::GateName;
use agent_loop::domain::roster::SeatKey;
use agent_loop::domain::usage::{Precision, Usage};
use agent_loop::ports::agents::{Agents, TurnOrder, TurnReport, TurnResult};
use agent_loop::ports::cancellation::Cancellation;
use agent_loop::ports::gates::{Gate, GateOrder, GateReport, Gates};
use agent_loop::protocol::raw_answer::RawAnswer;

use super::git::Tree;
use super::memory_world::{GateResult, MemoryWorld, State};

/// The action of an agent in a turn.
#[derive(Clone)]
pub(crate) enum Reaction {
    Says(String),
    Fails(TurnFailure),
}

/// The usage of each turn: a thousand tokens, a cent, a minute.
pub(crate) const TURN_USAGE: Usage = Usage {
    calls: 1,
    input_tokens: 900,
    cached_tokens: 500,
    output_tokens: 100,
    micro_usd: 10_000,
    priced_calls: 1,
    milliseconds: 60_000,
    precision: Precision::Exact,
};

/// An agent: it reads its order, edits its clone, and answers.
pub(crate) type Agent = Arc<dyn Fn(&TurnOrder, &mut Tree) -> Reaction + Send + Sync>;

#[async_trait]
impl Agents for MemoryWorld {
    async fn take(&self, order: &TurnOrder, _: Cancellation) -> TurnReport {
        let effect = |state: &mut State| {
            let path = order.workdir.display().to_string();
            let key = SeatKey::new(order.role, &order.label);
            let call = format!("{} {} {} round {}", order.role, order.label, order.kind, order.round);
            state.calls.push(call);
            let Some(agent) = state.agents.get(&key).cloned() else {
                return report(Reaction::Fails(TurnFailure::Spawn { detail: "unknown".to_owned() }));
            };
            let mut tree = state.git.clones.get(&path).map(|clone| clone.tree.clone()).unwrap_or_default();
            let effect = agent(order, &mut tree);
            if let Some(clone) = state.git.clones.get_mut(&path) {
                clone.tree = tree;
            }
            report(effect)
        };
        self.change("turn", effect, || None).await
    }

    fn log(&self, _: &TurnOrder) -> Option<PathBuf> {
        None
    }
}

fn report(effect: Reaction) -> TurnReport {
    let result = match effect {
        Reaction::Says(text) => TurnResult::Answered(RawAnswer::message(text)),
        Reaction::Fails(failure) => TurnResult::Failed(failure),
    };
    TurnReport::bare(result, TURN_USAGE)
}

impl Gates for MemoryWorld {
    fn gate(&self, name: &GateName) -> Option<&dyn Gate> {
        if *name == GateName::setup() { None } else { Some(self) }
    }
}

#[async_trait]
impl Gate for MemoryWorld {
    async fn measure(&self, order: &GateOrder, _: Cancellation) -> GateReport {
        let effect = |state: &mut State| {
            let gate = state.gates.get(&order.gate).expect("the story has this gate");
            let GateResult { verdict, findings } = gate(&state.git.tree(&order.head));
            let detail =
                if verdict == Verdict::Pass { String::new() } else { "as the story says".to_owned() };
            GateReport::measured(verdict, detail, findings, None)
        };
        self.change("tests", effect, || None).await
    }

    fn log(&self, _: &GateOrder) -> Option<PathBuf> {
        None
    }
}
