//! Finds secret values in the environment, so that none of them is published.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::adapters::process::variables::Variables;
use crate::cli::config::settings::Settings;
use crate::domain::vendors::Vendor;
use crate::engine::guard::Secrets;
use crate::pattern::pattern;
use crate::text::redaction::Secret;
use crate::text::redaction::names::is_secret;

/// Headers and members of objects with secret values.
static SECRET_PART: LazyLock<Regex> = pattern!(
    r"(?i)KEY$|TOKENS?$|SECRET|COOKIE|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|SIGNATURE|AUTHORIZATION|^(ACCESS|REFRESH)$|(^|[_-])(AUTH|PASS)$"
);

/// A path of a URL that is not a secret: names and versions, such as `/v1/models`.
static PLAIN_PATH: LazyLock<Regex> = pattern!(r"^(/(v?[0-9]{1,4}([.-][0-9]{1,4})*|[a-z][a-z_-]{0,15}))*/?$");

/// The maximum length of a part of a model's name, in characters: dates and sizes are shorter, keys are longer.
const LONGEST_PART: usize = 12;

/// The length of a user name in a URL, in characters, above which it is treated as a token.
const LONGEST_USER: usize = 15;

/// Returns the values that must not be published: those of variables whose name indicates a secret, that an agent gets or
/// that settings name, and credentials inside of any value.
pub fn known(settings: &Settings, variables: &Variables) -> Secrets {
    let given: BTreeSet<&str> =
        settings.agents.values().flat_map(|agent| &agent.env).map(String::as_str).collect();
    let told: BTreeSet<&str> = settings.redact.variables.iter().map(String::as_str).collect();
    let secrets = |(name, value): (&std::ffi::OsString, &std::ffi::OsString)| {
        let (name, value) = (OsStr::to_str(name)?, OsStr::to_str(value)?);
        let whole = told.contains(name)
            || is_secret(name)
            || given.contains(name) && !is_address(value) && !(name.ends_with("MODEL") && is_model(value));
        let all = whole.then(|| value.to_owned()).into_iter().chain(inner(name, value));
        let secret = |value| Secret { kind: name.to_owned(), value };
        Some(all.map(secret).collect::<Vec<Secret>>())
    };
    Secrets {
        values: variables.iter().filter_map(secrets).flatten().collect(),
        on_hit: settings.redact.on_hit,
    }
}

/// Returns the credentials inside a value: the password of a URL, those in headers and in JSON.
fn inner(name: &str, value: &str) -> Vec<String> {
    let mut found: Vec<String> = password(value).map(str::to_owned).into_iter().collect();
    if name.to_ascii_uppercase().contains("HEADER") {
        found.extend(value.split(['\n', ',']).flat_map(login).map(str::to_owned));
    }
    if value.trim_start().starts_with('{')
        && let Ok(object) = serde_json::from_str::<Value>(value)
    {
        members(&object, &mut found);
    }
    found
}

/// Returns the credentials in a URL. An `@` in a path follows no credentials, but some passwords contain a `/`: then the text
/// before the `/` is not a host with a port.
fn password(value: &str) -> Option<&str> {
    let (_, rest) = value.trim().split_once("://")?;
    let authority = rest.split('/').next()?;
    let has_port = |(_, port): (&str, &str)| port.bytes().all(|byte| byte.is_ascii_digit());
    let login = match authority.rsplit_once('@') {
        Some((login, _)) => login,
        None if authority.split_once(':').is_none_or(has_port) => return None,
        None => rest.rsplit_once('@')?.0,
    };
    match login.split_once(':') {
        Some((_, password)) => Some(password),
        None => Some(login).filter(|user| user.chars().count() > LONGEST_USER),
    }
}

/// Returns whether a value is a URL without credentials, without a query, and without a path that could be a secret, as
/// those of webhooks are.
fn is_address(value: &str) -> bool {
    let Some((_, rest)) = value.trim().split_once("://") else { return false };
    let path = rest.find('/').map_or("", |at| rest.split_at(at).1);
    !rest.contains(['@', '?', '#', ' ']) && PLAIN_PATH.is_match(path)
}

/// Returns whether a value is the name of a model: short words in lower case, one of which is known from such names.
fn is_model(value: &str) -> bool {
    let parts: Vec<&str> = value.split(|letter: char| !letter.is_ascii_alphanumeric()).collect();
    let is_plain =
        |part: &&str| part.len() <= LONGEST_PART && !part.bytes().any(|one| one.is_ascii_uppercase());
    parts.iter().all(is_plain) && parts.iter().any(|part| is_model_word(part))
}

/// Returns whether a word occurs in the names of models that a vendor's program can ask.
fn is_model_word(word: &str) -> bool {
    Vendor::ALL.iter().any(|vendor| vendor.row().model_words.contains(&word))
}

/// Returns the credentials in a header: its value, and the last word of the value (`Bearer …`).
fn login(header: &str) -> Vec<&str> {
    let Some((name, value)) = header.split_once(':').or_else(|| header.split_once('=')) else {
        return Vec::new();
    };
    if !SECRET_PART.is_match(name.trim()) {
        return Vec::new();
    }
    let value = value.trim();
    let last = value.split_whitespace().next_back().filter(|last| *last != value);
    std::iter::once(value).chain(last).collect()
}

/// Collects the members of an object whose names indicate a secret, at any depth of the JSON.
fn members(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(all) => {
            for (name, member) in all {
                if SECRET_PART.is_match(name) {
                    texts(member, found);
                } else {
                    members(member, found);
                }
            }
        }
        Value::Array(all) => all.iter().for_each(|member| members(member, found)),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Collects all texts of a value, at any depth.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|member| texts(member, found)),
        Value::Object(all) => all.values().for_each(|member| texts(member, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::config::settings::AgentSettings;
    use crate::text::redaction::Redactor;

    #[test]
    fn secret_variables_are_known_by_name() {
        let mut settings = Settings::default();
        settings.redact.variables = vec!["MY_LOGIN".to_owned()];
        let all =
            ["GH_TOKEN", "AWS_SECRET_ACCESS_KEY", "MY_LOGIN", "DEPLOY_KEY", "HOME", "KEYBOARD", "TOKENS_DIR"];
        let variables: Variables = all.map(|name| (name.into(), "12345678".into())).into_iter().collect();
        let found: Vec<String> =
            known(&settings, &variables).values.into_iter().map(|one| one.kind).collect();
        assert_eq!(found, ["AWS_SECRET_ACCESS_KEY", "DEPLOY_KEY", "GH_TOKEN", "MY_LOGIN", "TOKENS_DIR"]);
    }

    /// Returns a text after redaction, when these variables are set and an agent of the user gets `GIVEN` and `GIVEN_MODEL`.
    fn published(variables: &[(&str, &str)], text: &str) -> String {
        let mut settings = Settings::default();
        let env = vec!["GIVEN".to_owned(), "GIVEN_MODEL".to_owned()];
        settings.agents.insert("mine".to_owned(), AgentSettings { env, ..AgentSettings::default() });
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
        Redactor::new(known(&settings, &variables).values).redact(text).text.into_owned()
    }

    #[test]
    fn vendor_secrets_are_known_by_value() {
        for name in [
            "ANTHROPIC_API_KEY",
            "ANTHROPIC_AUTH_TOKEN",
            "CLAUDE_CODE_OAUTH_TOKEN",
            "CODEX_API_KEY",
            "OPENAI_API_KEY",
            "GEMINI_API_KEY",
            "GOOGLE_API_KEY",
            "GIVEN",
        ] {
            let text = published(&[(name, "quiet-herons-fly")], "it says quiet-herons-fly");
            assert_eq!(text, format!("it says [redacted: {name}]"));
        }
        let inside = [
            ("ANTHROPIC_CUSTOM_HEADERS", "X-Team: birds-and-more\nAuthorization: Bearer quiet-herons-fly"),
            ("GEMINI_CLI_CUSTOM_HEADERS", "X-Team:birds-and-more,x-api-key:quiet-herons-fly"),
            ("OPENCODE_CONFIG_CONTENT", r#"{"team":"birds-and-more","a":[{"apiKey":"quiet-herons-fly"}]}"#),
            ("ANTHROPIC_BASE_URL", "https://birds-and-more:quiet-herons-fly@host/path"),
            ("POSTGRES", "pg://birds-and-more:quiet-herons-fly@host/path"),
            ("OPENCODE_CONFIG_CONTENT", r#"{"team":"birds-and-more","tokens":["quiet-herons-fly"]}"#),
            ("HTTPS_PROXY", "http://quiet-herons-fly@birds-and-more:80"),
        ];
        for (name, value) in inside {
            let text = published(&[(name, value)], "quiet-herons-fly of birds-and-more");
            assert_eq!(text, format!("[redacted: {name}] of birds-and-more"));
        }
    }

    #[test]
    fn ordinary_values_are_published() {
        for value in [
            "1",
            "true",
            "https://models.example.com/v1",
            "claude-sonnet-4-5-20250929",
            "gpt-5.1-codex",
            "us.anthropic.claude-opus-4-1-v1:0",
            "openrouter/qwen/qwen3-coder",
        ] {
            assert_eq!(published(&[("GIVEN_MODEL", value), ("ANTHROPIC_MODEL", value)], value), value);
        }
        for address in ["https://registry.birds.example/@herons/reeds", "http://host.example:8080/a/b@2"] {
            let text = "registry.birds.example, host.example:8080/a/b";
            assert_eq!(published(&[("MIRROR", address)], text), text);
        }
        let text = published(&[("POSTGRES", "pg://me:quiet/herons@host/path")], "it is quiet/herons");
        assert_eq!(text, "it is [redacted: POSTGRES]", "a password with a slash");
        let author = r#"{"author":"quiet-herons-fly","bypass":"birds-and-more"}"#;
        let text = "quiet-herons-fly, birds-and-more";
        assert_eq!(published(&[("OPENCODE_CONFIG_CONTENT", author)], text), text);
        for value in [
            "sk-ant-api03",
            "https://host/hook?code=abc",
            "https://hooks.host/T0A1B2C3D/B9Z8Y7/x1y2z3a4",
            "my-claude-pw",
        ] {
            assert_ne!(published(&[("GIVEN", value)], value), value);
        }
    }
}
