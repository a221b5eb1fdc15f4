//! Answers of agents: their kinds, the tolerant reader, schemas, repair, and the rules that an answer must keep.

pub mod answer;
pub mod comparison;
pub mod context;
pub mod envelope;
pub mod expectation;
pub mod findings;
pub mod healing;
pub mod json;
pub mod kinds;
pub mod markers;
pub mod placeholder;
pub mod preservation;
pub mod raw_answer;
pub mod recorded;
pub mod requirements;
pub mod schema;
pub mod strict;
pub mod text;
pub mod vote;
