//! agent-loop: one coding agent writes a change, others review it, round after round, until all approve the same
//! commit and every gate passes.
//!
//! The life of a round: [`engine`] observes the forge and folds the records of the thread ([`ledger`]) into a state;
//! [`flow`] says what the next step is; the engine performs it through [`ports`] and publishes the next record, in the
//! words of [`text`]. Answers of agents are read and checked by [`protocol`]. A resumed run is the same loop.
//!
//! A floor may use only the floors below it; `tests/architecture/floors.rs` holds the table.

/// Floor 5. The ports made real: processes, agents, git, the embedded forge, gates, files.
pub mod adapters;
/// Floor 6. Arguments, wiring, exit codes, one file per command.
pub mod cli;
/// Floor 0. The nouns.
pub mod domain;
/// Floor 4. The one loop: observe, decide, perform, publish.
pub mod engine;
/// Floor 3. The decisions, pure.
pub mod flow;
/// Floor 2. Records, their codec, the chain, trust, replay.
pub mod ledger;
/// Floor 0. Constant regular expressions.
mod pattern;
/// Floor 3. What the engine needs from the world, as small traits.
pub mod ports;
/// Floor 1. What agents say, and the rules that it must keep.
pub mod protocol;
/// Floor 3. Nouns to words: prompts, comments.
pub mod text;
