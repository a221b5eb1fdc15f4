//! Recognises secrets by their shape: tokens of well-known services, private keys, passwords in URLs.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::{Captures, Regex};

use crate::pattern::ascii_pattern;

/// The text before a token: not the beginning of a longer word, unless it is an escape.
const BEFORE: &str = r"(?:^|[^A-Za-z0-9_-]|\\[bfnrt]|\\u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2}|\x1b\[[0-9;]*m)[-_]*";
/// The text after a token of a certain length.
const BEHIND: &str = "(?:[^A-Za-z0-9]|$)";
/// The shape of a token, which follows `BEFORE`.
struct Shape {
    kind: &'static str,
    secret: &'static str,
    behind: &'static str,
}

impl Shape {
    /// Creates a token that extends as far as its letters do.
    const fn token(kind: &'static str, secret: &'static str) -> Self {
        Self { kind, secret, behind: "" }
    }

    /// Creates a token of a certain length.
    const fn exact(kind: &'static str, secret: &'static str) -> Self {
        Self { kind, secret, behind: BEHIND }
    }
}

const TOKENS: [Shape; 15] = [
    Shape::token("github-token", r"gh[pousr]_[A-Za-z0-9]{1,20}_eyJ[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){1,2}"),
    Shape::token("github-token", "gh[pousr]_[A-Za-z0-9]{36,}"),
    // The first letters contain no `_`, unlike long identifiers.
    Shape::token("github-token", "github_pat_[A-Za-z0-9]{22}[A-Za-z0-9_]*"),
    Shape::token("gitlab-token", r"glpat-[A-Za-z0-9_-]{20,}(?:\.[0-9a-z]{2}\.?[0-9a-z]{7})?"),
    Shape::token("anthropic-key", "sk-ant-[A-Za-z0-9_-]{20,}"),
    Shape::token("openai-key", "sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,}"),
    Shape::token("openai-key", "sk-(?:[a-z0-9]{1,10}-){0,3}[A-Za-z0-9]{20}[A-Za-z0-9_-]*"),
    Shape { behind: "(?:[^A-Za-z0-9_-]|$)", ..Shape::exact("google-key", "AIza[A-Za-z0-9_-]{35}") },
    Shape::exact("aws-key", "(?:AKIA|ASIA)[A-Z0-9]{16}"),
    Shape::token("slack-token", "xox[abposr]-[A-Za-z0-9-]{10,}"),
    Shape::exact("npm-token", "npm_[A-Za-z0-9]{36}"),
    Shape::token("pypi-token", "pypi-[A-Za-z0-9_-]{50,}"),
    Shape::exact("crates-token", "cio[A-Za-z0-9]{32}"),
    Shape::token("stripe-key", "[sr]k_live_[A-Za-z0-9]{16,}"),
    Shape::token("jwt", r"eyJ[A-Za-z0-9_-]{7,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{4,}"),
];

/// A password in a URL.
const URL_PASSWORD: &str =
    r#"[A-Za-z0-9+.-]:(?:\\*/){2}[^\s/:@"<>`\\]*:([^\s/@"<>`\\]+(?:@[^\s/?#@"<>`\\]+)*)@"#;
/// The first line of a private key.
const KEY_LINE: &str = "(-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----)";
const PRIVATE_KEY: &str = "private-key";

/// Returns the kinds of secrets that are recognised by their shape, in the order of the groups of `ANY`.
pub(in crate::text) fn kinds() -> impl Iterator<Item = &'static str> {
    TOKENS.iter().map(|shape| shape.kind).chain(["url-password", PRIVATE_KEY])
}

static ANY: LazyLock<Regex> = ascii_pattern!({
    let tokens: Vec<String> =
        TOKENS.iter().map(|shape| format!("({}){}", shape.secret, shape.behind)).collect();
    // One beginning for all tokens: a third of the memory and of the time of one for each token.
    format!("{BEFORE}(?:{})|{URL_PASSWORD}|{KEY_LINE}", tokens.join("|"))
});
static END_OF_KEY: LazyLock<Regex> = ascii_pattern!("-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----");

/// Returns the positions of secrets in a text with their kinds, in order.
pub(in crate::text) fn find(text: &str) -> Vec<(Range<usize>, &'static str)> {
    let mut all = Vec::new();
    let mut from = 0;
    while let Some((found, kind)) = text.get(from..).and_then(first) {
        let place = from + found.start..from + found.end;
        from = place.end;
        all.push((place, kind));
    }
    all
}

fn first(text: &str) -> Option<(Range<usize>, &'static str)> {
    let found = ANY.captures(text.as_bytes())?;
    let (place, kind) = which(&found)?;
    if kind == PRIVATE_KEY {
        let rest = text.get(place.end..).unwrap_or_default();
        let end = END_OF_KEY.find(rest.as_bytes()).map_or(text.len(), |line| place.end + line.end());
        return Some((place.start..end, kind));
    }
    Some((place, kind))
}

fn which(found: &Captures<'_>) -> Option<(Range<usize>, &'static str)> {
    let mut groups = kinds().zip(found.iter().skip(1));
    groups.find_map(|(kind, group)| group.map(|group| (group.range(), kind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6";

    fn found(text: &str) -> Vec<(&str, &str)> {
        find(text).into_iter().map(|(place, kind)| (kind, &text[place])).collect()
    }

    /// Examples of all tokens with their kinds.
    fn tokens() -> Vec<(&'static str, String)> {
        let letters = |count: usize| &LONG[..count];
        vec![
            ("github-token", format!("ghp_{}", letters(36))),
            ("github-token", format!("ghs_{}", letters(40))),
            ("github-token", format!("github_pat_{}_{LONG}", letters(22))),
            ("gitlab-token", format!("glpat-{}-{}", letters(10), letters(9))),
            ("gitlab-token", format!("glpat-{}.01.{}", letters(27), "0a1b2c3")),
            ("anthropic-key", format!("sk-ant-api03-{}-_{}", letters(30), letters(9))),
            ("openai-key", format!("sk-{}", letters(20))),
            ("openai-key", format!("sk-proj-{}-_{}", letters(9), letters(30))),
            ("openai-key", format!("sk-or-v1-{}", letters(40))),
            ("google-key", format!("AIza{}-", letters(34))),
            ("aws-key", "AKIAIOSFODNN7EXAMPLE".to_owned()),
            ("aws-key", "ASIAIOSFODNN7EXAMPLE".to_owned()),
            ("slack-token", "xoxb-123456789012-abcdefABCDEF".to_owned()),
            ("npm-token", format!("npm_{}", letters(36))),
            ("pypi-token", format!("pypi-AgEIcHlwaS5vcmc{}-{LONG}", letters(8))),
            ("crates-token", format!("cio{}", letters(32))),
            ("stripe-key", format!("sk_live_{}", letters(24))),
            ("stripe-key", format!("rk_live_{}", letters(24))),
            (
                "jwt",
                "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned(),
            ),
        ]
    }

    #[test]
    fn shapes_are_found_where_words_begin() {
        for (kind, token) in tokens() {
            for before in
                ["", "KEY=", "a ", "\"", "Bearer\\n", "key%3D", "\u{1b}[31m", "- -", "ключ", "_", "a:"]
            {
                for behind in ["", " ", "\"", "\n", "\\n", ",", "?", "%20", "é"] {
                    let text = format!("{before}{token}{behind}");
                    assert_eq!(found(&text), [(kind, token.as_str())], "{text}");
                }
            }
        }
    }

    #[test]
    fn parts_of_words_are_not_found() {
        for (_, token) in tokens() {
            for before in ["x", "x_", "x-", "9"] {
                let text = format!("{before}{token}");
                assert_eq!(found(&text), [], "{text}");
            }
        }
        for (kind, token) in tokens() {
            if ["aws-key", "npm-token", "google-key", "crates-token"].contains(&kind) {
                assert_eq!(found(&format!("{token}9")), [], "{token}");
            }
        }
    }

    #[test]
    fn ordinary_words_are_not_found() {
        for text in [
            "e4dcf3910b8a5b8c8f1d2e3c4b5a69788796a5b4",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "sk-fading-circle-with-animation-delay",
            "fn github_pat_tokens_are_found_and_replaced_by_their_kind()",
            "npm_config_registry and npm_package_dependencies_something_long_here",
            "http://localhost:8080/a@b git@github.com:owner/name.git ssh://git@host:22/x",
            "https://user@host/path {\"url\":\"http://a:80\",\"mail\":\"a@b\"}",
            "see https://host/?q=a:b@c and pypi-publish",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn a_urls_password_alone_is_found() {
        for (text, password) in [
            ("postgres://me:pa55@host:5432/db", "pa55"),
            ("https://:x@host", "x"),
            ("https:\\/\\/me:x@host", "x"),
            ("https://me:p@ss@host/?m=a@b", "p@ss"),
            ("https://me:p#ss@host?m=a@b", "p#ss"),
        ] {
            assert_eq!(found(text), [("url-password", password)], "{text}");
        }
    }

    /// A key without an end extends to the end of the text.
    #[test]
    fn a_private_key_is_found_whole() {
        let block = "-----BEGIN RSA PRIVATE KEY-----\\nMIIE\n-----END CERTIFICATE-----\n-----END RSA PRIVATE KEY-----";
        assert_eq!(found(&format!("a {block} b")), [("private-key", block)]);
        let open = "-----BEGIN PRIVATE KEY-----\nMIIE\n";
        assert_eq!(found(&format!("a {open}")), [("private-key", open)]);
        assert_eq!(found("-----BEGIN PUBLIC KEY-----\nMIIE\n-----END PUBLIC KEY-----"), []);
    }

    #[test]
    fn adjacent_tokens_are_all_found() {
        let all: Vec<String> = tokens().into_iter().map(|(_, token)| token).collect();
        assert_eq!(found(&all.join(",")).len(), all.len());
    }
}
