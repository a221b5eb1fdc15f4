//! Asking another agent-loop on this machine to end.

use rustix::process::{Pid, Signal, kill_process};

/// Asks a process to end, as Ctrl-C would.
///
/// # Errors
/// When there is no such process, or it is not ours.
pub fn interrupt(pid: u32) -> Result<(), String> {
    let raw = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let pid = raw.ok_or_else(|| format!("{pid} is no process id"))?;
    kill_process(pid, Signal::INT)
        .map_err(|error| format!("process {} can't be asked to end: {error}", pid.as_raw_nonzero()))
}
