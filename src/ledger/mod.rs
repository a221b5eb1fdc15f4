//! What the tool remembers: records, their codec, the chains of a thread, and who is trusted. Knows no flow, and nothing of
//! what a run does next.

pub mod audit;
pub mod body;
pub mod chain;
pub mod codec;
pub mod envelope;
pub mod legacy;
pub mod thread;
