//! Tests of adapters/git: real git, in temporary folders.

mod agent_files;
mod branches;
mod checkout_folder;
mod clones;
mod explicit;
mod hostile;
mod merging;
mod primers;
mod reviewers;
mod scene;
