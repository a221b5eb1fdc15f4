//! What the streams of all programs come to: events, and what is kept of them, in bounded memory. Pure.

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::domain::usage::Usage;
use crate::protocol::envelope::ANSWER_LIMIT;

/// So much of a message is kept: as much as an answer may have, and one more letter to show that it has more.
const KEPT: usize = ANSWER_LIMIT + 4;
/// So much of a document is kept: an answer in it is escaped, perhaps twice over.
const DOCUMENT: usize = 4 * KEPT;
/// So many requests are looked back on: those of agents that work side by side are told in turns.
const MOST_REQUESTS: usize = 32;
/// So much of an id is kept.
const ID: usize = 100;
/// So many denials and warnings are kept.
const MOST_DENIALS: usize = 20;

/// What a line of a stream says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The session has this id.
    Session(String),
    Model(String),
    /// A whole message of the agent. The last one is its answer.
    Said(String),
    /// A piece of a message: it goes on where the piece before it ended, and after a whole message it begins another.
    SaidMore(String),
    /// A message with which the turn ends, perhaps once more. A later one without an object adds to an answer before it, and
    /// does not replace it.
    EndedWith(String),
    /// The turn goes on, or ends once more, though it may have seemed to be at its end: nothing that was said before is its
    /// answer.
    Continued,
    /// A piece of a document that can only be read as a whole.
    Document(String),
    /// Native structured output: a JSON text.
    Structured(String),
    /// It was not allowed this.
    Denied(String),
    /// It did something with a tool: a command ran, a file was changed.
    Acted,
    /// In a file of a whole session: here a turn begins, and what the file said of an earlier one counts no more.
    Began,
    /// An event that could not be read, and why.
    Unreadable(String),
    /// Something that a person should know, though it is no failure.
    Warned(String),
    /// What the turn has cost until now, all of it.
    Counted(Usage),
    /// What a part of the turn has cost: it is added.
    Spent(Usage),
    /// What a request to the model has cost until now, as far as that is told before the turn ends.
    Asked {
        /// The request: it may be told of several times.
        id: String,
        usage: Usage,
    },
    /// The allowance is used up until then.
    Rejected(Timestamp),
    /// The allowance is nearly used up.
    Low {
        /// How much of it is used, in percent.
        percent: u8,
        resets_at: Timestamp,
    },
    /// The program reports that something went wrong. The last report counts, and only if the turn did not end well.
    ReportedError(ReportedError),
    /// The event that ends a good turn.
    Finished,
}

/// What a program reports of a failure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportedError {
    /// The HTTP status of the service, if it is told.
    pub status: Option<u16>,
    /// The program's own word for the class, if it has one.
    pub code: Option<String>,
    pub text: String,
}

impl ReportedError {
    /// A report that adds to an earlier one: what it does not say itself, the earlier one said.
    fn after(self, earlier: Option<Self>) -> Self {
        let earlier = earlier.unwrap_or_default();
        Self {
            status: self.status.or(earlier.status),
            code: self.code.or(earlier.code),
            text: if self.text.is_empty() { earlier.text } else { self.text },
        }
    }
}

/// What is kept of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transcript {
    /// The id of the session.
    pub session: Option<String>,
    /// The model that worked last.
    pub model: Option<String>,
    pub said: String,
    /// The document that stdout is, for a program that writes one, until it is read.
    pub document: String,
    pub structured: Option<String>,
    pub denied: Vec<String>,
    /// How often it did something with a tool, as far as the program tells.
    pub acted: u64,
    /// What a person should know.
    pub warnings: Vec<String>,
    /// What it cost, as far as it was told.
    pub usage: Option<Usage>,
    /// Until when the allowance is used up.
    pub rejected: Option<Timestamp>,
    /// How far the allowance is used, and when it is back.
    pub low: Option<(u8, Timestamp)>,
    /// The last report of a failure.
    pub trouble: Option<ReportedError>,
    /// Whether the event that ends a good turn was there.
    pub finished: Finish,
    /// The last event that could not be read, and why.
    pub unreadable: Option<String>,
    requests: Requests,
    paused: bool,
}

/// Requests to the model that were told of, each counted once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Requests {
    settled: Usage,
    last: VecDeque<(String, Usage)>,
}

impl Requests {
    fn take(&mut self, id: &str, usage: Usage) {
        let id = prefix(id, ID);
        if let Some((_, told)) = self.last.iter_mut().find(|(known, _)| known == id) {
            *told = usage;
            return;
        }
        if self.last.len() >= MOST_REQUESTS
            && let Some((_, usage)) = self.last.pop_front()
        {
            self.settled = self.settled.plus(usage);
        }
        self.last.push_back((id.to_owned(), usage));
    }

    fn sum(&self) -> Option<Usage> {
        let told = self.last.iter().map(|(_, usage)| *usage);
        (!self.last.is_empty()).then(|| told.fold(self.settled, Usage::plus))
    }
}

/// Whether the event that ends a good turn was there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Finish {
    #[default]
    Missing,
    Seen,
}

impl Transcript {
    /// Takes in an event.
    pub fn take(&mut self, event: Event) {
        match event {
            Event::Session(id) => self.session = Some(id),
            Event::Model(model) => self.model = Some(model),
            Event::Said(text) => {
                self.said = bounded(text);
                self.paused = true;
            }
            Event::SaidMore(text) => self.say_more(&text),
            Event::EndedWith(text) => self.end_with(text),
            Event::Continued => {
                self.said.clear();
                self.structured = None;
                self.finished = Finish::Missing;
            }
            Event::Document(text) => {
                let room = DOCUMENT.saturating_sub(self.document.len());
                self.document.push_str(prefix(&text, room));
            }
            Event::Structured(text) => self.structured = Some(bounded(text)),
            Event::Denied(what) => note(&mut self.denied, what),
            Event::Acted => self.acted = self.acted.saturating_add(1),
            Event::Began => self.begin(),
            Event::Unreadable(why) => self.unreadable = Some(bounded(why)),
            Event::Warned(what) => note(&mut self.warnings, what),
            Event::Counted(usage) => self.usage = Some(usage),
            Event::Spent(usage) => self.usage = Some(self.usage.unwrap_or_default().plus(usage)),
            Event::Asked { id, usage } => self.requests.take(&id, usage),
            Event::Rejected(instant) => self.rejected = Some(instant),
            Event::Low { percent, resets_at } => self.low = Some((percent, resets_at)),
            Event::ReportedError(trouble) => self.trouble = Some(trouble.after(self.trouble.take())),
            Event::Finished => self.finished = Finish::Seen,
        }
    }

    /// What the turn is known to have cost, where it ended before that was told as a whole: at least so much.
    pub fn seen_until_now(&self) -> Option<Usage> {
        self.usage.or_else(|| self.requests.sum())
    }

    /// Forgets what a file of a session may have told of an earlier turn: it tells again of this one.
    fn begin(&mut self) {
        (self.acted, self.low) = (0, None);
        self.denied.clear();
        let told = self.trouble.take().map(|trouble| ReportedError { code: None, status: None, ..trouble });
        self.trouble = told.filter(|trouble| !trouble.text.is_empty());
    }

    fn end_with(&mut self, text: String) {
        let answer = match (self.structured.take(), self.finished) {
            (None, Finish::Seen) => Some(std::mem::take(&mut self.said)).filter(|said| said.contains('{')),
            (structured, Finish::Seen | Finish::Missing) => structured,
        };
        self.paused = true;
        self.said = match answer {
            Some(answer) if text.trim().is_empty() => answer,
            Some(answer) if !text.contains('{') => bounded(format!("{answer}\n\n{text}")),
            Some(_) | None => bounded(text),
        };
    }

    fn say_more(&mut self, text: &str) {
        if std::mem::take(&mut self.paused) {
            self.said.clear();
        }
        let room = KEPT.saturating_sub(self.said.len());
        self.said.push_str(prefix(text, room));
    }
}

/// Keeps what was not noted before, up to a number of notes.
fn note(notes: &mut Vec<String>, what: String) {
    if notes.len() < MOST_DENIALS && !notes.contains(&what) {
        notes.push(what);
    }
}

/// A text that is no longer than an answer may be, by more than what shows that it was.
fn bounded(mut text: String) -> String {
    let end = prefix(&text, KEPT).len();
    text.truncate(end);
    text
}

fn prefix(text: &str, bytes: usize) -> &str {
    let end = text.floor_char_boundary(bytes);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_a_message() {
        let mut transcript = Transcript::default();
        for event in [
            Event::SaidMore("Let me ".to_owned()),
            Event::SaidMore("look.".to_owned()),
            Event::Said("Let me look.".to_owned()),
            Event::SaidMore("Do".to_owned()),
            Event::SaidMore("ne.".to_owned()),
        ] {
            transcript.take(event);
        }
        assert_eq!(transcript.said, "Done.");
    }

    #[test]
    fn turns_in_session_files_begin_anew() {
        let mut transcript = Transcript::default();
        let coded = |code: &str| ReportedError { code: Some(code.to_owned()), ..ReportedError::default() };
        let said = |text: &str| ReportedError { text: text.to_owned(), ..ReportedError::default() };
        transcript.take(Event::ReportedError(said("of this turn")));
        for event in [
            Event::Acted,
            Event::Denied("before".to_owned()),
            Event::ReportedError(coded("before")),
            Event::Low { percent: 100, resets_at: Timestamp::UNIX_EPOCH },
            Event::Began,
        ] {
            transcript.take(event);
        }
        let kept = Transcript { trouble: Some(said("of this turn")), ..Transcript::default() };
        assert_eq!(transcript, kept);
    }

    #[test]
    fn continued_turns_forget_earlier_messages() {
        let mut transcript = Transcript::default();
        let said = || Event::Said("approved".to_owned());
        for event in [said(), Event::Structured("{}".to_owned()), Event::Finished, Event::Continued] {
            transcript.take(event);
        }
        assert_eq!(transcript, Transcript { paused: true, ..Transcript::default() });
    }

    #[test]
    fn repeated_requests_are_counted_once() {
        let mut transcript = Transcript::default();
        let tokens = |input_tokens| Usage { input_tokens, ..Usage::default() };
        let mut ask = |id: &str, input| {
            transcript.take(Event::Asked { id: id.to_owned(), usage: tokens(input) });
            transcript.seen_until_now().map(|usage| usage.input_tokens)
        };
        assert_eq!([ask("a", 5), ask("b", 7), ask("a", 6), ask("b", 7)], [5, 12, 13, 13].map(Some));
        let many = (0..1000).fold(None, |_, number| ask(&number.to_string(), 1));
        assert_eq!(many, Some(1013));
        assert_eq!(transcript.requests.last.len(), MOST_REQUESTS);
        transcript.take(Event::Counted(tokens(9)));
        assert_eq!(transcript.seen_until_now(), Some(tokens(9)), "the whole is told");
    }

    #[test]
    fn no_stream_fills_the_memory() {
        let mut transcript = Transcript::default();
        for number in 0..100 {
            transcript.take(Event::SaidMore("ü".repeat(100_000)));
            transcript.take(Event::Denied(number.to_string()));
        }
        assert!(transcript.said.len() > ANSWER_LIMIT && transcript.said.len() <= KEPT);
        assert_eq!(transcript.denied.len(), MOST_DENIALS);
    }
}
