//! What agents say: one file per response kind, the tolerant envelope reader, schemas, and the rules an answer must keep.

pub mod answer;
pub mod coder_followup;
pub mod context;
pub mod envelope;
pub mod expectation;
pub mod implementation;
pub mod json;
pub mod pr_review;
pub mod schema;
pub mod text;
