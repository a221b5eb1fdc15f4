//! Measures the start of the program compared with git: both print their version, one after another, many times.

use std::process::{Command, Stdio};

use super::measure::Limit::AtMost;
use super::measure::{Number, median, milliseconds, timed};

const TIMES: usize = 60;

pub(super) fn measure() -> Vec<Number> {
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    for _ in 0..TIMES {
        ours.push(version(env!("CARGO_BIN_EXE_agent-loop")));
        theirs.push(version("git"));
    }
    let value = median(ours) / median(theirs);
    vec![Number {
        name: "agent-loop --version beside git --version",
        value,
        limit: AtMost(2.0),
        unit: "times",
    }]
}

fn version(program: &str) -> f64 {
    let run = || Command::new(program).arg("--version").stdout(Stdio::null()).status();
    let (took, status) = timed(run);
    assert!(status.is_ok_and(|status| status.success()), "{program} --version");
    milliseconds(took)
}
