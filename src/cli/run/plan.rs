//! The plan of a run: what an engine needs besides its world.

use crate::engine::run::{Assignment, EngineConfig};

/// The plan of a run.
pub struct Plan {
    pub config: EngineConfig,
    pub assignment: Assignment,
}
