//! Nouns to words: prompts, comments, and texts made harmless before they are published. Pure.

pub mod comment;
mod known;
pub mod neutral;
pub mod prompt;
pub mod pull_request;
pub mod redact;
mod spelling;
mod token;
