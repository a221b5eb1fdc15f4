//! What every flow knows of its latest run: its id, how often it was parked, how it ended and what it cost.

use crate::domain::announcement::Announcement;
use crate::domain::ending::Ending;
use crate::domain::gate::Measurement;
use crate::domain::ids::{CommitSha, RunId};
use crate::domain::policy::Policy;
use crate::domain::requirement::Requirement;
use crate::domain::roster::Roster;
use crate::domain::turn::RunRound;
use crate::domain::usage::Usage;
use crate::domain::vote::{Absence, Vote};

use serde::{Deserialize, Serialize};

use super::results::Results;
use super::terms::Terms;

/// The run that the latest records of a chain belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunState {
    pub id: RunId,
    pub terms: Terms,
    /// How often the run was parked.
    pub attempt_window: u32,
    pub ending: Option<Ending>,
    pub usage: Usage,
    /// What of that was spent on the subject from which this one came.
    pub inherited: Usage,
}

/// The record `concluded` of every flow: a run ends, or is parked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Concluded {
    pub ending: Ending,
    /// The head at that time; a run that ends before it has one has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<CommitSha>,
    /// The latest vote of everyone on the roster who gave one.
    pub votes: Vec<Vote>,
    /// The reviewers without a vote, once reviews have begun.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<Absence>,
    /// The requirements of people that the votes cover.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<Requirement>,
    /// The latest measurement of each gate.
    pub gates: Vec<Measurement>,
    /// How many rounds were taken.
    pub rounds: u32,
    pub usage: Usage,
    /// Why, in one or more sentences for a person.
    pub message: String,
}

impl Concluded {
    /// What the record tells a person or a script.
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

/// The content of a run's opening record.
pub fn opened(head: Option<&CommitSha>, roster: &Roster, policy: &Policy) -> Announcement {
    Announcement::Opened {
        head: head.cloned(),
        coder: roster.coder().label.clone(),
        reviewers: roster.reviewers().iter().map(|seat| seat.label.clone()).collect(),
        gates: policy.required_gates.clone(),
        max_rounds: policy.max_rounds,
    }
}

impl RunState {
    pub fn begun(id: RunId, terms: Terms, inherited: Usage) -> Self {
        Self { id, terms, attempt_window: 0, ending: None, usage: inherited, inherited }
    }

    /// Whether a later command continues the run.
    pub fn is_open(&self) -> bool {
        self.ending.as_ref().is_none_or(Ending::leaves_run_open)
    }

    /// A round of the run, for the keys of its turns.
    pub fn at(&self, round: u32) -> RunRound {
        RunRound { run: self.id.clone(), attempt_window: self.attempt_window, round }
    }

    /// Takes in how the run ended. The record counts turns that came to nothing, which have no record of their own.
    pub fn conclude(&mut self, concluded: &Concluded) {
        self.usage = self.usage.larger(concluded.usage);
        if concluded.ending.leaves_run_open() {
            self.attempt_window += concluded.ending.attempt_windows();
        }
        self.ending = Some(concluded.ending.clone());
    }

    /// What the run cost. The journal of this machine knows of turns that came to nothing, the records of turns that were
    /// taken elsewhere: whichever knows more calls counts.
    pub fn spent(&self, results: &Results) -> Usage {
        self.usage.larger(self.inherited.plus(results.usage(&self.id)))
    }
}
