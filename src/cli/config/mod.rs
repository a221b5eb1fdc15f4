//! Settings: their keys, the layers they come from, what a repository's own file may say before its user trusts it.

pub mod aliases;
pub mod exclusive;
pub mod flags;
pub mod keys;
pub mod layer;
pub mod load;
pub mod merged;
pub mod settings;
pub mod template;
pub mod trust;
