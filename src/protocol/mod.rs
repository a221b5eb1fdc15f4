//! What agents say: one file per response kind, the tolerant envelope reader, schemas, and the rules an answer must keep.

pub mod context;
