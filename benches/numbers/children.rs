//! The children that are counted: this program under other names. Each writes down when it began and ended.

use std::env;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{SystemTime, UNIX_EPOCH};

/// The variable that says where the real git is; agents do not see it, git does as it is in the shim's own name.
const REAL_GIT: &str = "real-git";
/// The file in which children write down when they began and ended.
const TABLE: &str = "table";

/// A child's life, in nanoseconds since 1970.
#[derive(Clone, Copy)]
pub(super) struct Life {
    is_git: bool,
    /// When it began.
    pub(super) begun: u128,
    /// When it ended.
    pub(super) ended: u128,
}

impl Life {
    /// Whether it was git.
    pub(super) fn is_git(&self) -> bool {
        self.is_git
    }

    /// Any child counts.
    pub(super) fn is_any(&self) -> bool {
        self.begun > 0
    }
}

/// Plays the part that its own name says, if it says one.
pub(super) fn plays_a_part() -> Option<ExitCode> {
    let own = PathBuf::from(env::args_os().next()?);
    let part = own.file_name()?.to_str()?.to_owned();
    let folder = own.parent().filter(|folder| !folder.as_os_str().is_empty()).map(Path::to_owned);
    let folder = folder.or_else(|| on_path(&part))?;
    if !folder.join(TABLE).exists() {
        return None;
    }
    let begun = now();
    let exit = match part.as_str() {
        "git" => git(&folder),
        part => super::agent::play(part, &folder),
    };
    let kind = if part == "git" { "git" } else { "agent" };
    if let Ok(mut table) = OpenOptions::new().append(true).open(folder.join(TABLE)) {
        let words: Vec<String> = env::args().skip(1).collect();
        let line = format!("{kind} {begun} {} {}\n", now(), words.join(" ").replace('\n', " "));
        table.write_all(line.as_bytes()).expect("the table can be written");
    }
    Some(exit)
}

fn on_path(part: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).find(|folder| folder.join(part).exists())
}

fn git(folder: &Path) -> ExitCode {
    let real = std::fs::read_link(folder.join(REAL_GIT)).expect("the real git is linked");
    let status = Command::new(real).arg0("git").args(env::args_os().skip(1)).status().expect("git runs");
    ExitCode::from(u8::try_from(status.code().unwrap_or(128)).unwrap_or(128))
}

/// Now, in nanoseconds since 1970: the same clock for every process.
pub(super) fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos())
}

/// Makes a folder of programs: git with this program before it, and agents of these names.
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

/// Empties the table.
pub(super) fn forget(folder: &Path) {
    File::create(folder.join(TABLE)).expect("the table");
}

/// Every child that has ended.
pub(super) fn lives(folder: &Path) -> Vec<Life> {
    let text = std::fs::read_to_string(folder.join(TABLE)).expect("the table");
    let life = |line: &str| {
        let mut words = line.split(' ');
        let is_git = words.next()? == "git";
        Some(Life { is_git, begun: words.next()?.parse().ok()?, ended: words.next()?.parse().ok()? })
    };
    text.lines().filter_map(life).collect()
}

/// What a child costs before and after its own life: starting this program in its place, in nanoseconds.
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

/// How many nanoseconds of a span children lived in.
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
