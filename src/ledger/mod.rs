//! What the tool remembers: records, their codec, the chain and who is trusted. Knows nothing of what a run does next.

pub mod audit;
pub mod chain;
pub mod codec;
pub mod legacy;
pub mod payload;
pub mod record;
pub mod replay;
