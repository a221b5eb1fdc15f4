//! Measures the numbers in docs/testing.md on the release build: `cargo bench --bench numbers`. This program is also the agent
//! and the wrapper of git in the benchmarks, so that all children are compiled programs and each of them is counted.
#![expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark is no part of the program"
)]

mod agent;
mod answers;
mod children;
mod crowd;
mod gap;
mod gates;
mod large;
mod long;
mod loops;
mod measure;
mod replay;
mod stage;
mod start;
mod stream;

use std::process::ExitCode;

use measure::Number;

/// A measurement, which may return several numbers.
type Measurement = fn() -> Vec<Number>;

fn main() -> ExitCode {
    if let Some(exit) = children::plays_a_part() {
        return exit;
    }
    let measurements: [(&str, Measurement); 13] = [
        ("start", start::measure),
        ("turn", loops::own_time),
        ("gap", gap::measure),
        ("parallel", loops::parallel),
        ("debate", loops::debate),
        ("memory", loops::memory),
        ("stream", stream::measure),
        ("replay", replay::measure),
        ("answers", answers::measure),
        ("gates", gates::measure),
        ("large", large::measure),
        ("long", long::measure),
        ("loops", crowd::measure),
    ];
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let mut broken = 0;
    for (name, measurement) in measurements {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            for number in measurement() {
                println!("{number}");
                broken += u8::from(!number.holds());
            }
        }
    }
    ExitCode::from(broken)
}
