//! What the journal of a subject holds: finished turns, attempts, measurements, and where the subject came from.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::domain::failure::TurnFailure;
use crate::domain::gate::Measurement;
use crate::domain::ids::{ChildKey, CommitSha, GateName, IssueNumber, RunId};
use crate::domain::nonce::NonceSecret;
use crate::domain::requirement::Requirements;
use crate::domain::subject::Subject;
use crate::domain::turn::{SessionNote, TurnKey};
use crate::domain::usage::Usage;
use crate::protocol::context::Clarification;
use crate::protocol::expectation::Surfaced;
use crate::protocol::raw_answer::RawAnswer;
use crate::protocol::requirements;

/// An agent's finished turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub end: TurnEnd,
    pub usage: Usage,
    pub model: Option<String>,
    pub session: Option<SessionNote>,
    /// The ref of what a failed one had done.
    pub salvage: Option<String>,
    pub at: Timestamp,
}

/// How a turn ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TurnEnd {
    /// The agent said this; a coder's work is this commit, if it made any.
    Answered {
        /// The texts in which its answer may stand.
        raw: RawAnswer,
        commit: Option<CommitSha>,
        /// What a person should know of the files that it left.
        notes: Vec<String>,
    },
    Failed {
        failure: TurnFailure,
    },
}

/// What the journal holds of this subject, and what runs at this instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Results {
    pub turns: BTreeMap<TurnKey, Turn>,
    pub attempts: BTreeMap<TurnKey, u32>,
    pub running: BTreeSet<TurnKey>,
    /// The requirements of people that a turn was shown when it was last started.
    pub surfaced: BTreeMap<TurnKey, Surfaced>,
    /// A person's answers to the coder's questions, by the turn that asked.
    pub clarifications: BTreeMap<TurnKey, Vec<Clarification>>,
    pub filed: BTreeMap<ChildKey, IssueNumber>,
    /// What gates measured, by run and round, oldest first.
    pub measurements: Vec<(RunId, u32, Measurement)>,
    /// The secret from which the nonces of votes are made, once a vote was asked for.
    pub nonce_secret: Option<NonceSecret>,
    /// Where the subject came from, as far as this machine knows.
    pub provenance: Provenance,
}

/// Where the subject of a journal came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provenance {
    /// The issue or task whose run continues here.
    pub source: Option<Subject>,
    pub task: Option<String>,
}

/// A turn that is started this often without coming to its end is not started again.
pub const MOST_ATTEMPTS: u32 = 20;

impl Results {
    /// How a turn ended. One that was started too often and never ended has failed.
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

    /// What an answer to this question has to say of the requirements of people: what was shown when it was asked, or what is
    /// shown now if it is still to be asked.
    pub fn surfaced(&self, key: &TurnKey, now: &Requirements) -> Surfaced {
        let is_asked = self.turns.contains_key(key) || self.running.contains(key);
        let then = self.surfaced.get(key).filter(|_| is_asked);
        then.cloned().unwrap_or_else(|| requirements::expected(now))
    }

    /// The ref of what this coder had done at this commit when the service of its last turn gave out.
    pub fn unfinished(&self, key: &TurnKey) -> Option<&str> {
        let is_theirs =
            |other: &TurnKey| other.run == key.run && other.role == key.role && other.label == key.label;
        // In the order of their keys: a clock may be set back.
        let (last, turn) = self.turns.iter().rfind(|(other, _)| is_theirs(other))?;
        let TurnEnd::Failed { failure } = &turn.end else { return None };
        let is_fit = last.head == key.head && failure.is_of_the_service();
        turn.salvage.as_deref().filter(|_| is_fit)
    }

    pub fn spent_on(&self, key: &TurnKey) -> Usage {
        self.turns.get(key).map_or_else(Usage::default, |turn| turn.usage)
    }

    /// What all turns of a run cost, those that came to nothing too.
    pub fn usage(&self, run: &RunId) -> Usage {
        let ours = self.turns.iter().filter(|(key, _)| key.run == *run);
        ours.fold(Usage::default(), |sum, (_, turn)| sum.plus(turn.usage))
    }

    /// What a gate said of a commit in this run and round.
    pub fn measurement(&self, gate: &GateName, at: MeasuredAt<'_>) -> Option<&Measurement> {
        let fits = |(run, round, measurement): &&(RunId, u32, Measurement)| {
            run == at.run && *round == at.round && measurement.head == *at.head && measurement.gate == *gate
        };
        self.measurements.iter().rev().find(fits).map(|(_, _, measurement)| measurement)
    }
}

/// When a gate was measured, and on what.
#[derive(Debug, Clone, Copy)]
pub struct MeasuredAt<'now> {
    pub run: &'now RunId,
    pub round: u32,
    pub head: &'now CommitSha,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::gate::Verdict;

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
