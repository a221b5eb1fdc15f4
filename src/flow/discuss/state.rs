//! The state of a debate: the fold of its records.

use std::collections::BTreeMap;

use crate::domain::agent::Role;
use crate::domain::ids::{CommitSha, Label, RunId};
use crate::domain::revision::Revision;
use crate::domain::roster::{SeatKey, Voters};
use crate::domain::subject::Subject;
use crate::domain::usage::Usage;
use crate::protocol::context::ContextSubject;
use crate::protocol::kinds::discuss_review::DebateOutcome;

use super::super::machine::{At, Illegal};
use super::super::run::RunState;
use super::super::view::Records;
use super::records::{DebateOpened, DebateVerdict, DiscussEntry, FiledStages, Position, RoundSummary};
use super::terms::DebateTerms;

/// The state of the debates about an issue: the latest run, and the debate about the latest topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscussState {
    pub subject: Subject,
    pub run: Option<RunState>,
    pub debate: Option<DebateState>,
    /// The number of recorded turns of each agent.
    turns: BTreeMap<SeatKey, u32>,
    /// Whether records are missing since the latest debate was opened.
    pub records: Records,
}

/// The debate about one topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebateState {
    pub topic: Revision,
    pub subject: ContextSubject,
    pub head: CommitSha,
    pub terms: DebateTerms,
    /// The rounds with records, in order. Only the last may be without a summary.
    pub rounds: Vec<DebateRound>,
    /// The final summary with the number of its round.
    pub end: Option<(u32, RoundSummary)>,
    /// The issues that were filed after a split.
    pub stages: Option<FiledStages>,
}

/// A round of a debate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebateRound {
    /// The debaters of the run when the round began.
    pub seats: Vec<Label>,
    pub positions: Vec<Position>,
    pub summary: Option<RoundSummary>,
}

impl DebateRound {
    pub fn position(&self, agent: &Label) -> Option<&Position> {
        self.positions.iter().find(|position| position.given.agent == *agent)
    }

    /// Returns the common vote of a round in which every debater voted.
    pub fn agreed(&self, debaters: &Voters) -> Option<DebateOutcome> {
        let votes = debaters.labels().map(|label| Some(self.position(label)?.response.outcome));
        let votes: Vec<DebateOutcome> = votes.collect::<Option<_>>()?;
        let first = *votes.first()?;
        votes.iter().all(|vote| *vote == first).then_some(first)
    }
}

impl DebateState {
    /// Returns the number of the current round.
    pub fn round(&self) -> u32 {
        let complete = self.rounds.iter().filter(|round| round.summary.is_some()).count();
        u32::try_from(complete).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// Returns the current round, if it has a record.
    pub fn current(&self) -> Option<&DebateRound> {
        self.rounds.last().filter(|round| round.summary.is_none())
    }

    /// Returns the last round with a summary.
    pub fn complete(&self) -> Option<&DebateRound> {
        self.rounds.iter().rfind(|round| round.summary.is_some())
    }

    pub fn verdict(&self) -> Option<&DebateVerdict> {
        self.end.as_ref().and_then(|(_, summary)| summary.verdict.as_ref())
    }
}

impl DiscussState {
    pub fn new(subject: Subject) -> Self {
        Self { subject, run: None, debate: None, turns: BTreeMap::new(), records: Records::Whole }
    }

    pub fn apply(&mut self, at: At<'_>, record: DiscussEntry) -> Result<(), Illegal> {
        match record {
            DiscussEntry::Opened(opened) => {
                self.open(at.run, *opened);
                Ok(())
            }
            DiscussEntry::Position(position) => self.position(at.round, *position),
            DiscussEntry::RoundSummary(summary) => self.summary(at.round, *summary),
            DiscussEntry::Stages(stages) => {
                let debate = self.debate.as_mut().filter(|debate| debate.end.is_some());
                debate.ok_or(Illegal("the debate has not ended"))?.stages = Some(stages);
                Ok(())
            }
            DiscussEntry::Concluded(concluded) => {
                let run = self.run.as_mut().ok_or(Illegal("no debate was opened before"))?;
                run.conclude(&concluded);
                Ok(())
            }
        }
    }

    fn open(&mut self, run: &RunId, opened: DebateOpened) {
        let DebateOpened { topic, subject, head, roster, analyzer, policy } = opened;
        let terms = DebateTerms { debaters: roster.reviewers, analyzer, policy };
        self.records = Records::Whole;
        self.run = Some(match self.run.take().filter(|known| known.id == *run) {
            Some(known) => RunState { ending: None, ..known },
            None => RunState::begun(run.clone(), Usage::default()),
        });
        let known = self.debate.take().filter(|known| known.topic == topic && known.end.is_none());
        let rounds = known.map(|known| known.rounds).unwrap_or_default();
        self.debate = Some(DebateState { topic, subject, head, terms, rounds, end: None, stages: None });
    }

    fn position(&mut self, round: u32, position: Position) -> Result<(), Illegal> {
        let (Some(run), Some(debate)) = (&mut self.run, &mut self.debate) else {
            return Err(Illegal("no debate was opened before"));
        };
        if debate.end.is_some() || debate.round() != round {
            return Err(Illegal("the position belongs to another round"));
        }
        if debate.current().is_some_and(|current| current.position(&position.given.agent).is_some()) {
            return Err(Illegal("this debater has voted in this round"));
        }
        run.resume(position.given.usage);
        *self.turns.entry(SeatKey::new(Role::Debater, &position.given.agent)).or_default() += 1;
        let seats = debate.terms.debaters.labels().cloned().collect();
        match debate.rounds.last_mut().filter(|last| last.summary.is_none()) {
            Some(current) => current.positions.push(position),
            None => {
                debate.rounds.push(DebateRound { seats, positions: vec![position], summary: None });
            }
        }
        Ok(())
    }

    fn summary(&mut self, round: u32, summary: RoundSummary) -> Result<(), Illegal> {
        let (Some(run), Some(debate)) = (&mut self.run, &mut self.debate) else {
            return Err(Illegal("no debate was opened before"));
        };
        if debate.end.is_some() {
            return Err(Illegal("the debate has ended"));
        }
        run.ending.clone_from(&summary.ending);
        run.usage = run.usage.larger(summary.usage);
        if let Some(agenda) = &summary.agenda {
            *self.turns.entry(SeatKey::new(Role::Analyzer, &agenda.given.agent)).or_default() += 1;
        }
        let is_current = debate.round() == round;
        if summary.is_final {
            debate.end = Some((round, summary.clone()));
        }
        match debate.rounds.last_mut().filter(|last| last.summary.is_none() && is_current) {
            Some(current) => current.summary = Some(summary),
            // A lowered maximum ends the debate with an earlier round.
            None if summary.is_final => {}
            None => return Err(Illegal("the summary belongs to another round")),
        }
        Ok(())
    }

    /// Forgets the debate: a missing position may have changed its result.
    pub fn forget(&mut self) {
        (self.run, self.debate, self.records) = (None, None, Records::Missing);
    }

    /// Returns the number of recorded turns of an agent.
    pub fn published_turns(&self, role: Role, agent: &Label) -> u32 {
        self.turns.get(&SeatKey::new(role, agent)).copied().unwrap_or(0)
    }
}
