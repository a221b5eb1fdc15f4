//! What a decision may look at besides the state: the forge at this instant, and the results that the journal holds.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::domain::agent::Role;
use crate::domain::failure::TurnFailure;
use crate::domain::gate::{Measurement, Verdict};
use crate::domain::ids::{
    BranchName, ChildKey, CommitSha, GateName, IssueNumber, Label, PullRequestNumber, RunId,
};
use crate::domain::pull_request::PullRequest;
use crate::domain::requirement::Requirements;
use crate::domain::turn::{SessionNote, TurnKey};
use crate::domain::usage::Usage;
use crate::ledger::payload::Carried;
use crate::ledger::replay::Continuity;
use crate::protocol::context::Clarification;
use crate::protocol::expectation::Surfaced;
use crate::protocol::raw_answer::RawAnswer;
use crate::protocol::requirements;

use super::request::{Request, Terms};

/// An agent's finished turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub end: TurnEnd,
    pub usage: Usage,
    pub model: Option<String>,
    /// The session, if it can be gone on with.
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
    },
    Failed {
        failure: TurnFailure,
    },
}

/// What the journal holds of this subject, and what runs at this instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Results {
    pub turns: BTreeMap<TurnKey, Turn>,
    /// How often a turn was started.
    pub attempts: BTreeMap<TurnKey, u32>,
    pub running: BTreeSet<TurnKey>,
    /// The requirements of people that a turn was shown when it was last started.
    pub surfaced: BTreeMap<TurnKey, Surfaced>,
    /// A person's answers to the coder's questions, by the turn that asked.
    pub clarifications: BTreeMap<TurnKey, Vec<Clarification>>,
    /// The issues that were filed for follow-ups, as far as they were looked for.
    pub filed: BTreeMap<ChildKey, IssueNumber>,
    /// What gates measured, by run and round, oldest first.
    pub measurements: Vec<(RunId, u32, Measurement)>,
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

    /// What a turn that has ended cost.
    pub fn spent_on(&self, key: &TurnKey) -> Usage {
        self.turns.get(key).map_or_else(Usage::default, |turn| turn.usage)
    }

    /// What all turns of a run cost, those that came to nothing too.
    pub fn usage(&self, run: &RunId) -> Usage {
        let ours = self.turns.iter().filter(|(key, _)| key.run == *run);
        ours.fold(Usage::default(), |sum, (_, turn)| sum.plus(turn.usage))
    }

    /// What the test command said of a commit in this run and round.
    pub fn measurement(&self, run: &RunId, round: u32, head: &CommitSha) -> Option<&Measurement> {
        let fits = |(measured_run, measured_round, measurement): &&(RunId, u32, Measurement)| {
            measured_run == run && *measured_round == round && measurement.head == *head
        };
        self.measurements.iter().rev().find(fits).map(|(_, _, measurement)| measurement)
    }
}

/// What this machine can do for the run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Abilities {
    /// Who can be asked here, in which role.
    pub agents: BTreeSet<(Role, Label)>,
    /// The test command as it was typed, if one is known.
    pub test_command: Option<String>,
    /// What is wrong with those who can't be asked, where that is known.
    pub missing: BTreeMap<(Role, Label), String>,
}

impl Abilities {
    /// What this machine lacks for a run, and the flag that gives it.
    pub fn lacking(&self, terms: &Terms) -> Option<String> {
        let coder = std::iter::once((Role::Coder, terms.roster.coder()));
        let reviewers = terms.roster.reviewers().iter().map(|seat| (Role::Reviewer, seat));
        for (role, seat) in coder.chain(reviewers) {
            let label = &seat.label;
            let who = (role, label.clone());
            if !self.agents.contains(&who) {
                return Some(self.missing.get(&who).cloned().unwrap_or_else(|| format!(
                    "this machine does not know how to start the {role} `{label}`; name it: `--{role} {label}=command:PATH`"
                )));
            }
        }
        let needs_tests = terms.policy.required_gates.contains(&GateName::tests());
        (needs_tests && self.test_command.is_none()).then(|| {
            "this run requires tests, and this machine does not know the command; name it: `--test-command \"…\"`".to_owned()
        })
    }
}

/// How the head of a pull request relates to the last commit that our coder made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lineage {
    /// It contains it, or there is none.
    Intact,
    Rewritten,
}

/// What the loop tried and could not do, in this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// The merge needs a person.
    MergeConflict(String),
    /// A checkout is in the way of a push.
    PushRefused(String),
}

/// What every flow looks at.
#[derive(Debug, Clone)]
pub struct Common<'world> {
    /// The time, for quota and for waiting.
    pub now: Timestamp,
    /// The id that a new run gets.
    pub fresh_run: RunId,
    /// What a person asked for.
    pub request: &'world Request,
    /// What this machine can do.
    pub abilities: &'world Abilities,
    pub results: &'world Results,
    pub continuity: Continuity,
    /// What people require at this instant.
    pub requirements: &'world Requirements,
    /// What could not be done.
    pub obstacle: Option<&'world Obstacle>,
    /// Since when the board of checks is awaited.
    pub waiting_since: Option<Timestamp>,
}

/// What the flow of review looks at.
#[derive(Debug, Clone)]
pub struct ReviewObserved<'world> {
    /// What every flow looks at.
    pub common: Common<'world>,
    /// The pull request at this instant.
    pub pull_request: &'world PullRequest,
    /// How its head relates to our commits.
    pub lineage: Lineage,
    /// What an older thread leaves, if there is one and none of ours.
    pub older: Option<Carried>,
    /// The head that was delivered by the run that hands over to this one.
    pub delivered: Option<CommitSha>,
    /// What that run had spent by then.
    pub spent: Usage,
}

/// What the flow of delivery looks at.
#[derive(Debug, Clone)]
pub struct DeliveryObserved<'world> {
    /// What every flow looks at.
    pub common: Common<'world>,
    /// Whether the issue can be worked on; a task always can.
    pub workable: Workable,
    /// The branch to change, and its tip.
    pub base: (BranchName, CommitSha),
    /// The branch that the change has or will have.
    pub branch: BranchName,
    /// Its tip, if it exists.
    pub branch_tip: Option<CommitSha>,
    /// The pull request from that branch, if there is one that is not closed.
    pub pull_request: Option<&'world PullRequest>,
    /// Whether that pull request's thread holds a task's record of delivery already.
    pub delivery_record: Option<PullRequestNumber>,
}

/// Whether a subject can be worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workable {
    Open,
    Closed,
}

/// Whether a measurement is a pass.
pub fn passed(measurement: &Measurement) -> bool {
    match measurement.verdict {
        Verdict::Pass => true,
        Verdict::Fail | Verdict::Inconclusive => false,
    }
}
