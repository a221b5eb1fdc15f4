//! Texts: prompts, comments, and texts made harmless before they are published. Pure.

pub mod agent_memory;
pub mod amounts;
pub mod child_issue;
pub mod diff_lines;
mod excerpt;
pub mod inert;
pub mod markdown;
pub mod native_review;
pub mod places;
pub mod prompt;
pub mod prompt_limit;
pub mod pull_request;
pub mod redaction;
pub mod sanitize;
