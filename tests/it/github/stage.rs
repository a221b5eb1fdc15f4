//! A repository on the model, a clone of it, and the built binary with its own login.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use agent_loop::adapters::github::address::RepositoryAddress;
use agent_loop::adapters::github::{Gh, GithubForge};
use agent_loop::adapters::process::variables::Variables;
use agent_loop::ports::forge::ForgeError;
use serde_json::Value;
use tempfile::TempDir;

use crate::github_model::{Fork, Github, Killer, Moment, Role};

pub(crate) struct Stage {
    folder: TempDir,
    pub(crate) github: Github,
}

pub(super) const TOKEN: &str = "token-of-ada-0123456789";

#[expect(clippy::disallowed_methods, reason = "tests start the program and git")]
fn command(program: &str) -> Command {
    Command::new(program)
}

#[expect(clippy::disallowed_methods, reason = "where git and gh are")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// Returns the gh to test: the one in `AGENT_LOOP_GH`, else the one on PATH.
pub(super) fn gh() -> String {
    variable("AGENT_LOOP_GH").map_or_else(|| "gh".to_owned(), |path| path.into_string().unwrap())
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
}

impl Stage {
    /// Creates a repository with a file with the word TODO; ada is an administrator.
    pub(crate) fn new() -> Self {
        let stage = Self { folder: tempfile::tempdir().unwrap(), github: Github::start() };
        stage.github.login("ada", Role::Admin, TOKEN);
        fs::create_dir(stage.repository()).unwrap();
        fs::write(stage.repository().join("notes.txt"), "one TODO\n").unwrap();
        let bare = stage.github.bare();
        for arguments in [
            &["init", "--quiet", "--initial-branch=main"][..],
            &["config", "user.name", "Ada"],
            &["config", "user.email", "ada@localhost"],
            &["add", "--all"],
            &["commit", "--quiet", "--message", "begin"],
            &["push", "--quiet", bare.to_str().unwrap(), "main"],
            &["remote", "add", "origin", &stage.github.url()],
        ] {
            stage.git(arguments);
        }
        stage.agent("todo.sh", include_str!("../../../fixtures/agents/todo-agent.sh"));
        stage
    }

    /// From now on gh reaches the model over a socket.
    pub(crate) fn use_socket(&self) {
        let folder = self.root().join(".config/gh");
        fs::create_dir_all(&folder).unwrap();
        let setting = format!("http_unix_socket: {}\n", self.github.socket().display());
        fs::write(folder.join("config.yml"), setting).unwrap();
    }

    pub(super) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn repository(&self) -> PathBuf {
        self.root().join("repository")
    }

    /// Writes a program beside the repository.
    pub(super) fn agent(&self, name: &str, script: &str) {
        let path = self.root().join(name);
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(super) fn variables(&self) -> Variables {
        let pairs: [(&str, OsString); 7] = [
            ("PATH", variable("PATH").unwrap()),
            ("HOME", self.root().into()),
            ("XDG_STATE_HOME", self.root().join("state").into()),
            ("GH_HOST", self.github.host().into()),
            ("GH_ENTERPRISE_TOKEN", TOKEN.into()),
            ("SSL_CERT_FILE", self.github.certificate().into()),
            ("GIT_SSL_CAINFO", self.github.certificate().into()),
        ];
        pairs.into_iter().map(|(name, value)| (name.into(), value)).collect()
    }

    pub(super) fn git(&self, arguments: &[&str]) -> String {
        let output = self.prepared("git").args(arguments).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Creates a branch on GitHub with one more commit.
    pub(super) fn branch(&self, name: &str, text: &str) -> String {
        self.git(&["checkout", "--quiet", "-B", name, "main"]);
        fs::write(self.repository().join("notes.txt"), text).unwrap();
        self.git(&["commit", "--quiet", "--all", "--message", name]);
        self.git(&["push", "--quiet", self.github.bare().to_str().unwrap(), name]);
        self.git(&["checkout", "--quiet", "main"]);
        self.git(&["rev-parse", name])
    }

    fn prepared(&self, program: &str) -> Command {
        let mut command = command(program);
        command.env_clear().envs(self.variables()).current_dir(self.repository());
        command
    }

    /// Runs the built binary.
    pub(super) fn run(&self, words: &[&str]) -> Ended {
        self.run_with(words, &[])
    }

    /// Runs the built binary with more variables.
    pub(super) fn run_with(&self, words: &[&str], variables: &[(&str, &str)]) -> Ended {
        let mut command = self.prepared(env!("CARGO_BIN_EXE_agent-loop"));
        ended(&command.args(words).envs(variables.iter().copied()).output().unwrap())
    }

    /// Runs the built binary, which the model kills at its next write. Returns whether it was killed.
    pub(super) fn run_killed(&self, words: &[&str], moment: Moment) -> bool {
        let mut command = self.prepared(env!("CARGO_BIN_EXE_agent-loop"));
        command.args(words).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        self.github.state().killer = Some(Killer { pid: child.id(), moment, path: "" });
        let ended = child.wait().unwrap();
        self.github.state().killer = None;
        ended.code().is_none()
    }

    /// Creates a fork of the repository.
    pub(super) fn fork(&self, name: &str, allows_edits: bool) -> PathBuf {
        let (from, bare) = (self.github.bare(), self.root().join(name.replace('/', "-")));
        self.git(&["clone", "--quiet", "--bare", from.to_str().unwrap(), bare.to_str().unwrap()]);
        self.git(&["--git-dir", bare.to_str().unwrap(), "config", "http.receivepack", "true"]);
        self.github.state().forks.insert(name.to_owned(), Fork { bare: bare.clone(), allows_edits });
        bare
    }

    /// Opens the forge with the login of ada.
    pub(crate) async fn forge(&self) -> Result<GithubForge, ForgeError> {
        let gh = Gh::new(&gh(), &self.github.host(), &self.variables(), self.root());
        GithubForge::open(gh, &RepositoryAddress::from_url(&self.github.url()).unwrap()).await
    }
}

/// Returns the arguments of a run with the shell agent in all roles.
pub(super) fn loop_words<'words>(subject: &[&'words str], gh: &'words str) -> Vec<&'words str> {
    let agents = [
        "--json",
        "--coder",
        "sam=command:../todo.sh",
        "--reviewer",
        "one=command:../todo.sh",
        "--gh-cmd",
        gh,
    ];
    [subject, &agents].concat()
}

fn ended(output: &Output) -> Ended {
    Ended {
        exit: output.status.code(),
        stdout: String::from_utf8(output.stdout.clone()).unwrap(),
        stderr: String::from_utf8(output.stderr.clone()).unwrap(),
    }
}
