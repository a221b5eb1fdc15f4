//! The integration tests, one binary: adapters against real programs, stories, crash stories, the command line.

#[cfg(test)]
mod adapters;
#[cfg(test)]
mod agents;
#[cfg(test)]
mod github;
#[cfg(test)]
#[path = "../github/mod.rs"]
mod github_model;
#[cfg(test)]
mod ledger;
#[cfg(test)]
#[path = "../model/mod.rs"]
mod model;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod protocol;
#[cfg(test)]
mod real;
#[cfg(test)]
mod rendered;
mod schemas;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod world;
