//! Tests of our adapters with the real programs: they accept our arguments, we understand their output, and restrictions hold.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use agent_loop::adapters::agents::driver::transcript::Transcript;
use agent_loop::adapters::agents::driver::vendor_cli::{CliTurn, ProcessEnd, VendorCli};
use agent_loop::adapters::agents::vendors;
use agent_loop::adapters::process::environment;
use agent_loop::adapters::process::exit::Exit;
use agent_loop::adapters::process::variables::Variables;
use agent_loop::domain::access::{Access, Power};
use agent_loop::domain::agent::Backend;
use agent_loop::domain::failure::TurnFailure;
use agent_loop::domain::turn::SessionNote;
use agent_loop::domain::usage::Usage;
use agent_loop::domain::vendors::Vendor;
use agent_loop::protocol::raw_answer::RawAnswer;
use serde_json::{Value, json};

use super::child::run;
use super::flags::Flags;
use super::home::Home;
use super::program::Program;
use crate::model::{Answer, Scenario, Server, ToolCall};

const SCHEMA: &str = include_str!("../../../schemas/strict/pr_review.schema.json");

/// A program with its adapter, a home, and a scripted model.
struct Scene {
    cli: &'static dyn VendorCli,
    model: Option<&'static str>,
    path: PathBuf,
    home: Home,
    server: Server,
}

struct Turn {
    outcome: Result<RawAnswer, TurnFailure>,
    transcript: Transcript,
}

fn adapter(program: Program) -> &'static dyn VendorCli {
    vendors::cli(match program {
        Program::Claude => Vendor::Claude,
        Program::Codex => Vendor::Codex,
        Program::Gemini => Vendor::Gemini,
        Program::OpenCode => Vendor::Opencode,
    })
}

impl Scene {
    fn new(program: Program) -> Self {
        let path = program.path();
        let server = Server::start();
        let url = server.url("turn");
        let home = Home::new().with(program, &url);
        Self { cli: adapter(program), model: program.model(), path, home: home.repository(), server }
    }

    /// Runs a turn like a run does, but without supervision.
    fn turn(&self, access: Access, session: Option<&SessionNote>) -> Turn {
        let folder = self.home.beside();
        let (schema_file, last_message) = (folder.join("schema.json"), folder.join("last.txt"));
        fs::write(&schema_file, SCHEMA).unwrap();
        fs::remove_file(&last_message).ok();
        let invocation = self.cli.invocation(&CliTurn {
            session,
            model: self.model,
            workdir: &self.home.work(),
            readable: std::slice::from_ref(&folder),
            schema_file: &schema_file,
            last_message: &last_message,
            ..turn(access)
        });
        for (path, bytes) in &invocation.files {
            fs::write(path, bytes).unwrap();
        }
        let mut command = self.home.command(&self.path);
        command.env_clear().envs(self.passed()).envs(invocation.variables).args(&invocation.arguments);
        let ended = run(&mut command, &String::from_utf8(invocation.input).unwrap());
        let mut transcript = Transcript::default();
        for line in ended.stdout.lines() {
            self.cli.events(line.as_bytes(), &mut |event| transcript.take(event));
        }
        let last_message = fs::read_to_string(&last_message).ok();
        let ending = ProcessEnd {
            exit: Exit::Code(ended.exit.unwrap()),
            stderr: &ended.stderr,
            last_message: last_message.as_deref(),
            now: "2026-11-21T00:00:00Z".parse().unwrap(),
        };
        Turn { outcome: self.cli.outcome(&transcript, &ending), transcript }
    }

    /// The variables of the home that the adapter passes on: they must suffice.
    fn passed(&self) -> BTreeMap<String, String> {
        let profile = self.cli.profile();
        let ours: Variables =
            self.home.variables().map(|(name, value)| (name.into(), value.into())).collect();
        let allowed: Vec<String> = profile.variables.iter().map(|name| (*name).to_owned()).collect();
        let common = environment::common(&ours, &allowed);
        self.home
            .variables()
            .filter(|(name, _)| common.contains_key(std::ffi::OsStr::new(name)))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }
}

/// Returns the user's own variables for a vendor: none.
static NOTHING_SET: Variables = Variables::new();

/// The prompt of all turns.
fn turn(access: Access) -> CliTurn<'static> {
    CliTurn {
        access,
        prompt: "Please look at the herons.",
        model: None,
        effort: None,
        arguments: &[],
        session: None,
        power: Power::Bounded,
        workdir: Path::new("."),
        readable: &[],
        schema: SCHEMA,
        schema_file: Path::new("schema.json"),
        last_message: Path::new("last.txt"),
        environment: &NOTHING_SET,
    }
}

/// Returns an approval in the strict format, with all members.
fn review() -> Value {
    json!({
        "schema_version": 1, "kind": "pr_review", "nonce": "k3v9q2mt7x", "state": "approved", "summary": "Both herons are there.",
        "blocking_items": [], "prior_item_dispositions": [], "same_pr_followups": null, "future_followups": null,
        "human_requirements_resolved": null, "coverage": null, "unreviewed": null,
    })
}

/// Checks that the program accepts all flags that we use, at their positions.
fn is_asked_with_flags_that_it_has(program: Program) {
    let path = program.path();
    let flags = Flags::of(program, &path);
    let session = SessionNote {
        backend: Backend::Vendor(Vendor::Claude),
        folder: PathBuf::from("."),
        id: "00000000-0000-4000-8000-000000000000".to_owned(),
        model: None,
        counted: Usage::default(),
    };
    let readable = [PathBuf::from("/turn")];
    for access in [Access::Edit, Access::Read, Access::ReadAndWeb, Access::Nothing] {
        for (power, session) in
            [(Power::Bounded, None), (Power::Dangerous, None), (Power::Bounded, Some(&session))]
        {
            let turn = CliTurn {
                power,
                session,
                model: Some("m"),
                effort: Some("high"),
                readable: &readable,
                ..turn(access)
            };
            let arguments = adapter(program).invocation(&turn).arguments;
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let unknown = flags.unknown(&arguments);
            assert!(unknown.is_empty(), "{unknown:?} in {arguments:?}");
        }
    }
}

/// Checks that a coder changes a file and answers, that we understand the answer, and that the next turn continues the session.
fn codes_and_remembers(program: Program) {
    let scene = Scene::new(program);
    let calls = vec![
        ToolCall::Write { path: "heron.txt".to_owned(), text: "two herons\n".to_owned() },
        ToolCall::Shell("cp heron.txt egret.txt".to_owned()),
    ];
    let again = Answer::Structured(review());
    scene.server.plays("turn", Scenario::script([Answer::Tools(calls, Box::new(again.clone())), again]));
    let first = scene.turn(Access::Edit, None);
    let answer = first.outcome.unwrap();
    assert_eq!(serde_json::from_str::<Value>(answer.most_trusted()).unwrap(), review(), "{answer:?}");
    assert_eq!(
        (scene.home.read("heron.txt"), scene.home.read("egret.txt")),
        ("two herons\n".into(), "two herons\n".into())
    );
    let usage = first.transcript.usage.unwrap();
    assert!(usage.input_tokens >= 100 && usage.output_tokens >= 20, "{usage:?}");
    let id = first.transcript.session.unwrap();
    let note = SessionNote {
        id: id.clone(),
        backend: Backend::Vendor(Vendor::Codex),
        folder: PathBuf::from("."),
        model: first.transcript.model,
        counted: usage,
    };
    let second = scene.turn(Access::Edit, Some(&note));
    assert_eq!(second.outcome.unwrap().most_trusted(), answer.most_trusted());
    assert_eq!(second.transcript.session, Some(id));
    let messages = scene.server.seen("turn").last().unwrap().said.clone();
    let asked = messages.iter().filter(|text| text.contains("Please look at the herons.")).count();
    assert_eq!(asked, 2, "both prompts are in the conversation: {messages:?}");
}

/// Checks that a reviewer cannot write files, and that we understand its answer.
fn reviews_without_writing(program: Program) {
    let scene = Scene::new(program);
    let calls = vec![
        ToolCall::Write { path: "heron.txt".to_owned(), text: "three herons\n".to_owned() },
        ToolCall::Shell("echo three herons > egret.txt".to_owned()),
    ];
    scene.server.plays("turn", Answer::Tools(calls, Box::new(Answer::Structured(review()))));
    let turn = scene.turn(Access::Read, None);
    assert_eq!((scene.home.read("heron.txt"), scene.home.read("egret.txt")), (String::new(), String::new()));
    let seen = scene.server.seen("turn");
    assert!(seen.len() > 1, "the model tried to write: {seen:?}");
    let answer = turn.outcome.unwrap_or_else(|failure| panic!("{failure:?}: {seen:?}"));
    assert_eq!(serde_json::from_str::<Value>(answer.most_trusted()).unwrap(), review());
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn claude_has_the_flags_we_use() {
    is_asked_with_flags_that_it_has(Program::Claude);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn claude_codes_and_remembers() {
    codes_and_remembers(Program::Claude);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn claude_reviews_without_writing() {
    reviews_without_writing(Program::Claude);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn codex_has_the_flags_we_use() {
    is_asked_with_flags_that_it_has(Program::Codex);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn codex_codes_and_remembers() {
    codes_and_remembers(Program::Codex);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn codex_reviews_without_writing() {
    reviews_without_writing(Program::Codex);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn opencode_has_the_flags_we_use() {
    is_asked_with_flags_that_it_has(Program::OpenCode);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn opencode_codes_and_remembers() {
    codes_and_remembers(Program::OpenCode);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn gemini_has_the_flags_we_use() {
    is_asked_with_flags_that_it_has(Program::Gemini);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn gemini_codes_and_remembers() {
    codes_and_remembers(Program::Gemini);
}

/// Returns the tools that a program offers to its model in a turn.
fn offered(program: Program, access: Access) -> BTreeSet<String> {
    let scene = Scene::new(program);
    scene.server.plays("turn", Answer::Structured(review()));
    scene.turn(access, None).outcome.unwrap();
    scene.server.seen("turn").into_iter().flat_map(|seen| seen.tools).collect()
}

/// Checks that a reader has these web tools only if its access includes the web.
fn offers_the_web_with_access(program: Program, web: &[&str]) {
    let (read, with_web) = (offered(program, Access::Read), offered(program, Access::ReadAndWeb));
    let besides: Vec<&str> = with_web.difference(&read).map(String::as_str).collect();
    assert_eq!(besides, web, "{read:?} {with_web:?}");
    for access in [Access::Read, Access::Nothing] {
        let offered = offered(program, access);
        assert!(
            !offered.iter().any(|tool| tool.to_ascii_lowercase().contains("web")),
            "{access:?} {offered:?}"
        );
    }
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn claude_offers_the_web_with_access() {
    offers_the_web_with_access(Program::Claude, &["WebFetch", "WebSearch"]);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn codex_offers_the_web_with_access() {
    offers_the_web_with_access(Program::Codex, &["web_search"]);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn opencode_offers_the_web_with_access() {
    offers_the_web_with_access(Program::OpenCode, &["webfetch", "websearch"]);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn gemini_offers_the_web_with_access() {
    offers_the_web_with_access(Program::Gemini, &["google_web_search", "web_fetch"]);
}
