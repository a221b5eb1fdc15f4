//! The names of flows, for handovers and outputs: one flow knows only the name and the subject of another.

use crate::domain::flow_name::FlowName;

/// From an issue or a task to a pull request.
pub const DELIVERY: FlowName = FlowName::constant("delivery");
/// The debate about an issue.
pub const DISCUSSION: FlowName = FlowName::constant("discussion");
/// From an issue to an approved plan.
pub const PLANNING: FlowName = FlowName::constant("planning");
/// The rounds on a pull request.
pub const REVIEW: FlowName = FlowName::constant("review");
