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
    let beside = |rounds: usize, [gap, used]: [&'static str; 2]| {
        let long = Ending::of(stage::folder(), rounds);
        [
            Number { name: gap, value: long.gap / short.gap, limit: AtMost(1.2), unit: "times" },
            Number { name: used, value: long.used / short.used, limit: AtMost(1.2), unit: "times" },
        ]
    };
    let mut numbers = vec![
        Number {
            name: "gap between two agents, in memory",
            value: short.gap,
            limit: AtMost(15.0),
            unit: "ms",
        },
        Number {
            name: "gap between two agents, on a disk",
            value: Ending::of(disk(), 10).gap,
            limit: AtMost(30.0),
            unit: "ms",
        },
        Number { name: "processor time of a turn", value: short.used, limit: AtMost(15.0), unit: "ms" },
    ];
    numbers
        .extend(beside(100, ["gap after 100 rounds beside 10", "processor time after 100 rounds beside 10"]));
    numbers
        .extend(beside(400, ["gap after 400 rounds beside 10", "processor time after 400 rounds beside 10"]));
    numbers
}

/// The last turns of a run of a coder and a reviewer in a repository of 300 files.
struct Ending {
    /// The median gap between two agents, in milliseconds.
    gap: f64,
    /// The processor time of the program for each turn, in milliseconds.
    used: f64,
}

impl Ending {
    fn of(folder: TempDir, rounds: usize) -> Self {
        let stage = Stage::new(folder, 300, &["noop"]);
        stage.approve("noop", 1, rounds - 1);
        let mut agents: Vec<Life> = children::lives(&stage.programs());
        agents.retain(|life| !life.is_git());
        let last = agents.split_off(agents.len() - LAST);
        let gaps = last.windows(2).map(|pair| (pair[1].begun - pair[0].ended) as f64 / 1e6);
        let ticks = last[LAST - 1].used - last[0].used;
        Self { gap: median(gaps.collect()), used: ticks as f64 * TICK / (LAST - 1) as f64 }
    }
}
