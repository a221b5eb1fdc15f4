//! The processes of a child, found by parent, by marker, or by adoption, and their termination.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, kill_process_group, waitpid};

use crate::adapters::process::platform;
use crate::adapters::process::platform::process::{Adoption, Life, Process};

/// The environment variable that marks a child and all processes that it starts.
pub const MARKER: &str = "AGENT_LOOP_TURN_TOKEN";

/// The children that this process started and waits for.
static OWN: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// The number of searches for orphans at a time.
const RUNAWAYS: u32 = 32;

static RUNNING: AtomicU32 = AtomicU32::new(0);

/// Makes orphans of our children our children, so that none is lost. A second call has no effect.
pub fn adopt_orphans() {
    // Where the system does not allow it, processes are still found by parents and by marker.
    match platform::adopt_orphans() {
        Adoption::Ours | Adoption::Elsewhere => {}
    }
}

/// A child that this process started; dropping it removes it from the list.
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

/// Counts a supervised child while it is running.
#[derive(Debug)]
pub struct Running(());

impl Running {
    pub fn begin() -> Self {
        RUNNING.fetch_add(1, Ordering::SeqCst);
        Self(())
    }

    /// Returns the owner of strays while this child is running.
    pub fn strays(&self) -> Orphans {
        Orphans::beside(1)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The id and the start of a process, which identify it uniquely.
pub type Name = (u32, u64);

/// Returns the start of a process, which identifies it together with its id.
pub fn start_time(pid: u32) -> Option<u64> {
    platform::process_with(pid).map(|process| process.start)
}

fn has_marker(pid: u32, marker: &str) -> bool {
    platform::has_variable(pid, &format!("{MARKER}={marker}"))
}

/// Returns the processes that we adopted because their parents died.
fn adopted() -> BTreeSet<u32> {
    let own = OWN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    platform::children().difference(&own).copied().collect()
}

/// Returns whether children that have ended are known to have left no process behind. It reads one small file. If orphans
/// are adopted elsewhere, this is unknown.
pub fn nothing_adopted() -> bool {
    reap(&adopted());
    platform::adopt_orphans() == Adoption::Ours && adopted().is_empty()
}

/// Waits for adopted processes that are dead.
fn reap(adopted: &BTreeSet<u32>) {
    for pid in adopted {
        if let Some(pid) = known(*pid) {
            let _ = waitpid(Some(pid), WaitOptions::NOHANG);
        }
    }
}

/// The stamp of this process, once it has one.
static STAMP: OnceLock<u64> = OnceLock::new();

/// Stamps this process and everything that it starts from now on, and returns the stamp, where the system has stamps.
pub fn stamp() -> Option<u64> {
    let stamp = platform::stamp()?;
    Some(*STAMP.get_or_init(|| stamp))
}

/// Returns the stamp of this process, if it has its own.
pub fn own_stamp() -> Option<u64> {
    STAMP.get().copied()
}

/// A child whose processes are searched.
#[derive(Debug, Clone, Copy)]
pub struct Root<'marker> {
    /// The child itself, if it is known and has not been waited for.
    pub pid: Option<u32>,
    pub marker: &'marker str,
    /// The stamp of a dead engine, whose processes are all included.
    pub stamp: Option<u64>,
    /// Whether orphans without a marker are included: only if no other child is running.
    pub strays: Orphans,
}

impl<'marker> Root<'marker> {
    /// Returns the root of a child of this process.
    pub fn child(pid: Option<u32>, marker: &'marker str, strays: Orphans) -> Self {
        Self { pid, marker, stamp: None, strays }
    }
}

/// Whether orphans without a marker are included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orphans {
    Ours,
    /// They may belong to another child.
    Unknown,
}

impl Orphans {
    /// Returns the owner of strays when no child is running.
    pub fn left() -> Self {
        Self::beside(0)
    }

    fn beside(known: u32) -> Self {
        if RUNNING.load(Ordering::SeqCst) <= known { Self::Ours } else { Self::Unknown }
    }
}

/// Returns the living processes of a child, including itself.
pub fn members(root: Root<'_>) -> BTreeSet<u32> {
    members_of(root, &living())
}

/// Returns all processes of the machine, without zombies.
fn living() -> Vec<Process> {
    reap(&adopted());
    platform::all().into_iter().filter(|process| process.life == Life::Alive).collect()
}

/// Returns the ticks of processor time of each living process of a child, including the children that it has waited for.
pub fn time_used(root: Root<'_>) -> BTreeMap<Name, u64> {
    let processes = living();
    let members = members_of(root, &processes);
    let ours = processes.into_iter().filter(|process| members.contains(&process.pid));
    ours.map(|process| ((process.pid, process.start), process.used)).collect()
}

/// Kills all processes of a child that are found, and returns them. A fork during the scan can be missed; repeat
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
    // The whole group is killed at once, so that no process of it can start another and escape.
    for group in groups.into_iter().filter_map(known) {
        let _: rustix::io::Result<()> = kill_process_group(group, Signal::KILL);
    }
    signal(&members, Signal::KILL);
    members
}

/// Kills the orphans of a child. A process that repeatedly starts another and dies would be gone by the time that the list
/// of all processes is read; the list of our own children is read faster.
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

/// Sends SIGINT to the process group of a child that has not been waited for, like a terminal.
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

/// Returns a valid process id: not 0, which would mean this process.
fn known(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

fn members_of(root: Root<'_>, processes: &[Process]) -> BTreeSet<u32> {
    let adopted = adopted();
    let ourselves = std::process::id();
    let belongs = |pid: u32| {
        has_marker(pid, root.marker) || root.stamp.is_some_and(|stamp| platform::has_stamp(pid, stamp))
    };
    let begins = |process: &&Process| {
        Some(process.pid) == root.pid
            || (process.pid != ourselves && belongs(process.pid))
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

/// Sends a signal to each process, and ignores processes that have ended.
pub fn signal(members: &BTreeSet<u32>, signal: Signal) {
    for pid in members {
        if let Some(pid) = known(*pid) {
            let _: rustix::io::Result<()> = kill_process(pid, signal);
        }
    }
}

/// The information about processes that this machine provides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visibility {
    /// `/proc` lists processes: those of a child are found by their parents and their marker.
    pub sees_processes: bool,
    /// We adopt orphans of our children: remaining processes are found at once.
    pub adopts_orphans: bool,
}

/// Determines the information about processes that this machine provides.
pub fn visibility() -> Visibility {
    Visibility {
        sees_processes: start_time(std::process::id()).is_some(),
        adopts_orphans: platform::adopt_orphans() == Adoption::Ours,
    }
}
