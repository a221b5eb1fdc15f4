//! Diagnostics on stderr, for example with `AGENT_LOOP_LOG=debug`.

use std::ffi::OsStr;

use tracing::Level;

use crate::adapters::process::variables::Variables;

use super::view::print;

/// The variable that turns diagnostics on.
pub const VARIABLE: &str = "AGENT_LOOP_LOG";

/// Starts diagnostics, if the variable is set.
pub fn begin(variables: &Variables) -> Result<(), String> {
    let Some(asked) = variables.get(OsStr::new(VARIABLE)) else { return Ok(()) };
    let asked = asked.to_string_lossy();
    let level: Level = asked
        .parse()
        .map_err(|_| format!("{VARIABLE}={asked} is not a level; use error, warn, info, debug or trace"))?;
    let subscriber =
        tracing_subscriber::fmt().with_max_level(level).with_ansi(false).with_writer(print::diagnostics);
    tracing::subscriber::set_global_default(subscriber.finish()).map_err(|error| error.to_string())
}
