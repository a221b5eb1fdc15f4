//! The decisions: the next step, from the state and the facts. Pure: no IO, no clock, no randomness. A flow is a folder, and
//! a line in the list below.

pub mod abilities;
pub mod aftermath;
pub mod approval;
pub mod ask;
pub mod budget;
pub mod clarifying;
pub mod commands;
pub mod comment;
pub mod commit_status;
pub mod conclusion;
pub mod context;
pub mod delivery;
pub mod discuss;
pub mod facts;
pub mod filing;
pub mod followups;
pub mod gates;
pub mod given;
pub mod grouping;
pub mod items;
pub mod machine;
pub mod names;
pub mod panel;
pub mod persistence;
pub mod planning;
pub mod question;
pub mod request;
pub mod results;
pub mod retry;
pub mod review;
pub mod review_comment;
pub mod review_pass;
pub mod rounds;
pub mod run;
pub mod run_effect;
pub mod similarity;
pub mod step;
pub mod terms;
pub mod view;

use crate::domain::flow_name::FlowName;
use crate::domain::subject::Subject;

use machine::{FlowEntry, Machine, entry};

pub const FLOWS: &[FlowEntry] = &[
    entry::<delivery::state::DeliveryState>(),
    entry::<review::state::ReviewState>(),
    entry::<discuss::state::DiscussState>(),
    entry::<planning::state::PlanningState>(),
];

/// Starts the flow with this name on a subject; `None` if there is no such flow, or it does not accept such subjects.
pub fn begin(name: &FlowName, subject: &Subject) -> Option<Box<dyn Machine>> {
    FLOWS.iter().find(|entry| entry.name == *name).and_then(|entry| (entry.on)(subject))
}

/// Returns the flows that accept such a subject.
pub fn about(subject: &Subject) -> impl Iterator<Item = &'static FlowName> {
    FLOWS.iter().filter(|entry| (entry.on)(subject).is_some()).map(|entry| &entry.name)
}
