//! Antigravity's `agy`: `agy -p`, whose stdout is one JSON document. Known from public reports, never run by us.

use std::ffi::OsStr;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::adapters::agents::driver::conclusion::conclude;
use crate::adapters::agents::driver::installation::Installation;
use crate::adapters::agents::driver::lenient::{fitting, with_paired_surrogates};
use crate::adapters::agents::driver::setup::{LoginState, Setup, SetupFinding, real};
use crate::adapters::agents::driver::transcript::{Event, ReportedError, Transcript};
use crate::adapters::agents::driver::vendor_cli::{
    CliTurn, Counting, Invocation, Login, ProcessEnd, Profile, Sessions, VendorCli,
};
use crate::adapters::agents::errors::last_words;
use crate::adapters::process::command::Prompt;
use crate::adapters::process::exit::Exit;
use crate::adapters::process::probe::Answer;
use crate::adapters::process::supervision::stop::StopSequence;
use crate::domain::access::{Access, Power};
use crate::domain::failure::TurnFailure;
use crate::domain::usage::{Precision, Usage};
use crate::protocol::raw_answer::RawAnswer;

/// Antigravity, as reported of 1.1.8 and later.
#[derive(Debug, Clone, Copy)]
pub struct Antigravity;

static PROFILE: Profile = Profile {
    product: "Antigravity CLI",
    program: "agy",
    variables: &["ANTIGRAVITY_API_KEY"],
    // The first version that prints JSON.
    installation: Installation::reported(
        "see https://antigravity.google/cli (not the npm package `antigravity-cli`)",
        [1, 1, 8],
    ),
    stop: StopSequence::Terminate,
    sessions: Sessions::None,
    counting: Counting::PerTurn,
    effort_flag: None,
    chain_flag: Some("models"),
    usual_model: Some(MODEL),
    login: Login { check: &["models"], how: "run `agy` and sign in" },
};

/// The default model.
const MODEL: &str = "Gemini 3.1 Pro (High)";

/// The maximum length of the prompt as an argument: the system rejects 128 KiB. A longer prompt is read from a file.
const LONGEST_ARGUMENT: usize = 120 * 1024;

/// A time limit beyond that of any turn: versions before 1.2 would end a turn after 5 minutes. We enforce the turn's limit.
const PRINT_TIMEOUT: &str = "--print-timeout=24h";
const PRINT_TIMEOUT_SECONDS: u64 = 24 * 60 * 60;

impl VendorCli for Antigravity {
    fn profile(&self) -> &'static Profile {
        &PROFILE
    }

    fn invocation(&self, turn: &CliTurn<'_>) -> Invocation {
        let file = turn.schema_file.with_file_name("prompt.md");
        let is_long = turn.prompt.len() > LONGEST_ARGUMENT;
        let prompt = if is_long { by_file(&file) } else { turn.prompt.to_owned() };
        let path = |path: &Path| path.display().to_string();
        let mode: &[&str] = match (turn.power, turn.access) {
            (Power::Dangerous, Access::Edit | Access::Read | Access::ReadAndWeb) => {
                &["--dangerously-skip-permissions"]
            }
            (Power::Bounded, Access::Edit) => &["--mode", "accept-edits"],
            // No flag is known that adds or removes web access.
            (Power::Bounded, Access::Read | Access::ReadAndWeb)
            | (Power::Bounded | Power::Dangerous, Access::Nothing) => &["--mode", "plan"],
        };
        // Without a named folder, it works in its own scratch folder.
        let clone = match turn.access {
            Access::Edit | Access::Read | Access::ReadAndWeb => Some(turn.workdir),
            Access::Nothing => None,
        };
        let readable = turn.readable.iter().map(std::path::PathBuf::as_path);
        let folders =
            clone.into_iter().chain(readable).flat_map(|folder| ["--add-dir".to_owned(), path(folder)]);
        let mut invocation = Invocation::new(["--output-format", "json", "--json-schema"], "")
            .with([path(turn.schema_file)])
            .with(["--model", turn.model.unwrap_or(MODEL)])
            .with_value("--effort", turn.effort)
            .with(mode.iter().copied())
            .with([PRINT_TIMEOUT])
            .with(folders)
            .with(turn.arguments.iter().cloned())
            .with(["-p".to_owned(), prompt]);
        invocation.prompt = Prompt::LastArgument;
        if is_long {
            invocation.prompt = Prompt::File { bytes: turn.prompt.len() };
            invocation.files.push((file, turn.prompt.as_bytes().to_vec()));
        }
        invocation
    }

    /// The document may have several lines: they are collected, and read at the end.
    fn read(&self, line: &[u8], tell: &mut dyn FnMut(Event)) -> serde_json::Result<()> {
        let mut line = String::from_utf8_lossy(line).into_owned();
        line.push('\n');
        tell(Event::Document(line));
        Ok(())
    }

    fn document_events(&self, document: &str, tell: &mut dyn FnMut(Event)) {
        // Other text may precede the document.
        let start = document.find('{').and_then(|start| document.get(start..)).unwrap_or_default();
        let text = with_paired_surrogates(start);
        let mut found = serde_json::Deserializer::from_str(&text).into_iter::<Map<String, Value>>();
        let Some(Ok(object)) = found.next() else { return };
        let read = |object: &Map<String, Value>| serde_json::from_value::<Document>(object.clone().into());
        if let Ok(document) = read(&fitting(object, &|object| read(object).is_ok())) {
            document.tell(tell);
        }
    }

    /// Reads denied permissions, which come with exit code 0, SUCCESS and possibly an answer.
    fn stderr_events(&self, stderr: &str, tell: &mut dyn FnMut(Event)) {
        for line in stderr.lines().filter(|line| line.contains("auto-denied")) {
            tell(Event::Denied(last_words(line)));
        }
    }

    fn outcome(&self, transcript: &Transcript, ending: &ProcessEnd<'_>) -> Result<RawAnswer, TurnFailure> {
        // The text so far is a part of an answer, with exit code 0 and SUCCESS.
        if ending.stderr.contains("print timeout after") {
            return Err(TurnFailure::Timeout { seconds: PRINT_TIMEOUT_SECONDS, limit: None });
        }
        conclude(transcript, ending, "a result with the status SUCCESS").map_err(|failure| {
            match (failure, transcript.denied.as_slice()) {
                (TurnFailure::Vacuous { .. }, denied @ [_, ..]) => {
                    TurnFailure::Denied { detail: denied.join("; ") }
                }
                (failure, _) => failure,
            }
        })
    }

    fn login(&self, answer: &Answer) -> LoginState {
        let Answer { exit, stdout, stderr } = answer;
        let says_no = [stdout, stderr].iter().any(|text| text.to_lowercase().contains("authentication"));
        match (says_no, exit) {
            (true, _) => LoginState::LoggedOut,
            (false, Exit::Code(0)) if !stdout.trim().is_empty() => LoginState::LoggedIn { with: None },
            (false, Exit::Code(_) | Exit::Signal(_)) => LoginState::Unknown { why: None },
        }
    }

    fn quirks(&self, setup: &Setup<'_>) -> Vec<SetupFinding> {
        is_squatted(&real(setup.program)).then(squatted).into_iter().collect()
    }
}

/// Returns whether a path without links is in the npm package with the program's name, which is not Google's.
fn is_squatted(program: &Path) -> bool {
    let parts: Vec<&OsStr> = program.iter().collect();
    parts.windows(2).any(|pair| pair == ["node_modules", "antigravity-cli"])
}

fn squatted() -> SetupFinding {
    SetupFinding::wrong(
        "package",
        "this is the npm package `antigravity-cli`, an unrelated placeholder, not Google's program",
        "npm uninstall -g antigravity-cli; see https://antigravity.google/cli",
    )
}

fn by_file(file: &Path) -> String {
    format!("Read the file {} to its end and do exactly what it says. It is your whole task.", file.display())
}

/// The relevant parts of the document.
#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    status: String,
    response: Option<String>,
    error: Option<Value>,
    usage: Option<AgyTokens>,
    structured_output: Option<Value>,
    #[serde(default)]
    denied_actions: Vec<Denied>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AgyTokens {
    #[serde(rename = "input_tokens")]
    sent: u64,
    #[serde(rename = "output_tokens")]
    received: u64,
    #[serde(rename = "thinking_tokens")]
    thought: u64,
    #[serde(rename = "cache_read_tokens")]
    cached: u64,
}

#[derive(Deserialize)]
struct Denied {
    #[serde(default)]
    action: String,
    #[serde(default)]
    display_name: String,
}

impl Document {
    fn tell(self, tell: &mut dyn FnMut(Event)) {
        if let Some(AgyTokens { sent, received, thought, cached }) = self.usage {
            tell(Event::Counted(Usage {
                input_tokens: sent,
                cached_tokens: cached,
                output_tokens: received.saturating_add(thought),
                precision: Precision::Exact,
                ..Usage::default()
            }));
        }
        for denied in self.denied_actions {
            let name = if denied.display_name.is_empty() { denied.action } else { denied.display_name };
            tell(Event::Denied(name.chars().take(120).collect()));
        }
        if self.status != "SUCCESS" {
            let text = match self.error {
                Some(Value::String(text)) => text,
                Some(error) => error.to_string(),
                None => self.response.unwrap_or_default(),
            };
            let text = format!("{}: {text}", self.status);
            tell(Event::ReportedError(ReportedError {
                code: Some(self.status),
                text,
                ..ReportedError::default()
            }));
            return;
        }
        if let Some(text) = self.response {
            tell(Event::Said(text));
        }
        if let Some(value) = self.structured_output.filter(|value| !value.is_null()) {
            tell(Event::Structured(value.to_string()));
        }
        tell(Event::Finished);
    }
}
