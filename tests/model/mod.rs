//! A model server with a script, on loopback: real agent programs talk to it, and a test says what the model does.
//!
//! A scenario is a part of the URL (`/s/NAME/…`), so that many tests share nothing and one server can play many models.

mod anthropic;
mod chat;
mod checks;
mod gemini;
mod request;
mod responses;
mod scenario;
mod server;
mod wire;

pub(crate) use request::Seen;
pub(crate) use scenario::{Answer, Scenario, ToolCall, Window};
pub(crate) use server::Server;
