//! `agent-loop local`: the embedded forge on the command line, under any login except the tool's own.

mod arguments;
mod json;
mod merge;
mod render;
mod run;

pub use arguments::LocalCommand;
pub use run::run;
