//! Unixes other than Linux, such as macOS: sysinfo lists processes; those of a child are found by parent, by process group
//! and by the variable that marks them. Orphans are adopted by the first process of the machine.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use sysinfo::{Pid, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind};

use super::process::{Adoption, Life, Process};

/// Milliseconds in a tick of processor time.
const TICK: u64 = 10;

fn look(which: ProcessesToUpdate<'_>, kind: ProcessRefreshKind) -> Option<System> {
    let mut system = System::new().ok()?;
    system.refresh_processes_specifics(which, true, kind);
    Some(system)
}

fn seen(process: &sysinfo::Process) -> Option<Process> {
    let pid = process.pid().as_u32();
    let raw = rustix::process::Pid::from_raw(i32::try_from(pid).ok()?)?;
    let group = rustix::process::getpgid(Some(raw)).ok()?;
    Some(Process {
        pid,
        parent: process.parent().map_or(0, Pid::as_u32),
        group: u32::try_from(group.as_raw_nonzero().get()).ok()?,
        life: if process.status() == ProcessStatus::Zombie { Life::Zombie } else { Life::Alive },
        used: process.accumulated_cpu_time() / TICK,
        start: process.start_time(),
    })
}

/// Returns a process, if the system lists it.
pub(in crate::adapters::process) fn process_with(pid: u32) -> Option<Process> {
    let pid = Pid::from_u32(pid);
    let system = look(ProcessesToUpdate::Some(&[pid]), ProcessRefreshKind::nothing().with_cpu())?;
    system.process(pid).and_then(seen)
}

/// Returns all processes that the system lists.
pub(in crate::adapters::process) fn all() -> Vec<Process> {
    let system = look(ProcessesToUpdate::All, ProcessRefreshKind::nothing().with_cpu());
    system.iter().flat_map(|system| system.processes().values()).filter_map(seen).collect()
}

/// Returns whether a process was started with a variable, written as `NAME=value`.
pub(in crate::adapters::process) fn has_variable(pid: u32, variable: &str) -> bool {
    let pid = Pid::from_u32(pid);
    let kind = ProcessRefreshKind::nothing().with_environ(UpdateKind::Always);
    let system = look(ProcessesToUpdate::Some(&[pid]), kind);
    let process = system.as_ref().and_then(|system| system.process(pid));
    process.is_some_and(|process| process.environ().iter().any(|known| known == variable))
}

/// Returns the children of this process.
pub(in crate::adapters::process) fn children() -> BTreeSet<u32> {
    let ourselves = std::process::id();
    all().into_iter().filter(|process| process.parent == ourselves).map(|process| process.pid).collect()
}

/// Makes this process the parent of its children's orphans, where the system supports that. A second call has no effect.
pub(in crate::adapters::process) fn adopt_orphans() -> Adoption {
    Adoption::Elsewhere
}

/// Marks this process and everything that it starts, where the system has a limit that nothing else uses.
pub(in crate::adapters::process) fn stamp() -> Option<u64> {
    None
}

/// Returns whether a process has a stamp.
pub(in crate::adapters::process) fn has_stamp(_pid: u32, _stamp: u64) -> bool {
    false
}

/// Returns whether a signal was ignored when this process was started. A shell cannot catch a signal that was ignored at its
/// own start, and it inherits that from us.
pub(in crate::adapters::process) fn is_ignored(signal: i32) -> bool {
    let script = format!("trap 'exit 7' {signal}; kill -{signal} $$; exit 0");
    #[expect(clippy::disallowed_methods, reason = "adapters/process is the owner of this door")]
    let mut shell = Command::new("/bin/sh");
    let quiet = shell.args(["-c", &script]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.code() == Some(0))
}
