//! Detects hanging children: no output, and no process of the child computes. It is checked only during silence.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::adapters::process::time::{self, Stopwatch};

use super::tree::Name;

/// The number of consecutive checks without activity. Time without a check, on a suspended machine, is ignored.
const LOOKS: u32 = 8;
/// Ticks of processor time per second: `USER_HZ`, which is 100 on every Linux except on Alpha.
const TICKS: u64 = 100;
/// The fraction of the time between two checks that may be used without progress: 1/50, or 2 %. Timers of event loops need
/// some: claude 2.1.197 before a server that never answers uses 0.2 to 1.0 %, an idle node 0.2 %. Reading a model's stream
/// counts as work: the same claude uses 10 % while a server sends it 20 words per second.
const FOR_NOTHING: u64 = 50;

/// Ticks of processor time of each process.
pub(in crate::adapters::process) type Used = BTreeMap<Name, u64>;

/// The result of the checks of a child.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Activity {
    /// The child has printed something since the previous check.
    Writing,
    /// The child is silent, and did not compute in this number of checks.
    Silent { used: Used, quiet: u32 },
}

impl Activity {
    /// Adds a check of a silent child, this number of milliseconds after the previous one.
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

/// Returns the time that was used between two checks. A process that ends takes its time with it, or passes it to the parent
/// that waits for it; neither may hide the work of others.
fn spent(before: &Used, now: &Used) -> u64 {
    let each = now.iter().map(|(name, used)| used.saturating_sub(before.get(name).copied().unwrap_or(0)));
    each.fold(0, u64::saturating_add)
}

/// Waits until a child has hung for this long, and an eighth to a quarter longer, and returns the time in seconds. Never
/// returns if `idle` is `None`. `heard` counts the bytes of both streams; `look` returns the time of each process, and is
/// called only after silence.
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

    /// The checks are ten seconds apart, 1000 ticks each: 20 of them are ignored.
    fn quiet_looks(looks: &[Used]) -> u32 {
        let seen = looks.iter().fold(Activity::Writing, |seen, used| seen.silent(used.clone(), 10_000));
        match seen {
            Activity::Silent { quiet, .. } => quiet,
            Activity::Writing => 0,
        }
    }

    #[test]
    fn timers_are_not_work() {
        assert_eq!(quiet_looks(&[used(&[(1, 500)]), used(&[(1, 520)]), used(&[(1, 540)])]), 2);
        assert_eq!(quiet_looks(&[used(&[(1, 500)]), used(&[(1, 520)]), used(&[(1, 541)])]), 0);
    }

    #[test]
    fn ended_processes_hide_no_work() {
        assert_eq!(quiet_looks(&[used(&[(1, 0), (2, 9000)]), used(&[(1, 0)])]), 1);
        assert_eq!(quiet_looks(&[used(&[(1, 0), (2, 9000)]), used(&[(1, 0), (3, 300)])]), 0);
        // The parent waited for the process, and its time is now the parent's.
        assert_eq!(quiet_looks(&[used(&[(1, 0)]), used(&[(1, 300)])]), 0);
    }

    #[test]
    fn eight_idle_checks_are_a_hang() {
        let look = |seen: Activity| seen.silent(used(&[(1, 0)]), 10_000);
        let eight = (0..8).fold(Activity::Writing, |seen, _| look(seen));
        assert!(!eight.is_hung());
        assert!(look(eight).is_hung());
    }
}
