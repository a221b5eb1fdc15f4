//! Claude Code: `claude -p`, prompt on stdin, a line of JSON for each event.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::adapters::agents::driver::conclusion::{conclude, is_of_an_account, micro_usd};
use crate::adapters::agents::driver::installation::Installation;
use crate::adapters::agents::driver::setup::{LoginState, Setup, SetupFinding};
use crate::adapters::agents::driver::transcript::{Event, ReportedError, Transcript};
use crate::adapters::agents::driver::vendor_cli::{
    CliTurn, Counting, EffortFlag, Invocation, Login, ProcessEnd, Profile, Sessions, VendorCli,
};
use crate::adapters::agents::errors::last_words;
use crate::adapters::process::probe::Answer;
use crate::adapters::process::supervision::stop::StopSequence;
use crate::domain::access::{Access, Power};
use crate::domain::failure::TurnFailure;
use crate::domain::usage::{Precision, Usage};
use crate::protocol::raw_answer::RawAnswer;

/// Claude Code, tested with 2.1.197.
#[derive(Debug, Clone, Copy)]
pub struct Claude;

static PROFILE: Profile = Profile {
    product: "Claude Code",
    program: "claude",
    variables: VARIABLES,
    installation: Installation::measured("npm install -g @anthropic-ai/claude-code", [2, 1, 197]),
    stop: StopSequence::InterruptFirst,
    sessions: Sessions::ById,
    counting: Counting::PerTurn,
    effort_flag: Some(EffortFlag { name: "effort", words: "low, medium, high, xhigh, max" }),
    chain_flag: None,
    usual_model: None,
    login: Login { check: &["auth", "status"], how: "claude auth login" },
};

/// Variables for logins, endpoints, models and limits, by the names in its documentation, without those of a surrounding session
/// (`CLAUDE_CODE_ENTRYPOINT`, `CLAUDE_CODE_SSE_PORT` …).
const VARIABLES: &[&str] = &[
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_BEDROCK_BASE_URL",
    "ANTHROPIC_BETAS",
    "ANTHROPIC_CUSTOM_HEADERS",
    "ANTHROPIC_CUSTOM_MODEL_OPTION",
    "ANTHROPIC_DEFAULT_FABLE_MODEL",
    "ANTHROPIC_DEFAULT_HAIKU_MODEL",
    "ANTHROPIC_DEFAULT_OPUS_MODEL",
    "ANTHROPIC_DEFAULT_SONNET_MODEL",
    "ANTHROPIC_FOUNDRY_API_KEY",
    "ANTHROPIC_FOUNDRY_BASE_URL",
    "ANTHROPIC_FOUNDRY_RESOURCE",
    "ANTHROPIC_MODEL",
    "ANTHROPIC_SMALL_FAST_MODEL",
    "ANTHROPIC_SMALL_FAST_MODEL_AWS_REGION",
    "ANTHROPIC_VERTEX_BASE_URL",
    "ANTHROPIC_VERTEX_PROJECT_ID",
    "API_TIMEOUT_MS",
    "BASH_DEFAULT_TIMEOUT_MS",
    "BASH_MAX_OUTPUT_LENGTH",
    "BASH_MAX_TIMEOUT_MS",
    "CLAUDE_CODE_API_KEY_HELPER_TTL_MS",
    "CLAUDE_CODE_CLIENT_CERT",
    "CLAUDE_CODE_CLIENT_KEY",
    "CLAUDE_CODE_CLIENT_KEY_PASSPHRASE",
    "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
    "CLAUDE_CODE_EFFORT_LEVEL",
    "CLAUDE_CODE_MAX_OUTPUT_TOKENS",
    "CLAUDE_CODE_MAX_RETRIES",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CODE_SKIP_BEDROCK_AUTH",
    "CLAUDE_CODE_SKIP_FOUNDRY_AUTH",
    "CLAUDE_CODE_SKIP_VERTEX_AUTH",
    "CLAUDE_CODE_SUBAGENT_MODEL",
    "CLAUDE_CODE_TMPDIR",
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_USE_FOUNDRY",
    "CLAUDE_CODE_USE_VERTEX",
    "CLAUDE_CONFIG_DIR",
    "CLAUDE_ENABLE_STREAM_WATCHDOG",
    "CLAUDE_STREAM_IDLE_TIMEOUT_MS",
    "CLOUD_ML_REGION",
    "IS_SANDBOX",
    "MAX_MCP_OUTPUT_TOKENS",
    "MAX_THINKING_TOKENS",
    "MCP_TIMEOUT",
    "MCP_TOOL_TIMEOUT",
];

/// Files and commands, except for commands that access the forge.
const EDIT_TOOLS: &str = "--allowedTools=Bash,Edit,Write,NotebookEdit,Read,Grep,Glob";
const EDIT_NEVER: &str = "--disallowedTools=Bash(git push *),Bash(gh *)";
/// Hooks, permissions and servers of the repository are ignored.
const SOURCES: &str = "--setting-sources=user";
const STRICT: &str = "--strict-mcp-config";
/// The only commands are those that Claude Code considers read-only.
const READ_TOOLS: &str = "--tools=Read,Grep,Glob,Bash";
/// Reading, searching and fetching, without any commands.
const WEB_TOOLS: &str = "--tools=Read,Grep,Glob,WebSearch,WebFetch";
/// Both need a permission if they are not allowed, and no person is present in a turn.
const WEB_ALLOWED: &str = "--allowedTools=WebSearch,WebFetch";

impl VendorCli for Claude {
    fn profile(&self) -> &'static Profile {
        &PROFILE
    }

    fn invocation(&self, turn: &CliTurn<'_>) -> Invocation {
        let output = ["-p", "--output-format", "stream-json", "--verbose", "--json-schema", turn.schema];
        let session = turn.session.map(|note| note.id.as_str());
        let folders = turn.readable.iter().map(|folder| format!("--add-dir={}", folder.display()));
        Invocation::new(output, turn.prompt)
            .with_value("--model", turn.model)
            .with_value("--effort", turn.effort)
            .with_value("--resume", session)
            .with(permissions(turn).iter().copied())
            .with(folders)
            .with(turn.arguments.iter().cloned())
            .variable("DISABLE_AUTOUPDATER", "1")
    }

    fn read(&self, line: &[u8], tell: &mut dyn FnMut(Event)) -> serde_json::Result<()> {
        let line = serde_json::from_slice::<ClaudeLine<'_>>(line)?;
        match (line.kind.as_ref(), line.subtype.as_deref()) {
            ("system", Some("init")) => line.init(tell),
            ("assistant", _) => line.assistant(tell),
            ("rate_limit_event", _) => line.limit(tell),
            ("result", _) => line.result(tell),
            _ => {}
        }
        Ok(())
    }

    fn outcome(&self, transcript: &Transcript, ending: &ProcessEnd<'_>) -> Result<RawAnswer, TurnFailure> {
        conclude(transcript, ending, "its `result` event").map_err(|failure| refined(failure, transcript))
    }

    fn login(&self, answer: &Answer) -> LoginState {
        match serde_json::from_str::<AuthStatus>(&answer.stdout) {
            Ok(status) if status.logged_in => LoginState::LoggedIn { with: status.method() },
            Ok(_) => LoginState::LoggedOut,
            Err(_) => LoginState::Unknown { why: None },
        }
    }

    fn quirks(&self, setup: &Setup<'_>) -> Vec<SetupFinding> {
        let is_dangerous = setup.agents.iter().any(|agent| agent.power == Power::Dangerous);
        let is_sandbox = setup.variable("IS_SANDBOX").is_some_and(|value| value == "1");
        let refuses = is_dangerous && setup.is_root && !is_sandbox;
        refuses.then(refuses_root).into_iter().collect()
    }
}

/// The program's own code of a class outranks its message.
fn refined(failure: TurnFailure, transcript: &Transcript) -> TurnFailure {
    let Some(trouble) = &transcript.trouble else { return failure };
    let detail = last_words(&trouble.text);
    match trouble.code.as_deref() {
        Some("authentication_failed") if !is_of_an_account(&failure) => TurnFailure::Auth { detail },
        Some("billing_error") => TurnFailure::Billing { detail },
        Some("error_max_structured_output_retries") => TurnFailure::Malformed { complaints: vec![detail] },
        Some(_) | None => failure,
    }
}

fn permissions(turn: &CliTurn<'_>) -> &'static [&'static str] {
    match (turn.power, turn.access) {
        (Power::Dangerous, Access::Edit) => &["--dangerously-skip-permissions"],
        (Power::Dangerous, Access::Read | Access::ReadAndWeb) => {
            &["--dangerously-skip-permissions", SOURCES, STRICT]
        }
        (Power::Bounded, Access::Edit) => &["--permission-mode", "acceptEdits", EDIT_TOOLS, EDIT_NEVER],
        (Power::Bounded, Access::Read) => &["--permission-mode", "default", READ_TOOLS, SOURCES, STRICT],
        (Power::Bounded, Access::ReadAndWeb) => {
            &["--permission-mode", "default", WEB_TOOLS, WEB_ALLOWED, SOURCES, STRICT]
        }
        (Power::Bounded | Power::Dangerous, Access::Nothing) => {
            &["--tools=", "--no-session-persistence", SOURCES, STRICT]
        }
    }
}

/// The output of `claude auth status`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AuthStatus {
    logged_in: bool,
    #[serde(default)]
    auth_method: String,
}

impl AuthStatus {
    fn method(&self) -> Option<&'static str> {
        match self.auth_method.as_str() {
            "api_key" => Some("an API key"),
            "oauth_token" => Some("the token of a subscription"),
            "claude.ai" => Some("a subscription"),
            _ => None,
        }
    }
}

fn refuses_root() -> SetupFinding {
    SetupFinding::wrong(
        "permissions",
        "as root it refuses --dangerously-skip-permissions, unless IS_SANDBOX=1 marks a container",
        "in a container: export IS_SANDBOX=1; otherwise run as another user, or omit --dangerous-agent-permissions",
    )
}

/// The relevant parts of a line of the stream. The rest is skipped without being stored.
#[derive(Deserialize)]
struct ClaudeLine<'line> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'line, str>,
    #[serde(borrow, default)]
    subtype: Option<Cow<'line, str>>,
    #[serde(borrow, default)]
    session_id: Option<Cow<'line, str>>,
    #[serde(borrow, default)]
    model: Option<Cow<'line, str>>,
    #[serde(borrow, default)]
    message: Option<Message<'line>>,
    #[serde(borrow, default)]
    error: Option<Cow<'line, str>>,
    is_error: Option<bool>,
    api_error_status: Option<u16>,
    result: Option<String>,
    #[serde(default)]
    errors: Vec<String>,
    structured_output: Option<Value>,
    #[serde(default)]
    permission_denials: Vec<Denial>,
    usage: Option<RequestUsage>,
    total_cost_usd: Option<f64>,
    #[serde(default, rename = "modelUsage")]
    models: Option<BTreeMap<String, RequestUsage>>,
    rate_limit_info: Option<Limit>,
}

#[derive(Deserialize)]
struct Message<'line> {
    #[serde(borrow, default)]
    model: Option<Cow<'line, str>>,
    #[serde(borrow, default)]
    id: Option<Cow<'line, str>>,
    usage: Option<RequestUsage>,
    #[serde(default, rename = "content")]
    _content: IgnoredAny,
}

/// The tokens of a request until its message was reported, which include only the beginning of the output; in a result, those
/// of the turn, or of one model in it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct RequestUsage {
    #[serde(rename = "input_tokens", alias = "inputTokens")]
    uncached: u64,
    #[serde(rename = "cache_read_input_tokens", alias = "cacheReadInputTokens")]
    read_from_cache: u64,
    #[serde(rename = "cache_creation_input_tokens", alias = "cacheCreationInputTokens")]
    written_to_cache: u64,
    #[serde(rename = "output_tokens", alias = "outputTokens")]
    received: u64,
}

#[derive(Deserialize)]
struct Denial {
    #[serde(default)]
    tool_name: String,
    #[serde(default)]
    tool_input: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Limit {
    status: String,
    resets_at: Option<i64>,
    utilization: Option<f64>,
}

impl ClaudeLine<'_> {
    fn init(self, tell: &mut dyn FnMut(Event)) {
        if let Some(id) = self.session_id {
            tell(Event::Session(id.into_owned()));
        }
        if let Some(model) = self.model {
            tell(Event::Model(model.into_owned()));
        }
    }

    fn assistant(self, tell: &mut dyn FnMut(Event)) {
        // Messages of the program itself have no model and no cost.
        let is_real = |message: &Message<'_>| message.model.as_deref() != Some("<synthetic>");
        if let Some(Message { model, id, usage, .. }) = self.message.filter(is_real) {
            if let Some(model) = model {
                tell(Event::Model(model.into_owned()));
            }
            if let (Some(id), Some(usage)) = (id, usage) {
                tell(Event::Asked { id: id.into_owned(), usage: usage.usage() });
            }
        }
        if let Some(code) = self.error {
            tell(Event::ReportedError(ReportedError {
                code: Some(code.into_owned()),
                ..ReportedError::default()
            }));
        }
    }

    fn limit(self, tell: &mut dyn FnMut(Event)) {
        let Some(limit) = self.rate_limit_info else { return };
        let Some(resets_at) = limit.resets_at.and_then(|epoch| Timestamp::from_second(epoch).ok()) else {
            return;
        };
        match limit.status.as_str() {
            "rejected" => tell(Event::Rejected(resets_at)),
            "allowed_warning" => {
                let used = format!("{:.0}", limit.utilization.unwrap_or_default() * 100.0);
                tell(Event::Low { percent: used.parse().unwrap_or(100), resets_at });
            }
            _ => {}
        }
    }

    fn result(self, tell: &mut dyn FnMut(Event)) {
        if let Some(usage) = self.usage() {
            tell(Event::Counted(usage));
        }
        let Self { subtype, is_error, api_error_status, result, errors, structured_output, .. } = self;
        for denial in self.permission_denials {
            tell(Event::Denied(denial.words()));
        }
        // `subtype` is `success` even when the service failed: `is_error` decides.
        if is_error != Some(false) {
            let text = result.unwrap_or_else(|| errors.join("; "));
            let code = subtype.filter(|subtype| subtype != "success").map(Cow::into_owned);
            tell(Event::Continued);
            tell(Event::ReportedError(ReportedError { status: api_error_status, code, text }));
            return;
        }
        // Of several results, the last one with an answer is used.
        match (structured_output, result) {
            (Some(value), text) => {
                tell(Event::Said(text.unwrap_or_default()));
                tell(Event::Structured(value.to_string()));
            }
            (None, text) => tell(Event::EndedWith(text.unwrap_or_default())),
        }
        tell(Event::Finished);
    }

    /// Returns the usage of all models of the turn, including small helper models, or else that of the main one.
    fn usage(&self) -> Option<Usage> {
        let by_model = self.models.as_ref().map(|models| {
            models.values().fold(RequestUsage::default(), |sum, model| RequestUsage {
                uncached: sum.uncached.saturating_add(model.uncached),
                read_from_cache: sum.read_from_cache.saturating_add(model.read_from_cache),
                written_to_cache: sum.written_to_cache.saturating_add(model.written_to_cache),
                received: sum.received.saturating_add(model.received),
            })
        });
        let tokens = by_model.as_ref().or(self.usage.as_ref())?.usage();
        Some(Usage {
            micro_usd: self.total_cost_usd.map_or(0, micro_usd),
            priced_calls: u64::from(self.total_cost_usd.is_some()),
            precision: Precision::Exact,
            ..tokens
        })
    }
}

impl RequestUsage {
    fn usage(&self) -> Usage {
        let sent = [self.uncached, self.read_from_cache, self.written_to_cache];
        Usage {
            input_tokens: sent.into_iter().fold(0, u64::saturating_add),
            cached_tokens: self.read_from_cache,
            output_tokens: self.received,
            precision: Precision::Partial,
            ..Usage::default()
        }
    }
}

impl Denial {
    fn words(&self) -> String {
        let of = |key: &str| self.tool_input.get(key).and_then(Value::as_str);
        match of("command").or_else(|| of("file_path")) {
            Some(what) => format!("{} {}", self.tool_name, what.chars().take(120).collect::<String>()),
            None => self.tool_name.clone(),
        }
    }
}
