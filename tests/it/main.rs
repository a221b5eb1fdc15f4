//! The integration tests, one binary: adapters against real programs, stories, crash stories, the command line.

#[cfg(test)]
mod adapters;
#[cfg(test)]
mod agents;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod protocol;
mod schemas;
#[cfg(test)]
mod stories;
