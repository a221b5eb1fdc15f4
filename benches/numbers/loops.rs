//! Measures whole runs with compiled agents: own time and processes per turn, parallel reviewers, memory.

use serde_json::Value;

use super::children::{self, Life};
use super::measure::Limit::AtMost;
use super::measure::{Number, median, milliseconds, timed};
use super::stage::{self, Stage};

/// The number of turns of the coder.
const TURNS: usize = 8;

/// Measures turns of a reviewer and the coder in reused clones of 300 files. A turn lasts from the end of the previous step to
/// its record; its own time excludes the time in which git or the agent was started, alive, or reaped.
pub(super) fn own_time() -> Vec<Number> {
    let stage = Stage::new(stage::folder(), 300, &["noop"]);
    let overhead = children::overhead(&stage.programs());
    let lines = stage.approve("noop", 1, TURNS);
    let born = children::lives(&stage.programs());
    keep_timeline(&stage, &lines);
    // The first turn of each agent creates its clone, and nothing follows the last turn.
    let turns: Vec<Turn> = turns(&lines).into_iter().skip(2).collect();
    assert!(turns.len() >= 2 * TURNS - 2, "{} turns", turns.len());
    let own = |turn: &Turn| {
        let started = count(&born, (turn.begun, turn.recorded), Life::is_any) as u128;
        let covered = children::covered(&born, turn.begun, turn.recorded) + started * overhead;
        (turn.recorded - turn.begun).saturating_sub(covered) as f64 / 1e6
    };
    let spawns = |from: u128, to: u128| count(&born, (from, to), Life::is_git) as f64;
    let most = |values: Vec<f64>| values.into_iter().fold(0.0, f64::max);
    let in_turns = turns.iter().map(|turn| spawns(turn.begun, turn.answered)).collect();
    // Any two consecutive turns are a round.
    let besides = turns.windows(3).map(|next| {
        let ([first, second, third], whole) =
            ([&next[0], &next[1], &next[2]], spawns(next[0].begun, next[2].begun));
        assert!(first.begun < third.begun);
        whole - spawns(first.begun, first.answered) - spawns(second.begun, second.answered)
    });
    let besides = besides.collect();
    vec![
        Number {
            name: "own time of a turn",
            value: median(turns.iter().map(own).collect()),
            limit: AtMost(5.0),
            unit: "ms",
        },
        Number {
            name: "git spawns of a turn, at most",
            value: most(in_turns),
            limit: AtMost(6.0),
            unit: "spawns",
        },
        Number {
            name: "git spawns of a round besides its turns, at most",
            value: most(besides),
            limit: AtMost(6.0),
            unit: "spawns",
        },
    ]
}

/// A turn, with times in nanoseconds since 1970.
struct Turn {
    /// The end of the previous step.
    begun: u128,
    /// The arrival of the answer.
    answered: u128,
    /// The publication of the record.
    recorded: u128,
}

/// Returns the turns of a run. A turn starts at the last event of the previous step: the count of items, or the round.
fn turns(lines: &[Value]) -> Vec<Turn> {
    let mut turns = Vec::new();
    let (mut before, mut answered) = (0, 0);
    for event in lines {
        let Some(at) = event["at"].as_str().and_then(|at| at.parse::<jiff::Timestamp>().ok()) else {
            continue;
        };
        let at = at.as_nanosecond().unsigned_abs();
        match event["event"].as_str().unwrap_or_default() {
            "counted" => before = at,
            "turn-answered" => answered = at,
            "published" if answered > before => turns.push(Turn { begun: before, answered, recorded: at }),
            _ => {}
        }
    }
    turns
}

/// Prints events and children with their commands, for a person who analyzes the time.
fn keep_timeline(stage: &Stage, lines: &[Value]) {
    let Some(folder) = std::env::var_os("KEEP_TIMELINE").map(std::path::PathBuf::from) else { return };
    let text = lines.iter().fold(String::new(), |text, line| format!("{text}{line}\n"));
    std::fs::write(folder.join("events"), text).expect("the events");
    std::fs::copy(stage.programs().join("table"), folder.join("children")).expect("the children");
}

fn count(lives: &[Life], (from, to): (u128, u128), counts: impl Fn(&Life) -> bool) -> usize {
    lives.iter().filter(|life| counts(life) && life.begun >= from && life.begun < to).count()
}

/// Measures four reviewers that sleep two seconds each, compared with one.
pub(super) fn parallel() -> Vec<Number> {
    let took = |reviewers: usize| {
        let stage = Stage::new(stage::folder(), 20, &["sleeper"]);
        milliseconds(timed(|| stage.approve("sleeper", reviewers, 0)).0)
    };
    let value = took(4) / took(1);
    vec![Number { name: "four sleeping reviewers beside one", value, limit: AtMost(1.3), unit: "times" }]
}

/// Measures four debaters that sleep two seconds each, compared with one.
pub(super) fn debate() -> Vec<Number> {
    let took = |debaters: usize| {
        let stage = Stage::new(stage::folder(), 20, &["sleeper"]);
        milliseconds(timed(|| stage.agree("sleeper", debaters)).0)
    };
    let value = took(4) / took(1);
    vec![Number { name: "four sleeping debaters beside one", value, limit: AtMost(1.3), unit: "times" }]
}

/// Measures the peak memory while an agent prints a gigabyte.
pub(super) fn memory() -> Vec<Number> {
    let stage = Stage::new(stage::folder(), 20, &["talker"]);
    stage.review("talker", 1);
    let peak = std::fs::read_to_string(stage.programs().join("peak")).expect("the agent looked");
    let kilobytes: f64 = peak.split_whitespace().nth(1).and_then(|word| word.parse().ok()).expect("a number");
    vec![Number {
        name: "peak memory while an agent prints 1 GB",
        value: kilobytes / 1024.0,
        limit: AtMost(32.0),
        unit: "MiB",
    }]
}
