//! The agents of the benchmarks by name: `noop` does the minimum of the protocol, `sleeper` sleeps first, `waiter` waits
//! until it is woken, `talker` prints a gigabyte, `streamer` prints events.

use std::env;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

/// The file in the folder of programs with the number of turns of the coder after which reviewers approve.
pub(super) const TURNS: &str = "turns";

/// The file in the folder of programs with a line for each waiter that has begun.
pub(super) const WAITING: &str = "waiting";
/// The file in the folder of programs that wakes all waiters.
pub(super) const WOKEN: &str = "woken";

/// The duration of the coder's first turn. git reads a file again at each command until its index is a second newer than the
/// file; an agent that takes no time would meet that in each turn, and a real one meets it in none.
const FIRST_TURN: Duration = Duration::from_millis(1100);

/// Runs as an agent.
pub(super) fn play(name: &str, folder: &Path) -> ExitCode {
    std::io::stdin().read_to_end(&mut Vec::new()).expect("the prompt");
    match name {
        "talker" => return talk(folder),
        "streamer" => return stream(),
        "sleeper" => std::thread::sleep(Duration::from_secs(2)),
        "waiter" => wait(folder),
        _ => {}
    }
    let context: Value = serde_json::from_slice(
        &fs::read(env::var_os("AGENT_LOOP_CONTEXT").expect("context")).expect("context"),
    )
    .expect("JSON");
    let items: Vec<&Value> = context["items"]
        .as_array()
        .map(|items| items.iter().map(|item| &item["id"]).collect())
        .unwrap_or_default();
    let done = fs::read_to_string("counter").map_or(0, |text| text.lines().count());
    let turns = fs::read_to_string(folder.join(TURNS)).expect("the number of turns");
    let satisfied = name != "noop" || done >= turns.parse().expect("a number");
    let answer = match env::var("AGENT_LOOP_KIND").expect("a kind").as_str() {
        "coder_followup" => {
            if done == 0 {
                std::thread::sleep(FIRST_TURN);
            }
            fs::write("counter", "done\n".repeat(done + 1)).expect("the counter");
            json!({ "schema_version": 1, "kind": "coder_followup", "state": "approved", "summary": "counted on",
                "addressed_items": items, "remaining_items": [] })
        }
        "discuss_review" => {
            json!({ "schema_version": 1, "kind": "discuss_review", "nonce": env::var("AGENT_LOOP_NONCE").expect("a nonce"),
                "outcome": "implement", "rationale": "The counter is too low." })
        }
        _ => {
            json!({ "schema_version": 1, "kind": "pr_review", "nonce": env::var("AGENT_LOOP_NONCE").expect("a nonce"), "state": if satisfied { "approved" } else { "blocking" },
            "summary": "looked at the counter",
            "blocking_items": if satisfied || !items.is_empty() { vec![] } else { vec!["The counter is too low."] },
            "prior_item_dispositions": items.iter().map(|id| json!({ "item_id": id, "disposition": if satisfied { "resolved" } else { "blocking" } })).collect::<Vec<_>>() })
        }
    };
    fs::write(env::var_os("AGENT_LOOP_RESPONSE").expect("a place"), answer.to_string()).expect("the answer");
    ExitCode::SUCCESS
}

fn wait(folder: &Path) {
    let begun = fs::OpenOptions::new().create(true).append(true).open(folder.join(WAITING));
    begun.and_then(|mut begun| begun.write_all(b"begun\n")).expect("the list of waiters");
    while !folder.join(WOKEN).exists() {
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The events of a turn in the format of claude 2.1.197.
const EVENTS: &str = include_str!("../../fixtures/agents/claude/tool-allowed-stream.stdout");
/// The number of times that `streamer` prints them: 50 MB in total.
const TURNS_OF_EVENTS: usize = 50_000_000 / EVENTS.len();
/// The output of `streamer` in bytes.
pub(super) const STREAM: usize = TURNS_OF_EVENTS * EVENTS.len();

/// Prints events, in chunks that are not a multiple of their length.
fn stream() -> ExitCode {
    let mut stdout = std::io::BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    for _ in 0..TURNS_OF_EVENTS {
        stdout.write_all(EVENTS.as_bytes()).expect("stdout");
    }
    stdout.flush().expect("stdout");
    ExitCode::SUCCESS
}

/// The number of lines that `streamer` prints.
pub(super) fn events() -> usize {
    TURNS_OF_EVENTS * EVENTS.lines().count()
}

/// Prints a gigabyte, and records the peak memory of the parent process.
fn talk(folder: &Path) -> ExitCode {
    let chunk = vec![b'y'; 1 << 20];
    let mut stdout = std::io::stdout().lock();
    for _ in 0..1000 {
        stdout.write_all(&chunk).expect("stdout");
    }
    let status = fs::read_to_string(format!("/proc/{}/status", std::os::unix::process::parent_id()))
        .expect("the parent");
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    fs::write(folder.join("peak"), peak).expect("the peak");
    ExitCode::from(1)
}
