//! GitHub: the real gh and the real git against the model of `tests/github`.

mod checks;
mod commands;
mod contract;
mod crashes;
mod descriptions;
mod discussions;
mod faults;
mod forks;
mod merges;
mod native_reviews;
mod older;
mod own_issues;
mod places;
mod planning;
mod privacy;
mod protection;
mod published;
mod recorders;
mod refusals;
mod remote;
mod runs;
mod stage;
mod statuses;
mod trust;
mod writes;

pub(crate) use stage::Stage;
