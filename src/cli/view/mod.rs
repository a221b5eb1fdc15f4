//! The display of a run for people and scripts: lines, a live view on a terminal, events as JSON.

pub mod activity;
pub mod amounts;
pub mod board;
pub mod brief;
pub mod ending;
pub mod events;
pub mod explanation;
mod failed_turns;
pub mod lines;
pub mod live;
pub mod logs;
pub mod outcome;
pub mod overview;
pub mod paint;
pub mod place;
pub mod print;
pub mod sarif;
pub mod terminal;
