//! The replies of the model server: status, headers and body for an answer of the model.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use http_body::Frame;
use serde_json::Value;

use super::request::{Dialect, Seen};
use super::scenario::{Answer, ToolCall, Window};
use super::{anthropic, chat, gemini, responses};

/// The answer of the model to one request.
#[derive(Debug, Clone)]
pub(super) enum Said {
    Text(String),
    Call { name: String, arguments: Value },
}

/// An event of a stream.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) name: Option<&'static str>,
    pub(super) data: String,
}

impl Event {
    /// Creates an event whose data repeats its name.
    pub(super) fn named(name: &'static str, mut data: Value) -> Self {
        data["type"] = name.into();
        Self { name: Some(name), data: data.to_string() }
    }

    pub(super) fn plain(data: &Value) -> Self {
        Self { name: None, data: data.to_string() }
    }
}

/// Creates an error reply in the form of a dialect.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Value,
}

/// Returns the reply to a request; `None` if the service never answers.
pub(super) fn reply(seen: &Seen, answer: &Answer) -> Option<Response<Body>> {
    match answer {
        Answer::Text(text) => Some(says(seen, &Said::Text(text.clone()))),
        Answer::Structured(value) => Some(says(seen, &structured(seen, value))),
        Answer::Tools(calls, last) => match calls.get(seen.results.len()) {
            Some(call) => Some(says(seen, &use_of(seen, call))),
            None => reply(seen, last),
        },
        Answer::Error { status, body, headers } => {
            let body = body.clone().unwrap_or_else(|| usual(seen.dialect, *status));
            Some(refuse(&Refusal { status: *status, headers: headers.clone(), body }))
        }
        Answer::QuotaReset { epoch, window } => Some(refuse(&used_up(seen.dialect, *epoch, *window))),
        Answer::Hang => None,
        Answer::DropMidStream => Some(broken(seen)),
    }
}

fn structured(seen: &Seen, value: &Value) -> Said {
    let tool = seen.tools.iter().find(|name| *name == anthropic::STRUCTURED);
    match tool {
        Some(name) => Said::Call { name: name.clone(), arguments: value.clone() },
        None => Said::Text(value.to_string()),
    }
}

/// Uses the first suitable tool of the request; without one, the answer says so.
fn use_of(seen: &Seen, call: &ToolCall) -> Said {
    let known = match seen.dialect {
        Dialect::Anthropic => anthropic::uses(call),
        Dialect::Responses => responses::uses(call),
        Dialect::Gemini => gemini::uses(call),
        Dialect::Chat => chat::uses(call),
    };
    known.into_iter().find(|(name, _)| seen.tools.iter().any(|offered| offered == name)).map_or_else(
        || Said::Text("There is no tool for that.".to_owned()),
        |(name, arguments)| Said::Call { name: name.to_owned(), arguments },
    )
}

/// Writes a file with a shell command.
pub(super) fn shell(call: &ToolCall) -> String {
    match call {
        ToolCall::Shell(command) => command.clone(),
        ToolCall::Write { path, text } => {
            format!("printf %s '{}' > '{path}'", text.replace('\'', r"'\''"))
        }
    }
}

fn events(seen: &Seen, said: &Said) -> Vec<Event> {
    match seen.dialect {
        Dialect::Anthropic => anthropic::events(said, &seen.model),
        Dialect::Responses => responses::events(said, &seen.model),
        Dialect::Gemini => gemini::events(said),
        Dialect::Chat => chat::events(said, &seen.model),
    }
}

fn whole(seen: &Seen, said: &Said) -> Value {
    match seen.dialect {
        Dialect::Anthropic => anthropic::whole(said, &seen.model),
        Dialect::Responses => responses::whole(said, &seen.model),
        Dialect::Gemini => gemini::whole(said),
        Dialect::Chat => chat::whole(said, &seen.model),
    }
}

fn usual(dialect: Dialect, status: u16) -> Value {
    match dialect {
        Dialect::Anthropic => anthropic::usual(status),
        Dialect::Responses | Dialect::Chat => responses::usual(status),
        Dialect::Gemini => gemini::usual(status),
    }
}

fn used_up(dialect: Dialect, epoch: i64, window: Window) -> Refusal {
    match dialect {
        Dialect::Anthropic => anthropic::used_up(epoch, window),
        Dialect::Responses => responses::used_up(epoch),
        Dialect::Gemini => gemini::used_up(),
        Dialect::Chat => chat::used_up(),
    }
}

fn says(seen: &Seen, said: &Said) -> Response<Body> {
    if seen.streamed {
        stream(Body::from(text_of(&events(seen, said))))
    } else {
        with_json(200, &[], &whole(seen, said))
    }
}

fn refuse(refusal: &Refusal) -> Response<Body> {
    with_json(refusal.status, &refusal.headers, &refusal.body)
}

/// Sends half of an answer and closes the connection.
fn broken(seen: &Seen) -> Response<Body> {
    let said = Said::Text("This is the beginning of".to_owned());
    if !seen.streamed {
        return stream(Body::new(Broken { first: None }));
    }
    let events = events(seen, &said);
    let half = text_of(&events[..events.len() / 2]);
    stream(Body::new(Broken { first: Some(Bytes::from(half)) }))
}

fn text_of(events: &[Event]) -> String {
    let line = |event: &Event| match event.name {
        Some(name) => format!("event: {name}\ndata: {}\n\n", event.data),
        None => format!("data: {}\n\n", event.data),
    };
    events.iter().map(line).collect()
}

fn stream(body: Body) -> Response<Body> {
    Response::builder().header("content-type", "text/event-stream").body(body).unwrap()
}

/// Creates a reply with one JSON object.
pub(super) fn with_json(status: u16, headers: &[(String, String)], body: &Value) -> Response<Body> {
    let mut response = Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header("content-type", "application/json");
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Body::from(body.to_string())).unwrap().into_response()
}

/// A body that breaks off.
struct Broken {
    first: Option<Bytes>,
}

impl HttpBody for Broken {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let next = self.first.take().map(Frame::data);
        Poll::Ready(Some(next.ok_or_else(|| io::Error::other("the connection breaks"))))
    }
}

/// Returns a name that is unique in this process.
pub(super) fn fresh(prefix: &str) -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{prefix}_{:016}", NEXT.fetch_add(1, Ordering::Relaxed))
}
