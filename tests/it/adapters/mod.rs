//! Adapters against the real thing: git, `SQLite`.

mod embedded_forge;
mod git;
