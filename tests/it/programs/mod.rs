//! The built binary with real git and `command:` agents: the main job, kills at many moments, refusals.

mod delivery;
mod killed;
mod refusals;
mod stage;
