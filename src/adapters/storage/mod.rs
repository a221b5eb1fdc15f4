//! The state folder: journals, locks, run files. This code knows paths and bytes, but not the meaning of a run.

pub mod fitness;
pub mod folders;
pub mod journals;
pub mod lock;
pub mod retention;
pub mod run_file;
pub mod whereabouts;
