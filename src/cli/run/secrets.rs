//! Which values of the environment are secrets, so that none of them is published.

use std::ffi::OsStr;
use std::sync::LazyLock;

use regex::Regex;

use crate::adapters::process::environment::Variables;
use crate::cli::config::settings::{OnHit, Settings};
use crate::engine::guard::{OnSecret, Secrets};
use crate::text::redaction::Secret;

#[expect(clippy::expect_used, reason = "a constant pattern, compiled by a test")]
static SECRET_NAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|COOKIE|BEARER|PRIVATE_?KEY|ACCESS_?KEY|API_?KEY)|_(KEY|PAT|PASS|PWD|AUTH|DSN)$|^DATABASE_URL$",
    )
    .expect("a valid pattern")
});

/// The values that must not be published: of variables whose name says so, that an agent gets, or that settings name.
pub fn known(settings: &Settings, variables: &Variables) -> Secrets {
    let given: Vec<&str> = settings
        .agents
        .values()
        .flat_map(|agent| &agent.env)
        .chain(&settings.redact.variables)
        .map(String::as_str)
        .collect();
    let is_secret = |name: &str| SECRET_NAME.is_match(name) || given.contains(&name);
    let secret = |(name, value): (&std::ffi::OsString, &std::ffi::OsString)| {
        let (name, value) = (OsStr::to_str(name)?, OsStr::to_str(value)?);
        is_secret(name).then(|| Secret { kind: name.to_owned(), value: value.to_owned() })
    };
    let on_hit = match settings.redact.on_hit {
        OnHit::Replace => OnSecret::Replace,
        OnHit::Stop => OnSecret::Stop,
    };
    Secrets { values: variables.iter().filter_map(secret).collect(), on_hit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_hold_secrets_are_known_by_name_or_by_settings() {
        let mut settings = Settings::default();
        settings.redact.variables = vec!["MY_LOGIN".to_owned()];
        let all =
            ["GH_TOKEN", "AWS_SECRET_ACCESS_KEY", "MY_LOGIN", "DEPLOY_KEY", "HOME", "KEYBOARD", "TOKENS_DIR"];
        let variables: Variables = all.map(|name| (name.into(), "12345678".into())).into_iter().collect();
        let found: Vec<String> =
            known(&settings, &variables).values.into_iter().map(|one| one.kind).collect();
        assert_eq!(found, ["AWS_SECRET_ACCESS_KEY", "DEPLOY_KEY", "GH_TOKEN", "MY_LOGIN", "TOKENS_DIR"]);
    }
}
