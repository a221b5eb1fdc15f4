//! `OpenCode`: `opencode run`, prompt on stdin, a line of JSON for each event.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::adapters::agents::driver::conclusion::{conclude, micro_usd};
use crate::adapters::agents::driver::installation::Installation;
use crate::adapters::agents::driver::setup::{LoginState, Setup, SetupFinding};
use crate::adapters::agents::driver::transcript::{Event, ReportedError, Transcript};
use crate::adapters::agents::driver::vendor_cli::{
    CliTurn, Counting, Invocation, Login, ModelChoice, ProcessEnd, Profile, Sessions, VendorCli,
};
use crate::adapters::agents::errors::{classify_stderr, last_words};
use crate::adapters::process::exit::Exit;
use crate::adapters::process::output::tail;
use crate::adapters::process::probe::Answer;
use crate::adapters::process::supervision::stop::StopSequence;
use crate::domain::access::{Access, Power};
use crate::domain::failure::TurnFailure;
use crate::domain::usage::{Precision, Usage};
use crate::protocol::raw_answer::RawAnswer;

/// `OpenCode`, tested with 1.18.33.
#[derive(Debug, Clone, Copy)]
pub struct Opencode;

static PROFILE: Profile = Profile {
    product: "OpenCode",
    program: "opencode",
    variables: VARIABLES,
    installation: Installation::measured("npm install -g opencode-ai", [1, 18, 33]),
    // It ignores SIGINT.
    stop: StopSequence::Terminate,
    sessions: Sessions::ById,
    counting: Counting::PerTurn,
    effort_flag: None,
    chain_flag: None,
    usual_model: None,
    login: Login { check: &["auth", "list"], how: "opencode auth login" },
};

/// Variables for files, settings and logins, without those of a surrounding session (`OPENCODE_PID`,
/// `OPENCODE_SERVER_PASSWORD` …).
const VARIABLES: &[&str] = &[
    "OPENCODE_API_KEY",
    "OPENCODE_AUTH_CONTENT",
    "OPENCODE_CONFIG",
    CONFIG,
    "OPENCODE_CONFIG_DIR",
    "OPENCODE_DISABLE_DEFAULT_PLUGINS",
    "OPENCODE_DISABLE_LSP_DOWNLOAD",
    "OPENCODE_DISABLE_MODELS_FETCH",
    "OPENCODE_MODELS_PATH",
    "OPENCODE_MODELS_URL",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
];

/// The variable with settings as JSON, which override all files.
const CONFIG: &str = "OPENCODE_CONFIG_CONTENT";
/// An agent of our own: permissions of the user's or repository's agents override `OPENCODE_PERMISSION`.
const AGENT: &str = "agent-loop";
/// Headers of a response with the time of the next attempt.
const RESETS: &[&str] =
    &["retry-after", "retry-after-ms", "x-ratelimit-reset", "anthropic-ratelimit-unified-reset"];

impl VendorCli for Opencode {
    fn profile(&self) -> &'static Profile {
        &PROFILE
    }

    /// Without a model it would use one that is hosted by its vendor, which the user did not choose.
    fn model_choice(&self) -> ModelChoice {
        ModelChoice::Required { form: "provider/model" }
    }

    fn invocation(&self, turn: &CliTurn<'_>) -> Invocation {
        let permissions = permissions(turn);
        let config = merged(theirs(turn), settings(turn, &permissions));
        let output = ["run", "--format", "json", "--print-logs", "--log-level", "ERROR"];
        // A title of our own avoids a request that would send the prompt to another model.
        let invocation = Invocation::new(output, turn.prompt)
            .with(["--agent", AGENT, "--title", AGENT, "--dir", &folder(turn).display().to_string()])
            .with_value("-m", turn.model)
            .with_value("--variant", turn.effort)
            .with_value("-s", turn.session.map(|note| note.id.as_str()))
            .with(turn.arguments.iter().cloned())
            .variable(CONFIG, config.to_string())
            .variable("OPENCODE_PERMISSION", permissions.to_string())
            .variable("OPENCODE_DISABLE_PROJECT_CONFIG", "1")
            .variable("OPENCODE_DISABLE_AUTOUPDATE", "1");
        match turn.access {
            // Without this there is no search, regardless of permissions.
            Access::ReadAndWeb => invocation.variable("OPENCODE_ENABLE_EXA", "1"),
            Access::Edit | Access::Read | Access::Nothing => invocation,
        }
    }

    fn read(&self, line: &[u8], tell: &mut dyn FnMut(Event)) -> serde_json::Result<()> {
        let line = serde_json::from_slice::<OpencodeLine<'_>>(line)?;
        match (line.kind.as_ref(), line.part, line.error) {
            ("step_start", ..) => {
                line.session.into_iter().for_each(|id| tell(Event::Session(id.into_owned())));
                tell(Event::Continued);
            }
            ("text", Some(Part { text: Some(text), .. }), _) => tell(Event::SaidMore(text)),
            ("tool_use", Some(part), _) => {
                part.denial().into_iter().for_each(|what| tell(Event::Denied(what)));
            }
            ("step_finish", Some(part), _) => part.step_finish(tell),
            ("error", _, Some(error)) => {
                line.session.into_iter().for_each(|id| tell(Event::Session(id.into_owned())));
                tell(Event::Continued);
                tell(Event::ReportedError(error.trouble()));
            }
            _ => {}
        }
        Ok(())
    }

    fn outcome(&self, transcript: &Transcript, ending: &ProcessEnd<'_>) -> Result<RawAnswer, TurnFailure> {
        conclude(transcript, ending, "a last step that ended with `stop`")
            .map_err(|failure| refined(failure, transcript, ending))
    }

    /// It lists the stored logins and always succeeds. A provider of the user may need no login.
    fn login(&self, answer: &Answer) -> LoginState {
        let counts = |line: &str| {
            let words = line.trim_start_matches(|letter: char| !letter.is_ascii_alphanumeric());
            let (count, what) = words.split_once(' ')?;
            let is_count = what.starts_with("credential") || what.starts_with("environment variable");
            count.parse::<u64>().ok().filter(|_| is_count)
        };
        let found: u64 = tail::plain(&answer.stdout).lines().filter_map(counts).sum();
        match (answer.exit, found) {
            (Exit::Code(0), 1..) => LoginState::LoggedIn { with: None },
            (Exit::Code(_) | Exit::Signal(_), _) => LoginState::Unknown { why: None },
        }
    }

    fn quirks(&self, setup: &Setup<'_>) -> Vec<SetupFinding> {
        let models = setup.agents.iter().filter_map(|agent| agent.model.as_deref());
        models.filter(|model| model.starts_with("opencode/")).map(hosted).collect()
    }
}

fn hosted(model: &str) -> SetupFinding {
    SetupFinding::note(
        "model",
        format!("{model} is hosted by opencode.ai: your code is sent there"),
        "to use another one: --opencode-model PROVIDER/MODEL",
    )
}

/// Returns the folder of the turn. An agent that reformats an answer must not see the repository, whose plugins would run.
fn folder<'turn>(turn: &CliTurn<'turn>) -> &'turn Path {
    match turn.access {
        Access::Edit | Access::Read | Access::ReadAndWeb => turn.workdir,
        Access::Nothing => turn.last_message.parent().unwrap_or(turn.workdir),
    }
}

/// Returns the permissions. In each list the last matching rule applies, and `*` comes first.
fn permissions(turn: &CliTurn<'_>) -> Value {
    let mut folders = json!({ "*": "deny" });
    for folder in turn.readable {
        let Some(rules) = folders.as_object_mut() else { continue };
        rules.insert(format!("{}/*", folder.display()), json!("allow"));
    }
    match (turn.power, turn.access) {
        (Power::Dangerous, Access::Edit | Access::Read | Access::ReadAndWeb) => json!({ "*": "allow" }),
        (Power::Bounded, Access::Edit) => json!({
            "*": "deny",
            "bash": { "*": "allow", "gh *": "deny", "git push*": "deny" },
            "edit": "allow",
            "external_directory": folders,
            "glob": "allow",
            "grep": "allow",
            "list": "allow",
            "lsp": "allow",
            "read": "allow",
            "skill": "allow",
            "task": "allow",
            "todoread": "allow",
            "todowrite": "allow",
            "webfetch": "deny",
            "websearch": "deny",
        }),
        (Power::Bounded, Access::Read) => reader(&folders, "deny"),
        (Power::Bounded, Access::ReadAndWeb) => reader(&folders, "allow"),
        (Power::Bounded | Power::Dangerous, Access::Nothing) => {
            json!({ "*": "deny", "bash": "deny", "edit": "deny", "read": "deny", "webfetch": "deny" })
        }
    }
}

/// No commands at all: `git diff*` would also allow `git diff > file` and `git diff --output=file`.
fn reader(folders: &Value, web: &str) -> Value {
    json!({
        "*": "deny",
        "bash": "deny",
        "edit": "deny",
        "external_directory": folders,
        "glob": "allow",
        "grep": "allow",
        "list": "allow",
        "read": "allow",
        "task": "deny",
        "webfetch": web,
        "websearch": web,
    })
}

/// Returns our settings, which override the user's. Without a model no provider is enabled, and the turn fails at once.
fn settings(turn: &CliTurn<'_>, permissions: &Value) -> Value {
    let provider = turn.model.and_then(|model| model.split_once('/')).map(|(provider, _)| provider);
    let mut settings = json!({
        "agent": { AGENT: { "mode": "primary", "permission": permissions } },
        "autoupdate": false,
        "enabled_providers": provider.into_iter().collect::<Vec<_>>(),
        "share": "disabled",
    });
    let Some(entries) = settings.as_object_mut() else { return settings };
    if let Some(model) = turn.model {
        entries.insert("small_model".to_owned(), json!(model));
    }
    // The repository's settings are disabled, and with them its rules for agents.
    match turn.access {
        Access::Edit => {
            entries.insert("instructions".to_owned(), json!([turn.workdir.join("AGENTS.md")]));
        }
        Access::Read | Access::ReadAndWeb | Access::Nothing => {}
    }
    settings
}

/// Returns the user's value of the same variable; empty if it is not JSON.
fn theirs(turn: &CliTurn<'_>) -> Value {
    let set = turn.environment.get(OsStr::new(CONFIG)).and_then(|text| text.to_str());
    set.and_then(|text| serde_json::from_str(text).ok()).filter(Value::is_object).unwrap_or_else(|| json!({}))
}

/// Merges two values. The second one wins, and lists are not joined.
fn merged(first: Value, second: Value) -> Value {
    match (first, second) {
        (Value::Object(mut first), Value::Object(second)) => {
            for (key, value) in second {
                let value = match first.remove(&key) {
                    Some(earlier) => merged(earlier, value),
                    None => value,
                };
                first.insert(key, value);
            }
            Value::Object(first)
        }
        (_, second) => second,
    }
}

/// Reads facts that are only on stderr: requests for permissions that were denied, and errors of its own server.
fn refined(failure: TurnFailure, transcript: &Transcript, ending: &ProcessEnd<'_>) -> TurnFailure {
    let code = transcript.trouble.as_ref().and_then(|trouble| trouble.code.as_deref());
    match (failure, code) {
        (TurnFailure::Vacuous { detail }, _) => match rejected(ending.stderr).as_slice() {
            [] => TurnFailure::Vacuous { detail },
            asked => TurnFailure::Denied { detail: asked.join("; ") },
        },
        (TurnFailure::Exit { detail, .. }, Some("ProviderAuthError")) => TurnFailure::Auth { detail },
        (TurnFailure::Exit { code, detail }, Some("UnknownError")) => {
            classify_stderr(ending.stderr, ending.now).unwrap_or_else(|| TurnFailure::Exit {
                code,
                detail: [detail, last_words(ending.stderr)].join("\n").trim().to_owned(),
            })
        }
        (failure, _) => failure,
    }
}

fn rejected(stderr: &str) -> Vec<String> {
    let asked = |line: &str| {
        let (_, asked) = line.split_once("permission requested: ")?;
        Some(asked.strip_suffix("; auto-rejecting")?.chars().take(200).collect())
    };
    tail::plain(stderr).lines().filter_map(asked).collect()
}

/// The relevant parts of a line of the stream.
#[derive(Deserialize)]
struct OpencodeLine<'line> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'line, str>,
    #[serde(borrow, default, rename = "sessionID")]
    session: Option<Cow<'line, str>>,
    part: Option<Part>,
    error: Option<OpencodeError>,
}

#[derive(Deserialize)]
struct Part {
    text: Option<String>,
    reason: Option<String>,
    tokens: Option<OpencodeTokens>,
    #[serde(default)]
    cost: f64,
    tool: Option<String>,
    state: Option<ToolState>,
}

#[derive(Deserialize)]
struct ToolState {
    #[serde(default)]
    status: String,
    #[serde(default)]
    input: Value,
    error: Option<String>,
}

/// The tokens of one step. `input` excludes the cache, `output` excludes `reasoning`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct OpencodeTokens {
    input: u64,
    output: u64,
    reasoning: u64,
    cache: Cached,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cached {
    read: u64,
    write: u64,
}

#[derive(Deserialize)]
struct OpencodeError {
    #[serde(default)]
    name: String,
    #[serde(default)]
    data: Value,
}

impl Part {
    fn step_finish(self, tell: &mut dyn FnMut(Event)) {
        if let Some(OpencodeTokens { input, output, reasoning, cache }) = self.tokens {
            tell(Event::Spent(Usage {
                input_tokens: input.saturating_add(cache.read).saturating_add(cache.write),
                cached_tokens: cache.read,
                output_tokens: output.saturating_add(reasoning),
                micro_usd: micro_usd(self.cost),
                // It multiplies tokens by known prices. A model without a price costs 0, like a free one.
                priced_calls: u64::from(self.cost > 0.0),
                precision: Precision::Exact,
                ..Usage::default()
            }));
        }
        if self.reason.as_deref() == Some("stop") {
            tell(Event::Finished);
        }
    }

    fn denial(self) -> Option<String> {
        let state = self.state.filter(|state| state.status == "error")?;
        let error = state.error?;
        let is_denied = error.starts_with("The user has specified a rule")
            || error.starts_with("The user rejected permission");
        let tool = self.tool.filter(|_| is_denied)?;
        let of = |key: &str| state.input.get(key).and_then(Value::as_str);
        let what = ["command", "filePath", "path", "url"].into_iter().find_map(of).unwrap_or_default();
        Some(format!("{tool} {}", what.chars().take(120).collect::<String>()).trim_end().to_owned())
    }
}

impl OpencodeError {
    /// Returns the message with other helpful data of the service: the error code, and the time of the next attempt.
    fn trouble(self) -> ReportedError {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let status = self.data.get("statusCode").and_then(Value::as_u64);
        let body = text(self.data.get("responseBody"))
            .and_then(|body| serde_json::from_str::<Value>(&body).ok())
            .unwrap_or_default();
        let word = ["/error/code", "/error/type"].into_iter().find_map(|place| text(body.pointer(place)));
        let headers = self.data.get("responseHeaders");
        // All headers are added: the latest time is used, and a short delay was already tried in vain.
        let resets = RESETS.iter().filter_map(|name| {
            let value = text(headers?.get(name))?;
            Some(format!("{name}: {value}"))
        });
        let more: Vec<String> = word.into_iter().chain(resets).collect();
        let message = text(self.data.get("message")).unwrap_or_else(|| self.name.clone());
        ReportedError {
            status: status.and_then(|status| u16::try_from(status).ok()),
            code: Some(self.name),
            text: if more.is_empty() { message } else { format!("{message} ({})", more.join(", ")) },
        }
    }
}
