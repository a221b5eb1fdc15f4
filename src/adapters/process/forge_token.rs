//! Secrets of the forge: variables that are recognised by their names or their values. No child process gets one.

use std::ffi::OsStr;

use crate::text::redaction::names::may_be_secret;

use super::variables::Variables;

/// The variables from which the forge's own programs read a token.
const TOKENS: &[&str] = &["GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"];

/// Variables that give access without being a token.
const DOORS: &[&str] = &["SSH_AUTH_SOCK", "SSH_ASKPASS", "GIT_ASKPASS"];

/// The prefixes of GitHub's tokens (`docs.github.com`, "GitHub's token formats").
const PREFIXES: &[&str] = &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"];

/// The minimum length of a token: shorter values would match ordinary words.
const SHORTEST_VALUE: usize = 8;

/// Minimum length after the prefix; real tokens have at least 22.
const SHORTEST_TOKEN: usize = 16;

/// The tokens of the forge in an environment.
pub(super) struct ForgeTokens {
    values: Vec<String>,
}

impl ForgeTokens {
    pub(super) fn of(ours: &Variables) -> Self {
        let values = TOKENS.iter().filter_map(|name| ours.get(OsStr::new(name))).map(|value| text(value));
        let values = values.map(|value| value.trim().to_owned());
        Self { values: values.filter(|value| value.chars().count() >= SHORTEST_VALUE).collect() }
    }

    pub(super) fn open(&self, name: &OsStr, value: &OsStr) -> bool {
        let (name, value) = (text(name), text(value));
        is_door(&name) || has_shape(&value) || self.values.iter().any(|token| value.contains(token))
    }
}

fn text(text: &OsStr) -> String {
    text.to_string_lossy().into_owned()
}

/// Returns whether a name indicates access to the forge: it names the forge and a secret.
fn is_door(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let words: Vec<&str> = name.split('_').collect();
    let forge = name.contains("GITHUB") || words.iter().any(|word| ["GH", "GHE", "GHTOKEN"].contains(word));
    TOKENS.contains(&name.as_str()) || DOORS.contains(&name.as_str()) || forge && may_be_secret(&name)
}

fn has_shape(value: &str) -> bool {
    PREFIXES.iter().any(|prefix| {
        value.match_indices(prefix).any(|(at, _)| {
            let (before, behind) = value.split_at(at);
            let behind = behind.get(prefix.len()..).unwrap_or_default();
            let begins = !before.ends_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_');
            let length = behind.chars().take_while(char::is_ascii_alphanumeric).count();
            begins && length >= SHORTEST_TOKEN
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn opens(ours: &[(&str, &str)], name: &str, value: &str) -> bool {
        let ours = ours.iter().map(|(name, value)| (name.into(), value.into())).collect();
        ForgeTokens::of(&ours).open(OsStr::new(name), OsStr::new(value))
    }

    #[test]
    fn names_with_forge_and_secret_match() {
        for name in [
            "GH_TOKEN",
            "GITHUB_PAT",
            "ANTHROPIC_GITHUB_TOKEN",
            "GH_PAT",
            "HOMEBREW_GITHUB_API_TOKEN",
            "my_github_token",
            "GITHUB_APP_PRIVATE_KEY",
            "GHE_TOKEN",
            "GIT_ASKPASS",
            "MYGITHUBTOKEN",
            "GITHUB_AUTH",
            "GH_CREDENTIALS",
            "GHTOKEN",
            "GITHUB_OAUTH",
        ] {
            assert!(opens(&[], name, "x"), "{name}");
        }
        for name in [
            "ANTHROPIC_API_KEY",
            "CLAUDE_CODE_OAUTH_TOKEN",
            "GITHUB_REPOSITORY",
            "GH_HOST",
            "HIGHLIGHT_KEY",
            "PATH",
            "GITHUB_PATH",
            "OPENAI_API_KEY",
        ] {
            assert!(!opens(&[], name, "x"), "{name}");
        }
    }

    #[test]
    fn values_with_forge_tokens_match() {
        let ours = [("GH_ENTERPRISE_TOKEN", " secret-of-the-forge\n")];
        assert!(opens(&ours, "HARMLESS", "secret-of-the-forge"));
        assert!(opens(&ours, "HTTPS_PROXY", "http://x-access-token:secret-of-the-forge@proxy:80"));
        assert!(!opens(&ours, "HARMLESS", "secret-of-the-forges".get(..18).unwrap()));
        let short = [("GH_TOKEN", ""), ("GITHUB_TOKEN", "x")];
        assert!(!opens(&short, "PATH", "/usr/bin:/x"));
    }

    #[test]
    fn ordinary_values_do_not_match() {
        for value in [
            "/home/ghp_developers/bin",
            "ghp_",
            "my_ghp_0123456789abcdefghij",
            "github_pat_of_mine",
            "sk-ant-api03-x",
        ] {
            assert!(!opens(&[], "VALUE", value), "{value}");
        }
    }

    proptest! {
        /// Tokens of all kinds are found at the start of any word in a value.
        #[test]
        fn tokens_are_found_by_shape(kind in 0..PREFIXES.len(), rest in "[A-Za-z0-9]{22,60}", before in "|token=|https://|[^A-Za-z0-9_]") {
            let token = format!("{before}{}{rest}", PREFIXES[kind]);
            prop_assert!(opens(&[], "MODEL", &token));
        }
    }
}
