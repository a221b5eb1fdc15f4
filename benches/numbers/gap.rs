//! Measures what a user waits for: the gap between the end of one agent and the start of the next, with git and everything
//! else in it, and its growth with the number of rounds.

use tempfile::TempDir;

use super::children::{self, Life};
use super::measure::Limit::AtMost;
use super::measure::{Number, median};
use super::stage::{self, Stage};

/// The number of turns at the end of a run that are compared.
const LAST: usize = 16;
/// The length of a clock tick in milliseconds.
const TICK: f64 = 10.0;

/// Measures runs of 10, 100 and 400 rounds in memory, and one of 10 rounds on the disk.
pub(super) fn measure() -> Vec<Number> {
    let disk = || tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let short = Ending::of(stage::folder(), 10);
    let mut numbers = Vec::new();
    let mut gaps = |ending: &Ending, limit, [coder, reviewer]: [&'static str; 2]| {
        for (name, value) in [(coder, ending.after_coder), (reviewer, ending.after_reviewer)] {
            numbers.push(Number { name, value, limit: AtMost(limit), unit: "ms" });
        }
    };
    gaps(&short, 15.0, ["gap after a coder, in memory", "gap after a reviewer, in memory"]);
    gaps(&Ending::of(disk(), 10), 30.0, ["gap after a coder, on a disk", "gap after a reviewer, on a disk"]);
    numbers.push(Number {
        name: "processor time of a turn",
        value: short.used,
        limit: AtMost(15.0),
        unit: "ms",
    });
    for (rounds, gap, used) in [
        (100, "gap after 100 rounds beside 10", "processor time after 100 rounds beside 10"),
        (400, "gap after 400 rounds beside 10", "processor time after 400 rounds beside 10"),
    ] {
        let long = Ending::of(stage::folder(), rounds);
        for (name, value) in [(gap, long.gap() / short.gap()), (used, long.used / short.used)] {
            numbers.push(Number { name, value, limit: AtMost(1.2), unit: "times" });
        }
    }
    numbers
}

/// The last turns of a run of a coder and a reviewer in a repository of 300 files.
struct Ending {
    /// The median gap between the end of the coder and the start of the reviewer, in milliseconds.
    after_coder: f64,
    /// The median gap between the end of the reviewer and the start of the coder, in milliseconds.
    after_reviewer: f64,
    /// The processor time of the program for each turn, in milliseconds.
    used: f64,
}

impl Ending {
    fn of(folder: TempDir, rounds: usize) -> Self {
        let stage = Stage::new(folder, 300, &["noop"]).without_recorder();
        stage.approve("noop", 1, rounds - 1);
        let mut agents: Vec<Life> = children::lives(&stage.programs());
        agents.retain(|life| !life.is_git());
        let last = agents.split_off(agents.len() - LAST);
        let gaps: Vec<f64> =
            last.windows(2).map(|pair| (pair[1].begun - pair[0].ended) as f64 / 1e6).collect();
        // The last agent is the reviewer that approves.
        let every_other = |from| median(gaps.iter().rev().skip(from).step_by(2).copied().collect());
        let ticks = last[LAST - 1].used - last[0].used;
        Self {
            after_coder: every_other(0),
            after_reviewer: every_other(1),
            used: ticks as f64 * TICK / (LAST - 1) as f64,
        }
    }

    /// The mean gap of a round, in milliseconds.
    fn gap(&self) -> f64 {
        f64::midpoint(self.after_coder, self.after_reviewer)
    }
}
