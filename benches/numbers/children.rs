//! Child processes that are counted: this program under other names. Each records its start and end.

use std::env;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{SystemTime, UNIX_EPOCH};

/// The variable with the path of the real git. Agents do not see it; git does, because the wrapper sets it.
const REAL_GIT: &str = "real-git";
/// The file in which children record their start and end.
const TABLE: &str = "table";

/// The lifetime of a child, in nanoseconds since 1970.
#[derive(Clone, Copy)]
pub(super) struct Life {
    is_git: bool,
    pub(super) begun: u128,
    pub(super) ended: u128,
    /// The processor time that the parent process had used at the start, in clock ticks.
    pub(super) used: u64,
}

impl Life {
    /// Returns whether the child was git.
    pub(super) fn is_git(&self) -> bool {
        self.is_git
    }

    /// Accepts any child.
    pub(super) fn is_any(&self) -> bool {
        self.begun > 0
    }
}

/// Runs as a child, if the program was started under the name of one.
pub(super) fn plays_a_part() -> Option<ExitCode> {
    let own = PathBuf::from(env::args_os().next()?);
    let part = own.file_name()?.to_str()?.to_owned();
    let folder = own.parent().filter(|folder| !folder.as_os_str().is_empty()).map(Path::to_owned);
    let folder = folder.or_else(|| on_path(&part))?;
    if !folder.join(TABLE).exists() {
        return None;
    }
    let begun = now();
    let used = used_by_parent();
    let exit = match part.as_str() {
        "git" => git(&folder),
        part => super::agent::play(part, &folder),
    };
    let kind = if part == "git" { "git" } else { "agent" };
    if let Ok(mut table) = OpenOptions::new().append(true).open(folder.join(TABLE)) {
        let words: Vec<String> = env::args().skip(1).collect();
        let line = format!("{kind} {begun} {} {used} {}\n", now(), words.join(" ").replace('\n', " "));
        table.write_all(line.as_bytes()).expect("the table can be written");
    }
    Some(exit)
}

/// Returns the processor time of the parent process in clock ticks; 0 where `/proc` is missing.
fn used_by_parent() -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", std::os::unix::process::parent_id()));
    let stat = stat.unwrap_or_default();
    // The fields after the name, which ends with the last parenthesis: user and system time are the 12th and 13th.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields).split(' ').skip(11).take(2);
    fields.filter_map(|field| field.parse::<u64>().ok()).sum()
}

fn on_path(part: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).find(|folder| folder.join(part).exists())
}

fn git(folder: &Path) -> ExitCode {
    let real = std::fs::read_link(folder.join(REAL_GIT)).expect("the real git is linked");
    let status = Command::new(real).arg0("git").args(env::args_os().skip(1)).status().expect("git runs");
    ExitCode::from(u8::try_from(status.code().unwrap_or(128)).unwrap_or(128))
}

/// Returns the current time in nanoseconds since 1970, from the same clock in all processes.
pub(super) fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos())
}

/// Creates a folder of programs: a wrapper for git, and agents with these names.
pub(super) fn programs(folder: &Path, agents: &[&str]) {
    std::fs::create_dir_all(folder).expect("a folder");
    let own = env::current_exe().expect("this program");
    let path = env::var_os("PATH").expect("PATH");
    let mut gits = env::split_paths(&path).map(|place| place.join("git"));
    let real = gits.find(|git| git.exists()).expect("git is installed");
    std::os::unix::fs::symlink(real, folder.join(REAL_GIT)).expect("a link");
    for name in agents.iter().chain(&["git"]) {
        std::fs::hard_link(&own, folder.join(name))
            .or_else(|_| std::fs::copy(&own, folder.join(name)).map(drop))
            .expect("a copy");
    }
    forget(folder);
}

/// Clears the recorded children.
pub(super) fn forget(folder: &Path) {
    File::create(folder.join(TABLE)).expect("the table");
}

/// Returns all children that have ended.
pub(super) fn lives(folder: &Path) -> Vec<Life> {
    let text = std::fs::read_to_string(folder.join(TABLE)).expect("the table");
    let life = |line: &str| {
        let mut words = line.split(' ');
        let is_git = words.next()? == "git";
        let [begun, ended] = [words.next()?.parse().ok()?, words.next()?.parse().ok()?];
        Some(Life { is_git, begun, ended, used: words.next()?.parse().ok()? })
    };
    text.lines().filter_map(life).collect()
}

/// Measures the overhead of a child outside of its own lifetime, in nanoseconds.
pub(super) fn overhead(folder: &Path) -> u128 {
    let mut all = Vec::new();
    for _ in 0..40 {
        forget(folder);
        let begun = now();
        let status =
            Command::new(folder.join("git")).arg("--version").stdout(std::process::Stdio::null()).status();
        let took = now() - begun;
        assert!(status.is_ok_and(|status| status.success()), "git");
        all.push(took - lives(folder).iter().map(|life| life.ended - life.begun).sum::<u128>());
    }
    forget(folder);
    all.sort_unstable();
    all[all.len() / 2]
}

/// Returns the number of nanoseconds of a span in which children were alive.
pub(super) fn covered(lives: &[Life], from: u128, to: u128) -> u128 {
    let mut spans: Vec<(u128, u128)> = lives
        .iter()
        .map(|life| (life.begun.max(from), life.ended.min(to)))
        .filter(|(begun, ended)| begun < ended)
        .collect();
    spans.sort_unstable();
    let mut sum = 0;
    let mut until = from;
    for (begun, ended) in spans {
        sum += ended.saturating_sub(begun.max(until));
        until = until.max(ended);
    }
    sum
}
