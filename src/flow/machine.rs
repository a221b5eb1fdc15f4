//! The two sides of a flow: `Flow`, with its types, for the flow's folder, and `Machine`, without them, for all other code.
//! `FlowMachine` is the only adapter between the two.

use std::convert::Infallible;
use std::ops::ControlFlow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::announcement::Announcement;
use crate::domain::ending::{Blocked, Refused};
use crate::domain::failure::TurnFailure;
use crate::domain::flow_name::FlowName;
use crate::domain::ids::{Label, RunId};
use crate::domain::requirement::Requirement;
use crate::domain::subject::Subject;
use crate::domain::usage::Usage;
use crate::domain::vote::{Absence, Vote};
use crate::ledger::body::{Body, Unreadable};
use crate::ledger::codec;
use crate::ledger::envelope::{Draft, Envelope};
use crate::ledger::thread::Link;

use super::conclusion::Conclusion;
use super::context::{FlowContext, FurtherTurns};
use super::facts::FlowFacts;
use super::results::{Results, TurnEnd};
use super::run::{Concluded, RunState};
use super::step::{Decision, Next, Step, refuse};
use super::view::{FlowOutput, View};
use crate::domain::explanation::Explanation;

/// The maximum length of a requirement in the record of an ending, in characters.
const LONGEST_REQUIREMENT: usize = 500;

/// The position of a record in its chain.
#[derive(Debug, Clone, Copy)]
pub struct At<'record> {
    pub run: &'record RunId,
    pub round: u32,
}

/// A record that is invalid at its position. It is treated as missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid at this position: {0}")]
pub struct Illegal(pub &'static str);

/// A flow: the state that its records fold to, and its decisions. The implementor is the state.
pub trait Flow: Sized + Send + Sync + 'static {
    const NAME: FlowName;

    /// The closed enum of the flow's records, tagged with `kind` and `payload`.
    type Record: Serialize + DeserializeOwned;

    /// Creates the state before the first record; `None` if the flow does not accept such a subject.
    fn on(subject: &Subject) -> Option<Self>;

    /// Applies the next record.
    ///
    /// # Errors
    /// Fails when the record is invalid at its position.
    fn apply(&mut self, at: At<'_>, record: Self::Record) -> Result<(), Illegal>;

    /// Handles missing records.
    fn gap(&mut self);

    /// Handles a record after a gap: the ids that it assigned are not reused.
    fn unlinked(&mut self, _: Self::Record) {}

    fn next(&self, cx: &FlowContext<'_>) -> Decision<Infallible>;

    /// Returns the conditions of an approval, or the lookup or measurement that must come first.
    fn explain(&self, _: &FlowContext<'_>) -> Decision<Explanation> {
        refuse(Refused::Unsupported, format!("the flow `{}` approves nothing", Self::NAME))
    }

    /// Renders the visible part of a record in Markdown. It is never read back.
    fn comment(&self, at: At<'_>, record: &Self::Record) -> String;

    /// Returns the marker line that follows the visible part of a record, for readers of other programs.
    fn marker(_: &Self::Record) -> Option<String> {
        None
    }

    /// Converts a record to its announcement.
    fn announce(at: At<'_>, record: &Self::Record) -> Announcement;

    fn run(&self) -> Option<&RunState>;

    fn view(&self) -> View;

    /// Returns the data for other flows.
    fn output(&self, _: &Results) -> Option<FlowOutput> {
        None
    }
}

/// A flow without its types.
pub trait Machine: Send + Sync {
    /// Applies the next element of the chain.
    ///
    /// # Errors
    /// Fails when the record cannot be read, or is invalid at its position.
    fn apply(&mut self, link: &Link) -> Result<(), Objection>;

    fn next(&self, cx: &FlowContext<'_>) -> Step;

    /// Returns the step that ends the run with this conclusion.
    fn conclude(&self, cx: &FlowContext<'_>, conclusion: Conclusion) -> Step;

    /// Returns the conditions of an approval, or the lookup or measurement that must come first.
    fn explain(&self, cx: &FlowContext<'_>) -> Decision<Explanation>;

    /// Renders the visible part of a record in Markdown.
    ///
    /// # Errors
    /// When the record does not belong to this flow.
    fn comment(&self, record: &Envelope) -> Result<String, Unreadable>;

    /// Returns the marker line that follows the visible part of a record, if it has one.
    ///
    /// # Errors
    /// When the record does not belong to this flow.
    fn marker(&self, record: &Envelope) -> Result<Option<String>, Unreadable>;

    /// Converts a record to its announcement.
    ///
    /// # Errors
    /// When the record does not belong to this flow.
    fn announce(&self, record: &Envelope) -> Result<Announcement, Unreadable>;

    fn run(&self) -> Option<&RunState>;

    fn view(&self) -> View;

    fn output(&self, results: &Results) -> Option<FlowOutput>;
}

/// The reason why a record was not applied.
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
    fn decide(&self, cx: &FlowContext<'_>) -> Next {
        match self.0.next(cx) {
            ControlFlow::Break(next) => next,
            ControlFlow::Continue(never) => match never {},
        }
    }

    /// Returns the reason why no further turn may start, if the budget is spent.
    fn spent(&self, cx: &FlowContext<'_>) -> Option<String> {
        let spent = self.0.run().map_or_else(Usage::default, |run| run.spent(cx.results));
        cx.request.budget.exhausted(spent)
    }
}

/// Returns the seats without a vote, each with the failure of its last turn.
fn absences(run: &RunState, view: &View, results: &Results) -> Vec<Absence> {
    if view.round == 0 {
        return Vec::new();
    }
    let has_voted = |label: &Label| view.votes.iter().any(|vote| vote.agent == *label);
    let why = |agent: &Label| {
        let theirs = results.turns.iter();
        let theirs = theirs.filter(|(key, _)| key.run == run.id && key.kind.is_vote() && key.label == *agent);
        match theirs.max_by_key(|(_, turn)| turn.at).map(|(_, turn)| &turn.end) {
            Some(TurnEnd::Failed { failure }) => Some(failure.to_string()),
            Some(TurnEnd::Answered { .. }) | None => None,
        }
    };
    let absent = view.voters.iter().filter(|label| !has_voted(label)).cloned();
    absent.map(|agent| Absence { why: why(&agent), agent }).collect()
}

/// Returns the requirements that every vote covers and whose texts were read.
fn covered(votes: &[Vote], facts: &FlowFacts) -> Vec<Requirement> {
    let known = facts.people.values().flat_map(|people| &people.requirements);
    let is_covered = |one: &&Requirement| {
        !votes.is_empty() && votes.iter().all(|vote| vote.requirements.contains(&one.id))
    };
    let mut found: Vec<Requirement> = known.filter(is_covered).cloned().collect();
    for one in &mut found {
        one.text = one.text.chars().take(LONGEST_REQUIREMENT).collect();
    }
    found
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
        let mut next = self.decide(cx);
        if let Next::Do(Step::Ask(_)) = next
            && let Some(why) = self.spent(cx)
        {
            next = match self.decide(&FlowContext { turns: FurtherTurns::Over, ..*cx }) {
                Next::NoMoreTurns => Next::End(Conclusion::blocked(Blocked::Budget, why)),
                next @ (Next::Do(_) | Next::End(_)) => next,
            };
        }
        match next {
            Next::Do(step) => step,
            Next::End(conclusion) => self.conclude(cx, conclusion),
            // Only a spent budget forbids turns.
            Next::NoMoreTurns => Step::Await,
        }
    }

    fn conclude(&self, cx: &FlowContext<'_>, conclusion: Conclusion) -> Step {
        let Some(run) = self.0.run() else { return Step::Stop(conclusion) };
        if run.ending.as_ref() == Some(conclusion.ending()) && conclusion.ending().attempt_windows() == 0 {
            // The thread has this conclusion already, and nothing has happened since.
            return Step::Stop(conclusion);
        }
        let view = self.0.view();
        let concluded = Concluded {
            ending: conclusion.ending().clone(),
            head: conclusion.head().cloned(),
            absent: absences(run, &view, cx.results),
            requirements: covered(&view.votes, cx.facts),
            votes: view.votes,
            gates: view.gates,
            gates_not_run: view.gates_not_run,
            rounds: view.rounds,
            usage: run.spent(cx.results),
            message: conclusion.message().to_owned(),
        };
        let body = Body::of(&OfEveryFlow::Concluded(concluded));
        let draft = unplaced(&run.id, view.round, body);
        Step::Conclude(Box::new(draft), conclusion)
    }

    fn explain(&self, cx: &FlowContext<'_>) -> Decision<Explanation> {
        self.0.explain(cx)
    }

    fn comment(&self, record: &Envelope) -> Result<String, Unreadable> {
        let at = At { run: &record.run, round: record.round };
        record.body.read().map(|read| self.0.comment(at, &read))
    }

    fn marker(&self, record: &Envelope) -> Result<Option<String>, Unreadable> {
        record.body.read().map(|read| F::marker(&read))
    }

    fn announce(&self, record: &Envelope) -> Result<Announcement, Unreadable> {
        let at = At { run: &record.run, round: record.round };
        record.body.read().map(|read| F::announce(at, &read))
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
    /// Creates the machine for a subject, if the flow accepts such a subject.
    pub on: fn(&Subject) -> Option<Box<dyn Machine>>,
}

/// Creates the entry of a flow.
pub const fn entry<F: Flow>() -> FlowEntry {
    FlowEntry { name: F::NAME, on: begin::<F> }
}

fn begin<F: Flow>(subject: &Subject) -> Option<Box<dyn Machine>> {
    F::on(subject).map(|flow| -> Box<dyn Machine> { Box::new(FlowMachine(flow)) })
}

/// Returns the failure of a turn whose record does not fit into a comment.
pub fn too_long(record: &impl Serialize) -> Option<TurnFailure> {
    let error = codec::fits(&Body::of(record)).err()?;
    Some(TurnFailure::Malformed { complaints: vec![format!("too long: {error}")] })
}

/// Creates a draft of a flow's record.
pub fn draft<F: Flow>(run: &RunId, round: u32, record: &F::Record) -> Draft {
    unplaced(run, round, Body::of(record))
}

fn unplaced(run: &RunId, round: u32, body: Body) -> Draft {
    let run = run.clone();
    Draft { run, round, body, from: None, thread: None, continues: None, participants: Vec::new() }
}
