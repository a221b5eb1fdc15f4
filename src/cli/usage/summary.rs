//! The cost of runs, computed from journals, with the schema `agent-loop/usage/1`: totals, by agent, by call. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::domain::agent::{ResponseKind, Role};
use crate::domain::forge_calls::ForgeCalls;
use crate::domain::ids::{Label, RunId};
use crate::domain::subject::Subject;
use crate::domain::turn::TurnKey;
use crate::domain::usage::{Precision, Usage};
use crate::ports::journal::{Entry, Finished};

use super::sum::Sum;

/// The result of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallResult {
    Answered,
    Failed,
    /// The journal has no end of the call: it is running or was interrupted, and its cost is unknown.
    Open,
}

/// The question of a call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CallQuestion {
    pub round: u32,
    pub role: Role,
    #[serde(rename = "agent")]
    pub label: Label,
    pub kind: ResponseKind,
    /// See `TurnKey::again`.
    pub again: u32,
    /// See `TurnKey::retry`.
    pub retry: u32,
}

impl CallQuestion {
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The time of its end, or of its start if it has no end.
    pub at: Timestamp,
    /// The subject whose journal has the call.
    pub subject: Subject,
    #[serde(flatten)]
    pub question: CallQuestion,
    pub model: Option<String>,
    pub result: CallResult,
    /// The class of the failure.
    pub failure: Option<String>,
    #[serde(flatten)]
    pub cost: Sum,
}

impl Call {
    /// Returns whether both are the same call.
    pub fn is_the_same(&self, other: &Self) -> bool {
        self.order() == other.order() && self.subject == other.subject
    }

    /// Returns the key by which the calls of a run are sorted.
    pub fn order(&self) -> (Timestamp, &CallQuestion) {
        (self.at, &self.question)
    }
}

/// The origin of the cost of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum CostSource {
    #[serde(rename = "journals")]
    Journals,
    /// A summary that was kept when the journals were removed.
    #[serde(rename = "kept")]
    Kept,
    #[serde(rename = "journals-and-kept")]
    Both,
}

/// The cost of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunCost {
    pub run: RunId,
    /// The calls in this machine's journals, oldest first.
    pub calls: Vec<Call>,
    /// The usage in the run's records, which includes turns on other machines.
    pub records: Usage,
    pub source: CostSource,
    /// The calls of the forge by the commands of the run on this machine.
    pub forge_calls: ForgeCalls,
}

impl RunCost {
    /// Returns the subjects whose journals have calls of the run, in order of their first call.
    pub fn subjects(&self) -> Vec<&Subject> {
        let mut subjects: Vec<&Subject> = Vec::new();
        for call in &self.calls {
            if !subjects.contains(&&call.subject) {
                subjects.push(&call.subject);
            }
        }
        subjects
    }

    /// Returns the total of the journals or of the records, whichever has more calls.
    pub fn totals(&self) -> Sum {
        if self.calls_elsewhere() == 0 {
            return self.sum();
        }
        let precision = self.records.precision.max(Precision::Partial);
        Sum { usage: Usage { precision, ..self.records }, time: Precision::Partial }
    }

    fn sum(&self) -> Sum {
        self.calls.iter().map(|call| call.cost).fold(Sum::default(), Sum::plus)
    }

    fn calls_elsewhere(&self) -> u64 {
        self.records.calls.saturating_sub(self.sum().usage.calls)
    }

    pub fn agents(&self) -> BTreeMap<(Role, &Label), Sum> {
        let mut agents: BTreeMap<(Role, &Label), Sum> = BTreeMap::new();
        for Call { question, cost, .. } in &self.calls {
            let sum = agents.entry((question.role, &question.label)).or_default();
            *sum = sum.plus(*cost);
        }
        agents
    }

    /// Returns the summary as a JSON object.
    pub fn json(&self) -> Value {
        let agents = self.agents();
        let agents: Vec<AgentCost<'_>> =
            agents.into_iter().map(|((role, agent), cost)| AgentCost { agent, role, cost }).collect();
        let mut summary = json!({
            "schema": "agent-loop/usage/1",
            "run": self.run,
            "subjects": self.subjects(),
            "totals": self.totals(),
            "calls_elsewhere": self.calls_elsewhere(),
            "source": self.source,
            "agents": agents,
            "calls": self.calls,
        });
        if let Some(members) = summary.as_object_mut().filter(|_| self.forge_calls.all() > 0) {
            members.insert("forge_calls".to_owned(), json!(self.forge_calls));
        }
        summary
    }
}

#[derive(Serialize)]
struct AgentCost<'run> {
    agent: &'run Label,
    role: Role,
    #[serde(flatten)]
    cost: Sum,
}

/// The entries of a turn in its journal.
#[derive(Default)]
struct TurnEntries<'entries> {
    starts: Vec<Timestamp>,
    end: Option<(Timestamp, &'entries Finished, Usage)>,
}

/// Returns the runs with calls in these journals, oldest first.
pub fn summaries(journals: &[(Subject, Vec<Entry>)]) -> Vec<RunCost> {
    let mut runs: BTreeMap<RunId, Vec<Call>> = BTreeMap::new();
    for (run, call) in journals.iter().flat_map(|(subject, entries)| calls(subject, entries)) {
        runs.entry(run).or_default().push(call);
    }
    let mut all: Vec<RunCost> = runs
        .into_iter()
        .map(|(run, mut calls)| {
            calls.sort_by(|one, other| one.order().cmp(&other.order()));
            RunCost {
                run,
                calls,
                records: Usage::default(),
                source: CostSource::Journals,
                forge_calls: ForgeCalls::default(),
            }
        })
        .collect();
    all.sort_by_key(|summary| summary.calls.first().map(|call| call.at));
    all
}

/// Returns the calls of a journal. An interrupted turn that was asked again is two calls. A turn whose end is written
/// twice, because the answer did not fit into a record, is one.
fn calls(subject: &Subject, entries: &[Entry]) -> Vec<(RunId, Call)> {
    let mut turns: BTreeMap<&TurnKey, TurnEntries<'_>> = BTreeMap::new();
    for entry in entries {
        match entry {
            Entry::Attempt { turn, at, .. } => turns.entry(turn).or_default().starts.push(*at),
            Entry::Finished { turn, at, finished } => {
                let known = turns.entry(turn).or_default();
                let spent = known.end.map_or_else(Usage::default, |(_, _, spent)| spent);
                known.end = Some((*at, finished, spent.larger(finished.usage())));
            }
            Entry::Secret { .. }
            | Entry::Clarified { .. }
            | Entry::Measured { .. }
            | Entry::Record { .. }
            | Entry::Task { .. }
            | Entry::Stopped { .. }
            | Entry::Limited { .. }
            | Entry::Concluded { .. }
            | Entry::Inherited { .. } => {}
        }
    }
    let of = |(turn, entries): (&TurnKey, TurnEntries<'_>)| {
        calls_of(subject, turn, &entries).into_iter().map(|call| (turn.run.clone(), call)).collect::<Vec<_>>()
    };
    turns.into_iter().flat_map(of).collect()
}

fn calls_of(subject: &Subject, turn: &TurnKey, entries: &TurnEntries<'_>) -> Vec<Call> {
    let open = |at: &Timestamp| Call {
        at: *at,
        subject: subject.clone(),
        question: CallQuestion::of(turn),
        model: None,
        result: CallResult::Open,
        failure: None,
        cost: Sum {
            usage: Usage { calls: 1, precision: Precision::Partial, ..Usage::default() },
            time: Precision::Partial,
        },
    };
    let interrupted = entries.starts.len().saturating_sub(usize::from(entries.end.is_some()));
    let mut calls: Vec<Call> = entries.starts.iter().take(interrupted).map(open).collect();
    calls.extend(entries.end.map(|(at, finished, usage)| {
        let failure = finished.failure_class().map(str::to_owned);
        let result = if failure.is_some() { CallResult::Failed } else { CallResult::Answered };
        let (Finished::Answered { model, .. } | Finished::Failed { model, .. }) = finished;
        let cost = Sum { usage, time: Precision::Exact };
        Call { model: model.clone(), result, failure, cost, ..open(&at) }
    }));
    calls
}

#[cfg(test)]
pub(in crate::cli) mod tests {
    use super::*;
    use crate::domain::failure::TurnFailure;
    use crate::ports::journal::AnswerForm;
    use crate::protocol::expectation::Surfaced;
    use crate::protocol::raw_answer::RawAnswer;

    fn turn(label: &str, role: Role, retry: u32) -> TurnKey {
        TurnKey {
            run: "20261121-1".parse().unwrap(),
            attempt_window: 0,
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

    fn started(turn: &TurnKey, second: i64) -> Entry {
        Entry::Attempt { turn: turn.clone(), at: at(second), surfaced: Surfaced::default() }
    }

    fn answered(turn: &TurnKey, second: i64, usage: Usage) -> Entry {
        let raw = RawAnswer::message(String::new());
        let model = Some("big".to_owned());
        let finished = Finished::Answered {
            raw,
            usage,
            model,
            commit: None,
            session: None,
            notes: Vec::new(),
            form: AnswerForm::Valid,
        };
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

    /// Returns a coder with a cost in the issue, and a reviewer without one in its pull request, whose first attempt failed.
    pub(in crate::cli) fn scene() -> Vec<(Subject, Vec<Entry>)> {
        let (coder, reviewer) = (turn("sam", Role::Coder, 0), turn("one", Role::Reviewer, 0));
        let once_more = turn("one", Role::Reviewer, 1);
        vec![
            (
                "pr/2".parse().unwrap(),
                vec![
                    started(&reviewer, 3),
                    failed(&reviewer, 4, spent(2_000, None)),
                    started(&once_more, 5),
                    answered(&once_more, 6, spent(1_234_000, None)),
                ],
            ),
            (
                "issue/1".parse().unwrap(),
                vec![started(&coder, 1), answered(&coder, 2, spent(400, Some(1_250_000)))],
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
        assert_eq!(json["agents"][1]["cost"], Value::Null, "an unknown cost is not zero");
        assert_eq!(json["totals"]["time"], json!({ "milliseconds": 270_000, "precision": "exact" }));
    }

    #[test]
    fn a_cut_off_turn_is_partial() {
        let coder = turn("sam", Role::Coder, 0);
        let entries = vec![started(&coder, 1), started(&coder, 2), answered(&coder, 3, spent(400, Some(7)))];
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
            started(&coder, 1),
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
