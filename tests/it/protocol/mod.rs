//! Tests of the tolerant reader: a corpus of answers, random damage, and properties of all answers.

mod cases;
mod corpus;
mod damage;
mod laws;
mod mutations;
mod votes;
