//! From journals to what a run cost, schema `agent-loop/usage/1`: in all, by agent, by call. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::domain::agent::{ResponseKind, Role};
use crate::domain::ids::{Label, RunId};
use crate::domain::subject::Subject;
use crate::domain::turn::TurnKey;
use crate::domain::usage::{Precision, Usage};
use crate::ports::journal::{Entry, Finished};

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallEnd {
    Answered,
    /// With a failure of this class.
    Failed(String),
    /// Not in the journal: it runs, or it was cut off. What it spent is not known.
    Open,
}

/// What was asked of whom.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    pub round: u32,
    pub role: Role,
    pub label: Label,
    pub kind: ResponseKind,
    /// How often the question was put before.
    pub again: u32,
    /// How often it was put before, and failed in a way that may pass.
    pub retry: u32,
}

impl Asked {
    fn of(turn: &TurnKey) -> Self {
        Self {
            round: turn.round,
            role: turn.role,
            label: turn.label.clone(),
            kind: turn.kind,
            again: turn.again,
            retry: turn.retry,
        }
    }
}

/// One start of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// When it ended, or began if it did not end.
    pub at: Timestamp,
    /// In whose journal it stands.
    pub subject: Subject,
    pub asked: Asked,
    pub end: CallEnd,
    pub model: Option<String>,
    pub usage: Usage,
}

impl Call {
    /// Whether both are one call, whatever is known of it.
    pub fn is_the_same(&self, other: &Self) -> bool {
        (self.at, &self.subject, &self.asked) == (other.at, &other.subject, &other.asked)
    }
}

/// What calls cost together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    pub usage: Usage,
    pub time: Precision,
}

impl Sum {
    /// The sum of calls.
    pub fn of<'calls>(calls: impl IntoIterator<Item = &'calls Call>) -> Self {
        calls.into_iter().fold(Self::default(), |sum, call| Self {
            usage: sum.usage.plus(call.usage),
            time: sum.time.max(time(&call.end)),
        })
    }

    fn json(self) -> Value {
        let Self { usage, time } = self;
        let cost = usage.cost().map(|cost| {
            json!({ "usd": usd(cost.micro_usd), "micro_usd": cost.micro_usd, "precision": cost.precision })
        });
        json!({
            "calls": usage.calls,
            "tokens": {
                "input": usage.input_tokens,
                "cached": usage.cached_tokens,
                "output": usage.output_tokens,
                "precision": usage.precision,
            },
            "cost": cost,
            "time": { "milliseconds": usage.milliseconds, "precision": time },
        })
    }
}

fn time(end: &CallEnd) -> Precision {
    match end {
        CallEnd::Answered | CallEnd::Failed(_) => Precision::Exact,
        CallEnd::Open => Precision::Partial,
    }
}

/// Dollars as a number, for people who read JSON; `micro_usd` is the exact one.
fn usd(micro_usd: u64) -> f64 {
    format!("{}.{:06}", micro_usd / 1_000_000, micro_usd % 1_000_000).parse().unwrap_or(0.0)
}

/// Where the cost of a run is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CostSource {
    Journals,
    /// From what was kept when its journals were removed.
    Kept,
    /// Some of it from journals, the rest from what was kept.
    Both,
}

impl CostSource {
    /// The word for it in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Journals => "journals",
            Self::Kept => "kept",
            Self::Both => "journals-and-kept",
        }
    }
}

/// What a run cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunCost {
    pub run: RunId,
    /// Its calls, as far as this machine's journals know them, oldest first.
    pub calls: Vec<Call>,
    /// What its records say: they know of turns that were taken elsewhere.
    pub records: Usage,
    pub source: CostSource,
}

impl RunCost {
    /// The subjects in whose journals the run has calls, in the order in which it came to them.
    pub fn subjects(&self) -> Vec<&Subject> {
        let mut subjects: Vec<&Subject> = Vec::new();
        for call in &self.calls {
            if !subjects.contains(&&call.subject) {
                subjects.push(&call.subject);
            }
        }
        subjects
    }

    /// What all of it cost: what the journals or the records say, whichever knows more calls.
    pub fn totals(&self) -> Sum {
        let sum = Sum::of(&self.calls);
        if self.calls_elsewhere() == 0 {
            return sum;
        }
        let precision = self.records.precision.max(Precision::Partial);
        Sum { usage: Usage { precision, ..self.records }, time: Precision::Partial }
    }

    fn calls_elsewhere(&self) -> u64 {
        self.records.calls.saturating_sub(Sum::of(&self.calls).usage.calls)
    }

    /// What each agent cost, in each of its roles.
    pub fn agents(&self) -> BTreeMap<(Role, &Label), Sum> {
        let mut agents: BTreeMap<(Role, &Label), Vec<&Call>> = BTreeMap::new();
        for call in &self.calls {
            agents.entry((call.asked.role, &call.asked.label)).or_default().push(call);
        }
        agents.into_iter().map(|(who, calls)| (who, Sum::of(calls))).collect()
    }

    /// The summary as one JSON object.
    pub fn json(&self) -> Value {
        let agent = |((role, label), sum): ((Role, &Label), Sum)| {
            merged(json!({ "agent": label, "role": role }), sum.json())
        };
        json!({
            "schema": "agent-loop/usage/1",
            "run": self.run,
            "subjects": self.subjects(),
            "totals": self.totals().json(),
            "calls_elsewhere": self.calls_elsewhere(),
            "source": self.source.name(),
            "agents": self.agents().into_iter().map(agent).collect::<Vec<_>>(),
            "calls": self.calls.iter().map(call).collect::<Vec<_>>(),
        })
    }
}

fn call(call: &Call) -> Value {
    let (result, failure) = match &call.end {
        CallEnd::Answered => ("answered", None),
        CallEnd::Failed(class) => ("failed", Some(class)),
        CallEnd::Open => ("open", None),
    };
    let asked = &call.asked;
    let facts = json!({
        "at": call.at, "subject": call.subject, "agent": asked.label, "role": asked.role, "kind": asked.kind,
        "round": asked.round, "again": asked.again, "retry": asked.retry, "model": call.model, "result": result,
        "failure": failure,
    });
    merged(facts, Sum::of([call]).json())
}

fn merged(mut one: Value, other: Value) -> Value {
    if let (Value::Object(members), Value::Object(more)) = (&mut one, other) {
        members.extend(more);
    }
    one
}

/// A turn as its journal tells it.
#[derive(Default)]
struct TurnEntries<'entries> {
    begun: Vec<Timestamp>,
    ended: Option<(Timestamp, &'entries Finished, Usage)>,
}

/// The runs that have calls in these journals, oldest first.
pub fn summaries(journals: &[(Subject, Vec<Entry>)]) -> Vec<RunCost> {
    let mut runs: BTreeMap<RunId, Vec<Call>> = BTreeMap::new();
    for (run, call) in journals.iter().flat_map(|(subject, entries)| calls(subject, entries)) {
        runs.entry(run).or_default().push(call);
    }
    let mut all: Vec<RunCost> = runs
        .into_iter()
        .map(|(run, mut calls)| {
            calls.sort_by(|one, other| (one.at, &one.asked).cmp(&(other.at, &other.asked)));
            RunCost { run, calls, records: Usage::default(), source: CostSource::Journals }
        })
        .collect();
    all.sort_by_key(|summary| summary.calls.first().map(|call| call.at));
    all
}

/// The calls of a journal. A turn that was cut off and asked for again is two calls; an end that is written a second time,
/// because the answer did not fit into a record, is none.
fn calls(subject: &Subject, entries: &[Entry]) -> Vec<(RunId, Call)> {
    let mut turns: BTreeMap<&TurnKey, TurnEntries<'_>> = BTreeMap::new();
    for entry in entries {
        match entry {
            Entry::Attempt { turn, at, .. } => turns.entry(turn).or_default().begun.push(*at),
            Entry::Finished { turn, at, finished } => {
                let told = turns.entry(turn).or_default();
                let spent = told.ended.map_or_else(Usage::default, |(_, _, spent)| spent);
                told.ended = Some((*at, finished, spent.larger(usage(finished))));
            }
            Entry::Clarified { .. }
            | Entry::Measured { .. }
            | Entry::Record { .. }
            | Entry::Task { .. }
            | Entry::Stopped { .. }
            | Entry::Inherited { .. } => {}
        }
    }
    let of = |(turn, told): (&TurnKey, TurnEntries<'_>)| {
        calls_of(subject, turn, &told).into_iter().map(|call| (turn.run.clone(), call)).collect::<Vec<_>>()
    };
    turns.into_iter().flat_map(of).collect()
}

fn calls_of(subject: &Subject, turn: &TurnKey, told: &TurnEntries<'_>) -> Vec<Call> {
    let cut_off = told.begun.len().saturating_sub(usize::from(told.ended.is_some()));
    let call = |at, end, model, usage| Call {
        at,
        subject: subject.clone(),
        asked: Asked::of(turn),
        end,
        model,
        usage,
    };
    let unknown = Usage { calls: 1, precision: Precision::Partial, ..Usage::default() };
    let mut calls: Vec<Call> =
        told.begun.iter().take(cut_off).map(|at| call(*at, CallEnd::Open, None, unknown)).collect();
    calls.extend(told.ended.map(|(at, finished, usage)| match finished {
        Finished::Answered { model, .. } => call(at, CallEnd::Answered, model.clone(), usage),
        Finished::Failed { failure, model, .. } => {
            call(at, CallEnd::Failed(failure.class().to_owned()), model.clone(), usage)
        }
    }));
    calls
}

fn usage(finished: &Finished) -> Usage {
    match finished {
        Finished::Answered { usage, .. } | Finished::Failed { usage, .. } => *usage,
    }
}

#[cfg(test)]
pub(in crate::cli) mod tests {
    use super::*;
    use crate::domain::failure::TurnFailure;
    use crate::protocol::expectation::Surfaced;
    use crate::protocol::raw_answer::RawAnswer;

    fn turn(label: &str, role: Role, retry: u32) -> TurnKey {
        TurnKey {
            run: "20261121-1".parse().unwrap(),
            sitting: 0,
            round: 1,
            role,
            label: label.parse().unwrap(),
            kind: ResponseKind::PrReview,
            head: "a".repeat(40).parse().unwrap(),
            clarifications: 0,
            again: 0,
            retry,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn begun(turn: &TurnKey, second: i64) -> Entry {
        Entry::Attempt { turn: turn.clone(), at: at(second), surfaced: Surfaced::default() }
    }

    fn answered(turn: &TurnKey, second: i64, usage: Usage) -> Entry {
        let raw = RawAnswer::message(String::new());
        let model = Some("big".to_owned());
        let finished = Finished::Answered { raw, usage, model, commit: None, session: None };
        Entry::Finished { turn: turn.clone(), at: at(second), finished }
    }

    fn failed(turn: &TurnKey, second: i64, usage: Usage) -> Entry {
        let failure = TurnFailure::Network { detail: String::new() };
        let model = Some("small".to_owned());
        let finished = Finished::Failed { failure, usage, log: None, salvage: None, model };
        Entry::Finished { turn: turn.clone(), at: at(second), finished }
    }

    fn spent(tokens: u64, cost: Option<u64>) -> Usage {
        Usage {
            calls: 1,
            input_tokens: tokens,
            cached_tokens: tokens / 2,
            output_tokens: 10,
            micro_usd: cost.unwrap_or(0),
            priced_calls: u64::from(cost.is_some()),
            milliseconds: 90_000,
            precision: Precision::Exact,
        }
    }

    /// A coder with a cost in the issue, a reviewer without one in its pull request, whose first try failed.
    pub(in crate::cli) fn scene() -> Vec<(Subject, Vec<Entry>)> {
        let (coder, reviewer) = (turn("sam", Role::Coder, 0), turn("one", Role::Reviewer, 0));
        let once_more = turn("one", Role::Reviewer, 1);
        vec![
            (
                "pr/2".parse().unwrap(),
                vec![
                    begun(&reviewer, 3),
                    failed(&reviewer, 4, spent(2_000, None)),
                    begun(&once_more, 5),
                    answered(&once_more, 6, spent(1_234_000, None)),
                ],
            ),
            (
                "issue/1".parse().unwrap(),
                vec![begun(&coder, 1), answered(&coder, 2, spent(400, Some(1_250_000)))],
            ),
        ]
    }

    #[test]
    fn a_handed_over_run_is_one() {
        let all = summaries(&scene());
        let [run] = all.as_slice() else { panic!("{all:#?}") };
        let json = run.json();
        assert_eq!(json["subjects"], json!(["issue/1", "pr/2"]));
        let results: Vec<&Value> =
            json["calls"].as_array().unwrap().iter().map(|call| &call["result"]).collect();
        assert_eq!(results, ["answered", "failed", "answered"]);
        assert_eq!(
            (&json["calls"][1]["failure"], &json["calls"][1]["model"]),
            (&json!("network"), &json!("small"))
        );
        assert_eq!(
            json["totals"]["tokens"],
            json!({
                "input": 1_236_400, "cached": 618_200, "output": 30, "precision": "exact",
            })
        );
        assert_eq!(
            json["totals"]["cost"],
            json!({ "usd": 1.25, "micro_usd": 1_250_000, "precision": "partial" })
        );
        assert_eq!(json["agents"][0]["cost"]["precision"], "exact");
        assert_eq!(json["agents"][1]["cost"], Value::Null, "no cost is not a cost of nothing");
        assert_eq!(json["totals"]["time"], json!({ "milliseconds": 270_000, "precision": "exact" }));
    }

    #[test]
    fn a_cut_off_turn_is_partial() {
        let coder = turn("sam", Role::Coder, 0);
        let entries = vec![begun(&coder, 1), begun(&coder, 2), answered(&coder, 3, spent(400, Some(7)))];
        let all = summaries(&[("pr/2".parse().unwrap(), entries)]);
        let totals = all[0].json()["totals"].clone();
        assert_eq!((&totals["calls"], &totals["tokens"]["precision"]), (&json!(2), &json!("partial")));
        assert_eq!(totals["cost"], json!({ "usd": 0.000_007, "micro_usd": 7, "precision": "partial" }));
        assert_eq!(totals["time"]["precision"], "partial");
        assert_eq!(all[0].json()["calls"][0]["result"], "open");
    }

    #[test]
    fn a_repeated_end_is_one_call() {
        let coder = turn("sam", Role::Coder, 0);
        let entries = vec![
            begun(&coder, 1),
            answered(&coder, 2, spent(400, None)),
            failed(&coder, 3, Usage::default()),
        ];
        let all = summaries(&[("pr/2".parse().unwrap(), entries)]);
        let json = all[0].json();
        assert_eq!((&json["totals"]["calls"], &json["totals"]["tokens"]["input"]), (&json!(1), &json!(400)));
        assert_eq!(json["calls"][0]["failure"], "network");
    }

    #[test]
    fn cost_from_records_is_partial() {
        let mut summary = summaries(&scene()).remove(0);
        summary.records = Usage { calls: 9, input_tokens: 5_000_000, ..Usage::default() };
        let json = summary.json();
        assert_eq!((&json["calls_elsewhere"], &json["totals"]["calls"]), (&json!(6), &json!(9)));
        assert_eq!(json["totals"]["tokens"]["precision"], "partial");
    }
}
