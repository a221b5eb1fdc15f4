//! The next step of a delivery. What already stands (branch, pull request, record) is looked for before it is made.

use crate::domain::agent::{ResponseKind, Role};
use crate::domain::ending::{Blocked, Ending, Failed, NeedsHuman, Refused};
use crate::domain::failure::TurnFailure;
use crate::domain::ids::{CommitSha, PullRequestNumber};
use crate::domain::turn::TurnKey;
use crate::domain::usage::Usage;
use crate::ledger::payload::{Concluded, Delivered, FirstAnswer, Started};
use crate::ledger::record::Payload;
use crate::protocol::context::Clarification;
use crate::protocol::expectation::Expectation;
use crate::protocol::kinds::implementation::{Delivery, Implementation};

use super::super::observed::{DeliveryObserved, Obstacle, Workable};
use super::super::question::{Answered, Question, QuestionState};
use super::super::request::{Questions, Recorded, Terms};
use super::super::retry::Tries;
use super::super::run_effect::{self, RunEffect};
use super::super::step::{Ask, PullRequestOrder, Purpose, PushOrder, Step, publish};
use super::state::{DeliveryState, Run};

/// The next step of a delivery.
pub fn next(state: &DeliveryState, seen: &DeliveryObserved<'_>) -> Step {
    if let Some(pull_request) = seen.pull_request {
        let number = pull_request.number;
        return delivered(state, seen, number, &pull_request.head);
    }
    if seen.workable == Workable::Closed {
        return refuse(
            Refused::ClosedSubject,
            "the issue is closed; reopen it, then run the same command again".to_owned(),
        );
    }
    let open = state.run.as_ref().filter(|run| run.is_open() && run.branch == seen.branch);
    let recorded = state.run.as_ref().map_or(Recorded::Nothing, Run::recorded);
    let terms = match seen.common.request.terms(recorded) {
        Ok(terms) => terms,
        Err(error) => return refuse(Refused::Usage, error.to_string()),
    };
    // Said before a coder spends an hour: reviewers and gates are looked at too.
    if let Some(lacking) = seen.common.abilities.lacking(&terms) {
        return refuse(Refused::Config, lacking);
    }
    match open {
        Some(run) if run.terms == terms => {
            let work = Work { run, seen };
            work.within_budget(work.step())
        }
        Some(run) => start(&run.id, Some(run), seen, terms),
        None => start(&seen.common.fresh_run, None, seen, terms),
    }
}

fn refuse(reason: Refused, message: String) -> Step {
    Step::Stop { ending: Ending::Refused { reason }, message }
}

/// The pull request stands. Its record is published once, then its review begins.
fn delivered(
    state: &DeliveryState,
    seen: &DeliveryObserved<'_>,
    number: PullRequestNumber,
    head: &CommitSha,
) -> Step {
    let run = state.run.as_ref().map_or(&seen.common.fresh_run, |run| &run.id);
    if state.delivered != Some(number) && seen.delivery_record != Some(number) {
        let made = state.run.as_ref().and_then(|run| Work { run, seen }.made().ok());
        let record = Delivered {
            branch: seen.branch.clone(),
            head: head.clone(),
            pull_request: number,
            answer: made.map(|made| made.answer),
        };
        return publish(run, 0, Payload::Delivered(record));
    }
    Step::HandOver {
        run: run.clone(),
        pull_request: number,
        delivered: Some(head.clone()),
        terms: state.run.as_ref().map(|run| run.terms.clone()),
        spent: state.run.as_ref().map_or_else(Usage::default, |run| Work { run, seen }.usage()),
    }
}

fn start(
    run: &crate::domain::ids::RunId,
    current: Option<&Run>,
    seen: &DeliveryObserved<'_>,
    terms: Terms,
) -> Step {
    let (base_ref, tip) = seen.base.clone();
    let started = Started {
        base_ref,
        base: current.map_or(tip, |run| run.base.clone()),
        branch: seen.branch.clone(),
        roster: terms.roster,
        policy: terms.policy,
    };
    publish(run, 0, Payload::Started(started))
}

/// An open run with its terms set and no pull request yet.
struct Work<'state, 'seen> {
    run: &'state Run,
    seen: &'seen DeliveryObserved<'seen>,
}

/// What the coder has made.
struct Made {
    key: TurnKey,
    title: String,
    body: String,
    commit: Option<CommitSha>,
    answer: FirstAnswer,
}

impl Work<'_, '_> {
    fn step(&self) -> Step {
        self.made().map_or_else(|step| *step, |made| self.deliver(made))
    }

    /// The step, unless it would begin a turn and the budget is spent.
    fn within_budget(&self, step: Step) -> Step {
        let Step::Ask(_) = &step else { return step };
        let Some(message) = self.seen.common.request.budget.exhausted(self.usage()) else { return step };
        let ending = Ending::Blocked { reason: Blocked::Budget };
        if self.run.ending.as_ref() == Some(&ending) {
            return Step::Stop { ending, message };
        }
        self.conclude(ending, message)
    }

    /// What the run cost: what the journal of this machine or the records say, whichever knows more calls.
    fn usage(&self) -> Usage {
        self.run.usage.larger(self.seen.common.results.usage(&self.run.id))
    }

    /// What the coder has made, or the step that leads there.
    fn made(&self) -> Result<Made, Box<Step>> {
        let first = |step| Err(Box::new(step));
        let mut answers: Vec<Clarification> = Vec::new();
        // Each set of answers from a person leads to a turn of its own.
        for asked in 0_u32.. {
            let ask = self.ask(self.key(asked), answers.clone());
            let common = &self.seen.common;
            let question =
                Question { ask: &ask, results: common.results, persistence: &common.request.persistence };
            let answered = match question.standing::<Implementation>() {
                QuestionState::Ask(ask) => return first(Step::Ask(vec![*ask])),
                QuestionState::Running => return first(Step::Await),
                QuestionState::Failed(failure) => return first(self.failed(&failure)),
                QuestionState::Answered(answered) => *answered,
            };
            let key = ask.key;
            let Answered { reading, commit, repairs, usage, model } = answered;
            let questions = match reading.meaning {
                Delivery::Done { title, body, .. } => {
                    let (agent, normalisations) = (key.label.clone(), reading.normalisations);
                    let answer = FirstAnswer { agent, normalisations, repairs, usage, model };
                    return Ok(Made { key, title, body, commit, answer });
                }
                Delivery::Questions(questions) => questions,
            };
            match self.seen.common.results.clarifications.get(&key) {
                Some(given) => answers.extend(given.iter().cloned()),
                None => return first(self.clarify(key, asked, questions)),
            }
        }
        first(refuse(Refused::Usage, "the coder asks without end".to_owned()))
    }

    /// The key of the coder's turn. A finished turn is found whatever head it was asked on.
    fn key(&self, clarifications: u32) -> TurnKey {
        let key = TurnKey {
            run: self.run.id.clone(),
            sitting: self.run.sitting,
            round: 0,
            role: Role::Coder,
            label: self.run.terms.roster.coder().label.clone(),
            kind: ResponseKind::Implementation,
            head: self.beginning().clone(),
            clarifications,
            again: 0,
            retry: 0,
        };
        let same_question = |known: &&TurnKey| TurnKey { head: key.head.clone(), ..(*known).clone() } == key;
        let results = self.seen.common.results;
        results.turns.keys().find(same_question).cloned().unwrap_or(key)
    }

    /// Where the coder begins: a branch that stands already holds work of a machine that was lost.
    fn beginning(&self) -> &CommitSha {
        self.seen.branch_tip.as_ref().unwrap_or(&self.run.base)
    }

    fn ask(&self, key: TurnKey, clarifications: Vec<Clarification>) -> Ask {
        Ask {
            shown: Vec::new(),
            expectation: Expectation {
                requirements: self.seen.common.results.surfaced(&key, self.seen.common.requirements),
                ..Expectation::bare(ResponseKind::Implementation)
            },
            requirements: self.seen.common.requirements.clone(),
            branch: Some(self.run.branch.clone()),
            max_rounds: self.run.terms.policy.max_rounds,
            clarifications,
            summary: None,
            published_turns: 0,
            purpose: Purpose::Work,
            model: self.run.terms.roster.coder().model.clone(),
            pause: None,
            tries: Tries::default(),
            unfinished: None,
            followups: self.run.terms.policy.followups,
            key,
        }
    }

    fn failed(&self, failure: &TurnFailure) -> Step {
        let label = &self.run.terms.roster.coder().label;
        let message = format!("the coder `{label}` {failure}");
        match run_effect::of(failure) {
            RunEffect::Park { resets_at, reason } => {
                let message = run_effect::parked((label, Role::Coder), resets_at, self.seen.common.now);
                self.conclude(Ending::Parked { resets_at, reason }, message)
            }
            RunEffect::Secret => self.conclude(Ending::NeedsHuman { reason: NeedsHuman::Secret }, message),
            RunEffect::Unavailable => self.conclude(Ending::Failed { reason: Failed::AgentFailed }, message),
        }
    }

    fn clarify(&self, turn: TurnKey, asked: u32, questions: Vec<String>) -> Step {
        match self.seen.common.request.questions {
            Questions::Interactive { at_most } if asked < at_most => Step::Clarify { turn, questions },
            Questions::Interactive { .. } | Questions::Stop => {
                let list: Vec<String> = questions.iter().map(|question| format!("- {question}")).collect();
                let message = format!("the coder has questions:\n{}", list.join("\n"));
                self.conclude(Ending::NeedsHuman { reason: NeedsHuman::Clarification }, message)
            }
        }
    }

    fn deliver(&self, made: Made) -> Step {
        let Made { key, title, body, commit, answer: _ } = made;
        let head = commit.unwrap_or_else(|| key.head.clone());
        if head == self.run.base {
            let message = "the coder changed nothing, so there is nothing to review".to_owned();
            return self.conclude(Ending::Blocked { reason: Blocked::NoChange }, message);
        }
        let tip = self.seen.branch_tip.as_ref();
        if tip == Some(&head) {
            let (branch, base_ref) = (self.run.branch.clone(), self.run.base_ref.clone());
            return Step::OpenPullRequest(PullRequestOrder { branch, base_ref, title, body });
        }
        if tip.is_some_and(|tip| *tip != key.head) {
            let message = format!(
                "somebody else moved the branch {}; look at it, then delete it or open its pull request",
                self.run.branch
            );
            return self.conclude(Ending::NeedsHuman { reason: NeedsHuman::Rewritten }, message);
        }
        match self.seen.common.obstacle {
            Some(Obstacle::PushRefused(why)) => refuse(Refused::Dirty, why.clone()),
            Some(Obstacle::MergeConflict(_)) | None => Step::Push(PushOrder {
                branch: self.run.branch.clone(),
                commit: head,
                expected: tip.cloned(),
            }),
        }
    }

    fn conclude(&self, ending: Ending, message: String) -> Step {
        let usage = self.usage();
        let concluded =
            Concluded { ending, head: None, votes: Vec::new(), gates: Vec::new(), rounds: 0, usage, message };
        publish(&self.run.id, 0, Payload::DeliveryConcluded(concluded))
    }
}
