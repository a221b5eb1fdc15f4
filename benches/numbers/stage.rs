//! A repository with a pull request, and the release build of the program with its own environment.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::agent;
use super::children;

/// A repository with a pull request.
pub(super) struct Stage {
    folder: TempDir,
}

/// The parent folder, in memory if possible: the benchmarks measure our own time, not that of the disk.
pub(super) fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a temporary folder")
}

impl Stage {
    /// Creates a repository with this number of files, pull request 1 that adds a file, and agents with these names.
    pub(super) fn new(folder: TempDir, files: usize, agents: &[&str]) -> Self {
        let stage = Self { folder };
        children::programs(&stage.programs(), agents);
        fs::create_dir_all(stage.repository().join("source")).expect("a folder");
        for index in 0..files {
            let text = format!("line of file {index}\n").repeat(40);
            fs::write(stage.repository().join(format!("source/{index}.txt")), text).expect("a file");
        }
        stage.git(&["init", "--quiet", "--initial-branch=main"]);
        stage.git(&["config", "user.name", "Ada"]);
        stage.git(&["config", "user.email", "ada@localhost"]);
        stage.commit("begin");
        stage.git(&["checkout", "--quiet", "-b", "feature"]);
        fs::write(stage.repository().join("feature.txt"), "new\n").expect("a file");
        stage.commit("feature");
        stage.git(&["checkout", "--quiet", "main"]);
        let words = "local pr create --head feature --base main --title t --body b";
        stage.run(&words.split(' ').collect::<Vec<_>>());
        stage
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
    }

    /// Returns the folder of programs that comes first in `PATH`.
    pub(super) fn programs(&self) -> PathBuf {
        self.folder.path().join("programs")
    }

    fn repository(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    fn prepared(&self, program: &Path) -> Command {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut all = vec![self.programs()];
        all.extend(std::env::split_paths(&path));
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::join_paths(all).expect("a path"))
            .env("HOME", self.folder.path())
            .env("XDG_STATE_HOME", self.folder.path().join("state"))
            .current_dir(self.repository());
        command
    }

    /// Sets a scorer that finds nothing.
    pub(super) fn scorer(&self) {
        let program = self.programs().join("scorer");
        fs::create_dir_all(self.programs()).expect("a folder");
        let script = "#!/bin/sh\nprintf '{\"tool\":\"bench 1\",\"score\":100,\"files\":1}'\n";
        fs::write(&program, script).expect("a file");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("permissions");
        let settings = self.folder.path().join(".config/agent-loop");
        fs::create_dir_all(&settings).expect("a folder");
        let text = format!("[gates.score]\ncommand = {:?}\n", program.display().to_string());
        fs::write(settings.join("config.toml"), text).expect("a file");
    }

    pub(super) fn git(&self, arguments: &[&str]) {
        let status = self.prepared(Path::new("git")).args(arguments).status().expect("git");
        assert!(status.success(), "git {arguments:?}");
    }

    /// Returns the lines that the program prints on stdout.
    pub(super) fn run(&self, arguments: &[&str]) -> Vec<Value> {
        let output = self
            .prepared(Path::new(env!("CARGO_BIN_EXE_agent-loop")))
            .args(arguments)
            .output()
            .expect("the program");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Reviews pull request 1 with an agent in every role, and returns the lines on stdout.
    pub(super) fn review(&self, agent: &str, reviewers: usize) -> Vec<Value> {
        let program = self.programs().join(agent).display().to_string();
        let mut words = vec!["pr", "1", "--json=events", "--quiet", "--max-rounds", "1000"];
        let coder = format!("coder=command:{program}");
        words.extend(["--coder", &coder]);
        let reviewers: Vec<String> =
            (1..=reviewers).map(|index| format!("reviewer{index}=command:{program}")).collect();
        words.extend(reviewers.iter().flat_map(|reviewer| ["--reviewer", reviewer.as_str()]));
        self.run(&words)
    }

    /// Debates a question with an agent in every seat at once, until all agree.
    pub(super) fn agree(&self, agent: &str, debaters: usize) {
        fs::write(self.programs().join(agent::TURNS), "0").expect("the number of turns");
        let program = self.programs().join(agent).display().to_string();
        let debaters: Vec<String> =
            (1..=debaters).map(|index| format!("debater{index}=command:{program}")).collect();
        let mut words = vec!["discuss", "--question", "Why?", "--discuss-parallel", "--json", "--quiet"];
        words.extend(debaters.iter().flat_map(|debater| ["--reviewer", debater.as_str()]));
        let lines = self.run(&words);
        assert_eq!(
            lines.last().map(|outcome| &outcome["status"]),
            Some(&Value::from("consensus")),
            "{lines:?}"
        );
    }

    /// Reviews pull request 1 until it is approved, after this number of turns of the coder.
    pub(super) fn approve(&self, agent: &str, reviewers: usize, turns: usize) -> Vec<Value> {
        fs::write(self.programs().join(agent::TURNS), turns.to_string()).expect("the number of turns");
        let lines = self.review(agent, reviewers);
        assert_eq!(
            lines.last().map(|outcome| &outcome["status"]),
            Some(&Value::from("approved")),
            "{lines:?}"
        );
        lines
    }
}
