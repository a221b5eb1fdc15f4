//! What is known of each vendor's program apart from turns: how it is installed, which version was measured, and what its
//! answers to questions about versions and logins mean. Pure; it is never a model that is asked.

use std::fmt;

use serde::Deserialize;

use crate::adapters::process::probe::Answer;
use crate::domain::vendors::Vendor;

/// A version of a vendor's program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version([u32; 3]);

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([major, minor, patch]) = self;
        write!(formatter, "{major}.{minor}.{patch}")
    }
}

impl Version {
    /// The first version in what `--version` prints: `2.1.197 (Claude Code)`, `codex-cli 0.169.0`.
    pub fn find(text: &str) -> Option<Self> {
        text.split_whitespace().find_map(|word| {
            let mut numbers = word.trim_start_matches('v').splitn(3, '.');
            let (major, minor) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
            // `-beta.1` and the like say nothing that matters here.
            let patch = numbers.next()?;
            let digits = patch.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(patch.len());
            Some(Self([major, minor, patch.get(..digits)?.parse().ok()?]))
        })
    }
}

/// What is known of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// What a person types, or where a person goes, to install it.
    pub install: &'static str,
    /// The version with which everything here was measured, if it was.
    pub measured: Option<Version>,
    /// The oldest version that can take a turn, if that is known.
    pub oldest: Option<Version>,
}

/// What is known of a vendor's program.
pub fn facts(vendor: Vendor) -> Facts {
    let measured = |install, version| Facts { install, measured: Some(Version(version)), oldest: None };
    match vendor {
        Vendor::Claude => measured("npm install -g @anthropic-ai/claude-code", [2, 1, 197]),
        Vendor::Codex => measured("npm install -g @openai/codex", [0, 169, 0]),
        Vendor::Gemini => measured("npm install -g @google/gemini-cli", [0, 61, 0]),
        Vendor::Opencode => measured("npm install -g opencode-ai", [1, 18, 33]),
        Vendor::Antigravity => Facts {
            install: "see https://antigravity.google/cli (the npm package `antigravity-cli` is not it)",
            measured: None,
            // The first that prints JSON.
            oldest: Some(Version([1, 1, 8])),
        },
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClaudeStatus {
    auth_method: String,
}

/// With what a program says it is logged in, which is who pays; nothing, if it says nothing that we know.
pub fn login_method(vendor: Vendor, answer: &Answer) -> Option<&'static str> {
    match vendor {
        Vendor::Claude => {
            let status = serde_json::from_str::<ClaudeStatus>(&answer.stdout).ok()?;
            match status.auth_method.as_str() {
                "api_key" => Some("an API key"),
                "oauth_token" => Some("the token of a subscription"),
                "claude.ai" => Some("a subscription"),
                _ => None,
            }
        }
        Vendor::Codex => {
            let said = |words: &str| answer.stderr.lines().any(|line| line.trim_start().starts_with(words));
            let account = said("Logged in using ChatGPT").then_some("a ChatGPT account");
            account.or_else(|| said("API key configured").then_some("an API key"))
        }
        Vendor::Gemini | Vendor::Antigravity | Vendor::Opencode => None,
    }
}

/// A variable that decides how Gemini CLI logs in: it has no call that tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GeminiSign {
    /// `GOOGLE_GENAI_USE_GCA` is `true`.
    Account,
    /// `GOOGLE_GENAI_USE_VERTEXAI` is `true`.
    Vertex,
    /// `GOOGLE_GEMINI_BASE_URL` is set.
    Gateway,
    /// `GEMINI_API_KEY` is set.
    Key,
}

/// Which login Gemini CLI would use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GeminiLogin {
    /// A Google account. Personal ones were ended on 2026-06-18.
    Account,
    Vertex,
    /// An address of the user's own.
    Gateway,
    /// An API key that is there.
    Key,
    /// An API key that is not in the environment; it may be in a file or a key ring.
    KeyElsewhere,
    /// Something that we do not know.
    Other,
    /// None: it refuses to start.
    None,
}

/// Which login Gemini CLI would use, in its own order (0.61.0). What its settings select in
/// `security.auth.selectedType` outranks variables.
pub fn gemini(selected: Option<&str>, signs: &[GeminiSign]) -> GeminiLogin {
    let has = |sign| signs.contains(&sign);
    match selected {
        Some("oauth-personal") => GeminiLogin::Account,
        Some("gemini-api-key") if has(GeminiSign::Key) => GeminiLogin::Key,
        Some("gemini-api-key") => GeminiLogin::KeyElsewhere,
        Some("vertex-ai") => GeminiLogin::Vertex,
        Some("gateway") => GeminiLogin::Gateway,
        Some(_) => GeminiLogin::Other,
        None if has(GeminiSign::Account) => GeminiLogin::Account,
        None if has(GeminiSign::Vertex) => GeminiLogin::Vertex,
        None if has(GeminiSign::Gateway) => GeminiLogin::Gateway,
        None if has(GeminiSign::Key) => GeminiLogin::Key,
        None => GeminiLogin::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::process::exit::Exit;

    fn answer(stdout: &str, stderr: &str) -> Answer {
        Answer { exit: Exit::Code(0), stdout: stdout.to_owned(), stderr: stderr.to_owned() }
    }

    #[test]
    fn versions_are_found_in_what_the_programs_print() {
        let found = |text| Version::find(text).map(|version| version.to_string());
        for (text, version) in [
            ("2.1.197 (Claude Code)", Some("2.1.197")),
            ("codex-cli 0.169.0", Some("0.169.0")),
            ("0.61.0", Some("0.61.0")),
            ("v1.18.33-beta.2\n", Some("1.18.33")),
            ("agy 1.2", None),
            ("99999999999.1.1", None),
            ("a.b.c", None),
            ("", None),
        ] {
            assert_eq!(found(text).as_deref(), version, "{text}");
        }
        assert!(Version::find("1.1.9") < Version::find("1.1.15"), "numbers are compared, not letters");
    }

    #[test]
    fn who_pays_is_told_only_if_it_is_known() {
        for (vendor, answer, method) in [
            (Vendor::Claude, answer(r#"{"loggedIn":true,"authMethod":"something new"}"#, ""), None),
            (Vendor::Claude, answer("Welcome!", ""), None),
            (Vendor::Codex, answer("", "WARNING: x\nLogged in using ChatGPT"), Some("a ChatGPT account")),
            (Vendor::Opencode, answer("Logged in using ChatGPT", ""), None),
        ] {
            assert_eq!(login_method(vendor, &answer), method, "{vendor}: {answer:?}");
        }
    }

    #[test]
    fn gemini_logs_in_as_its_settings_say_else_as_its_variables_do() {
        use GeminiSign::{Account, Gateway, Key, Vertex};
        for (selected, signs, login) in [
            (None, &[][..], GeminiLogin::None),
            (None, &[Key], GeminiLogin::Key),
            (None, &[Key, Vertex], GeminiLogin::Vertex),
            (None, &[Vertex, Account], GeminiLogin::Account),
            (None, &[Key, Gateway], GeminiLogin::Gateway),
            (Some("gemini-api-key"), &[], GeminiLogin::KeyElsewhere),
            (Some("gemini-api-key"), &[Vertex, Key], GeminiLogin::Key),
            (Some("oauth-personal"), &[Key], GeminiLogin::Account),
            (Some("cloud-shell"), &[], GeminiLogin::Other),
        ] {
            assert_eq!(gemini(selected, signs), login, "{selected:?}: {signs:?}");
        }
    }
}
