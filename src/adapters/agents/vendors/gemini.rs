//! The Gemini CLI: `gemini -o stream-json`, prompt on stdin, a line of JSON for each event.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::adapters::agents::driver::conclusion::{conclude, reported};
use crate::adapters::agents::driver::installation::Installation;
use crate::adapters::agents::driver::setup::{LoginState, Setup, settings_text};
use crate::adapters::agents::driver::transcript::{Event, Finish, ReportedError, Transcript};
use crate::adapters::agents::driver::vendor_cli::{
    CliTurn, Counting, Invocation, Login, ProcessEnd, Profile, Sessions, VendorCli,
};
use crate::adapters::agents::errors::reset;
use crate::adapters::agents::errors::{DETAIL, last_words, limit, used_up};
use crate::adapters::process::supervision::stop::StopSequence;
use crate::domain::access::{Access, Power};
use crate::domain::failure::TurnFailure;
use crate::domain::usage::{Precision, Usage};
use crate::protocol::raw_answer::RawAnswer;
use crate::text::sanitize;

/// The Gemini CLI, tested with 0.61.0.
#[derive(Debug, Clone, Copy)]
pub struct Gemini;

static PROFILE: Profile = Profile {
    product: "Gemini CLI",
    program: "gemini",
    variables: VARIABLES,
    installation: Installation::measured("npm install -g @google/gemini-cli", [0, 61, 0]),
    stop: StopSequence::Terminate,
    sessions: Sessions::ById,
    counting: Counting::PerTurn,
    effort_flag: None,
    chain_flag: None,
    usual_model: None,
    login: Login {
        check: &[],
        how: "set GEMINI_API_KEY, or run `gemini` and choose how to log in; personal accounts ended on 2026-06-18: for \
              those use antigravity (agy)",
    },
};

/// Logins, endpoints and models.
const VARIABLES: &[&str] = &[
    "GEMINI_API_KEY",
    "GEMINI_API_KEY_AUTH_MECHANISM",
    "GEMINI_CLI_CUSTOM_HEADERS",
    "GEMINI_CLI_HOME",
    "GEMINI_CLI_SYSTEM_SETTINGS_PATH",
    "GEMINI_MODEL",
    "GOOGLE_API_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CLOUD_ACCESS_TOKEN",
    "GOOGLE_CLOUD_LOCATION",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_CLOUD_PROJECT_ID",
    "GOOGLE_GEMINI_BASE_URL",
    "GOOGLE_GENAI_API_VERSION",
    "GOOGLE_GENAI_USE_GCA",
    "GOOGLE_GENAI_USE_VERTEXAI",
    "GOOGLE_VERTEX_BASE_URL",
];

/// Allows all commands except those that access the forge. The rule with the highest priority applies.
const EDIT_POLICY: &str = r#"[[rule]]
toolName = "run_shell_command"
commandPrefix = ["git push", "gh "]
decision = "deny"
priority = 900

[[rule]]
toolName = "run_shell_command"
decision = "allow"
priority = 500
"#;

/// The tools that read.
const READING: &[&str] = &["read_file", "read_many_files", "list_directory", "glob", "grep_search"];

/// The tools that search the web and fetch pages.
const WEB: &[&str] = &["google_web_search", "web_fetch"];

/// Returns the policy that allows these tools. Other tools are not even offered to the model.
fn only(tools: &[&str]) -> String {
    let none = "[[rule]]\ntoolName = \"*\"\ndecision = \"deny\"\npriority = 900\n";
    match tools {
        [] => none.to_owned(),
        tools => format!("[[rule]]\ntoolName = {tools:?}\ndecision = \"allow\"\npriority = 950\n\n{none}"),
    }
}

/// The name of a server that does not exist, so that none is started.
const NO_SERVERS: &[&str] = &["--allowed-mcp-server-names", "none-of-them"];

impl VendorCli for Gemini {
    fn profile(&self) -> &'static Profile {
        &PROFILE
    }

    fn invocation(&self, turn: &CliTurn<'_>) -> Invocation {
        let folders =
            turn.readable.iter().map(|folder| format!("--include-directories={}", folder.display()));
        let mut invocation = Invocation::new(["-o", "stream-json", "--skip-trust"], turn.prompt)
            .with_value("-m", turn.model)
            .with_value("--resume", turn.session.map(|note| note.id.as_str()))
            .variable("GEMINI_CLI_NO_RELAUNCH", "true")
            // With this flag, unlike with `--skip-trust`, the repository's hooks and servers would run.
            .variable("GEMINI_CLI_TRUST_WORKSPACE", "false");
        let (mode, policy) = match (turn.power, turn.access) {
            (Power::Dangerous, Access::Edit | Access::Read | Access::ReadAndWeb) => ("yolo", None),
            (Power::Bounded, Access::Edit) => ("auto_edit", Some(EDIT_POLICY.to_owned())),
            (Power::Bounded, Access::Read) => ("default", Some(only(READING))),
            (Power::Bounded, Access::ReadAndWeb) => ("default", Some(only(&[READING, WEB].concat()))),
            (Power::Bounded | Power::Dangerous, Access::Nothing) => ("default", Some(only(&[]))),
        };
        invocation = invocation.with(["--approval-mode", mode]);
        if let Some(policy) = policy {
            let file = turn.schema_file.with_file_name("gemini-policy.toml");
            invocation = invocation.with(["--policy".to_owned(), file.display().to_string()]);
            invocation.files.push((file, policy.into_bytes()));
        }
        let no_servers = match turn.access {
            Access::Edit => &[],
            Access::Read | Access::ReadAndWeb | Access::Nothing => NO_SERVERS,
        };
        invocation.with(no_servers.iter().copied()).with(folders).with(turn.arguments.iter().cloned())
    }

    fn read(&self, line: &[u8], tell: &mut dyn FnMut(Event)) -> serde_json::Result<()> {
        let line = serde_json::from_slice::<GeminiLine<'_>>(line)?;
        match (line.kind.as_ref(), line.role.as_deref()) {
            ("init", _) => {
                line.session_id.into_iter().for_each(|id| tell(Event::Session(id.into_owned())));
                line.model.into_iter().for_each(|model| tell(Event::Model(model.into_owned())));
            }
            ("message", Some("assistant")) => {
                let said = if line.delta { Event::SaidMore } else { Event::Said };
                line.content.into_iter().for_each(|text| tell(said(text)));
            }
            // Messages before the use of a tool are not the answer.
            ("tool_use", _) => tell(Event::Continued),
            ("tool_result", _) => line.denial().into_iter().for_each(|what| tell(Event::Denied(what))),
            ("error", _) => tell(Event::ReportedError(line.trouble())),
            ("result", _) => line.result(tell),
            _ => {}
        }
        Ok(())
    }

    fn check_effort(&self, _effort: &str) -> Result<(), String> {
        Err("Gemini CLI takes no `effort`".to_owned())
    }

    fn login_by_setup(&self, setup: &Setup<'_>) -> LoginState {
        login(setup)
    }

    fn outcome(&self, transcript: &Transcript, ending: &ProcessEnd<'_>) -> Result<RawAnswer, TurnFailure> {
        let last = "its `result` event";
        let told = structured(ending.stderr)
            .filter(|_| transcript.trouble.is_none() && transcript.finished == Finish::Missing)
            .filter(|_| !ending.exit.is_success())
            .map(|text| ReportedError { text, ..ReportedError::default() });
        let answer = match &told {
            Some(trouble) => Err(reported(trouble, transcript, ending)),
            None => conclude(transcript, ending, last),
        };
        answer.map_err(|failure| with_note(refined(failure, transcript, ending)))
    }
}

/// Returns the login that the program would use, in its own order (0.61.0): the one in the setting
/// `security.auth.selectedType`, else one from variables.
fn login(setup: &Setup<'_>) -> LoginState {
    let folder = setup.in_home(".gemini");
    let text = folder.as_ref().and_then(|folder| settings_text(&folder.join("settings.json")));
    let Ok(settings) = text.map_or(Ok(Value::Null), |text| serde_json::from_str::<Value>(&text)) else {
        return LoginState::Unknown { why: Some("its settings.json cannot be read") };
    };
    let is_true = |name| setup.variable(name).is_some_and(|value| value == "true");
    let has_key = setup.variable("GEMINI_API_KEY").is_some();
    let by_variables = || {
        let signs = [
            (is_true("GOOGLE_GENAI_USE_GCA"), "oauth-personal"),
            (is_true("GOOGLE_GENAI_USE_VERTEXAI"), "vertex-ai"),
            (setup.variable("GOOGLE_GEMINI_BASE_URL").is_some(), "gateway"),
            (has_key, "gemini-api-key"),
        ];
        signs.into_iter().find_map(|(is_set, kind)| is_set.then_some(kind))
    };
    let logged_in = |with| LoginState::LoggedIn { with: Some(with) };
    let unknown = |why| LoginState::Unknown { why: Some(why) };
    match settings.pointer("/security/auth/selectedType").and_then(Value::as_str).or_else(by_variables) {
        Some("oauth-personal") => {
            unknown("a Google account; Gemini CLI ended the login with personal accounts on 2026-06-18")
        }
        Some("vertex-ai") => logged_in("Vertex AI"),
        Some("gateway") => logged_in("a custom address, GOOGLE_GEMINI_BASE_URL"),
        Some("gemini-api-key") if has_key => logged_in("an API key, GEMINI_API_KEY"),
        Some("gemini-api-key") => unknown(KEY_ELSEWHERE),
        Some(_) => unknown("its settings name an unknown kind of login"),
        None if folder.is_some_and(|folder| folder.join(".env").is_file()) => unknown(KEY_ELSEWHERE),
        None => LoginState::LoggedOut,
    }
}

const KEY_ELSEWHERE: &str =
    "an API key that is not in the environment of a turn (a file or a key ring may hold it)";

/// The program's own code on stderr for an error that retries cannot solve.
const USED_UP: &str = "TerminalQuotaError";
/// The message of Google for all limits of an API key, which others use for missing credit.
const ANY_LIMIT: &str = "exceeded your current quota";
/// The reason for used-up credit.
const NO_CREDIT: &str = "INSUFFICIENT_G1_CREDITS_BALANCE";

/// The low byte of 429, the status of a limit.
const LIMITED: i32 = 173;

/// Reads the exit code, the low byte of the service's status, and facts that are only on stderr.
fn refined(failure: TurnFailure, transcript: &Transcript, ending: &ProcessEnd<'_>) -> TurnFailure {
    let (TurnFailure::Exit { detail, .. }
    | TurnFailure::Quota { detail, .. }
    | TurnFailure::QuotaUnknown { detail, .. }
    | TurnFailure::RateLimited { detail, .. }
    | TurnFailure::Billing { detail }) = &failure
    else {
        return failure;
    };
    let detail = detail.clone();
    let code = if let TurnFailure::Exit { code, .. } = &failure { *code } else { LIMITED };
    match code {
        41 | 145 | 147 => TurnFailure::Auth { detail },
        148 => TurnFailure::UnknownModel { detail },
        LIMITED => {
            let reported = transcript.trouble.as_ref().map(|trouble| trouble.text.as_str());
            let said = reported.filter(|text| !text.is_empty()).unwrap_or(&detail);
            let told = ending.stderr.rfind(USED_UP).and_then(|start| ending.stderr.get(start..));
            limited(&failure, said, told, ending.now)
        }
        244 | 246..=248 => TurnFailure::Overloaded { detail },
        _ => failure,
    }
}

/// Returns whether and when a limit resets. A limit per day or of a plan differs from one per minute only on stderr, where
/// its last message follows those of earlier attempts.
fn limited(failure: &TurnFailure, said: &str, told: Option<&str>, now: Timestamp) -> TurnFailure {
    let text = format!("{said}\n{}", told.unwrap_or_default());
    let detail = last_words(said);
    let reset = reset::instant(&text, now);
    let is_owed = matches!(failure, TurnFailure::Billing { .. }) && !said.contains(ANY_LIMIT);
    // A quota without an instant is tried again later.
    let is_gone = told.is_some() || (matches!(failure, TurnFailure::QuotaUnknown { .. }) && reset.is_none());
    if is_owed || has_no_quota(&text) || text.contains(NO_CREDIT) {
        TurnFailure::Billing { detail }
    } else if is_gone {
        used_up(reset, now, detail)
    } else {
        limit(reset, now, detail)
    }
}

/// Returns whether there is no quota at all: `limit: 0`.
fn has_no_quota(text: &str) -> bool {
    let limits = text.split("limit:").skip(1).map(str::trim_start);
    limits.filter_map(|limit| limit.strip_prefix('0')).any(|rest| {
        let fraction = rest.strip_prefix('.').unwrap_or(rest);
        !fraction.starts_with(|letter: char| letter.is_ascii_digit())
    })
}

/// Returns the message in the JSON object at the end of stderr.
fn structured(stderr: &str) -> Option<String> {
    let start =
        stderr.rfind("\n{\n").map(|before| before + 1).or_else(|| stderr.starts_with('{').then_some(0))?;
    let object: Value = serde_json::from_str(stderr.get(start..)?.trim()).ok()?;
    object.pointer("/error/message")?.as_str().map(last_words)
}

/// A note on the end of personal accounts, with a solution.
const NOTE: &str = "personal accounts of the Gemini CLI ended on 2026-06-18: use antigravity (agy) instead; enterprise \
                           accounts, API keys and Vertex AI still work";

/// Adds the note on accounts to a failure that concerns the account.
fn with_note(mut failure: TurnFailure) -> TurnFailure {
    // Google may return any of these for a discontinued account.
    if let TurnFailure::Auth { detail }
    | TurnFailure::Billing { detail }
    | TurnFailure::Quota { detail, .. }
    | TurnFailure::QuotaUnknown { detail, .. }
    | TurnFailure::RateLimited { detail, .. } = &mut failure
    {
        let said = sanitize::one_line(detail, DETAIL.saturating_sub(NOTE.len() + 3));
        *detail = if said.is_empty() { NOTE.to_owned() } else { format!("{said} ({NOTE})") };
    }
    failure
}

/// The relevant parts of a line of the stream.
#[derive(Deserialize)]
struct GeminiLine<'line> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'line, str>,
    #[serde(borrow, default)]
    session_id: Option<Cow<'line, str>>,
    #[serde(borrow, default)]
    model: Option<Cow<'line, str>>,
    #[serde(borrow, default)]
    role: Option<Cow<'line, str>>,
    content: Option<String>,
    #[serde(default)]
    delta: bool,
    status: Option<String>,
    message: Option<String>,
    error: Option<GeminiError>,
    #[serde(borrow, default)]
    tool_id: Option<Cow<'line, str>>,
    stats: Option<Stats>,
}

#[derive(Deserialize)]
struct GeminiError {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Stats {
    #[serde(default)]
    input_tokens: u64,
    #[serde(default)]
    output_tokens: u64,
    #[serde(default)]
    total_tokens: u64,
    #[serde(default)]
    cached: u64,
    #[serde(default)]
    models: BTreeMap<String, Value>,
}

impl GeminiLine<'_> {
    fn denial(self) -> Option<String> {
        let error = self.error.filter(|error| error.kind.as_deref() == Some("policy_violation"))?;
        // The id starts with the name of the tool.
        let id = self.tool_id.unwrap_or_default();
        let tool = id.split("__").next().filter(|tool| !tool.is_empty());
        Some(tool.map_or(error.message, str::to_owned))
    }

    fn trouble(self) -> ReportedError {
        let told = self.message.unwrap_or_default();
        match self.error {
            Some(GeminiError { kind, message }) => ReportedError { status: None, code: kind, text: message },
            None => ReportedError { text: told, ..ReportedError::default() },
        }
    }

    fn result(mut self, tell: &mut dyn FnMut(Event)) {
        if let Some(stats) = self.stats.take() {
            tell(Event::Counted(stats.usage()));
            // The model that answered, which may differ from the requested one.
            if let [model] = stats.models.keys().collect::<Vec<_>>().as_slice() {
                tell(Event::Model((*model).clone()));
            }
        }
        if self.status.as_deref() == Some("success") {
            tell(Event::Finished);
        } else {
            tell(Event::Continued);
            tell(Event::ReportedError(self.trouble()));
        }
    }
}

impl Stats {
    /// Reasoning is included only in the total.
    fn usage(&self) -> Usage {
        Usage {
            input_tokens: self.input_tokens,
            cached_tokens: self.cached,
            output_tokens: self.output_tokens.max(self.total_tokens.saturating_sub(self.input_tokens)),
            precision: Precision::Exact,
            ..Usage::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_of_accounts_have_the_note() {
        let auth = with_note(TurnFailure::Auth { detail: "é".repeat(DETAIL) });
        let TurnFailure::Auth { detail } = &auth else { panic!("{auth}") };
        assert!(detail.ends_with("API keys and Vertex AI still work)"), "{detail}");
        assert!(detail.chars().count() <= DETAIL);
        let quota = with_note(TurnFailure::Quota {
            resets_at: "2026-11-21T00:10:00Z".parse().unwrap(),
            detail: String::new(),
        });
        assert_eq!(quota.to_string(), format!("has used up its quota until 2026-11-21 00:10 UTC: {NOTE}"));
        for limited in [
            TurnFailure::Billing { detail: "limit: 0".to_owned() },
            TurnFailure::RateLimited { retry_at: None, detail: "429".to_owned() },
        ] {
            assert!(with_note(limited).to_string().contains(NOTE));
        }
        let network = TurnFailure::Network { detail: "fetch failed".to_owned() };
        assert_eq!(with_note(network.clone()), network);
    }
}
