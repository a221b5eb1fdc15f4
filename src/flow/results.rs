//! The content of a subject's journal: finished turns, attempts, measurements, and the origin of the subject.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::domain::failure::TurnFailure;
use crate::domain::gate::Measurement;
use crate::domain::ids::{ChildKey, CommitSha, GateName, IssueNumber, RunId};
use crate::domain::nonce::NonceSecret;
use crate::domain::requirement::Requirements;
use crate::domain::roster::SeatKey;
use crate::domain::subject::Subject;
use crate::domain::turn::{RunRound, SessionNote, TurnKey, Unfinished};
use crate::domain::usage::Usage;
use crate::protocol::answer;
use crate::protocol::context::Clarification;
use crate::protocol::expectation::{Expectation, Surfaced};
use crate::protocol::raw_answer::RawAnswer;
use crate::protocol::requirements;

/// An agent's finished turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub end: TurnEnd,
    pub usage: Usage,
    pub model: Option<String>,
    pub session: Option<SessionNote>,
    /// The ref of the work of a failed turn.
    pub salvage: Option<String>,
    pub at: Timestamp,
}

/// The end of a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TurnEnd {
    /// The agent answered; a coder's work is the commit, if it made any.
    Answered {
        raw: RawAnswer,
        commit: Option<CommitSha>,
        /// Files that were unexpectedly left out, included or removed.
        notes: Vec<String>,
    },
    Failed {
        failure: TurnFailure,
    },
}

/// The content of a subject's journal, and the running turns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Results {
    pub turns: BTreeMap<TurnKey, Turn>,
    /// The number of finished turns of each agent, including those on the subject that handed over.
    pub finished: BTreeMap<SeatKey, u32>,
    /// The usage of the turns of each run, including failed ones.
    spent: BTreeMap<RunId, Usage>,
    pub attempts: BTreeMap<TurnKey, u32>,
    pub running: BTreeSet<TurnKey>,
    /// The requirements in the prompt of each turn when it was last started.
    pub surfaced: BTreeMap<TurnKey, Surfaced>,
    /// A person's answers to the coder's questions, by the turn with the questions.
    pub clarifications: BTreeMap<TurnKey, Vec<Clarification>>,
    pub filed: BTreeMap<ChildKey, IssueNumber>,
    /// The measurements of gates, by run and round, oldest first.
    pub measurements: Vec<(RunId, u32, Measurement)>,
    /// The secret for the nonces of votes, once a vote was requested.
    pub nonce_secret: Option<NonceSecret>,
    /// The origin of the subject, if this machine knows it.
    pub provenance: Provenance,
}

/// The origin of a journal's subject.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provenance {
    /// The issue or task whose run continues here.
    pub source: Option<Subject>,
    pub task: Option<String>,
}

/// The maximum number of starts of a turn that never finishes.
pub const MOST_ATTEMPTS: u32 = 20;

impl Results {
    /// Adds a finished turn. One that replaces another has the same usage.
    pub fn finish(&mut self, key: TurnKey, turn: Turn) {
        self.running.remove(&key);
        *self.finished.entry(key.seat()).or_default() += 1;
        if !self.turns.contains_key(&key) {
            let spent = self.spent.entry(key.run.clone()).or_default();
            *spent = spent.plus(turn.usage);
        }
        self.turns.insert(key, turn);
    }

    /// Returns a finished turn. A turn that was started too often and never finished has failed.
    pub fn turn(&self, key: &TurnKey) -> Option<Turn> {
        let never_finished = || {
            let attempts = self.attempts.get(key).copied().filter(|count| *count >= MOST_ATTEMPTS)?;
            let failure = TurnFailure::NeverFinished { attempts };
            let end = TurnEnd::Failed { failure };
            let (usage, at) = (Usage::default(), Timestamp::UNIX_EPOCH);
            (!self.running.contains(key)).then_some(Turn {
                end,
                usage,
                model: None,
                session: None,
                salvage: None,
                at,
            })
        };
        self.turns.get(key).cloned().or_else(never_finished)
    }

    /// Returns the requirements that an answer must acknowledge: those in the prompt, or the current ones if the question
    /// was not asked yet.
    pub fn surfaced(&self, key: &TurnKey, now: &Requirements) -> Surfaced {
        let is_asked = self.turns.contains_key(key) || self.running.contains(key);
        let then = self.surfaced.get(key).filter(|_| is_asked);
        then.cloned().unwrap_or_else(|| requirements::expected(now))
    }

    /// Returns the work that a coder's turn continues, if its last attempt on this commit was interrupted or failed.
    pub fn unfinished(&self, key: &TurnKey) -> Option<Unfinished> {
        let is_theirs = |other: &TurnKey| other.role == key.role && other.label == key.label;
        // The keys are in order; the times may not be, because a clock may be set back.
        let last = self.turns.iter().rfind(|(other, _)| is_theirs(other));
        let saved = last.filter(|(last, _)| last.head == key.head).and_then(|(last, turn)| match &turn.end {
            TurnEnd::Failed { failure } => turn.salvage.clone().filter(|_| failure.leaves_usable_files()),
            TurnEnd::Answered { raw, commit, .. } => {
                let is_malformed = answer::understand(raw, &Expectation::bare(last.kind)).is_err();
                commit.as_ref().filter(|_| is_malformed).map(ToString::to_string)
            }
        });
        (saved.is_some() || self.attempts.contains_key(key)).then_some(Unfinished { saved })
    }

    /// Returns the finished turns of a round, latest key first. The work does not grow with the number of rounds.
    pub fn of_round<'now>(
        &'now self,
        at: &'now RunRound,
    ) -> impl Iterator<Item = (&'now TurnKey, &'now Turn)> {
        let order = |key: &TurnKey| {
            (&key.run, key.attempt_window, key.round).cmp(&(&at.run, at.attempt_window, at.round))
        };
        let later = move |(key, _): &(&TurnKey, &Turn)| order(key).is_gt();
        self.turns.iter().rev().skip_while(later).take_while(move |(key, _)| order(key).is_eq())
    }

    pub fn spent_on(&self, key: &TurnKey) -> Usage {
        self.turns.get(key).map_or_else(Usage::default, |turn| turn.usage)
    }

    /// Returns the usage of all turns of a run, including failed ones.
    pub fn usage(&self, run: &RunId) -> Usage {
        self.spent.get(run).copied().unwrap_or_default()
    }

    /// Returns the measurement of a gate on a commit in this run and round.
    pub fn measurement(&self, gate: &GateName, at: MeasuredAt<'_>) -> Option<&Measurement> {
        let fits = |(run, round, measurement): &&(RunId, u32, Measurement)| {
            run == at.run && *round == at.round && measurement.head == *at.head && measurement.gate == *gate
        };
        self.measurements.iter().rev().find(fits).map(|(_, _, measurement)| measurement)
    }
}

/// The run, round and commit of a measurement.
#[derive(Debug, Clone, Copy)]
pub struct MeasuredAt<'now> {
    pub run: &'now RunId,
    pub round: u32,
    pub head: &'now CommitSha,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agent::ResponseKind;
    use crate::domain::agent::Role;
    use crate::domain::gate::Verdict;

    #[test]
    fn a_round_has_its_own_turns() {
        let head: CommitSha = "a".repeat(40).parse().unwrap();
        let (label, kind) = ("coder".parse().unwrap(), ResponseKind::CoderFollowup);
        let at =
            |run: &str, attempt_window, round| RunRound { run: run.parse().unwrap(), attempt_window, round };
        let rounds =
            [at("run-1", 0, 2), at("run-2", 0, 1), at("run-2", 0, 2), at("run-2", 1, 1), at("run-3", 0, 1)];
        let turn = || Turn {
            end: TurnEnd::Failed { failure: TurnFailure::NeverFinished { attempts: 1 } },
            usage: Usage::default(),
            model: None,
            session: None,
            salvage: None,
            at: Timestamp::UNIX_EPOCH,
        };
        let key = |round: &RunRound| TurnKey::first(round.clone(), Role::Coder, &label, kind, &head);
        let turns = rounds.iter().map(|round| (key(round), turn())).collect();
        let results = Results { turns, ..Results::default() };
        for round in &rounds {
            let found: Vec<&TurnKey> = results.of_round(round).map(|(key, _)| key).collect();
            assert_eq!(found, [&key(round)]);
        }
        assert_eq!(results.of_round(&at("run-2", 0, 3)).count(), 0);
    }

    #[test]
    fn a_measurement_is_of_its_gate() {
        let head: CommitSha = "a".repeat(40).parse().unwrap();
        let run: RunId = "run-1".parse().unwrap();
        let measured = |gate: GateName, verdict| Measurement {
            gate,
            head: head.clone(),
            tree: None,
            verdict,
            detail: String::new(),
            findings: Vec::new(),
            remedy: None,
            repetition: None,
        };
        let lint: GateName = "lint".parse().unwrap();
        let measurements = vec![
            (run.clone(), 1, measured(GateName::tests(), Verdict::Pass)),
            (run.clone(), 1, measured(lint.clone(), Verdict::Fail)),
        ];
        let results = Results { measurements, ..Results::default() };
        let verdict = |gate: &GateName, round| {
            let at = MeasuredAt { run: &run, round, head: &head };
            results.measurement(gate, at).map(|measured| measured.verdict)
        };
        assert_eq!(verdict(&GateName::tests(), 1), Some(Verdict::Pass));
        assert_eq!(verdict(&lint, 1), Some(Verdict::Fail));
        assert_eq!(verdict(&lint, 2), None, "of another round");
    }
}
