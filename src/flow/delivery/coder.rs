//! The coder's first turn: its question, its result, and the coder's questions to a person.

use std::convert::Infallible;
use std::ops::ControlFlow;

use crate::domain::access::Access;
use crate::domain::agent::{ResponseKind, Role};
use crate::domain::ending::{Failed, NeedsHuman};
use crate::domain::ids::CommitSha;
use crate::domain::requirement::Requirements;
use crate::domain::turn::TurnKey;
use crate::protocol::context::{Clarification, ContextSubject};
use crate::protocol::expectation::Expectation;
use crate::protocol::kinds::implementation::{Delivery, Implementation};

use super::super::ask::{Against, Ask, Brief};
use super::super::conclusion::Conclusion;
use super::super::context::FlowContext;
use super::super::question::{self, Answered, Question, QuestionState};
use super::super::request::Questions;
use super::super::results::{Results, TurnEnd};
use super::super::run_effect::{self, Who};
use super::super::step::{Decision, Step, first};
use super::records::FirstAnswer;
use super::state::DeliveryRun;

/// An open run without a pull request.
pub(super) struct OpenDelivery<'now> {
    pub(super) cx: &'now FlowContext<'now>,
    pub(super) run: &'now DeliveryRun,
    pub(super) subject: ContextSubject,
    pub(super) requirements: Requirements,
    /// The tip of the branch, if it exists: work that another machine pushed.
    pub(super) tip: Option<&'now CommitSha>,
}

/// The coder's work.
pub(super) struct Made {
    /// The commit from which the coder started.
    pub(super) before: CommitSha,
    pub(super) title: String,
    pub(super) body: String,
    pub(super) commit: Option<CommitSha>,
    pub(super) answer: FirstAnswer,
}

/// Returns the coder's work, or the step that leads there. After each set of answers from a person the coder gets another
/// turn.
pub(super) fn work(work: &OpenDelivery<'_>) -> Decision<Made> {
    let cx = work.cx;
    let mut answers = answered_before(work)?;
    for asked in 0_u32.. {
        let ask = ask(work, key(work, asked), answers.clone());
        let answered = match question::ask::<Implementation>(cx, &ask)? {
            Ok(answered) => answered,
            Err(failure) => {
                let who = Who { role: Role::Coder, label: ask.key.label };
                return first(run_effect::fatal(&who, &failure));
            }
        };
        let Answered { reading, commit, repairs, usage, model } = answered;
        let questions = match reading.meaning {
            Delivery::Done { title, body, .. } => {
                let (agent, normalisations) = (ask.key.label.clone(), reading.normalisations);
                let answer = FirstAnswer { agent, normalisations, repairs, usage, model };
                return ControlFlow::Continue(Made { before: ask.key.head, title, body, commit, answer });
            }
            Delivery::Questions(questions) => questions,
        };
        match cx.results.clarifications.get(&ask.key) {
            Some(given) => answers.extend(given.iter().cloned()),
            None => return clarify(cx, ask.key, asked, questions).map_continue(|never| match never {}),
        }
    }
    first(Conclusion::failed(Failed::AgentFailed, "the coder asks questions without end"))
}

/// Returns a person's answers from earlier attempt windows. Open questions from there come first: a person is asked, or
/// the run of a task ends again. Open questions of an issue can be answered in comments.
fn answered_before(work: &OpenDelivery<'_>) -> Decision<Vec<Clarification>> {
    let (cx, run) = (work.cx, &work.run.state);
    let is_earlier = |key: &TurnKey| {
        key.run == run.id
            && key.kind == ResponseKind::Implementation
            && key.attempt_window < run.attempt_window
    };
    let earlier = cx.results.turns.keys().filter(|key| is_earlier(key));
    let last = earlier.max_by_key(|key| (key.attempt_window, key.clarifications));
    let last = last.map(|key| TurnKey { role: Role::Coder, again: 0, retry: 0, ..key.clone() });
    let asks_person = matches!(cx.request.questions, Questions::Interactive { at_most: 1.. });
    if let Some(turn) = last
        && (asks_person || work.subject.number.is_none())
        && !cx.results.clarifications.contains_key(&turn)
    {
        let ask = ask(work, turn, Vec::new());
        let question = Question { ask: &ask, results: cx.results, persistence: &cx.request.persistence };
        if let QuestionState::Answered(answered) = question.state::<Implementation>()
            && let Delivery::Questions(questions) = answered.reading.meaning
        {
            return clarify(cx, ask.key, 0, questions).map_continue(|never| match never {});
        }
    }
    let given = cx.results.clarifications.iter().filter(|(key, _)| is_earlier(key));
    ControlFlow::Continue(given.flat_map(|(_, answers)| answers.clone()).collect())
}

/// Returns the key of the coder's turn. A finished turn is found for any head.
fn key(work: &OpenDelivery<'_>, clarifications: u32) -> TurnKey {
    let run = &work.run.state;
    let head = work.tip.unwrap_or(&work.run.base);
    let label = &run.terms.roster.coder().label;
    let first = TurnKey::first(run.at(0), Role::Coder, label, ResponseKind::Implementation, head);
    let key = TurnKey { clarifications, ..first };
    let same_question = |known: &&TurnKey| TurnKey { head: key.head.clone(), ..(*known).clone() } == key;
    work.cx.results.turns.keys().find(same_question).cloned().unwrap_or(key)
}

fn ask(work: &OpenDelivery<'_>, key: TurnKey, clarifications: Vec<Clarification>) -> Ask {
    let terms = &work.run.state.terms;
    let expectation = Expectation {
        requirements: work.cx.results.surfaced(&key, &work.requirements),
        ..Expectation::bare(ResponseKind::Implementation)
    };
    let brief = Brief {
        task: work.subject.text(),
        subject: work.subject.clone(),
        origin: None,
        against: Against::Commit(work.run.base.clone()),
        items: Vec::new(),
        requirements: work.requirements.clone(),
        gates: Vec::new(),
        followups: terms.policy.followups,
        branch: Some(work.run.branch.clone()),
        max_rounds: terms.policy.max_rounds,
        clarifications,
        summary: None,
    };
    Ask::first(key, Access::Edit, brief, expectation, terms.roster.coder().model.clone())
}

fn clarify(cx: &FlowContext<'_>, turn: TurnKey, asked: u32, questions: Vec<String>) -> Decision<Infallible> {
    match cx.request.questions {
        Questions::Interactive { at_most } if asked < at_most => first(Step::Clarify { turn, questions }),
        Questions::Interactive { .. } | Questions::Stop => {
            let list: Vec<String> =
                (1..).zip(&questions).map(|(number, question)| format!("{number}. {question}")).collect();
            let message = format!("the coder has questions:\n{}", list.join("\n"));
            first(Conclusion::needs_human(NeedsHuman::Clarification, message))
        }
    }
}

/// Returns the coder's commit according to the journal.
pub(super) fn made(run: &DeliveryRun, results: &Results) -> Option<CommitSha> {
    let is_ours = |key: &TurnKey| key.run == run.state.id && key.kind == ResponseKind::Implementation;
    let made = |end: &TurnEnd| match end {
        TurnEnd::Answered { commit, .. } => commit.clone(),
        TurnEnd::Failed { .. } => None,
    };
    results.turns.iter().rev().filter(|(key, _)| is_ours(key)).find_map(|(_, turn)| made(&turn.end))
}
