//! Ends a child with all processes that it started: first an interrupt if the program handles it, then SIGTERM, then SIGKILL.

use std::collections::BTreeSet;
use std::time::Duration;

use rustix::process::Signal;

use crate::adapters::process::time::{self, Stopwatch};
use crate::ports::cancellation::{Cancellation, Urgency};

use super::stop::StopSequence;
use super::tree::{self, Orphans, Root};

/// The time that a child gets after an interrupt.
const INTERRUPTED: Duration = Duration::from_secs(3);
/// The time that its processes get after they were asked to end.
const ASKED: Duration = Duration::from_secs(5);
/// The time limit for processes that cannot be killed, because they are blocked in the kernel.
const ENDED: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(20);

/// A child with all living processes that it started.
pub(in crate::adapters::process) struct ProcessTree<'marker> {
    /// The child itself, if it has not been waited for.
    pub(in crate::adapters::process) leader: Option<u32>,
    pub(in crate::adapters::process) marker: &'marker str,
}

impl ProcessTree<'_> {
    /// Ends all processes. For a child without remaining processes this is one check.
    pub(in crate::adapters::process) async fn end(self, stop: StopSequence, cancellation: &Cancellation) {
        if self.leader.is_none() && tree::nothing_adopted() {
            return;
        }
        match (stop, self.leader) {
            (StopSequence::InterruptFirst, Some(leader)) => self.interrupt(leader, cancellation).await,
            (StopSequence::InterruptFirst, None) | (StopSequence::Terminate, _) => {}
        }
        self.ask(cancellation).await;
        self.kill().await;
    }

    /// Returns the current root: processes may start and end at any time.
    fn root(&self) -> Root<'_> {
        Root::child(self.leader, self.marker, Orphans::left())
    }

    /// Interrupts the child only while it lives: its remaining processes do not expect an interrupt.
    async fn interrupt(&self, leader: u32, cancellation: &Cancellation) {
        let watch = Stopwatch::start();
        if is_patient(watch, INTERRUPTED, cancellation) {
            tree::interrupt_group(leader);
        }
        while is_patient(watch, INTERRUPTED, cancellation) && tree::members(self.root()).contains(&leader) {
            time::wait(LOOK).await;
        }
    }

    /// Signals each process once, including those that are started later.
    async fn ask(&self, cancellation: &Cancellation) {
        let watch = Stopwatch::start();
        let mut asked = BTreeSet::new();
        while is_patient(watch, ASKED, cancellation) {
            let members = tree::members(self.root());
            if members.is_empty() {
                return;
            }
            tree::signal(&members.difference(&asked).copied().collect(), Signal::TERM);
            asked.extend(members);
            time::wait(LOOK).await;
        }
    }

    async fn kill(&self) {
        let watch = Stopwatch::start();
        let mut before = BTreeSet::new();
        let mut empty = 0;
        while u128::from(watch.milliseconds()) < ENDED.as_millis() {
            let members = tree::kill(self.root());
            // One empty check is not sufficient: a process can start another after the check, and die.
            empty = if members.is_empty() { empty + 1 } else { 0 };
            if empty == 2 {
                return;
            }
            // There are new processes: they are started as fast as they are killed, so there is no pause.
            if members.is_subset(&before) {
                time::wait(LOOK).await;
            } else {
                tokio::task::yield_now().await;
            }
            before = members;
        }
    }
}

fn is_patient(watch: Stopwatch, grace: Duration, cancellation: &Cancellation) -> bool {
    u128::from(watch.milliseconds()) < grace.as_millis() && cancellation.urgency() < Urgency::Kill
}
