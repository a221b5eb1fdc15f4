//! A repository, a home and a model for each program, and the built binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::super::child::{Ended, run};
use super::super::home::{Home, Login};
use super::super::program::Program;
use crate::github_model::Github;
use crate::model::{Scenario, Seen, Server};

const OURS: &str = env!("CARGO_BIN_EXE_agent-loop");

const EMBEDDED: &[&str] = &["--forge", "local"];

pub(super) struct Stage {
    pub(super) home: Home,
    server: Server,
    programs: Vec<Program>,
    /// The arguments of a run that name its forge.
    forge: &'static [&'static str],
}

/// The result of a run.
pub(super) struct Told {
    pub(super) exit: Option<i32>,
    pub(super) outcome: Value,
    /// The events, oldest first.
    pub(super) events: Vec<Value>,
}

impl Stage {
    /// Creates a stage with these programs.
    pub(super) fn new(programs: &[Program]) -> Self {
        Self::logged_in(programs, Login::ApiKey)
    }

    pub(super) fn logged_in(programs: &[Program], login: Login) -> Self {
        let server = Server::start();
        let home = programs.iter().fold(Home::new(), |home, program| {
            let url = server.url(program.name());
            match program {
                Program::Claude => home.claude(&url, login),
                Program::Codex | Program::Gemini | Program::OpenCode => home.with(*program, &url),
            }
        });
        let programs = programs.to_vec();
        let stage = Self { home: home.repository(), server, programs, forge: EMBEDDED };
        for arguments in [
            &["config", "user.name", "Ada"][..],
            &["config", "user.email", "ada@localhost"],
            &["symbolic-ref", "HEAD", "refs/heads/main"],
        ] {
            stage.git(arguments);
        }
        stage.commit("notes.txt", "Herons come in spring.\n");
        stage
    }

    /// Moves the repository to GitHub, and works in a clean clone of it. The token is that of a login there.
    pub(super) fn on_github(self, github: &Github, token: &str) -> Self {
        self.git(&["push", "--quiet", github.bare().to_str().unwrap(), "main"]);
        fs::remove_dir_all(self.home.work()).unwrap();
        fs::create_dir(self.home.work()).unwrap();
        let certificate = github.certificate().display().to_string();
        let variables = [
            ("GH_HOST", github.host()),
            ("GH_ENTERPRISE_TOKEN", token.to_owned()),
            ("SSL_CERT_FILE", certificate.clone()),
            ("GIT_SSL_CAINFO", certificate),
        ];
        let home = variables.iter().fold(self.home, |home, (name, value)| home.variable(name, value));
        let stage = Self { home, forge: &[], ..self };
        let helper = format!("credential.https://{}.helper=!gh auth git-credential", github.host());
        stage.git(&["-c", &helper, "clone", "--quiet", &github.url(), "."]);
        stage
    }

    /// Creates a stage with a pull request of a person, whose branch counts one heron.
    pub(super) fn with_pull_request(programs: &[Program], login: Login) -> Self {
        Self::with_branch(programs, login, |_| {})
    }

    /// Creates a stage with further changes in that branch.
    pub(super) fn with_branch(programs: &[Program], login: Login, more: impl FnOnce(&Self)) -> Self {
        let stage = Self::logged_in(programs, login);
        stage.git(&["checkout", "--quiet", "-b", "feature"]);
        more(&stage);
        stage.commit("herons.txt", "one heron\n");
        stage.git(&["checkout", "--quiet", "main"]);
        let title = "Count the herons";
        let words = ["local", "pr", "create", "--head", "feature", "--base", "main", "--title", title];
        let created = stage.ours(&words);
        assert_eq!(created.exit, Some(0), "{}", created.stderr);
        stage
    }

    pub(super) fn commit(&self, name: &str, text: &str) {
        fs::write(self.home.work().join(name), text).unwrap();
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", name]);
    }

    pub(super) fn git(&self, arguments: &[&str]) -> String {
        let ended = run(self.home.command(Path::new("git")).args(arguments), "");
        assert_eq!(ended.exit, Some(0), "git {arguments:?}: {}", ended.stderr);
        ended.stdout.trim().to_owned()
    }

    /// Replaces the script of a program's model.
    pub(super) fn plays(&self, program: Program, scenario: impl Into<Scenario>) {
        self.server.plays(program.name(), scenario);
    }

    /// Returns the requests to a program's model, oldest first, and checks that the model understood all of them.
    pub(super) fn seen(&self, program: Program) -> Vec<Seen> {
        let strange = self.server.strange(program.name());
        assert!(strange.is_empty(), "{strange:?}");
        self.server.seen(program.name())
    }

    /// Returns the number of turns of a program: each starts without results of tools.
    pub(super) fn turns(&self, program: Program) -> usize {
        self.seen(program).iter().filter(|seen| seen.results.is_empty()).count()
    }

    /// Returns our program for commands without agents.
    pub(super) fn ours(&self, words: &[&str]) -> Ended {
        run(self.home.command(Path::new(OURS)).args(words), "")
    }

    /// Returns our program for a run, with the paths of agent programs.
    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = self.home.command(Path::new(OURS));
        command.args(words).args(self.forge).arg("--json=events");
        for program in &self.programs {
            let path = program.path();
            command.arg(format!("--{}-cmd", program.name())).arg(path);
            if let Some(model) = program.model() {
                command.arg(format!("--{}-model", program.name())).arg(model);
            }
        }
        command
    }

    /// Starts a run.
    pub(super) fn run(&self, words: &[&str]) -> Told {
        Told::of(&run(&mut self.command(words), ""))
    }

    /// Runs `resume`, which takes all other settings from the run.
    pub(super) fn resume(&self, words: &[&str]) -> Told {
        let all: Vec<&str> = ["resume", "--json=events"].into_iter().chain(words.iter().copied()).collect();
        Told::of(&self.ours(&all))
    }

    /// Returns the processes of this test: those with its home in their environment.
    pub(super) fn alive(&self) -> Vec<String> {
        let home = format!("HOME={}", self.home.home().display()).into_bytes();
        let all = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
        let ours = all.filter(|path| {
            fs::read(path.join("environ"))
                .is_ok_and(|all| all.split(|byte| *byte == 0).any(|one| one == home))
        });
        let line = |path: PathBuf| fs::read(path.join("cmdline")).unwrap_or_default();
        ours.map(|path| String::from_utf8_lossy(&line(path)).replace('\0', " ")).collect()
    }

    /// Returns the bodies of the comments on the pull request, oldest first.
    pub(super) fn comments(&self) -> Vec<String> {
        let view: Value =
            serde_json::from_str(&self.ours(&["local", "pr", "view", "1", "--json"]).stdout).unwrap();
        let bodies =
            view["comments"].as_array().unwrap().iter().map(|comment| comment["body"].as_str().unwrap());
        bodies.map(str::to_owned).collect()
    }
}

impl Told {
    pub(super) fn of(ended: &Ended) -> Self {
        let parse = |line: &str| -> Value {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}\n{}", ended.stderr))
        };
        let mut events: Vec<Value> = ended.stdout.lines().map(parse).collect();
        let outcome = events.pop().unwrap_or_else(|| panic!("nothing was told: {}", ended.stderr));
        Self { exit: ended.exit, outcome, events }
    }

    /// Checks exit code and status.
    #[track_caller]
    pub(super) fn assert(&self, exit: i32, status: &str) {
        let Self { outcome, events, .. } = self;
        assert_eq!(
            (self.exit, outcome["status"].as_str()),
            (Some(exit), Some(status)),
            "{outcome}\n{events:#?}"
        );
    }

    /// Returns the events with this name.
    pub(super) fn named<'told>(&'told self, name: &'told str) -> impl Iterator<Item = &'told Value> {
        self.events.iter().filter(move |event| event["event"] == name)
    }

    /// Returns the labels of all turns in order of their start.
    pub(super) fn asked(&self) -> Vec<&str> {
        self.named("turn-begun").map(|event| event["label"].as_str().unwrap()).collect()
    }

    /// Returns the classes of failed turns in order.
    pub(super) fn failed(&self) -> Vec<&str> {
        self.named("turn-failed").map(|event| event["failure"]["class"].as_str().unwrap()).collect()
    }

    /// Returns the labels of voters.
    pub(super) fn voters(&self) -> Vec<&str> {
        let votes = self.outcome["votes"].as_array().unwrap();
        votes.iter().map(|vote| vote["agent"].as_str().unwrap()).collect()
    }
}
