//! From a question to its valid answer: the answers so far, the repair of malformed answers, and the next turn. The only code
//! that decides what follows a malformed answer.

use std::ops::ControlFlow;

use jiff::Timestamp;

use crate::domain::access::Access;
use crate::domain::agent::Role;
use crate::domain::failure::TurnFailure;
use crate::domain::ids::{CommitSha, Label};
use crate::domain::repair::{Remedy, Repair, RepairResult};
use crate::domain::turn::TurnKey;
use crate::domain::usage::Usage;
use crate::protocol::answer::{self, Reading};
use crate::protocol::expectation::{Complaint, Expectation, Rule};
use crate::protocol::kinds::Kind;
use crate::protocol::preservation;
use crate::protocol::raw_answer::RawAnswer;
use crate::protocol::vote;

use super::ask::{Ask, Form, Pause, Purpose, malformed};
use super::context::{FlowContext, FurtherTurns};
use super::given::Given;
use super::persistence::Persistence;
use super::results::{Results, Turn, TurnEnd};
use super::retry::{self, Retry, Tries};
use super::run_effect::{self, RunEffect};
use super::step::{Decision, Next, Step, first};

/// The maximum length of an answer that is reformatted, in bytes.
const LONGEST_SOURCE: usize = 200_000;

/// A question to an agent.
#[derive(Debug, Clone, Copy)]
pub struct Question<'flow> {
    pub ask: &'flow Ask,
    pub results: &'flow Results,
    pub persistence: &'flow Persistence,
}

/// The state of a question.
#[derive(Debug, Clone, PartialEq)]
pub enum QuestionState<K: Kind> {
    Ask(Box<Ask>),
    Running,
    Answered(Box<Answered<K>>),
    Failed(TurnFailure),
}

/// A valid answer, with its repairs and its cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered<K: Kind> {
    pub reading: Reading<K>,
    pub commit: Option<CommitSha>,
    pub repairs: Vec<Repair>,
    /// The usage of all turns of the question.
    pub usage: Usage,
    pub model: Option<String>,
}

impl<K: Kind> Answered<K> {
    /// Splits the answer into its words, their meaning, and how it was given by an agent.
    pub fn given_by(self, agent: &Label) -> (K, K::Meaning, Given) {
        let Self { reading, repairs, usage, model, commit: _ } = self;
        let Reading { said, meaning, normalisations, .. } = reading;
        (said, meaning, Given { agent: agent.clone(), normalisations, repairs, usage, model })
    }
}

/// The repairs and the usage so far.
#[derive(Default)]
struct RepairLog {
    repairs: Vec<Repair>,
    usage: Usage,
}

/// Asks one agent. Returns the answer, or the failure that ends the question, or the step that must come first.
pub fn ask<K: Kind>(cx: &FlowContext<'_>, ask: &Ask) -> Decision<Result<Answered<K>, TurnFailure>> {
    let question = Question { ask, results: cx.results, persistence: &cx.request.persistence };
    match (question.state::<K>(), cx.turns) {
        (QuestionState::Ask(ask), FurtherTurns::Allowed) => first(Step::Ask(vec![*ask])),
        (QuestionState::Ask(_), FurtherTurns::Over) => first(Next::NoMoreTurns),
        (QuestionState::Running, _) => first(Step::Await),
        (QuestionState::Answered(answered), _) => ControlFlow::Continue(Ok(*answered)),
        (QuestionState::Failed(failure), _) => ControlFlow::Continue(Err(failure)),
    }
}

impl Question<'_> {
    pub fn state<K: Kind>(&self) -> QuestionState<K> {
        let tries = self.first_tries(&self.ask.key);
        let model = self.model(self.ask, &tries);
        self.put(&Ask { model, tries, ..self.ask.clone() }, RepairLog::default())
    }

    /// Returns the first attempt: with the first model of the chain or, after parking, the model that is available first.
    fn first_tries(&self, key: &TurnKey) -> Tries {
        let who = key.seat();
        (0..key.attempt_window).fold(Tries::default(), |first, attempt_window| {
            let asked =
                (0..).map(|retry| self.results.turn(&TurnKey { attempt_window, retry, ..key.clone() }));
            let turns: Vec<Turn> = asked.map_while(|turn| turn).collect();
            let mut tries = first;
            for (place, turn) in turns.iter().enumerate() {
                let TurnEnd::Failed { failure } = &turn.end else { return Tries::default() };
                let failed = retry::Failed { failure, at: turn.at, who: &who };
                // The last attempt of a window ended it, whatever the current settings say.
                tries = match self.persistence.retry.after(failed, &tries) {
                    Some(retry) if place + 1 < turns.len() => retry.tries,
                    Some(_) | None => retry::after_parking(failed, &tries),
                };
            }
            tries
        })
    }

    fn put<K: Kind>(&self, ask: &Ask, mut log: RepairLog) -> QuestionState<K> {
        let Some(turn) = self.results.turn(&ask.key) else { return self.unanswered(ask) };
        log.usage = log.usage.plus(turn.usage);
        let (complaints, source) = match &turn.end {
            TurnEnd::Failed { failure } => match asks_for_another(ask, failure) {
                Some(complaints) => return self.again(ask, complaints, log),
                None => return self.retried(ask, failure, turn.at, log),
            },
            TurnEnd::Answered { raw, .. } => match answer::read::<K>(raw, &ask.expectation) {
                Ok(reading) => return answered(reading, &turn, log),
                Err(complaints) => (complaints, raw),
            },
        };
        match remedy(ask, &complaints, source) {
            Some(Remedy::Again) => self.again(ask, words(&complaints), log),
            Some(Remedy::Form) => self.form(ask, &turn, &complaints, log),
            None => QuestionState::Failed(malformed(&complaints)),
        }
    }

    /// Returns the last attempt of a turn that is retried after temporary failures, or the next attempt if one is due.
    fn tried(&self, mut ask: Ask, usage: &mut Usage) -> Result<Turn, Box<Ask>> {
        let who = ask.key.seat();
        loop {
            let Some(turn) = self.results.turn(&ask.key) else { return Err(Box::new(ask)) };
            *usage = usage.plus(turn.usage);
            let TurnEnd::Failed { failure } = &turn.end else { return Ok(turn) };
            let failed = retry::Failed { failure, at: turn.at, who: &who };
            let Some(retry) = self.persistence.retry.after(failed, &ask.tries) else { return Ok(turn) };
            ask.tries = retry.tries;
            ask.key.retry += 1;
            ask.pause = Some(Pause { since: turn.at, until: retry.not_before });
        }
    }

    /// Retries the question if the failure may be temporary.
    fn retried<K: Kind>(
        &self,
        ask: &Ask,
        failure: &TurnFailure,
        at: Timestamp,
        log: RepairLog,
    ) -> QuestionState<K> {
        let who = ask.key.seat();
        let failed = retry::Failed { failure, at, who: &who };
        let Some(Retry { tries, not_before }) = self.persistence.retry.after(failed, &ask.tries) else {
            return QuestionState::Failed(retry::settled(failed, &ask.tries));
        };
        let key = TurnKey { retry: ask.key.retry + 1, ..ask.key.clone() };
        let model = self.model(ask, &tries);
        let pause = Some(Pause { since: at, until: not_before });
        self.put(&Ask { key, model, pause, tries, ..ask.clone() }, log)
    }

    fn model(&self, ask: &Ask, tries: &Tries) -> Option<String> {
        let who = ask.key.seat();
        // Without a configured model, the recorded one is requested.
        self.persistence.retry.model(&who, tries).map(str::to_owned).or_else(|| ask.model.clone())
    }

    fn unanswered<K: Kind>(&self, ask: &Ask) -> QuestionState<K> {
        if self.results.running.contains(&ask.key) {
            QuestionState::Running
        } else {
            let unfinished = self.results.unfinished(&ask.key).filter(|_| ask.access == Access::Edit);
            QuestionState::Ask(Box::new(Ask { unfinished, ..ask.clone() }))
        }
    }

    /// Asks the same agent the full question once more, with the complaints.
    fn again<K: Kind>(&self, ask: &Ask, complaints: Vec<String>, mut log: RepairLog) -> QuestionState<K> {
        let key = TurnKey { again: ask.key.again + 1, ..ask.key.clone() };
        let purpose = Purpose::Again { complaints };
        let once_more = Ask { key, purpose, pause: None, ..ask.clone() };
        let result = self.results.turn(&once_more.key).map(|turn| match &turn.end {
            TurnEnd::Failed { .. } => RepairResult::Failed,
            TurnEnd::Answered { raw, .. } => match answer::read::<K>(raw, &ask.expectation) {
                Ok(_) => RepairResult::Recovered,
                Err(_) => RepairResult::Invalid,
            },
        });
        log.repairs.extend(result.map(|result| Repair { remedy: Remedy::Again, result, model: None }));
        self.put(&once_more, log)
    }

    /// Reformats the answer in turns that see nothing else, one for each model of the repair chain.
    fn form<K: Kind>(
        &self,
        ask: &Ask,
        turn: &Turn,
        complaints: &[Complaint],
        mut log: RepairLog,
    ) -> QuestionState<K> {
        let TurnEnd::Answered { raw, .. } = &turn.end else {
            return QuestionState::Failed(malformed(complaints));
        };
        let source = raw.most_trusted();
        let mut used_up = None;
        for (model, number) in self.persistence.repair.models.iter().zip(1_u32..) {
            let others =
                self.persistence.repair.models.len().saturating_sub(usize::try_from(number).unwrap_or(0));
            let form = Form {
                source: source.to_owned(),
                complaints: words(complaints),
                model: model.clone(),
                others,
            };
            let key = TurnKey { role: Role::Repair, again: ask.key.again + number, ..ask.key.clone() };
            let purpose = Purpose::Form(form);
            let repair = Ask {
                key,
                access: Access::Nothing,
                purpose,
                model: None,
                pause: None,
                tries: Tries::default(),
                published_turns: 0,
                ..ask.clone()
            };
            let repaired = match self.tried(repair, &mut log.usage) {
                Ok(repaired) => repaired,
                Err(repair) => return self.unanswered(&repair),
            };
            used_up = used_up.or_else(|| parks(&repaired));
            let reading = read_repaired::<K>(source, &repaired, &ask.expectation);
            let result = reading.as_ref().map_or_else(|result| *result, |_| RepairResult::Recovered);
            log.repairs.push(Repair { remedy: Remedy::Form, result, model: model.clone() });
            if let Ok(reading) = reading {
                return answered(reading, turn, log);
            }
        }
        // The run waits for the quota of a repair rather than lose the answer.
        QuestionState::Failed(used_up.unwrap_or_else(|| malformed(complaints)))
    }
}

/// Returns the failure of a turn if it parks the run.
fn parks(turn: &Turn) -> Option<TurnFailure> {
    let TurnEnd::Failed { failure } = &turn.end else { return None };
    match run_effect::of(failure) {
        RunEffect::Park { .. } => Some(failure.clone()),
        RunEffect::Secret | RunEffect::Unavailable => None,
    }
}

/// Returns the answered state, with the notes about the files of the turn.
fn answered<K: Kind>(mut reading: Reading<K>, turn: &Turn, log: RepairLog) -> QuestionState<K> {
    let commit = match &turn.end {
        TurnEnd::Answered { commit, notes, .. } => {
            reading.normalisations.extend(notes.iter().cloned());
            commit.clone()
        }
        TurnEnd::Failed { .. } => None,
    };
    let RepairLog { repairs, usage } = log;
    QuestionState::Answered(Box::new(Answered { reading, commit, repairs, usage, model: turn.model.clone() }))
}

/// Reads a repaired answer: it must pass the same validator and keep the content of its source.
fn read_repaired<K: Kind>(
    source: &str,
    repaired: &Turn,
    expectation: &Expectation,
) -> Result<Reading<K>, RepairResult> {
    match &repaired.end {
        TurnEnd::Failed { .. } => Err(RepairResult::Failed),
        TurnEnd::Answered { raw, .. } => {
            let reading = answer::read::<K>(raw, expectation).map_err(|_| RepairResult::Invalid)?;
            let kept = answer::object(&reading.said)
                .and_then(|object| preservation::check(source, &object, expectation));
            kept.map(|()| reading).map_err(|_| RepairResult::Invalid)
        }
    }
}

/// Returns the remedy for a malformed answer. Only an agent that saw the change can vote or acknowledge a requirement. A
/// coder's change exists already, so only its answer is reformatted.
pub(super) fn remedy(ask: &Ask, complaints: &[Complaint], source: &RawAnswer) -> Option<Remedy> {
    let length = source.most_trusted().trim().len();
    let lacks_only_a_word = complaints.iter().all(|one| one.rule == Rule::Acknowledgement);
    let only_the_voter_can = lacks_only_a_word || !vote::may_be_put_into_form(source, &ask.expectation);
    match ask.key.role {
        Role::Repair => None,
        Role::Coder | Role::Reviewer | Role::Debater | Role::Analyzer if length == 0 => None,
        Role::Reviewer | Role::Debater if only_the_voter_can => (ask.key.again == 0).then_some(Remedy::Again),
        Role::Reviewer | Role::Coder | Role::Debater | Role::Analyzer => {
            (length <= LONGEST_SOURCE).then_some(Remedy::Form)
        }
    }
}

/// Returns the complaints with which a voter is asked once more after an answer that was too long to be accepted.
pub(super) fn asks_for_another(ask: &Ask, failure: &TurnFailure) -> Option<Vec<String>> {
    let may_be_asked = ask.key.kind.is_vote() && ask.key.role != Role::Repair && ask.key.again == 0;
    let TurnFailure::Malformed { complaints } = failure else { return None };
    may_be_asked.then(|| complaints.clone())
}

fn words(complaints: &[Complaint]) -> Vec<String> {
    complaints.iter().map(ToString::to_string).collect()
}
