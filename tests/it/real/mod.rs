//! The real agent programs, with a model server of ours on loopback: what we know of them is still true.
//!
//! They are skipped where a program is missing; `.ci/run` installs all of them and says that none may be.

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
