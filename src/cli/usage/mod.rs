//! What runs cost: the summary of a run, the file of it, and the command that shows it.

pub mod at_end;
pub mod command;
pub mod summary;
pub mod table;
