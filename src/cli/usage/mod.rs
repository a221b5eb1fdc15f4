//! What runs cost: the summary of a run, the file of it, and the table that shows it.

pub mod kept;
pub mod recorder;
pub mod summary;
pub mod table;
