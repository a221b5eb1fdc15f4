//! The state folder: journals, locks, run files, the table of children. Knows paths, not what a run means.
