//! The records of runs: their codec, the chains of a thread, and the trusted authors. It knows no flow and makes no decision.

pub mod audit;
pub mod body;
pub mod chain;
pub mod codec;
pub mod envelope;
pub mod legacy;
pub mod thread;
