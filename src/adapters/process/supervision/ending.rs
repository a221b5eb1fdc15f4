//! How a child and all that it started end: interrupted as in a terminal where that is its custom, asked, then ended.

use std::collections::BTreeSet;
use std::time::Duration;

use rustix::process::Signal;

use crate::adapters::process::time::{self, Stopwatch};
use crate::ports::cancellation::{Cancellation, Urgency};

use super::stop::StopSequence;
use super::tree::{self, Orphans, Root};

/// How long a child may take to end after it was interrupted.
const INTERRUPTED: Duration = Duration::from_secs(3);
/// How long its processes may take to end after they were asked to.
const ASKED: Duration = Duration::from_secs(5);
/// What can't be ended (a process in the kernel's hands) must not hang the loop for ever.
const ENDED: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(20);

/// A child and all that it started, as far as it is still alive.
pub(in crate::adapters::process) struct ProcessTree<'marker> {
    /// The child itself, if it has not been waited for.
    pub(in crate::adapters::process) leader: Option<u32>,
    pub(in crate::adapters::process) marker: &'marker str,
}

impl ProcessTree<'_> {
    /// Ends all of it. A child that left nothing behind costs one look.
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

    /// As it is now: others may begin and end meanwhile.
    fn root(&self) -> Root<'_> {
        Root { pid: self.leader, marker: self.marker, strays: Orphans::left() }
    }

    /// Only while the child itself lives: what it leaves behind does not know what an interrupt means.
    async fn interrupt(&self, leader: u32, cancellation: &Cancellation) {
        let watch = Stopwatch::start();
        if is_patient(watch, INTERRUPTED, cancellation) {
            tree::interrupt_group(leader);
        }
        while is_patient(watch, INTERRUPTED, cancellation) && tree::members(self.root()).contains(&leader) {
            time::wait(LOOK).await;
        }
    }

    /// Each process once, those too that are started meanwhile, wherever they have gone.
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
            // One empty look is no proof: a process can start another behind the look's back, and die.
            empty = if members.is_empty() { empty + 1 } else { 0 };
            if empty == 2 {
                return;
            }
            // New faces: somebody starts processes as fast as they are ended, and gets no pause.
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
