//! Adapters with the real programs: git, `SQLite`.

mod embedded_forge;
mod git;
