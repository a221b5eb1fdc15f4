//! Linux: `/proc` has all information about processes, and a process can adopt the orphans of its children.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rustix::process::{Resource, Rlimit, set_child_subreaper, setrlimit};

use super::process::{Adoption, Life, Process};

/// Returns a process, if the system lists it.
pub(in crate::adapters::process) fn process_with(pid: u32) -> Option<Process> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in parentheses and may contain anything; the fields after it have fixed positions.
    let (_, rest) = text.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let life = if fields.next()? == "Z" { Life::Zombie } else { Life::Alive };
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    // `USER_HZ` is 100 on every Linux except on Alpha.
    let times: Vec<u64> = fields.by_ref().skip(8).take(4).map_while(|time| time.parse().ok()).collect();
    let used = times.iter().fold(0, |sum: u64, time| sum.saturating_add(*time));
    let start = fields.nth(4)?.parse().ok()?;
    Some(Process { pid, parent, group, life, used, start })
}

/// Returns all processes that the system lists.
pub(in crate::adapters::process) fn all() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(process_with).collect()
}

/// Returns whether a process was started with a variable, written as `NAME=value`.
pub(in crate::adapters::process) fn has_variable(pid: u32, variable: &str) -> bool {
    let environment = fs::read(Path::new("/proc").join(pid.to_string()).join("environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|known| known == variable.as_bytes())
}

/// Returns the children of this process. This is cheap: one small file for each of our threads.
pub(in crate::adapters::process) fn children() -> BTreeSet<u32> {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let pids =
        |list: String| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<u32>>();
    lists.flat_map(pids).collect()
}

/// Makes this process the parent of its children's orphans. A second call has no effect. An old kernel, or a container that
/// forbids it, leaves the orphans to the first process.
pub(in crate::adapters::process) fn adopt_orphans() -> Adoption {
    let ourselves = rustix::process::getpid();
    let list = format!("/proc/self/task/{}/children", ourselves.as_raw_nonzero());
    match set_child_subreaper(Some(ourselves)) {
        Ok(()) if Path::new(&list).exists() => Adoption::Ours,
        Ok(()) | Err(_) => Adoption::Elsewhere,
    }
}

/// Stamps stay below this number.
const STAMPS: u64 = 1 << 62;

/// Sets a limit of this process that everything it starts inherits and cannot raise, whatever becomes of its environment,
/// session and parents. Linux does not enforce this limit. Later processes have lower stamps, so that an engine can be started
/// below another one.
pub(in crate::adapters::process) fn stamp() -> Option<u64> {
    let ourselves = process_with(std::process::id())?;
    let stamp = STAMPS.checked_sub(ourselves.start.checked_shl(22)? | u64::from(ourselves.pid))?;
    let limit = Rlimit { current: Some(stamp), maximum: Some(stamp) };
    setrlimit(Resource::Locks, limit).is_ok().then_some(stamp)
}

/// Returns whether a process has a stamp.
pub(in crate::adapters::process) fn has_stamp(pid: u32, stamp: u64) -> bool {
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap_or_default();
    let limit = limits.lines().find_map(|line| line.strip_prefix("Max file locks"));
    limit.and_then(|limit| limit.split_whitespace().next()?.parse().ok()) == Some(stamp)
}

/// Returns whether a signal was ignored when this process was started.
pub(in crate::adapters::process) fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    u32::try_from(signal - 1).is_ok_and(|bit| mask.checked_shr(bit).unwrap_or_default() & 1 == 1)
}
