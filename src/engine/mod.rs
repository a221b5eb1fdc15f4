//! The loop: observe, decide, perform, publish. It names no adapter and no flow, and makes no decision about a run.

mod brief;
mod clones;
mod conclude;
mod context;
mod display;
mod effects;
mod emitted;
pub mod guard;
mod lookup;
pub mod measuring;
mod merge_turn;
mod observe;
pub mod outcome;
pub mod people;
mod perform;
mod publish;
pub mod results;
pub mod run;
mod session;
mod setup;
mod telling;
pub mod thread;
mod turns;
