//! A repository with a pull request, and the release build of the program with its own environment.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

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
        stage.open_pull_request("feature");
        stage
    }

    /// Leaves git to itself: what is measured is what a user waits for, without the program that records each git process.
    pub(super) fn without_recorder(self) -> Self {
        fs::remove_file(self.programs().join("git")).expect("the recorder of git");
        self
    }

    /// Creates a bare repository with this number of files and so many megabytes of history, with pull request 1, through
    /// `git fast-import`.
    pub(super) fn imported(folder: TempDir, files: usize, megabytes: usize) -> Self {
        let stage = Self { folder };
        children::programs(&stage.programs(), &["noop"]);
        fs::create_dir_all(stage.repository()).expect("a folder");
        stage.git(&["init", "--quiet", "--bare", "--initial-branch=main"]);
        stage.git(&["config", "user.name", "Ada"]);
        stage.git(&["config", "user.email", "ada@localhost"]);
        let mut import = stage.prepared(Path::new("git"));
        import.args(["-c", "core.compression=0", "-c", "pack.compression=0", "fast-import", "--quiet"]);
        let mut import = import.stdin(Stdio::piped()).spawn().expect("git");
        let mut stream = BufWriter::new(import.stdin.take().expect("a pipe"));
        write_history(&mut stream, files, megabytes).expect("the stream");
        drop(stream);
        assert!(import.wait().expect("git").success(), "git fast-import");
        stage.open_pull_request("feature");
        stage
    }

    /// Creates a repository like `new`, with this number of pull requests.
    pub(super) fn with_pull_requests(folder: TempDir, files: usize, agents: &[&str], count: usize) -> Self {
        let stage = Self::new(folder, files, agents);
        for number in 2..=count {
            let branch = format!("feature-{number}");
            stage.git(&["branch", &branch, "feature"]);
            stage.open_pull_request(&branch);
        }
        stage
    }

    fn open_pull_request(&self, branch: &str) {
        let words = format!("local pr create --head {branch} --base main --title t --body b");
        self.run(&words.split(' ').collect::<Vec<_>>());
    }

    /// Returns the folder of the program's state.
    pub(super) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
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
        let words = self.words(1, agent, reviewers);
        self.run(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Begins to review a pull request with one reviewer, who approves after this number of turns of the coder.
    pub(super) fn start(&self, number: usize, agent: &str, turns: usize) -> Child {
        self.set_turns(turns);
        let words = self.words(number, agent, 1);
        self.spawn(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Sets the number of turns after which reviewers approve. Agents of other runs never read a part of the file.
    fn set_turns(&self, turns: usize) {
        let file = self.programs().join(agent::TURNS);
        let next = file.with_extension("next");
        fs::write(&next, turns.to_string())
            .and_then(|()| fs::rename(&next, file))
            .expect("the number of turns");
    }

    /// Starts the program without its output.
    pub(super) fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = self.prepared(Path::new(env!("CARGO_BIN_EXE_agent-loop")));
        command.args(arguments).stdout(Stdio::null()).spawn().expect("the program")
    }

    /// Returns the file of the embedded forge.
    pub(super) fn forge(&self) -> PathBuf {
        self.repository().join(".git/agent-loop.sqlite3")
    }

    fn words(&self, number: usize, agent: &str, reviewers: usize) -> Vec<String> {
        let program = self.programs().join(agent).display().to_string();
        let line = format!("pr {number} --json=events --quiet --max-rounds 1000");
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        words.extend(["--coder".to_owned(), format!("coder=command:{program}")]);
        let reviewer = |index| ["--reviewer".to_owned(), format!("reviewer{index}=command:{program}")];
        words.extend((1..=reviewers).flat_map(reviewer));
        words
    }

    /// Debates a question with an agent in every seat at once, until all agree.
    pub(super) fn agree(&self, agent: &str, debaters: usize) {
        self.set_turns(0);
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
        self.set_turns(turns);
        let lines = self.review(agent, reviewers);
        assert_eq!(
            lines.last().map(|outcome| &outcome["status"]),
            Some(&Value::from("approved")),
            "{lines:?}"
        );
        lines
    }
}

/// Writes the stream of `git fast-import`: old commits of a megabyte each, the files in folders of 20, and a branch `feature`.
fn write_history(stream: &mut impl Write, files: usize, megabytes: usize) -> io::Result<()> {
    let commit = |stream: &mut dyn Write, branch: &str| {
        write!(
            stream,
            "commit refs/heads/{branch}\ncommitter Ada <ada@localhost> 1700000000 +0000\ndata 1\nx\n"
        )
    };
    let mut state = 1_u64;
    for number in 0..megabytes {
        let bytes: Vec<u8> = (0..1 << 17)
            .flat_map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(number as u64 | 1);
                state.to_le_bytes()
            })
            .collect();
        commit(stream, "main")?;
        write!(stream, "M 100644 inline old.bin\ndata {}\n", bytes.len())?;
        stream.write_all(&bytes)?;
        stream.write_all(b"\n")?;
    }
    commit(stream, "main")?;
    if megabytes > 0 {
        stream.write_all(b"D old.bin\n")?;
    }
    for index in 0..files {
        let text = format!("line of file {index}\n").repeat(20);
        let folder = index / 20;
        write!(
            stream,
            "M 100644 inline source/{}/{folder}/{index}.txt\ndata {}\n{text}\n",
            folder / 50,
            text.len()
        )?;
    }
    commit(stream, "feature")?;
    stream.write_all(b"from refs/heads/main\nM 100644 inline feature.txt\ndata 4\nnew\n\n")
}
