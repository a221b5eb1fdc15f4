//! A separate repository for each test, and the built binary with a separate environment.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use agent_loop::adapters::clock::SystemClock;
use agent_loop::ports::clock::Clock;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tempfile::TempDir;

pub(super) struct Stage {
    folder: TempDir,
}

pub(super) struct Ended {
    pub(super) exit: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Ended {
    pub(super) fn json(&self) -> Value {
        let last = self.stdout.lines().last().unwrap_or_default();
        serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }

    /// Returns the raw log that the end of a run names, printed by the command that it names.
    pub(super) fn log_of(&self, stage: &Stage, who: &str) -> String {
        let said = format!("{}{}", self.stdout, self.stderr);
        let begins = format!("log of {who}: agent-loop ");
        let command = said.lines().find_map(|line| line.trim().strip_prefix(begins.as_str()));
        let command = command.unwrap_or_else(|| panic!("{said}"));
        assert_eq!(said.matches(&begins).count(), 1, "{said}");
        let mut words: Vec<&str> = command.split(' ').collect();
        words.push("--raw");
        let shown = stage.run(&words);
        assert_eq!(shown.exit, Some(0), "{}", shown.stderr);
        shown.stdout
    }
}

#[expect(clippy::disallowed_methods, reason = "tests start the program and git")]
fn command(program: &str) -> Command {
    Command::new(program)
}

#[expect(clippy::disallowed_methods, reason = "where git and sh are")]
fn path() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap()
}

impl Stage {
    /// Creates a repository with a file that contains a TODO, and the shell agent of the fixtures.
    pub(super) fn new() -> Self {
        let stage = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(stage.repository()).unwrap();
        stage.write("notes.txt", "one TODO\n");
        for arguments in [
            &["init", "--quiet", "--initial-branch=main"][..],
            &["config", "user.name", "Ada"],
            &["config", "user.email", "ada@localhost"],
            &["add", "--all"],
            &["commit", "--quiet", "--message", "begin"],
        ] {
            stage.git(arguments);
        }
        stage.agent("todo.sh", include_str!("../../../fixtures/agents/todo-agent.sh"));
        stage
    }

    pub(super) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn repository(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        fs::write(self.repository().join(name), text).unwrap();
    }

    /// Creates a program next to the repository.
    pub(super) fn agent(&self, name: &str, script: &str) -> PathBuf {
        let path = self.root().join(name);
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    pub(super) fn prepared(&self, program: &str) -> Command {
        let mut command = command(program);
        command
            .env_clear()
            .env("PATH", path())
            .env("HOME", self.root())
            .env("XDG_STATE_HOME", self.root().join("state"))
            .env("GH_TOKEN", "secret-of-the-forge")
            .env("SSH_AUTH_SOCK", "/nowhere")
            .current_dir(self.repository());
        command
    }

    pub(super) fn git(&self, arguments: &[&str]) -> String {
        let output = self.prepared("git").args(arguments).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(arguments, &[])
    }

    /// Runs the program with additional variables.
    pub(super) fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
        let mut command = self.prepared(env!("CARGO_BIN_EXE_agent-loop"));
        ended(&command.envs(variables.iter().copied()).args(arguments).output().unwrap())
    }

    /// Starts the program.
    pub(super) fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.prepared(env!("CARGO_BIN_EXE_agent-loop"));
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Runs the program in another folder.
    pub(super) fn run_in(&self, folder: &Path, arguments: &[&str]) -> Ended {
        let mut command = self.prepared(env!("CARGO_BIN_EXE_agent-loop"));
        ended(&command.current_dir(self.repository().join(folder)).args(arguments).output().unwrap())
    }

    /// Runs another program.
    pub(super) fn run_program(&self, program: &str, arguments: &[&str]) -> Ended {
        ended(&self.prepared(program).args(arguments).output().unwrap())
    }

    /// Returns whether another program succeeds.
    pub(super) fn succeeds(&self, program: &str, arguments: &[&str]) -> bool {
        self.prepared(program).args(arguments).output().is_ok_and(|output| output.status.success())
    }

    /// Starts the program and captures its output.
    pub(super) fn start_captured(&self, arguments: &[&str]) -> Child {
        let mut command = self.prepared(env!("CARGO_BIN_EXE_agent-loop"));
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Returns the raw logs, oldest first.
    pub(super) fn logs(&self) -> Vec<PathBuf> {
        let state = self.root().join("state");
        let files = if state.exists() { walk(&state) } else { Vec::new() };
        let mut logs: Vec<PathBuf> =
            files.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "log")).collect();
        logs.sort_by_key(|path| fs::metadata(path).unwrap().modified().unwrap());
        logs
    }

    /// Returns the only branch of the tool.
    pub(super) fn branch(&self) -> String {
        self.git(&["for-each-ref", "--format=%(refname:short)", "refs/heads/agent-loop/"])
    }
}

/// Returns the arguments of a task for the shell agent in every role.
pub(super) fn task<'words>(more: &[&'words str]) -> Vec<&'words str> {
    let mut words = vec![
        "task",
        "Resolve every TODO",
        "--json",
        "--coder",
        "sam=command:../todo.sh",
        "--reviewer",
        "one=command:../todo.sh",
        "--reviewer",
        "two=command:../todo.sh",
    ];
    words.extend(more);
    words
}

fn ended(output: &std::process::Output) -> Ended {
    Ended {
        exit: output.status.code(),
        stdout: String::from_utf8(output.stdout.clone()).unwrap(),
        stderr: String::from_utf8(output.stderr.clone()).unwrap(),
    }
}

/// Returns all files below a folder.
pub(super) fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found
}

/// Waits for a condition that another process fulfils, with a time limit.
pub(super) fn until(what: &str, mut happened: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if happened() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("{what} did not happen");
}

/// Returns an instant at this distance from now, as a whole second.
pub(super) fn from_now(away: SignedDuration) -> String {
    let now = Timestamp::from_second(SystemClock.now().as_second()).unwrap();
    (now + away).to_string()
}
