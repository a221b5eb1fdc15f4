//! The one loop: observe, decide, perform, publish. It names no adapter and makes no decision about a run.

mod brief;
mod delivery;
pub mod guard;
pub mod observe;
mod origin;
pub mod outcome;
mod people;
mod perform;
mod publish;
mod review;
pub mod run;
mod session;
mod turns;
mod unpriced;
mod user_checkouts;
