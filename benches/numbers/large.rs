//! Measures what the size of a repository costs: the time to the first agent, the gap in later turns, and the disk of a clone,
//! with 300, 10,000 and 100,000 files; and the time to the first agent with a history of 500 MB.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::children::{self, Life};
use super::measure::Limit::AtMost;
use super::measure::{Number, median};
use super::stage::{self, Stage};

/// The number of turns of the coder: those that create clones come before.
const TURNS: usize = 4;
/// The number of turns in which clones are created.
const FIRST: usize = 2;
/// The size of the long history in megabytes.
const HISTORY: usize = 500;

/// The names of the numbers of one size, with the limits of time.
struct Size {
    files: usize,
    names: [&'static str; 3],
    /// To the first agent, and of a later gap, in milliseconds.
    limits: [f64; 2],
}

const SIZES: [Size; 3] = [
    Size {
        files: 300,
        names: [
            "to the first agent with 300 files",
            "gap between two agents with 300 files",
            "disk of a clone with 300 files, beside its files",
        ],
        limits: [300.0, 30.0],
    },
    Size {
        files: 10_000,
        names: [
            "to the first agent with 10,000 files",
            "gap between two agents with 10,000 files",
            "disk of a clone with 10,000 files, beside its files",
        ],
        limits: [1000.0, 100.0],
    },
    Size {
        files: 100_000,
        names: [
            "to the first agent with 100,000 files",
            "gap between two agents with 100,000 files",
            "disk of a clone with 100,000 files, beside its files",
        ],
        limits: [3000.0, 300.0],
    },
];

/// Measures all sizes. The repository is bare, so that no time is spent on a checkout of the user.
pub(super) fn measure() -> Vec<Number> {
    let mut numbers: Vec<Number> = SIZES.iter().flat_map(one).collect();
    let begun = run(&Stage::imported(stage::folder(), 300, HISTORY).without_recorder(), 0).0;
    let name = "to the first agent with 500 MB of history";
    numbers.push(Number { name, value: begun, limit: AtMost(3000.0), unit: "ms" });
    numbers
}

fn one(size: &Size) -> [Number; 3] {
    let stage = Stage::imported(stage::folder(), size.files, 0).without_recorder();
    let (first, agents) = run(&stage, TURNS);
    let gaps = agents.windows(2).skip(FIRST).map(|pair| (pair[1].begun - pair[0].ended) as f64 / 1e6);
    let clone = find(&stage.state(), "reviewer1").expect("a clone");
    let files = used(&clone.join("clone/source"));
    let [to_first, gap, disk] = size.names;
    [
        Number { name: to_first, value: first, limit: AtMost(size.limits[0]), unit: "ms" },
        Number { name: gap, value: median(gaps.collect()), limit: AtMost(size.limits[1]), unit: "ms" },
        Number { name: disk, value: used(&clone) as f64 / files as f64, limit: AtMost(1.5), unit: "times" },
    ]
}

/// Runs a review with this number of turns of the coder. Returns the milliseconds to the first agent, and all agents.
fn run(stage: &Stage, turns: usize) -> (f64, Vec<Life>) {
    let begun = children::now();
    stage.approve("noop", 1, turns);
    let mut agents = children::lives(&stage.programs());
    agents.retain(|life| !life.is_git() && life.begun > begun);
    ((agents[0].begun - begun) as f64 / 1e6, agents)
}

/// Returns a folder with a name, wherever it is.
fn find(folder: &Path, name: &str) -> Option<std::path::PathBuf> {
    let folders = fs::read_dir(folder)
        .ok()?
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders
        .map(|entry| entry.path())
        .find_map(|path| if path.ends_with(name) { Some(path) } else { find(&path, name) })
}

/// Returns the bytes that a folder uses on the disk.
fn used(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| {
        let facts = entry.metadata().expect("a file");
        facts.blocks() * 512 + if facts.is_dir() { used(&entry.path()) } else { 0 }
    });
    sizes.sum()
}
