//! The output of a child: lines, listeners, logs, and the end that is kept.

pub mod lines;
pub mod listener;
pub mod log;
pub mod tail;
