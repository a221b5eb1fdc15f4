//! Measures the same work by agent-loop and by any other command: `cargo bench --bench beside -- COMMAND [ARGUMENT…]`. Each
//! runs in a repository of its own, with the same scripted agent first on `PATH`.
#![expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark is no part of the program"
)]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The scripted agent: it resolves every TODO, and approves what has none.
const AGENT: &str = include_str!("../fixtures/agents/todo-agent.sh");
/// What it does for a program that does not speak our protocol.
const OTHERS: &str = "#!/bin/sh\n[ -n \"${AGENT_LOOP_KIND:-}\" ] || { cat > /dev/null; echo '{\"state\":\"approved\"}'; exit 0; }\n";
/// The names under which the agent is on `PATH`.
const NAMES: [&str; 4] = ["agent", "claude", "codex", "gemini"];
/// Our command. A program is named by its path.
const OURS: &str = "task 'Resolve every TODO' --quiet --coder coder=command:../programs/agent --reviewer one=command:../programs/agent";
/// The number of measured runs.
const RUNS: usize = 5;
/// The length of a clock tick in milliseconds.
const TICK: f64 = 10.0;
/// The time between two looks at the memory.
const LOOK: Duration = Duration::from_millis(10);

fn main() -> ExitCode {
    let theirs: Vec<OsString> = std::env::args_os().skip(1).filter(|word| word != "--bench").collect();
    if theirs.iter().any(|word| word == "--test") {
        return ExitCode::SUCCESS;
    }
    let ours = format!("exec '{}' {OURS}", env!("CARGO_BIN_EXE_agent-loop"));
    let ours = Measured::median_of(&["sh".into(), "-c".into(), ours.into()]);
    println!("agent-loop: {ours}");
    if theirs.is_empty() {
        println!("name another command to see it beside: cargo bench --bench beside -- COMMAND");
        return ExitCode::SUCCESS;
    }
    let theirs = Measured::median_of(&theirs);
    println!("the other:  {theirs}");
    println!(
        "ratio:      wall {:.2}, processor time {:.2}, memory {:.2}",
        ours.wall / theirs.wall,
        ours.used / theirs.used,
        ours.memory / theirs.memory
    );
    ExitCode::SUCCESS
}

/// The cost of a command with all its children.
struct Measured {
    /// Milliseconds.
    wall: f64,
    /// Milliseconds of processor time.
    used: f64,
    /// The peak of all processes together, in megabytes.
    memory: f64,
}

impl std::fmt::Display for Measured {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { wall, used, memory } = self;
        write!(
            formatter,
            "wall {wall:.0} ms, processor time with children {used:.0} ms, peak memory {memory:.1} MB"
        )
    }
}

impl Measured {
    fn median_of(words: &[OsString]) -> Self {
        let runs: Vec<Self> = (0..RUNS).map(|_| Self::of(words)).collect();
        let median = |value: fn(&Self) -> f64| {
            let mut values: Vec<f64> = runs.iter().map(value).collect();
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
        };
        Self { wall: median(|run| run.wall), used: median(|run| run.used), memory: median(|run| run.memory) }
    }

    /// Runs a command in a new repository.
    fn of(words: &[OsString]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = prepare(folder.path());
        let (program, arguments) = words.split_first().expect("a command");
        let before = used();
        let begun = Instant::now();
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(folder.path().join("repository"))
            .env("PATH", path)
            .env("HOME", folder.path())
            .env("XDG_STATE_HOME", folder.path().join("state"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("the command starts");
        let (root, over) = (child.id(), AtomicBool::new(false));
        let memory = std::thread::scope(|scope| {
            let watch = scope.spawn(|| {
                let mut peak = 0.0_f64;
                while !over.load(Ordering::SeqCst) {
                    peak = peak.max(memory_below(root));
                    std::thread::sleep(LOOK);
                }
                peak
            });
            let status = child.wait().expect("the command ends");
            over.store(true, Ordering::SeqCst);
            assert!(status.success(), "{words:?} failed");
            watch.join().expect("the watch")
        });
        Self { wall: begun.elapsed().as_secs_f64() * 1000.0, used: used() - before, memory }
    }
}

/// Makes the repository and the programs, and returns the `PATH`.
fn prepare(folder: &Path) -> OsString {
    let (repository, programs) = (folder.join("repository"), folder.join("programs"));
    for made in [&repository, &programs] {
        fs::create_dir_all(made).expect("a folder");
    }
    for name in NAMES {
        let program = programs.join(name);
        fs::write(&program, [OTHERS, AGENT].concat()).expect("a program");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("permissions");
    }
    fs::write(repository.join("notes.txt"), "one TODO\n").expect("a file");
    for words in [
        "init --quiet --initial-branch=main",
        "config user.name Ada",
        "config user.email ada@localhost",
        "add --all",
        "commit --quiet --message begin",
    ] {
        let git = Command::new("git").args(words.split(' ')).current_dir(&repository).status();
        assert!(git.is_ok_and(|status| status.success()), "git {words}");
    }
    let before = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(programs).chain(std::env::split_paths(&before))).expect("a path")
}

/// Returns the processor time of all children that have ended, in milliseconds.
fn used() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("/proc");
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields).split(' ');
    fields.skip(13).take(2).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() * TICK
}

/// Returns the resident memory of a process and all its descendants, in megabytes.
fn memory_below(root: u32) -> f64 {
    let mut children: BTreeMap<u32, Vec<(u32, f64)>> = BTreeMap::new();
    for process in fs::read_dir("/proc").expect("/proc").flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let status = fs::read_to_string(process.path().join("status")).unwrap_or_default();
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        let parent = number("PPid:").and_then(|parent| u32::try_from(parent).ok()).unwrap_or(0);
        let megabytes = number("VmRSS:").unwrap_or(0) as f64 / 1000.0;
        let parent = if pid == root { 0 } else { parent };
        children.entry(parent).or_default().push((pid, megabytes));
    }
    let (mut sum, mut all) = (0.0, vec![root]);
    sum += children
        .get(&0)
        .into_iter()
        .flatten()
        .filter(|(pid, _)| *pid == root)
        .map(|(_, used)| used)
        .sum::<f64>();
    while let Some(pid) = all.pop() {
        for (child, megabytes) in children.get(&pid).into_iter().flatten() {
            sum += megabytes;
            all.push(*child);
        }
    }
    sum
}
