//! Tests of adapters/git: real git, in temporary folders.

mod agent_files;
mod agent_memory;
mod belonging;
mod borrowing;
mod branches;
mod checkout_folder;
mod clones;
mod damage;
mod explicit;
mod hostile;
mod merging;
mod objects;
mod reviewers;
mod scene;
mod waiting;
