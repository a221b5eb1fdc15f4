//! agent-loop: one coding agent writes a change, others review it, round after round, until all approve the same
//! commit and every gate passes.
//!
//! A round: [`engine`] observes the forge and folds the records of the thread ([`ledger`]) into a state; [`flow`] decides
//! on the next step; the engine performs it through [`ports`] and publishes the next record with a comment made by
//! [`text`]. [`protocol`] reads and checks the answers of agents. A resumed run uses the same loop.
//!
//! A floor may use only the floors below it; `tests/architecture/floors.rs` has the table.

#[cfg(not(unix))]
compile_error!("agent-loop runs on Linux, macOS and other Unixes; on Windows, build and run it inside WSL.");

/// Floor 5. The implementations of ports: processes, agents, git, the embedded forge, gates, files.
#[cfg(unix)]
pub mod adapters;
/// Floor 6. Arguments, wiring, exit codes, one file per command.
#[cfg(unix)]
pub mod cli;
/// Floor 0. The nouns.
#[cfg(unix)]
pub mod domain;
/// Floor 4. The loop: observe, decide, perform, publish.
#[cfg(unix)]
pub mod engine;
/// Floor 3. The decisions, pure.
#[cfg(unix)]
pub mod flow;
/// Floor 2. Records, their codec, chains and trust.
#[cfg(unix)]
pub mod ledger;
/// Floor 0. Constant regular expressions.
#[cfg(unix)]
mod pattern;
/// Floor 3. The interfaces between the engine and the world.
#[cfg(unix)]
pub mod ports;
/// Floor 1. The answers of agents, and the rules for them.
#[cfg(unix)]
pub mod protocol;
/// Floor 3. Prompts and comments.
#[cfg(unix)]
pub mod text;
