//! Adapters against the real thing: git, `SQLite`.

mod git;
mod local;
