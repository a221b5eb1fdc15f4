//! Measures commands in a thread of 5,000 comments, 1,200 of them records: `status`, and `resume` up to the next agent.

use std::fs;
use std::process::Child;
use std::time::Duration;

use rusqlite::{Connection, params};

use super::children;
use super::measure::Limit::AtMost;
use super::measure::{Number, median, milliseconds, timed};
use super::stage::{self, Stage};

const COMMENTS: usize = 5_000;
const RECORDS: u32 = 1_200;
/// The length of a person's comment, in bytes.
const BYTES: usize = 2_000;
const TIMES: usize = 9;
/// The time between two looks at a run, which needs both cores.
const LOOK: Duration = Duration::from_millis(1);

/// A comment in the file of the embedded forge: its author, role, body and time.
type CommentRow = (String, String, String, String);

pub(super) fn measure() -> Vec<Number> {
    let stage = Stage::new(stage::folder(), 300, &["noop"]).without_recorder();
    leave_records(&stage);
    fill_up(&Connection::open(stage.forge()).expect("the embedded forge"));
    let status = (0..TIMES).map(|_| milliseconds(timed(|| stage.run(&["status"])).0)).collect();
    let (times, peaks): (Vec<f64>, Vec<f64>) = (0..TIMES).map(|_| resume(&stage)).unzip();
    vec![
        Number {
            name: "`status` with 5,000 comments",
            value: median(status),
            limit: AtMost(50.0),
            unit: "ms",
        },
        Number {
            name: "`resume` to the next agent, the same",
            value: median(times),
            limit: AtMost(200.0),
            unit: "ms",
        },
        Number {
            name: "peak memory up to that agent",
            value: peaks.into_iter().fold(0.0, f64::max),
            limit: AtMost(40.0),
            unit: "MB",
        },
    ]
}

/// Reviews and changes a pull request until its thread has the records, then kills the run.
fn leave_records(stage: &Stage) {
    let mut run = stage.start(1, "noop", usize::MAX);
    let records = || {
        let count =
            |forge: Connection| forge.query_row("SELECT count(*) FROM comments", [], |row| row.get(0));
        Connection::open(stage.forge()).and_then(count).unwrap_or(0_u32)
    };
    while records() < RECORDS {
        assert!(run.try_wait().expect("the run").is_none(), "the run ended");
        std::thread::sleep(LOOK);
    }
    end(&mut run);
}

/// Writes comments of a person between the records.
fn fill_up(forge: &Connection) {
    let mut query =
        forge.prepare("SELECT author, role, body, created_at FROM comments ORDER BY id").expect("SQL");
    let columns = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let records = query.query_map([], columns).and_then(Iterator::collect);
    let records: Vec<CommentRow> = records.expect("the records");
    let said: String = "A person says something of some length. ".chars().cycle().take(BYTES).collect();
    forge.execute_batch("BEGIN; DELETE FROM comments").expect("SQL");
    let write = "INSERT INTO comments (number, author, role, body, created_at, updated_at) VALUES (1, ?1, ?2, ?3, ?4, ?4)";
    let mut written = 0;
    for index in 0..COMMENTS {
        let (author, role, body, at) = &records[written];
        if index * records.len() / COMMENTS >= written && written + 1 < records.len() {
            written += 1;
            forge.execute(write, params![author, role, body, at]).expect("SQL");
        } else {
            forge.execute(write, params!["ada", "member", said, at]).expect("SQL");
        }
    }
    let (author, role, body, at) = &records[written];
    forge.execute(write, params![author, role, body, at]).expect("SQL");
    forge.execute_batch("COMMIT").expect("SQL");
}

/// Resumes the run up to its next agent. Returns the time in milliseconds, and the peak memory in megabytes.
fn resume(stage: &Stage) -> (f64, f64) {
    let before = children::lives(&stage.programs()).len();
    let begun = children::now();
    let mut run = stage.spawn(&["resume", "pr/1", "--json=events", "--quiet"]);
    let agent = loop {
        if let Some(life) = children::lives(&stage.programs()).into_iter().nth(before) {
            break life;
        }
        assert!(run.try_wait().expect("the run").is_none(), "the run ended");
        std::thread::sleep(LOOK);
    };
    let status = fs::read_to_string(format!("/proc/{}/status", run.id())).expect("the run");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
    let kilobytes: f64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
    end(&mut run);
    ((agent.begun - begun) as f64 / 1e6, kilobytes / 1000.0)
}

/// Kills a run, and gives its guard the time to end its agents.
fn end(run: &mut Child) {
    run.kill().expect("the run");
    run.wait().expect("the run");
    std::thread::sleep(Duration::from_millis(500));
}
