//! Measures many loops at once: processor time per turn in one repository and in separate ones, and memory.

use std::fs;
use std::process::Child;

use super::agent;
use super::measure::Limit::AtMost;
use super::measure::Number;
use super::stage::{self, Stage};

/// The number of turns of each loop: of two reviews and of the coder between them.
const TURNS: f64 = 3.0;
/// The length of a clock tick in milliseconds.
const TICK: f64 = 10.0;

/// Measures 1, 20 and 100 loops in one repository, and 20 in separate ones.
pub(super) fn measure() -> Vec<Number> {
    let one = together(1);
    let many = together(20);
    let crowd = together(100);
    vec![
        Number { name: "processor time of a turn, one loop", value: one, limit: AtMost(150.0), unit: "ms" },
        Number {
            name: "processor time of a turn, 20 loops in one repository beside 20 apart",
            value: many / apart(20),
            limit: AtMost(1.3),
            unit: "times",
        },
        Number {
            name: "processor time of a turn, 100 loops in one repository beside one",
            value: crowd / one,
            limit: AtMost(1.5),
            unit: "times",
        },
        Number {
            name: "memory of each of 200 waiting loops (PSS)",
            value: waiting(200),
            limit: AtMost(1.5),
            unit: "MB",
        },
    ]
}

/// Returns the processor time of a turn with all children, in milliseconds, of loops in one repository.
fn together(loops: usize) -> f64 {
    let stage = Stage::with_pull_requests(stage::folder(), 20, &["noop"], loops);
    let before = used();
    finish((1..=loops).map(|number| stage.start(number, "noop", 1)).collect());
    (used() - before) / (loops as f64 * TURNS)
}

/// Returns the same of loops in repositories of their own.
fn apart(loops: usize) -> f64 {
    let stages: Vec<Stage> = (0..loops).map(|_| Stage::new(stage::folder(), 20, &["noop"])).collect();
    let before = used();
    finish(stages.iter().map(|stage| stage.start(1, "noop", 1)).collect());
    (used() - before) / (loops as f64 * TURNS)
}

/// Returns the memory of a loop and its guard, in megabytes, while agents wait.
fn waiting(loops: usize) -> f64 {
    let stage = Stage::with_pull_requests(stage::folder(), 20, &["waiter"], loops);
    let loops: Vec<Child> = (1..=loops).map(|number| stage.start(number, "waiter", 0)).collect();
    let begun = stage.programs().join(agent::WAITING);
    while fs::read_to_string(&begun).map_or(0, |text| text.lines().count()) < loops.len() {
        std::thread::yield_now();
    }
    let program = env!("CARGO_BIN_EXE_agent-loop");
    let processes = fs::read_dir("/proc").expect("/proc").flatten().map(|process| process.path());
    // A guard names the program that it will become.
    let ours = processes.filter(|process| {
        fs::read_to_string(process.join("cmdline")).is_ok_and(|line| line.contains(program))
    });
    let kilobytes: f64 = ours
        .filter_map(|process| {
            let rollup = fs::read_to_string(process.join("smaps_rollup")).ok()?;
            let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?.to_owned();
            line.split_whitespace().next()?.parse::<f64>().ok()
        })
        .sum();
    let each = kilobytes / 1000.0 / loops.len() as f64;
    fs::write(stage.programs().join(agent::WOKEN), "").expect("a file");
    finish(loops);
    each
}

fn finish(loops: Vec<Child>) {
    for mut one in loops {
        assert!(one.wait().expect("a loop").success(), "a loop failed");
    }
}

/// Returns the processor time of all children that have ended, in milliseconds.
fn used() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("/proc");
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields).split(' ');
    // User and system time of children are the 14th and 15th field after the name.
    fields.skip(13).take(2).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() * TICK
}
