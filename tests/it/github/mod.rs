//! GitHub: the real gh and the real git against the model of `tests/github`.

mod checks;
mod contract;
mod faults;
mod merges;
mod protection;
mod refusals;
mod remote;
mod runs;
mod stage;
mod statuses;
