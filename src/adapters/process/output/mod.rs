//! The output of a child: split into lines, listened to, logged, and its end kept.

pub mod lines;
pub mod listener;
pub mod log;
pub mod tail;
