//! agent-loop: one coding agent writes a change, others review it, until all approve the same commit.

pub mod adapters;
pub mod domain;
pub mod engine;
pub mod flow;
pub mod ledger;
pub mod ports;
pub mod protocol;
pub mod text;
