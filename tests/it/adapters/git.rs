//! Tests of adapters/git: real git, in temporary folders.

mod agent_files;
mod branches;
mod clones;
mod explicit;
mod hostile;
mod merging;
mod reviewers;
mod scene;
