//! Signals of this process, and the signal that asks another agent-loop process on this machine to end.

use rustix::process::{Pid, Signal, kill_process};

use super::platform;

/// The signal of a write beyond the limit of a file's size.
pub const FILE_SIZE: i32 = Signal::XFSZ.as_raw();

/// Asks a process to end. Unlike SIGINT, SIGTERM is not ignored by background commands of a script.
///
/// # Errors
/// When the process does not exist, or belongs to another user.
pub fn terminate(pid: u32) -> Result<(), String> {
    let raw = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let pid = raw.ok_or_else(|| format!("{pid} is not a process id"))?;
    kill_process(pid, Signal::TERM)
        .map_err(|error| format!("process {} cannot be asked to end: {error}", pid.as_raw_nonzero()))
}

/// Returns whether a signal was ignored when this process was started.
pub fn is_ignored(signal: i32) -> bool {
    platform::is_ignored(signal)
}
