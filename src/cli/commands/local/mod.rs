//! `agent-loop local`: the embedded forge from the command line, under any login but the tool's own.

mod arguments;
mod json;
mod render;
mod run;

pub use arguments::LocalCommand;
pub use run::run;
