//! A model of GitHub on loopback, for the real gh and the real git: one repository, its people, its faults.

mod answers;
mod checks;
mod description;
mod edits;
mod forks;
mod git;
mod killer;
mod merging;
mod protection;
mod repository;
mod reviews;
mod routes;
mod search;
mod server;
mod shapes;
mod state;
mod statuses;

pub(crate) use checks::{CheckRow, Ci};
pub(crate) use description::FOLDER as DESCRIPTIONS;
pub(crate) use forks::Fork;
pub(crate) use killer::{Killer, Moment};
pub(crate) use protection::Protection;
pub(crate) use repository::MemoryRepository;
pub(crate) use reviews::Review;
pub(crate) use server::Github;
pub(crate) use state::{Call, Fault, FaultKind, Person, Pull, Role, State, StatusRow};
