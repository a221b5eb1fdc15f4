//! The tolerant reader against many answers: a corpus, random damage, and laws that hold whatever an agent says.

mod cases;
mod corpus;
mod damage;
mod laws;
mod mutations;
