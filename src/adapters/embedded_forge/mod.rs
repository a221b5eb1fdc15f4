//! The embedded forge: issues, pull requests, comments and checks in one `SQLite` file inside a plain git repository.

mod closing;
mod forge;
mod forge_file;
pub mod rows;
mod schema;
pub mod store;

pub use forge::{EmbeddedForge, OWN_LOGIN, missing};
