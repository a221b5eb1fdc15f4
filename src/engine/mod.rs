//! The one loop: observe, decide, perform, publish. It names no adapter and makes no decision about a run.

mod brief;
mod observe;
pub mod outcome;
mod perform;
mod publish;
pub mod run;
mod session;
mod turns;
