//! The data that every flow has on its latest run: id, attempt windows, ending and cost.

use std::collections::BTreeMap;

use crate::domain::announcement::Announcement;
use crate::domain::ending::Ending;
use crate::domain::gate::Measurement;
use crate::domain::gate_plan::NotRun;
use crate::domain::ids::{CommitSha, GateName, RunId};
use crate::domain::policy::Policy;
use crate::domain::requirement::Requirement;
use crate::domain::roster::Roster;
use crate::domain::turn::RunRound;
use crate::domain::usage::Usage;
use crate::domain::vote::{Absence, Vote};

use serde::{Deserialize, Serialize};

use super::results::Results;

/// The run of the latest records of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunState {
    pub id: RunId,
    /// The number of earlier attempt windows.
    pub attempt_window: u32,
    pub ending: Option<Ending>,
    pub usage: Usage,
    /// The part of the usage from the subject that handed the run over.
    pub inherited: Usage,
}

/// The payload of `concluded`, which every flow has: a run has ended or is parked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Concluded {
    pub ending: Ending,
    /// The head at this time, if the run has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<CommitSha>,
    /// The latest vote of each reviewer of the roster.
    pub votes: Vec<Vote>,
    /// The reviewers without a vote, if reviews have started.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<Absence>,
    /// The requirements of people that the votes cover.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<Requirement>,
    /// The latest measurement of each gate.
    pub gates: Vec<Measurement>,
    /// The gates that were not measured, each with the reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub gates_not_run: BTreeMap<GateName, NotRun>,
    /// The number of rounds.
    pub rounds: u32,
    pub usage: Usage,
    /// The reason, for people.
    pub message: String,
}

impl Concluded {
    /// Converts the record to its announcement.
    pub fn announced(&self) -> Announcement {
        Announcement::Concluded {
            status: self.ending.status(),
            message: self.message.clone(),
            head: self.head.clone(),
            rounds: self.rounds,
            votes: self.votes.clone(),
            absent: self.absent.clone(),
            gates: self.gates.clone(),
            usage: self.usage,
        }
    }
}

/// Creates the announcement of a run's first record.
pub fn opened(head: Option<&CommitSha>, roster: &Roster, policy: &Policy) -> Announcement {
    Announcement::Opened {
        head: head.cloned(),
        coder: Some(roster.coder().label.clone()),
        reviewers: roster.reviewers().iter().map(|seat| seat.label.clone()).collect(),
        gates: policy.required_gates.clone(),
        gates_not_run: policy.gates_not_run.clone(),
        max_rounds: policy.max_rounds,
    }
}

impl RunState {
    pub fn begun(id: RunId, inherited: Usage) -> Self {
        Self { id, attempt_window: 0, ending: None, usage: inherited, inherited }
    }

    /// Returns whether a later command continues the run.
    pub fn is_open(&self) -> bool {
        self.ending.as_ref().is_none_or(Ending::leaves_run_open)
    }

    /// Returns a round of the run for turn keys.
    pub fn at(&self, round: u32) -> RunRound {
        RunRound { run: self.id.clone(), attempt_window: self.attempt_window, round }
    }

    /// Continues a parked run, and adds the usage of a turn.
    pub fn resume(&mut self, usage: Usage) {
        self.ending = None;
        self.usage = self.usage.plus(usage);
    }

    /// Applies the end of the run. Its usage includes failed turns, which have no record.
    pub fn conclude(&mut self, concluded: &Concluded) {
        self.usage = self.usage.larger(concluded.usage);
        if concluded.ending.leaves_run_open() {
            self.attempt_window += concluded.ending.attempt_windows();
        }
        self.ending = Some(concluded.ending.clone());
    }

    /// Returns the usage of the run. The journal includes failed turns, and records include turns on other machines: the
    /// source with more calls is used.
    pub fn spent(&self, results: &Results) -> Usage {
        self.with_turns(results.usage(&self.id))
    }

    /// Returns the same, given the usage of the run's turns in the journal.
    pub fn with_turns(&self, turns: Usage) -> Usage {
        self.usage.larger(self.inherited.plus(turns))
    }
}
