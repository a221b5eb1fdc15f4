//! A question to the coder that it may answer with questions to a person: after each set of answers it gets another turn.

use std::convert::Infallible;
use std::ops::ControlFlow;

use crate::domain::agent::Role;
use crate::domain::ending::{Failed, NeedsHuman};
use crate::domain::subject::Subject;
use crate::domain::turn::TurnKey;
use crate::protocol::answer::Reading;
use crate::protocol::context::Clarification;
use crate::protocol::kinds::Kind;
use crate::protocol::kinds::shared::OrQuestions;

use super::ask::Ask;
use super::conclusion::Conclusion;
use super::context::FlowContext;
use super::question::{self, Answered, Question, QuestionState};
use super::request::Questions;
use super::run::RunState;
use super::run_effect;
use super::step::{Decision, Step, first};

/// The coder's first turn in a run.
pub struct FirstTurn<'now, A> {
    pub cx: &'now FlowContext<'now>,
    pub run: &'now RunState,
    pub subject: &'now Subject,
    /// The key of the turn; the number of earlier clarifications is added.
    pub key: TurnKey,
    /// Creates the question, with a person's answers so far.
    pub ask: A,
}

/// The coder's finished work.
pub struct FinishedWork<K: Kind, T> {
    pub key: TurnKey,
    pub work: T,
    pub answered: Answered<K>,
}

impl<A: Fn(TurnKey, Vec<Clarification>) -> Ask> FirstTurn<'_, A> {
    /// Returns the coder's finished work, or the step that leads there.
    pub fn finished<K, T>(&self) -> Decision<FinishedWork<K, T>>
    where
        K: Kind<Meaning = OrQuestions<T>>,
        T: Clone,
    {
        let cx = self.cx;
        let mut answers = self.answered_before::<K, T>()?;
        for asked in 0_u32.. {
            let ask = (self.ask)(self.key(asked), answers.clone());
            let answered = match question::ask::<K>(cx, &ask)? {
                Ok(answered) => answered,
                Err(failure) => return first(run_effect::fatal(ask.key.label, &failure)),
            };
            match meaning(&answered.reading) {
                OrQuestions::Done(work) => {
                    return ControlFlow::Continue(FinishedWork { key: ask.key, work, answered });
                }
                OrQuestions::Questions(questions) => match cx.results.clarifications.get(&ask.key) {
                    Some(given) => answers.extend(given.iter().cloned()),
                    None => match clarify(cx, self.subject, ask.key, asked, questions)? {},
                },
            }
        }
        first(Conclusion::failed(Failed::AgentFailed, "the coder asked further questions after every answer"))
    }

    /// Returns the key of the turn. A finished turn is found for any head.
    fn key(&self, clarifications: u32) -> TurnKey {
        let key = TurnKey { clarifications, ..self.key.clone() };
        let same_question = |known: &&TurnKey| TurnKey { head: key.head.clone(), ..(*known).clone() } == key;
        self.cx.results.turns.keys().find(same_question).cloned().unwrap_or(key)
    }

    /// Returns a person's answers from earlier attempt windows. Open questions from there come first: a person is asked, or
    /// the run of a task ends again. Open questions of an issue can be answered in comments.
    fn answered_before<K, T>(&self) -> Decision<Vec<Clarification>>
    where
        K: Kind<Meaning = OrQuestions<T>>,
        T: Clone,
    {
        let (cx, run) = (self.cx, self.run);
        let is_earlier = |key: &TurnKey| {
            key.run == run.id && key.kind == K::KIND && key.attempt_window < run.attempt_window
        };
        let earlier = cx.results.turns.keys().filter(|key| is_earlier(key));
        let last = earlier.max_by_key(|key| (key.attempt_window, key.clarifications));
        let last = last.map(|key| TurnKey { role: Role::Coder, again: 0, retry: 0, ..key.clone() });
        let asks_person = matches!(cx.request.questions, Questions::Interactive { at_most: 1.. });
        let has_comments = !matches!(self.subject, Subject::Task(_));
        if let Some(turn) = last
            && (asks_person || !has_comments)
            && !cx.results.clarifications.contains_key(&turn)
        {
            let ask = (self.ask)(turn, Vec::new());
            let question = Question { ask: &ask, results: cx.results, persistence: &cx.request.persistence };
            if let QuestionState::Answered(answered) = question.state::<K>()
                && let OrQuestions::Questions(questions) = meaning(&answered.reading)
            {
                match clarify(cx, self.subject, ask.key, 0, questions)? {}
            }
        }
        let given = cx.results.clarifications.iter().filter(|(key, _)| is_earlier(key));
        ControlFlow::Continue(given.flat_map(|(_, answers)| answers.clone()).collect())
    }
}

fn meaning<K: Kind<Meaning = OrQuestions<T>>, T: Clone>(reading: &Reading<K>) -> OrQuestions<T> {
    reading.meaning.clone()
}

fn clarify(
    cx: &FlowContext<'_>,
    subject: &Subject,
    turn: TurnKey,
    asked: u32,
    questions: Vec<String>,
) -> Decision<Infallible> {
    match cx.request.questions {
        Questions::Interactive { at_most } if asked < at_most => first(Step::Clarify { turn, questions }),
        Questions::Interactive { .. } | Questions::Stop => {
            let list: Vec<String> =
                (1..).zip(&questions).map(|(number, question)| format!("{number}. {question}")).collect();
            let how = match subject {
                Subject::Task(_) => "",
                Subject::Issue(_) | Subject::PullRequest(_) => {
                    "\nAnswer in a comment, then run the same command again; or answer at the terminal."
                }
            };
            let message = format!("the coder has questions:\n{}{how}", list.join("\n"));
            first(Conclusion::needs_human(NeedsHuman::Clarification, message))
        }
    }
}
