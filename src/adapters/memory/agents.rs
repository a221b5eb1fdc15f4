//! The agents and the gate of the model: functions of what they are told, so that a story survives a lost machine.

use std::path::PathBuf;
use std::sync::Arc;

use crate::domain::failure::TurnFailure;
use crate::domain::gate::Verdict;
use crate::domain::ids::GateName;
use crate::domain::usage::{Precision, Usage};
use crate::ports::agents::{Agents, TurnOrder, TurnReport, TurnResult};
use crate::ports::cancellation::Cancellation;
use crate::ports::gates::{Gate, GateOrder, GateReport, Gates, Measuring};
use crate::protocol::raw_answer::RawAnswer;

use super::git::Tree;
use super::world::{MemoryWorld, State};

/// What an agent does in a turn.
pub enum Deed {
    Says(String),
    Fails(TurnFailure),
}

/// What each turn of the model costs: a thousand tokens, a cent, a minute.
pub const TURN: Usage = Usage {
    calls: 1,
    input_tokens: 900,
    cached_tokens: 500,
    output_tokens: 100,
    micro_usd: 10_000,
    priced_calls: 1,
    milliseconds: 60_000,
    precision: Precision::Exact,
};

/// An agent: it reads its order, edits its clone, and says something.
pub type Turn = Arc<dyn Fn(&TurnOrder, &mut Tree) -> Deed + Send + Sync>;

impl Agents for MemoryWorld {
    async fn take(&self, order: &TurnOrder, _: Cancellation) -> TurnReport {
        let deed = |state: &mut State| {
            let clone_id = order.workdir.display().to_string();
            let key = (order.role, order.label.clone());
            let call = format!("{} {} {} round {}", order.role, order.label, order.kind, order.round);
            state.calls.push(call);
            let Some(agent) = state.agents.get(&key).cloned() else {
                return report(Deed::Fails(TurnFailure::Spawn { detail: "unknown".to_owned() }));
            };
            let mut tree =
                state.git.clones.get(&clone_id).map(|clone_id| clone_id.tree.clone()).unwrap_or_default();
            let deed = agent(order, &mut tree);
            if let Some(clone_id) = state.git.clones.get_mut(&clone_id) {
                clone_id.tree = tree;
            }
            report(deed)
        };
        self.change("turn", deed, || None).await
    }

    fn log(&self, _: &TurnOrder) -> Option<PathBuf> {
        None
    }
}

fn report(deed: Deed) -> TurnReport {
    let result = match deed {
        Deed::Says(text) => TurnResult::Answered(RawAnswer::message(text)),
        Deed::Fails(failure) => TurnResult::Failed(failure),
    };
    TurnReport::bare(result, TURN)
}

impl Gates for MemoryWorld {
    fn gate(&self, _: &GateName) -> Option<&dyn Gate> {
        Some(self)
    }
}

impl Gate for MemoryWorld {
    fn measure<'a>(&'a self, order: &'a GateOrder, _: Cancellation) -> Measuring<'a> {
        let deed = |state: &mut State| {
            let verdict = (state.gate)(&state.git.tree(&order.head));
            let detail =
                if verdict == Verdict::Pass { String::new() } else { "as the story says".to_owned() };
            GateReport::Measured { verdict, detail, findings: Vec::new(), log: None }
        };
        Box::pin(self.change("tests", deed, || None))
    }

    fn log(&self, _: &GateOrder) -> Option<PathBuf> {
        None
    }
}
