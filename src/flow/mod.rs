//! The decisions: what the next step is, from the state and from what is observed. Pure: no IO, no clock, no randomness.

pub mod aftermath;
pub mod budget;
pub mod delivery;
pub mod observed;
pub mod question;
pub mod request;
pub mod retry;
pub mod review;
pub mod run_effect;
pub mod step;
