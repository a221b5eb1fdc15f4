//! The transcript of a program: the events of its streams, kept in limited memory. Pure.

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::domain::usage::Usage;
use crate::protocol::envelope::ANSWER_LIMIT;

/// The maximum length of a message: that of an answer, and one more letter to show that there was more.
const KEPT: usize = ANSWER_LIMIT + 4;
/// The maximum length of a document: an answer in it is escaped, possibly twice.
const DOCUMENT: usize = 4 * KEPT;
/// The number of requests that are remembered: parallel agents report theirs alternately.
const MOST_REQUESTS: usize = 32;
/// The maximum length of an id.
const ID: usize = 100;
/// The maximum number of denials and warnings.
const MOST_DENIALS: usize = 20;

/// An event in a line of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The id of the session.
    Session(String),
    Model(String),
    /// A whole message of the agent. The last one is its answer.
    Said(String),
    /// A piece of a message: it continues the previous piece; after a whole message it starts a new one.
    SaidMore(String),
    /// A message that ends the turn, possibly repeated. A later one without an object is added to the previous answer, and does
    /// not replace it.
    EndedWith(String),
    /// The turn continues, or ends again, although it seemed to have ended: earlier messages are not its
    /// answer.
    Continued,
    /// A piece of a document that can only be read as a whole.
    Document(String),
    /// Native structured output: a JSON text.
    Structured(String),
    /// A permission was denied.
    Denied(String),
    /// The agent used a tool: a command ran, or a file was changed.
    Acted,
    /// The start of a turn in the file of a session: earlier events belong to earlier turns.
    Began,
    /// The name of an unreadable event, and the error.
    Unreadable(String),
    /// A warning for people.
    Warned(String),
    /// The usage of the whole turn so far.
    Counted(Usage),
    /// The usage of a part of the turn, which is added.
    Spent(Usage),
    /// The usage of a request to the model so far, from programs that report it before the turn ends.
    Asked {
        /// The id of the request, which may be reported several times.
        id: String,
        usage: Usage,
    },
    /// The quota is used up until this instant.
    Rejected(Timestamp),
    /// The quota is nearly used up.
    Low {
        /// The used share in percent.
        percent: u8,
        resets_at: Timestamp,
    },
    /// The program reports a failure. The last report is used, and only if the turn was not successful.
    ReportedError(ReportedError),
    /// The terminal event of a successful turn.
    Finished,
}

/// A program's report of a failure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportedError {
    /// The HTTP status of the service, if it was reported.
    pub status: Option<u16>,
    /// The program's own name of the class.
    pub code: Option<String>,
    pub text: String,
}

impl ReportedError {
    /// Combines the report with an earlier one, which provides the missing parts.
    fn after(self, earlier: Option<Self>) -> Self {
        let earlier = earlier.unwrap_or_default();
        Self {
            status: self.status.or(earlier.status),
            code: self.code.or(earlier.code),
            text: if self.text.is_empty() { earlier.text } else { self.text },
        }
    }
}

/// The transcript of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transcript {
    /// The id of the session.
    pub session: Option<String>,
    /// The model of the last message.
    pub model: Option<String>,
    pub said: String,
    /// The document on stdout until it is read, for programs that write one.
    pub document: String,
    pub structured: Option<String>,
    pub denied: Vec<String>,
    /// The number of uses of tools that the program reported.
    pub acted: u64,
    /// Warnings for people.
    pub warnings: Vec<String>,
    /// The usage that was reported.
    pub usage: Option<Usage>,
    /// The reset time of a used-up quota.
    pub rejected: Option<Timestamp>,
    /// The used share of the quota, with its reset time.
    pub low: Option<(u8, Timestamp)>,
    /// The last report of a failure.
    pub trouble: Option<ReportedError>,
    /// Whether the terminal event of a successful turn has arrived.
    pub finished: Finish,
    /// The last unreadable event, and the error.
    pub unreadable: Option<String>,
    requests: Requests,
    paused: bool,
}

/// The reported requests to the model, each counted once.
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

/// Whether the terminal event of a successful turn has arrived.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Finish {
    #[default]
    Missing,
    Seen,
}

impl Transcript {
    /// Applies an event.
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

    /// Returns the known usage of a turn that ended before it reported its total: a lower bound.
    pub fn seen_until_now(&self) -> Option<Usage> {
        self.usage.or_else(|| self.requests.sum())
    }

    /// Discards the data of earlier turns in the file of a session.
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

/// Adds a note that is not known yet, up to a maximum number.
fn note(notes: &mut Vec<String>, what: String) {
    if notes.len() < MOST_DENIALS && !notes.contains(&what) {
        notes.push(what);
    }
}

/// Cuts a text to the maximum length of an answer, plus one letter to show that there was more.
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
    fn turns_in_session_files_are_separate() {
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
