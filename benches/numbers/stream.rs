//! Measures the time and memory for reading an agent's stream: 50 MB of Claude Code's events through the supervisor, its log,
//! and the reader of the program.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use agent_loop::adapters::agents::driver::transcript::{Finish, Transcript};
use agent_loop::adapters::agents::vendors;
use agent_loop::adapters::process::command::CommandLine;
use agent_loop::adapters::process::exit::Exit;
use agent_loop::adapters::process::output::lines::Lines;
use agent_loop::adapters::process::output::listener::Listener;
use agent_loop::adapters::process::supervision::stop::StopSequence;
use agent_loop::adapters::process::supervision::{End, Job, supervise};
use agent_loop::domain::vendors::Vendor;
use agent_loop::ports::cancellation::cancellation;

use super::agent::{STREAM, events};
use super::measure::Limit::{AtLeast, AtMost};
use super::measure::{Number, median, timed};
use super::{children, stage};

const TIMES: usize = 7;

pub(super) fn measure() -> Vec<Number> {
    let folder = stage::folder();
    children::programs(&folder.path().join("programs"), &["streamer"]);
    let splitting = splitting();
    forget_peak();
    let before = peak();
    let rates = (0..TIMES).map(|_| {
        let (took, ()) = timed(|| hear(folder.path()));
        STREAM as f64 / 1e6 / took.as_secs_f64()
    });
    let rate = median(rates.collect());
    vec![
        splitting,
        Number {
            name: "an agent's stream, heard and understood",
            value: rate,
            limit: AtLeast(150.0),
            unit: "MB/s",
        },
        Number {
            name: "more memory while 50 MB of events are heard",
            value: peak() - before,
            limit: AtMost(8.0),
            unit: "MiB",
        },
    ]
}

/// Measures only the splitting of lines of 200 bytes, in the chunks of a pipe.
fn splitting() -> Number {
    let text = format!("{}\n", "x".repeat(199)).repeat(1 << 16);
    let rates = (0..9).map(|_| {
        let mut bytes = 0;
        let mut lines = Lines::new(|line: &[u8]| bytes += std::hint::black_box(line).len() + 1);
        let (took, ()) = timed(|| {
            for chunk in text.as_bytes().chunks(1 << 16) {
                lines.hear(chunk);
            }
        });
        lines.finish();
        assert_eq!(bytes, text.len());
        text.len() as f64 / 1e6 / took.as_secs_f64()
    });
    let value = median(rates.collect());
    Number { name: "lines of 200 bytes, split", value, limit: AtLeast(1000.0), unit: "MB/s" }
}

/// Runs one turn of the agent that prints.
fn hear(folder: &Path) {
    let program = folder.join("programs").join("streamer");
    let job = Job {
        command: CommandLine::new(program, folder, BTreeMap::new()),
        marker: "streamer".to_owned(),
        children: folder.join("children"),
        log: folder.join("log"),
        deadline: Duration::from_mins(1),
        idle: Some(Duration::from_mins(1)),
        stop: StopSequence::InterruptFirst,
    };
    let cli = vendors::cli(Vendor::Claude);
    let (mut count, mut bytes, mut transcript) = (0, 0, Transcript::default());
    let mut lines = Lines::new(|line: &[u8]| {
        count += 1;
        bytes += line.len() + 1;
        cli.events(line, &mut |event| transcript.take(event));
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let ended = runtime.block_on(supervise(&job, &mut lines, cancellation().1));
    lines.finish();
    assert_eq!((ended.end, count, bytes), (End::Exited(Exit::Code(0)), events(), STREAM));
    assert_eq!((transcript.finished, transcript.said.as_str()), (Finish::Seen, "MOCK-OK: all good."));
}

/// Resets the peak memory, which earlier measurements may have raised.
fn forget_peak() {
    fs::write("/proc/self/clear_refs", "5").expect("the peak of memory can be forgotten");
}

/// Returns the peak memory of this process in MiB.
fn peak() -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("our own status");
    let line = status.lines().find(|line| line.starts_with("VmHWM")).expect("a peak");
    let kilobytes: f64 = line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).expect("a number");
    kilobytes / 1024.0
}
