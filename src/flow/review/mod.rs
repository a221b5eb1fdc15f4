//! The rounds on a pull request: the state that records fold to, and the next step.

mod budget;
mod coder;
mod followups;
mod gates;
pub mod grouping;
pub mod items;
pub mod next;
pub mod reviewers;
pub mod state;
mod wording;
