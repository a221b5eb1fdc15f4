//! GitHub: the real gh and the real git against the model of `tests/github`.

mod checks;
mod contract;
mod crashes;
mod faults;
mod forks;
mod merges;
mod privacy;
mod protection;
mod refusals;
mod remote;
mod runs;
mod stage;
mod statuses;
