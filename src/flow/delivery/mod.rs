//! From an issue or a task to a pull request: the state that records fold to, and the next step.

pub mod next;
pub mod state;
