//! Which processes belong to a child, wherever they have gone: by parent, by token, by adoption. And how they end.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, set_child_subreaper, waitpid};

/// The variable by which a child and all that it starts are recognised.
pub const TOKEN: &str = "AGENT_LOOP_TURN_TOKEN";

/// Children that this process has started itself and waits for itself.
static OWN: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Orphans of our children become our children, so that none is lost. Harmless to ask for twice.
pub fn adopt_orphans() {
    let ourselves = rustix::process::getpid();
    // Without it (not Linux, or forbidden) the tree is still found by parents and by token.
    let _: rustix::io::Result<()> = set_child_subreaper(Some(ourselves));
}

/// A child that this process has started itself; it is forgotten when this is dropped.
#[derive(Debug)]
pub struct Own(u32);

impl Own {
    /// Remembers a child.
    pub fn remember(pid: u32) -> Self {
        OWN.lock().unwrap_or_else(PoisonError::into_inner).insert(pid);
        Self(pid)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        OWN.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

/// A process, as `/proc` shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Process {
    pid: u32,
    parent: u32,
    state: char,
    /// Clock ticks since the machine started.
    start: u64,
}

/// When a process was started: with its id, a name that no later process has.
pub fn start_time(pid: u32) -> Option<u64> {
    process(pid).map(|process| process.start)
}

fn process(pid: u32) -> Option<Process> {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in parentheses and may hold anything; what follows is in fixed places.
    let (_, rest) = line.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    let start = fields.nth(17)?.parse().ok()?;
    Some(Process { pid, parent, state, start })
}

fn all() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(process).collect()
}

fn has_token(pid: u32, token: &str) -> bool {
    let wanted = format!("{TOKEN}={token}");
    let environment = fs::read(Path::new("/proc").join(pid.to_string()).join("environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
}

/// The processes that we were given because their parents died.
fn adopted() -> BTreeSet<u32> {
    let own = OWN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let pids: BTreeSet<u32> = lists
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<u32>>())
        .collect();
    pids.difference(&own).copied().collect()
}

/// Whether anything was left behind by children that have ended. Cheap: one small file.
pub fn nothing_adopted() -> bool {
    reap(&adopted());
    adopted().is_empty()
}

/// Takes in the end of adopted processes that are dead already.
fn reap(adopted: &BTreeSet<u32>) {
    for pid in adopted {
        if let Some(pid) = i32::try_from(*pid).ok().and_then(Pid::from_raw) {
            let _ = waitpid(Some(pid), WaitOptions::NOHANG);
        }
    }
}

/// Whose processes are looked for.
#[derive(Debug, Clone, Copy)]
pub struct Root<'token> {
    /// The first of them, if it is known and has not been waited for.
    pub pid: Option<u32>,
    /// Their token.
    pub token: &'token str,
    /// Whether orphans without a token are counted in: only when nobody else's child runs.
    pub strays: Strays,
}

/// Whether orphans that bear no token are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strays {
    /// They are.
    Ours,
    /// They may be somebody else's.
    Unknown,
}

/// The living processes of a child, itself included.
pub fn members(root: Root<'_>) -> BTreeSet<u32> {
    let adopted = adopted();
    reap(&adopted);
    let processes: Vec<Process> = all().into_iter().filter(|process| process.state != 'Z').collect();
    let ourselves = std::process::id();
    let begins = |process: &&Process| {
        Some(process.pid) == root.pid
            || (process.pid != ourselves && has_token(process.pid, root.token))
            || (root.strays == Strays::Ours && adopted.contains(&process.pid) && process.parent == ourselves)
    };
    let mut members: BTreeSet<u32> = processes.iter().filter(begins).map(|process| process.pid).collect();
    loop {
        let more: Vec<u32> = processes
            .iter()
            .filter(|process| members.contains(&process.parent) && !members.contains(&process.pid))
            .map(|process| process.pid)
            .collect();
        if more.is_empty() {
            return members;
        }
        members.extend(more);
    }
}

/// Sends a signal to each; one that is gone already is no matter.
pub fn signal(members: &BTreeSet<u32>, signal: Signal) {
    for pid in members {
        if let Some(pid) = i32::try_from(*pid).ok().and_then(Pid::from_raw) {
            let _: rustix::io::Result<()> = kill_process(pid, signal);
        }
    }
}
