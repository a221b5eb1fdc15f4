//! The order of a run: everything that an engine needs besides its world.

use crate::engine::run::{Assignment, EngineConfig};

/// The order of a run.
pub struct RunOrder {
    pub config: EngineConfig,
    pub assignment: Assignment,
}
