//! A flow as its folder knows it, and as everybody else does: typed inside, erased at its border. `FlowMachine` is the one
//! adapter between the two.

use std::convert::Infallible;
use std::ops::ControlFlow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::ending::Blocked;
use crate::domain::flow_name::FlowName;
use crate::domain::ids::RunId;
use crate::domain::subject::Subject;
use crate::domain::usage::Usage;
use crate::ledger::body::{Body, Unreadable};
use crate::ledger::envelope::{Draft, Envelope};
use crate::ledger::thread::Link;

use super::conclusion::Conclusion;
use super::context::{FlowContext, FurtherTurns};
use super::results::Results;
use super::run::{Concluded, RunState};
use super::step::{Decision, Next, Step};
use super::view::{FlowOutput, View};

/// Where a record stands in its chain.
#[derive(Debug, Clone, Copy)]
pub struct At<'record> {
    pub run: &'record RunId,
    pub round: u32,
}

/// A record that makes no sense where it stands. It counts as missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it makes no sense where it stands: {0}")]
pub struct Illegal(pub &'static str);

/// A flow: the state that its records fold to, and what it decides from there. The implementor is the state.
pub trait Flow: Sized + Send + Sync + 'static {
    const NAME: FlowName;

    /// The closed enum of the flow's records, tagged with `kind` and `payload`.
    type Record: Serialize + DeserializeOwned;

    /// The flow before its first record; absent where the flow is not about such a subject.
    fn on(subject: &Subject) -> Option<Self>;

    /// Takes in the next record.
    ///
    /// # Errors
    /// When the record makes no sense where it stands.
    fn apply(&mut self, at: At<'_>, record: Self::Record) -> Result<(), Illegal>;

    /// Records are missing here.
    fn gap(&mut self);

    /// Takes note of a record behind a gap: the ids that it gave are not given again.
    fn unlinked(&mut self, _: Self::Record) {}

    fn next(&self, cx: &FlowContext<'_>) -> Decision<Infallible>;

    /// The visible part of a record, in Markdown. Nothing is ever read back from it.
    fn comment(&self, at: At<'_>, record: &Self::Record) -> String;

    /// One line that says what a record says.
    fn headline(record: &Self::Record) -> String;

    fn run(&self) -> Option<&RunState>;

    fn view(&self) -> View;

    /// What other flows may know.
    fn output(&self, _: &Results) -> Option<FlowOutput> {
        None
    }
}

/// A flow whose types end at its border.
pub trait Machine: Send + Sync {
    /// Takes in the next element of the chain.
    ///
    /// # Errors
    /// When the record can't be read, or makes no sense where it stands.
    fn apply(&mut self, link: &Link) -> Result<(), Objection>;

    fn next(&self, cx: &FlowContext<'_>) -> Step;

    /// The visible part of a record, in Markdown.
    ///
    /// # Errors
    /// When the record is none of this flow.
    fn comment(&self, record: &Envelope) -> Result<String, Unreadable>;

    /// One line that says what a record says.
    ///
    /// # Errors
    /// When the record is none of this flow.
    fn headline(&self, record: &Envelope) -> Result<String, Unreadable>;

    fn run(&self) -> Option<&RunState>;

    fn view(&self) -> View;

    fn output(&self, results: &Results) -> Option<FlowOutput>;
}

/// Why a record was not taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Objection {
    /// Another version of the program wrote the record: the run is refused.
    #[error("{tool} wrote {unreadable}")]
    Foreign { tool: String, unreadable: Unreadable },
    /// The record counts as missing.
    #[error("record {record}: {illegal}")]
    Illegal { record: String, illegal: Illegal },
}

/// A typed flow behind the interface of a machine.
pub struct FlowMachine<F>(F);

impl<F: Flow> FlowMachine<F> {
    fn conclude(&self, cx: &FlowContext<'_>, conclusion: Conclusion) -> Step {
        let Some(run) = self.0.run() else { return Step::Stop(conclusion) };
        if run.ending.as_ref() == Some(conclusion.ending()) && conclusion.ending().attempt_windows() == 0 {
            // The thread says so already, and nothing has happened since.
            return Step::Stop(conclusion);
        }
        let view = self.0.view();
        let concluded = Concluded {
            ending: conclusion.ending().clone(),
            head: conclusion.head().cloned(),
            votes: view.votes,
            gates: view.gates,
            rounds: view.round,
            usage: run.spent(cx.results),
            message: conclusion.message().to_owned(),
        };
        let body = Body::of(&OfEveryFlow::Concluded(concluded));
        let draft = unplaced(&run.id, view.round, body);
        Step::Conclude(Box::new(draft), conclusion)
    }

    fn decide(&self, cx: &FlowContext<'_>) -> Next {
        match self.0.next(cx) {
            ControlFlow::Break(next) => next,
            ControlFlow::Continue(never) => match never {},
        }
    }

    /// Why no further turn may be begun, if the budget is spent.
    fn spent(&self, cx: &FlowContext<'_>) -> Option<String> {
        let spent = self.0.run().map_or_else(Usage::default, |run| run.spent(cx.results));
        cx.request.budget.exhausted(spent)
    }
}

/// The records that every flow has.
#[derive(Serialize)]
#[serde(tag = "kind", content = "payload", rename_all = "lowercase")]
enum OfEveryFlow {
    Concluded(Concluded),
}

impl<F: Flow> Machine for FlowMachine<F> {
    fn apply(&mut self, link: &Link) -> Result<(), Objection> {
        let record = match link {
            Link::Record(record) => record,
            Link::Gap => {
                self.0.gap();
                return Ok(());
            }
            Link::Unlinked(record) => {
                if let Ok(read) = record.body.read() {
                    self.0.unlinked(read);
                }
                return Ok(());
            }
        };
        let read = record
            .body
            .read()
            .map_err(|unreadable| Objection::Foreign { tool: record.tool.clone(), unreadable })?;
        let at = At { run: &record.run, round: record.round };
        self.0.apply(at, read).map_err(|illegal| {
            self.0.gap();
            Objection::Illegal { record: record.id.to_string(), illegal }
        })
    }

    fn next(&self, cx: &FlowContext<'_>) -> Step {
        let next = match (self.decide(cx), self.spent(cx)) {
            (Next::Do(Step::Ask(_)), Some(why)) => {
                match self.decide(&FlowContext { turns: FurtherTurns::Over, ..*cx }) {
                    Next::NoMoreTurns => Next::End(Conclusion::blocked(Blocked::Budget, why)),
                    next @ (Next::Do(_) | Next::End(_)) => next,
                }
            }
            (next, _) => next,
        };
        match next {
            Next::Do(step) => step,
            Next::End(conclusion) => self.conclude(cx, conclusion),
            // Only a spent budget forbids turns.
            Next::NoMoreTurns => Step::Await,
        }
    }

    fn comment(&self, record: &Envelope) -> Result<String, Unreadable> {
        let at = At { run: &record.run, round: record.round };
        record.body.read().map(|read| self.0.comment(at, &read))
    }

    fn headline(&self, record: &Envelope) -> Result<String, Unreadable> {
        record.body.read().map(|read| F::headline(&read))
    }

    fn run(&self) -> Option<&RunState> {
        self.0.run()
    }

    fn view(&self) -> View {
        self.0.view()
    }

    fn output(&self, results: &Results) -> Option<FlowOutput> {
        self.0.output(results)
    }
}

/// A flow in the list of flows.
pub struct FlowEntry {
    pub name: FlowName,
    /// Begins the flow on a subject, if the flow is about such subjects.
    pub on: fn(&Subject) -> Option<Box<dyn Machine>>,
}

/// The entry of a typed flow.
pub const fn entry<F: Flow>() -> FlowEntry {
    FlowEntry { name: F::NAME, on: begin::<F> }
}

fn begin<F: Flow>(subject: &Subject) -> Option<Box<dyn Machine>> {
    F::on(subject).map(|flow| -> Box<dyn Machine> { Box::new(FlowMachine(flow)) })
}

/// A draft of a flow's own record.
pub fn draft<F: Flow>(run: &RunId, round: u32, record: &F::Record) -> Draft {
    unplaced(run, round, Body::of(record))
}

fn unplaced(run: &RunId, round: u32, body: Body) -> Draft {
    let run = run.clone();
    Draft { run, round, body, from: None, thread: None, continues: None, participants: Vec::new() }
}
