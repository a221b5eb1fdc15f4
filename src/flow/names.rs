//! The names by which flows know each other: a hand-over and an output say no more than a name and a subject.

use crate::domain::flow_name::FlowName;

/// From an issue or a task to a pull request.
pub const DELIVERY: FlowName = FlowName::constant("delivery");
/// The rounds on a pull request.
pub const REVIEW: FlowName = FlowName::constant("review");
