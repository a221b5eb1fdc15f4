//! Adapters against the real thing: git, processes, `SQLite`, files.

mod git;
mod local;
mod state;
