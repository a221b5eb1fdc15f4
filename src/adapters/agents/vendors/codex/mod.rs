//! Codex: `codex exec --json`, prompt on stdin. Its session file has facts that its stream does not.

mod setup;

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use crate::adapters::agents::driver::conclusion::conclude;
use crate::adapters::agents::driver::installation::Installation;
use crate::adapters::agents::driver::setup::{LoginState, Setup, SetupFinding};
use crate::adapters::agents::driver::transcript::{Event, ReportedError, Transcript};
use crate::adapters::agents::driver::vendor_cli::{
    CliTurn, Counting, EffortFlag, Invocation, Login, ProcessEnd, Profile, SessionFile, Sessions, VendorCli,
};
use crate::adapters::process::exit::Exit;
use crate::adapters::process::probe::{Answer, Probed};
use crate::adapters::process::supervision::stop::StopSequence;
use crate::domain::access::{Access, Power};
use crate::domain::failure::TurnFailure;
use crate::domain::usage::{Precision, Usage};
use crate::protocol::raw_answer::RawAnswer;
use crate::text::sanitize;

/// Codex, tested with 0.169.0. It reports no cost in money: it depends on the quota of an account.
#[derive(Debug, Clone, Copy)]
pub struct Codex;

static PROFILE: Profile = Profile {
    product: "Codex CLI",
    program: "codex",
    variables: setup::VARIABLES,
    installation: Installation::measured("npm install -g @openai/codex", [0, 169, 0]),
    stop: StopSequence::InterruptFirst,
    sessions: Sessions::ById,
    counting: Counting::PerSession,
    effort_flag: Some(EffortFlag { name: "reasoning-effort", words: "minimal, low, medium, high, xhigh" }),
    chain_flag: None,
    usual_model: None,
    login: Login { check: &["login", "status"], how: "codex login" },
};

/// Ignores the user's `allow` rules, which run commands outside the sandbox, even a read-only one.
const NO_RULES: &str = "--ignore-rules";
/// Disables skills, which also come from the repository (`.agents/skills`) and are read even if it is not trusted.
const NO_SKILLS: &str = "skills.include_instructions=false";
/// The service searches and opens pages itself: the sandbox still has no network.
const WEB: &str = "web_search=\"live\"";
/// Disables the search of cached pages, which every sandbox offers by default.
const NO_WEB: &str = "web_search=\"disabled\"";
const BYPASS: &str = "--dangerously-bypass-approvals-and-sandbox";

/// The percentage from which a quota is nearly used up.
const LOW: u8 = 80;
/// The longest window of a quota.
const LONGEST_WINDOW: SignedDuration = SignedDuration::from_hours(31 * 24);
/// Warnings that appear in every turn with the user's own model or provider.
const NO_NEWS: [&str; 2] = ["Model metadata for ", "Falling back from WebSockets"];
/// The maximum length of a warning, in characters.
const WARNING: usize = 300;

/// The start of the output of a command whose sandbox could not start: the command itself never ran.
const NO_SANDBOX: [&str; 3] = ["bwrap: ", "sandbox-exec: ", "error applying legacy Linux sandbox"];
/// The prefix of such an output in a transcript.
const SANDBOX: &str = "its sandbox could not start: ";

impl VendorCli for Codex {
    fn profile(&self) -> &'static Profile {
        &PROFILE
    }

    fn invocation(&self, turn: &CliTurn<'_>) -> Invocation {
        let (schema, last) = (turn.schema_file.display(), turn.last_message.display());
        let invocation = Invocation::new(["exec", "--json", "--skip-git-repo-check"], turn.prompt)
            .with(permissions(turn).iter().copied())
            .with(distrust(turn))
            .with(["--output-schema".to_owned(), schema.to_string(), "-o".to_owned(), last.to_string()])
            .with_value("-m", turn.model)
            .with_value("-c", effort(turn.effort).as_deref())
            .with(turn.arguments.iter().cloned());
        // The arguments after `resume` have another parser, which knows neither `-s` nor `--add-dir` nor `-p`.
        match turn.session {
            Some(session) => invocation.with(["resume", session.id.as_str(), "-"]),
            None => invocation.with(["-"]),
        }
    }

    fn read(&self, line: &[u8], tell: &mut dyn FnMut(Event)) -> serde_json::Result<()> {
        let line = serde_json::from_slice::<CodexLine<'_>>(line)?;
        match line.kind.as_ref() {
            "thread.started" => {
                // With an invalid id, `resume` would silently start a new thread.
                let id = line.thread_id.filter(|id| is_thread(id));
                if let Some(id) = id {
                    tell(Event::Session(id.into_owned()));
                }
            }
            "item.completed" => {
                if let Some(item) = line.item {
                    item.completed(tell);
                }
            }
            "turn.completed" => {
                if let Some(tokens) = line.usage {
                    tell(Event::Counted(tokens.usage()));
                }
                tell(Event::Finished);
            }
            // An `error` is the progress of a retry, or repeats `turn.failed`: the last one is used.
            "error" => told(line.message, tell),
            "turn.failed" => {
                tell(Event::Continued);
                told(line.error.map(|error| error.message), tell);
            }
            _ => {}
        }
        Ok(())
    }

    fn outcome(&self, transcript: &Transcript, ending: &ProcessEnd<'_>) -> Result<RawAnswer, TurnFailure> {
        let concluded = conclude(transcript, ending, "its `turn.completed` event");
        match (concluded, blind(transcript)) {
            (Ok(_) | Err(TurnFailure::Vacuous { .. } | TurnFailure::Denied { .. }), Some(detail)) => {
                Err(TurnFailure::Denied { detail })
            }
            (Ok(answer), None) => Ok(answer),
            (Err(failure), _) => Err(refined(failure, transcript, ending.now)),
        }
    }

    /// It prints on stderr, after warnings, and ignores keys in variables and other providers.
    fn login(&self, answer: &Answer) -> LoginState {
        let said = |words: &str| {
            let mut lines = answer.stderr.lines().chain(answer.stdout.lines());
            lines.any(|line| line.trim_start().starts_with(words))
        };
        let logged_in = |with| LoginState::LoggedIn { with };
        match answer.exit {
            Exit::Code(0) if said("Logged in using ChatGPT") => logged_in(Some("a ChatGPT account")),
            Exit::Code(0) if said("API key configured") => logged_in(Some("an API key")),
            Exit::Code(0) if said("Logged in") => logged_in(None),
            Exit::Code(_) if said("Not logged in") => LoginState::LoggedOut,
            Exit::Code(_) | Exit::Signal(_) => LoginState::Unknown { why: None },
        }
    }

    fn login_by_setup(&self, setup: &Setup<'_>) -> LoginState {
        setup::login(setup)
    }

    fn quirks(&self, setup: &Setup<'_>) -> Vec<SetupFinding> {
        setup::quirks(setup)
    }

    fn self_test(&self, setup: &Setup<'_>) -> Option<&'static [&'static str]> {
        setup::sandbox_test(setup)
    }

    fn self_test_result(&self, probed: &Probed) -> Option<SetupFinding> {
        Some(setup::sandbox(probed))
    }

    fn check_effort(&self, effort: &str) -> Result<(), String> {
        if is_effort(effort) {
            Ok(())
        } else {
            Err(format!("`{effort}` is not an effort of Codex, such as `high`"))
        }
    }

    fn session_file(&self, session: &str) -> Option<SessionFile> {
        is_thread(session).then(|| SessionFile {
            home: "CODEX_HOME",
            usual: ".codex",
            folder: "sessions",
            ends_with: format!("-{session}.jsonl"),
        })
    }

    fn session_events(&self, line: &[u8], tell: &mut dyn FnMut(Event)) {
        let Ok(line) = serde_json::from_slice::<Value>(line) else { return };
        let Some(payload) = line.get("payload") else { return };
        match (word(&line, "type"), word(payload, "type")) {
            ("turn_context", _) => {
                if let Some(model) = payload.get("model").and_then(Value::as_str) {
                    tell(Event::Model(model.to_owned()));
                }
            }
            // The file covers all turns of the session: only the last one is used.
            ("event_msg", "task_started") => tell(Event::Began),
            ("event_msg", "token_count") => counted(payload, tell),
            ("event_msg", "task_complete") => {
                if let Some(info) = payload.pointer("/error/codex_error_info") {
                    tell(Event::ReportedError(coded(info)));
                }
            }
            ("response_item", "function_call_output") => ran(word(payload, "output"), tell),
            _ => {}
        }
    }
}

fn word<'value>(value: &'value Value, key: &str) -> &'value str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn permissions(turn: &CliTurn<'_>) -> &'static [&'static str] {
    match (turn.power, turn.access) {
        (Power::Dangerous, Access::Edit | Access::Read | Access::ReadAndWeb) => &[BYPASS],
        (Power::Bounded, Access::Edit) => &["-s", "workspace-write", NO_RULES],
        (Power::Bounded, Access::ReadAndWeb) => &["-s", "read-only", NO_RULES, "-c", WEB],
        (Power::Bounded, Access::Read) | (Power::Bounded | Power::Dangerous, Access::Nothing) => {
            &["-s", "read-only", NO_RULES, "-c", NO_WEB]
        }
    }
}

/// Settings for reviewers: the repository must not instruct them. A checkout of the user may be one that Codex trusts, and then
/// the settings of the change name programs that run outside the sandbox. As a consequence, `AGENTS.md` is not read either.
fn distrust(turn: &CliTurn<'_>) -> Vec<String> {
    match turn.access {
        Access::Edit => Vec::new(),
        Access::Read | Access::ReadAndWeb | Access::Nothing => {
            // A JSON string is also a TOML string.
            let folder = Value::from(turn.workdir.display().to_string());
            let untrusted = format!("projects={{{folder}={{trust_level=\"untrusted\"}}}}");
            ["-c".to_owned(), untrusted, "-c".to_owned(), NO_SKILLS.to_owned()].into()
        }
    }
}

/// Returns the setting for an effort. Only a plain word is a valid effort; other text would be parsed as TOML.
fn effort(effort: Option<&str>) -> Option<String> {
    effort.filter(|word| is_effort(word)).map(|word| format!("model_reasoning_effort=\"{word}\""))
}

fn is_effort(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_lowercase()) && !word.is_empty()
}

fn is_thread(id: &str) -> bool {
    id.len() == 36 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

fn told(message: Option<String>, tell: &mut dyn FnMut(Event)) {
    if let Some(text) = message {
        tell(Event::ReportedError(ReportedError { text, ..ReportedError::default() }));
    }
}

/// Returns the problem if there were commands and none of them could run: an agent that could not read anything has no
/// basis for an answer, and one that could not run anything has not tested it.
fn blind(transcript: &Transcript) -> Option<String> {
    let said = transcript.denied.iter().find(|denied| denied.starts_with(SANDBOX))?;
    (transcript.acted == 0).then(|| {
        let what = if said.contains("codex-linux-sandbox") {
            "set TMPDIR to a folder that does not contain CODEX_HOME"
        } else {
            "allow user namespaces, which bubblewrap needs, or run everything in a container with --dangerous-agent-permissions"
        };
        format!("none of its commands ran, {said}; {what}")
    })
}

/// Reads the events of a line of the session file.
fn refined(failure: TurnFailure, transcript: &Transcript, now: Timestamp) -> TurnFailure {
    let is_believed = |until: &Timestamp| *until > now && until.duration_since(now) < LONGEST_WINDOW;
    let used_up =
        transcript.low.filter(|(percent, _)| *percent >= 100).map(|(_, until)| until).filter(is_believed);
    let code = transcript.trouble.as_ref().and_then(|trouble| trouble.code.as_deref());
    match (failure, code) {
        (TurnFailure::Quota { resets_at, detail }, _) => {
            TurnFailure::Quota { resets_at: used_up.unwrap_or(resets_at), detail }
        }
        (TurnFailure::QuotaUnknown { retry_at, detail }, _) => match used_up {
            Some(resets_at) => TurnFailure::Quota { resets_at, detail },
            None => TurnFailure::QuotaUnknown { retry_at, detail },
        },
        (TurnFailure::Exit { detail, .. }, Some("usage_limit_exceeded")) => match used_up {
            Some(resets_at) => TurnFailure::Quota { resets_at, detail },
            // The same code is used for a plan that does not cover the program.
            None => TurnFailure::Billing { detail },
        },
        (TurnFailure::Exit { detail, .. }, Some("model_not_found")) => TurnFailure::UnknownModel { detail },
        (TurnFailure::Exit { detail, .. }, Some("unauthorized")) => TurnFailure::Auth { detail },
        (TurnFailure::Exit { detail, .. }, Some("rate_limit_exceeded")) => {
            TurnFailure::RateLimited { retry_at: None, detail }
        }
        (TurnFailure::Exit { detail, .. }, Some("server_overloaded" | "internal_server_error")) => {
            TurnFailure::Overloaded { detail }
        }
        (failure, _) => failure,
    }
}

/// Returns the code of a failure, or the HTTP status: `"other"`, `{"http_connection_failed":{"http_status_code":401}}`.
fn coded(info: &Value) -> ReportedError {
    let inner = info.as_object().and_then(|object| object.iter().next());
    let status = inner.and_then(|(_, value)| value.get("http_status_code")?.as_u64());
    let code = info.as_str().or(inner.map(|(code, _)| code.as_str()));
    ReportedError {
        status: status.and_then(|status| u16::try_from(status).ok()),
        code: code.map(str::to_owned),
        text: String::new(),
    }
}

/// Reads a `token_count`: the usage of the session, even if the turn fails later, and the used share of the quota.
fn counted(payload: &Value, tell: &mut dyn FnMut(Event)) {
    let total =
        payload.pointer("/info/total_token_usage").and_then(|total| CodexTokens::deserialize(total).ok());
    if let Some(tokens) = total {
        tell(Event::Counted(tokens.usage()));
    }
    let windows = ["/rate_limits/primary", "/rate_limits/secondary"];
    let used = windows.iter().filter_map(|window| Window::deserialize(payload.pointer(window)?).ok()?.used());
    // If two windows are used up, the one with the later reset is used.
    if let Some((percent, resets_at)) = used.max().filter(|(percent, _)| *percent >= LOW) {
        tell(Event::Low { percent, resets_at });
    }
}

/// Reads the output of a command for the model. Immediate failures are only reported here, not in the stream.
fn ran(output: &str, tell: &mut dyn FnMut(Event)) {
    let Some((head, text)) = output.split_once("Output:\n") else { return };
    if head.contains("Process exited with code 0") || head.contains("Process running") {
        tell(Event::Acted);
    } else if head.contains("Process exited with code") {
        command(text, tell);
    }
}

/// Reads a failed command: it ran, or its sandbox did not start.
fn command(output: &str, tell: &mut dyn FnMut(Event)) {
    let output = output.trim_start();
    if NO_SANDBOX.iter().any(|start| output.starts_with(start)) {
        let first = output.lines().next().unwrap_or_default();
        tell(Event::Denied(format!("{SANDBOX}{}", sanitize::one_line(first, WARNING))));
    } else {
        tell(Event::Acted);
    }
}

/// The relevant parts of a line of the stream.
#[derive(Deserialize)]
struct CodexLine<'line> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'line, str>,
    #[serde(borrow, default)]
    thread_id: Option<Cow<'line, str>>,
    #[serde(borrow, default)]
    item: Option<CodexItem<'line>>,
    message: Option<String>,
    error: Option<CodexError>,
    usage: Option<CodexTokens>,
}

#[derive(Deserialize)]
struct CodexItem<'line> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'line, str>,
    text: Option<String>,
    message: Option<String>,
    #[serde(borrow, default)]
    aggregated_output: Cow<'line, str>,
    exit_code: Option<i32>,
}

#[derive(Deserialize)]
struct CodexError {
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Window {
    used_percent: f64,
    resets_at: i64,
}

/// The tokens of the whole thread. Cached tokens are part of the input, and reasoning is part of the output.
#[derive(Deserialize)]
struct CodexTokens {
    #[serde(rename = "input_tokens")]
    input: u64,
    #[serde(default, rename = "cached_input_tokens")]
    cached: u64,
    #[serde(rename = "output_tokens")]
    output: u64,
}

impl CodexItem<'_> {
    fn completed(self, tell: &mut dyn FnMut(Event)) {
        match (self.kind.as_ref(), self.exit_code) {
            ("agent_message", _) => {
                if let Some(text) = self.text {
                    tell(Event::Said(text));
                }
            }
            // These are not failures: successful turns have them too.
            ("error", _) => {
                let is_news = |text: &String| !NO_NEWS.iter().any(|start| text.starts_with(start));
                if let Some(text) = self.message.filter(is_news) {
                    tell(Event::Warned(sanitize::one_line(&text, WARNING)));
                }
            }
            ("command_execution", Some(0)) | ("file_change", _) => tell(Event::Acted),
            ("command_execution", _) => command(&self.aggregated_output, tell),
            _ => {}
        }
    }
}

impl CodexTokens {
    fn usage(self) -> Usage {
        Usage {
            input_tokens: self.input,
            cached_tokens: self.cached,
            output_tokens: self.output,
            precision: Precision::Exact,
            ..Usage::default()
        }
    }
}

impl Window {
    /// Returns the used percentage and the reset time.
    fn used(&self) -> Option<(u8, Timestamp)> {
        let percent = format!("{:.0}", self.used_percent.clamp(0.0, 100.0)).parse().ok()?;
        Some((percent, Timestamp::from_second(self.resets_at).ok()?))
    }
}
