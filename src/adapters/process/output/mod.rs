//! ?

pub mod lines;
pub mod listener;
pub mod log;
pub mod tail;
