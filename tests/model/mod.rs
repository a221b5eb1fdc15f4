//! A scripted model server on loopback: tests define the model's answers to real agent programs.
//!
//! The scenario is part of the URL (`/s/NAME/…`), so that tests share nothing and one server can play many models.

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
