//! Which processes belong to a child, wherever they have gone: by parent, by marker, by adoption. And how they end.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use rustix::process::{
    Pid, Signal, WaitOptions, kill_process, kill_process_group, set_child_subreaper, waitpid,
};

/// The environment variable that marks a child and all that it starts.
pub const MARKER: &str = "AGENT_LOOP_TURN_TOKEN";

/// Children that this process has started itself and waits for itself.
static OWN: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// How often orphans are looked for at once.
const RUNAWAYS: u32 = 32;

static RUNNING: AtomicU32 = AtomicU32::new(0);

/// Orphans of our children become our children, so that none is lost. A second call changes nothing.
pub fn adopt_orphans() {
    let ourselves = rustix::process::getpid();
    // Without it (not Linux, or forbidden) the tree is still found by parents and by marker.
    let _: rustix::io::Result<()> = set_child_subreaper(Some(ourselves));
}

/// A child that this process has started itself; it is forgotten when this is dropped.
#[derive(Debug)]
pub struct OwnChild(u32);

impl OwnChild {
    pub fn remember(pid: u32) -> Self {
        OWN.lock().unwrap_or_else(PoisonError::into_inner).insert(pid);
        Self(pid)
    }
}

impl Drop for OwnChild {
    fn drop(&mut self) {
        OWN.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

/// Counts a supervised child for as long as nobody ends it.
#[derive(Debug)]
pub struct Running(());

impl Running {
    pub fn begin() -> Self {
        RUNNING.fetch_add(1, Ordering::SeqCst);
        Self(())
    }

    /// Whose strays are, while this one runs.
    pub fn strays(&self) -> Orphans {
        Orphans::beside(1)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A process, as `/proc` shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Process {
    pid: u32,
    parent: u32,
    group: u32,
    state: char,
    /// Ticks of processor time that it and the children it has waited for have used.
    used: u64,
    /// Ticks from the start of the machine to its own.
    start: u64,
}

/// A process's id and its start: a name that no other process ever has.
pub type Name = (u32, u64);

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
    let group = fields.next()?.parse().ok()?;
    let times: Vec<u64> = fields.by_ref().skip(8).take(4).map_while(|time| time.parse().ok()).collect();
    let used = times.iter().fold(0, |sum: u64, time| sum.saturating_add(*time));
    let start = fields.nth(4)?.parse().ok()?;
    Some(Process { pid, parent, group, state, used, start })
}

fn all() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(process).collect()
}

fn has_marker(pid: u32, marker: &str) -> bool {
    let wanted = format!("{MARKER}={marker}");
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
        if let Some(pid) = known(*pid) {
            let _ = waitpid(Some(pid), WaitOptions::NOHANG);
        }
    }
}

/// A child whose processes are looked for.
#[derive(Debug, Clone, Copy)]
pub struct Root<'marker> {
    /// The first of them, if it is known and has not been waited for.
    pub pid: Option<u32>,
    pub marker: &'marker str,
    /// Whether orphans without a marker are counted in: only when nobody else's child runs.
    pub strays: Orphans,
}

/// Whether orphans that bear no marker are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orphans {
    Ours,
    /// They may be somebody else's.
    Unknown,
}

impl Orphans {
    /// Whose they are, when nobody runs any more.
    pub fn left() -> Self {
        Self::beside(0)
    }

    fn beside(known: u32) -> Self {
        if RUNNING.load(Ordering::SeqCst) <= known { Self::Ours } else { Self::Unknown }
    }
}

/// The living processes of a child, itself included.
pub fn members(root: Root<'_>) -> BTreeSet<u32> {
    members_of(root, &living())
}

/// Every process of the machine, without those that are dead and have not been waited for.
fn living() -> Vec<Process> {
    reap(&adopted());
    all().into_iter().filter(|process| process.state != 'Z').collect()
}

/// How many ticks of processor time each living process of a child has used, with the children it has waited for.
pub fn time_used(root: Root<'_>) -> BTreeMap<Name, u64> {
    let processes = living();
    let members = members_of(root, &processes);
    let ours = processes.into_iter().filter(|process| members.contains(&process.pid));
    ours.map(|process| ((process.pid, process.start), process.used)).collect()
}

/// Kills every process of a child that can be found now, and returns them. A fork during the scan can be missed; repeat
/// until empty.
pub fn kill(root: Root<'_>) -> BTreeSet<u32> {
    kill_orphans(root);
    let processes = living();
    let members = members_of(root, &processes);
    let (ours, others): (Vec<&Process>, Vec<&Process>) =
        processes.iter().partition(|process| members.contains(&process.pid));
    let mut groups: BTreeSet<u32> = ours.iter().map(|process| process.group).collect();
    for process in others {
        groups.remove(&process.group);
    }
    // A whole group at once: no process of it can start another meanwhile and get away.
    for group in groups.into_iter().filter_map(known) {
        let _: rustix::io::Result<()> = kill_process_group(group, Signal::KILL);
    }
    signal(&members, Signal::KILL);
    members
}

/// A process that starts another and dies, over and over, is gone when the list of all processes is read; the list of our
/// own children is read in no time.
fn kill_orphans(root: Root<'_>) {
    for _ in 0..RUNAWAYS {
        let mut orphans = adopted();
        orphans.retain(|pid| root.strays == Orphans::Ours || has_marker(*pid, root.marker));
        if orphans.is_empty() {
            return;
        }
        signal(&orphans, Signal::KILL);
        reap(&orphans);
    }
}

/// Sends SIGINT to the process group of a child that has not been waited for, as a terminal does.
pub fn interrupt_group(leader: u32) {
    if let Some(leader) = known(leader) {
        let _: rustix::io::Result<()> = kill_process_group(leader, Signal::INT);
    }
}

/// Kills the process group of a child that has not been waited for.
pub fn kill_group(leader: u32) {
    if let Some(leader) = known(leader) {
        let _: rustix::io::Result<()> = kill_process_group(leader, Signal::KILL);
    }
}

/// An id that can be of a process: not 0, which would mean ourselves.
fn known(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

fn members_of(root: Root<'_>, processes: &[Process]) -> BTreeSet<u32> {
    let adopted = adopted();
    let ourselves = std::process::id();
    let begins = |process: &&Process| {
        Some(process.pid) == root.pid
            || (process.pid != ourselves && has_marker(process.pid, root.marker))
            || (root.strays == Orphans::Ours && adopted.contains(&process.pid) && process.parent == ourselves)
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
        if let Some(pid) = known(*pid) {
            let _: rustix::io::Result<()> = kill_process(pid, signal);
        }
    }
}

/// How much this machine shows of processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visibility {
    /// `/proc` shows processes: what a child started is found by its parents and its marker.
    pub sees_processes: bool,
    /// Orphans of our children become ours: what a child left behind is found at once.
    pub adopts_orphans: bool,
}

/// Finds out how much this machine shows of processes.
pub fn visibility() -> Visibility {
    let ourselves = rustix::process::getpid();
    Visibility {
        sees_processes: start_time(std::process::id()).is_some(),
        adopts_orphans: set_child_subreaper(Some(ourselves)).is_ok()
            && Path::new("/proc/self/task")
                .join(ourselves.as_raw_nonzero().to_string())
                .join("children")
                .exists(),
    }
}
