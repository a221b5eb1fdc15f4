//! Settings: their keys and flags, the layers they come from, and the trust in a repository's file.

pub mod aliases;
pub mod dollars;
pub mod exclusive;
mod flag;
pub mod flags;
pub mod gates_section;
pub mod keys;
pub mod layer;
pub mod load;
pub mod merged;
mod seconds;
pub mod settings;
pub mod template;
pub mod trust;
mod vendor_flags;
