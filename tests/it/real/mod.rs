//! The real agent programs, with a model server of ours on loopback: what we know of them is still true.
//!
//! They are ignored, for most machines miss one; `.ci/run` installs all of them and asks for the ignored tests.

mod adapters;
mod child;
mod conversations;
mod failures;
mod flags;
mod home;
mod logins;
mod program;
mod runs;
mod turns;
