//! Tests of adapters/git: real git, in temporary folders.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the words of the stories stand outside of test functions"
)]

mod branches;
mod clones;
mod hostile;
mod merging;
mod reviewers;
mod scene;
