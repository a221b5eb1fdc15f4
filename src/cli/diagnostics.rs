//! What the program does inside, for finding out why something is slow or odd: `AGENT_LOOP_LOG=debug`, on stderr.

use std::ffi::OsStr;

use tracing::Level;

use crate::adapters::process::variables::Variables;

use super::view::print;

/// The variable that asks for diagnostics.
pub const VARIABLE: &str = "AGENT_LOOP_LOG";

/// Begins to write diagnostics, if they are asked for.
///
/// # Errors
/// When the variable asks for something that there is not.
pub fn begin(variables: &Variables) -> Result<(), String> {
    let Some(asked) = variables.get(OsStr::new(VARIABLE)) else { return Ok(()) };
    let asked = asked.to_string_lossy();
    let level: Level = asked
        .parse()
        .map_err(|_| format!("{VARIABLE}={asked} is no level; write error, warn, info, debug or trace"))?;
    let subscriber =
        tracing_subscriber::fmt().with_max_level(level).with_ansi(false).with_writer(print::diagnostics);
    tracing::subscriber::set_global_default(subscriber.finish()).map_err(|error| error.to_string())
}
