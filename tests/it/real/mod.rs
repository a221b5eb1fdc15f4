//! Tests of the real agent programs with our model server on loopback: they verify our assumptions about the programs.
//!
//! They are ignored by default, because most machines lack a program; `.ci/run` installs all of them and runs the tests.

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
