//! The state folder: journals, locks, run files. Knows paths and bytes, not what a run means.

pub mod fitness;
pub mod folders;
pub mod journals;
pub mod lock;
pub mod retention;
pub mod run_file;
pub mod whereabouts;
