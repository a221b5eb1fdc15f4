//! Nouns to words: prompts, comments, and texts made harmless before they are published. Pure.

mod block;
pub mod comment;
pub mod fence;
pub mod followup;
mod known;
mod lookalike;
pub mod neutral;
pub mod primer;
pub mod prompt;
pub mod pull_request;
pub mod redact;
mod spelling;
mod token;
