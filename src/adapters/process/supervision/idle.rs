//! Whether a child hangs: it writes nothing, and none of its processes computes. It is looked at only while it is silent.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::adapters::process::time::{self, Stopwatch};

use super::tree::Name;

/// How many looks in a row must find nothing. Time that nobody looked at, in a suspended machine, does not count.
const LOOKS: u32 = 8;
/// Ticks of processor time in a second: `USER_HZ`, which is 100 on every Linux but that of Alpha.
const TICKS: u64 = 100;
/// One part in so many of the time between two looks may be used for nothing: 2 %. Timers of event loops tick: claude
/// 2.1.197 before a server that never answers uses 0.2 to 1.0 %, an idle node 0.2 %. It is work to hear a model silently:
/// the same claude uses 10 % while a server sends it 20 words a second.
const FOR_NOTHING: u64 = 50;

/// Ticks of processor time that each process has used.
pub(in crate::adapters::process) type Used = BTreeMap<Name, u64>;

/// What the looks at a child have shown.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Activity {
    /// It wrote something since the look before.
    Writing,
    /// It is silent, and did not compute in this many looks.
    Silent { used: Used, quiet: u32 },
}

impl Activity {
    /// One more look at a silent child, so many milliseconds after the one before.
    fn silent(self, used: Used, milliseconds: u64) -> Self {
        match self {
            Self::Writing => Self::Silent { used, quiet: 0 },
            Self::Silent { used: before, quiet } => {
                let free = milliseconds.saturating_mul(TICKS) / 1000 / FOR_NOTHING;
                let quiet = if spent(&before, &used) <= free { quiet.saturating_add(1) } else { 0 };
                Self::Silent { used, quiet }
            }
        }
    }

    fn is_hung(&self) -> bool {
        matches!(self, Self::Silent { quiet, .. } if *quiet >= LOOKS)
    }
}

/// What was spent between two looks. A process that has ended takes its time with it, or hands it to the parent that
/// waited for it; neither may hide what others do.
fn spent(before: &Used, now: &Used) -> u64 {
    let each = now.iter().map(|(name, used)| used.saturating_sub(before.get(name).copied().unwrap_or(0)));
    each.fold(0, u64::saturating_add)
}

/// Waits until a child has hung for this long, and an eighth to a quarter longer, and tells how long, in seconds. Never
/// returns when `idle` is `None`. `heard` counts what both streams brought; `look` is what each process has used, and is
/// asked only after silence.
pub(in crate::adapters::process) async fn hung(
    idle: Option<Duration>,
    heard: impl Fn() -> u64,
    look: impl Fn() -> Used,
) -> u64 {
    let Some(idle) = idle else { return std::future::pending().await };
    let (mut seen, mut count) = (Activity::Writing, heard());
    let mut since = Stopwatch::start();
    let mut last = since;
    while !seen.is_hung() {
        time::wait(idle / LOOKS).await;
        let (now, milliseconds) = (heard(), last.milliseconds());
        last = Stopwatch::start();
        seen = if now == count { seen.silent(look(), milliseconds) } else { Activity::Writing };
        count = now;
        if !matches!(&seen, Activity::Silent { quiet: 1.., .. }) {
            since = last;
        }
    }
    since.milliseconds() / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(ticks: &[(u32, u64)]) -> Used {
        ticks.iter().map(|(pid, ticks)| ((*pid, 7), *ticks)).collect()
    }

    /// Looks ten seconds apart, of 1000 ticks each: 20 of them are for nothing.
    fn quiet_looks(looks: &[Used]) -> u32 {
        let seen = looks.iter().fold(Activity::Writing, |seen, used| seen.silent(used.clone(), 10_000));
        match seen {
            Activity::Silent { quiet, .. } => quiet,
            Activity::Writing => 0,
        }
    }

    #[test]
    fn timers_are_no_work() {
        assert_eq!(quiet_looks(&[used(&[(1, 500)]), used(&[(1, 520)]), used(&[(1, 540)])]), 2);
        assert_eq!(quiet_looks(&[used(&[(1, 500)]), used(&[(1, 520)]), used(&[(1, 541)])]), 0);
    }

    #[test]
    fn ended_processes_hide_no_work() {
        assert_eq!(quiet_looks(&[used(&[(1, 0), (2, 9000)]), used(&[(1, 0)])]), 1);
        assert_eq!(quiet_looks(&[used(&[(1, 0), (2, 9000)]), used(&[(1, 0), (3, 300)])]), 0);
        // Its parent waited for it: what it used is the parent's now.
        assert_eq!(quiet_looks(&[used(&[(1, 0)]), used(&[(1, 300)])]), 0);
    }

    #[test]
    fn eight_quiet_looks_are_a_hang() {
        let look = |seen: Activity| seen.silent(used(&[(1, 0)]), 10_000);
        let eight = (0..8).fold(Activity::Writing, |seen, _| look(seen));
        assert!(!eight.is_hung());
        assert!(look(eight).is_hung());
    }
}
