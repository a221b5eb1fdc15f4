//! Removes secrets from texts before they are published: known values in any encoding, and tokens that are recognised by their
//! shape. Pure.

pub(super) mod known;
pub mod names;
pub(super) mod spelling;
pub(super) mod token;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use regex::Regex;

use crate::text::sanitize::lookalike::without_hidden;

use known::Values;

/// A value that must not be published, with its kind for messages.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    pub kind: String,
    pub value: String,
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Secret").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A text without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redacted<'text> {
    pub text: Cow<'text, str>,
    /// The kinds of the secrets that were found, in order.
    pub hits: Vec<String>,
}

/// Finds secrets in texts: known values, and texts with the shape of a secret.
#[derive(Clone)]
pub struct Redactor {
    values: Option<Values>,
    marks: Regex,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = self.values.iter().flat_map(Values::kinds).collect::<BTreeSet<_>>();
        formatter.debug_struct("Redactor").field("kinds", &kinds).finish_non_exhaustive()
    }
}

impl Default for Redactor {
    /// Creates a redactor for shapes only.
    fn default() -> Self {
        Self::new([])
    }
}

impl Redactor {
    /// Creates a redactor for these values and for shapes. Values are ignored if they are too short, repeat one letter, or are
    /// part of the text that replaces values.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let secrets: Vec<Secret> = secrets.into_iter().collect();
        let shapes = token::kinds().map(str::to_owned);
        let kinds: BTreeSet<String> =
            secrets.iter().map(|secret| secret.kind.clone()).chain(shapes).collect();
        let marks: Vec<String> = kinds.iter().map(|kind| mark(kind)).collect();
        let escaped: Vec<String> = marks.iter().map(|mark| regex::escape(mark)).collect();
        let values = secrets.iter().map(|secret| (secret.value.as_str(), secret.kind.as_str()));
        Self { values: Values::new(values, &marks), marks: known::any(&escaped) }
    }

    /// Replaces each secret by `[redacted: KIND]`. If invisible characters hide a secret, they are removed from the whole
    /// text.
    pub fn redact<'text>(&self, text: &'text str) -> Redacted<'text> {
        let as_written = self.as_written(text);
        let Some(visible) = without_hidden(text) else { return as_written };
        let as_seen = self.as_written(&visible);
        if as_seen.hits.len() <= as_written.hits.len() {
            return as_written;
        }
        Redacted { text: Cow::Owned(as_seen.text.into_owned()), hits: as_seen.hits }
    }

    fn as_written<'text>(&self, text: &'text str) -> Redacted<'text> {
        let mut pieces = self.marked(text);
        let mut hits = 0;
        loop {
            pieces = pieces.into_iter().flat_map(|piece| self.divide(piece)).collect();
            let now = pieces.iter().filter(|piece| matches!(piece, Piece::Hit(_))).count();
            // A removed secret may have hidden another: a token in the user part of a URL.
            if now == hits {
                break;
            }
            hits = now;
        }
        if hits == 0 {
            return Redacted { text: Cow::Borrowed(text), hits: Vec::new() };
        }
        Redacted {
            text: Cow::Owned(pieces.iter().map(Piece::text).collect()),
            hits: pieces.iter().filter_map(Piece::hit).collect(),
        }
    }

    /// Splits a text into pieces. Parts that were redacted before are not searched.
    fn marked<'text>(&self, text: &'text str) -> Vec<Piece<'text>> {
        cut(text, self.marks.find_iter(text).map(|mark| (mark.range(), Piece::Mark(mark.as_str()))))
    }

    /// Replaces the secrets in a piece.
    fn divide<'text>(&'text self, piece: Piece<'text>) -> Vec<Piece<'text>> {
        match piece {
            Piece::Mark(_) | Piece::Hit(_) => vec![piece],
            Piece::Open(text) => {
                let values = self.values.as_ref().map_or_else(Vec::new, |values| values.find(text));
                let found = united(values.into_iter().chain(token::find(text)).collect());
                cut(text, found.into_iter().map(|(place, kind)| (place, Piece::Hit(kind))))
            }
        }
    }
}

/// A part of a text.
#[derive(Debug, Clone, Copy)]
enum Piece<'text> {
    Open(&'text str),
    /// The part was redacted before.
    Mark(&'text str),
    /// The part is a secret of this kind.
    Hit(&'text str),
}

impl<'text> Piece<'text> {
    fn text(&self) -> Cow<'text, str> {
        match *self {
            Self::Open(text) | Self::Mark(text) => Cow::Borrowed(text),
            Self::Hit(kind) => Cow::Owned(mark(kind)),
        }
    }

    fn hit(&self) -> Option<String> {
        match *self {
            Self::Hit(kind) => Some(kind.to_owned()),
            Self::Open(_) | Self::Mark(_) => None,
        }
    }
}

/// Returns the text that replaces a secret.
fn mark(kind: &str) -> String {
    format!("[redacted: {kind}]")
}

/// Replaces the ranges of a text, which are in order, by pieces.
fn cut<'text>(
    text: &'text str,
    places: impl Iterator<Item = (Range<usize>, Piece<'text>)>,
) -> Vec<Piece<'text>> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for (place, piece) in places {
        pieces.push(Piece::Open(text.get(from..place.start).unwrap_or_default()));
        pieces.push(piece);
        from = place.end;
    }
    pieces.push(Piece::Open(text.get(from..).unwrap_or_default()));
    pieces.retain(|piece| !matches!(piece, Piece::Open("")));
    pieces
}

/// Returns the matches in order, with overlapping ones merged.
fn united(mut found: Vec<(Range<usize>, &str)>) -> Vec<(Range<usize>, &str)> {
    found.sort_by_key(|(place, _)| place.start);
    let mut united: Vec<(Range<usize>, &str)> = Vec::new();
    for (place, kind) in found {
        match united.last_mut() {
            Some((last, _)) if place.start < last.end => last.end = last.end.max(place.end),
            Some(_) | None => united.push((place, kind)),
        }
    }
    united
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    fn knowing(values: &[(&str, &str)]) -> Redactor {
        let secret =
            |(kind, value): &(&str, &str)| Secret { kind: (*kind).to_owned(), value: (*value).to_owned() };
        Redactor::new(values.iter().map(secret))
    }

    fn redacted(values: &[(&str, &str)], text: &str) -> String {
        knowing(values).redact(text).text.into_owned()
    }

    #[test]
    fn values_and_tokens_become_their_names() {
        let redactor = knowing(&[("DB", "correct horse")]);
        let token = format!("ghp_{}", "a1".repeat(18));
        let text = format!("psql correct%20horse; {token}\ncorrect horse");
        let redacted = redactor.redact(&text);
        assert_eq!(redacted.text, "psql [redacted: DB]; [redacted: github-token]\n[redacted: DB]");
        assert_eq!(redacted.hits, ["DB", "github-token", "DB"]);
    }

    #[test]
    fn invisible_letters_hide_no_secret() {
        for hidden in ['\u{200b}', '\u{202e}', '\u{2066}', '\u{ad}', '\u{feff}'] {
            let text = format!("it is correct{hidden}-horse");
            assert_eq!(redacted(&[("DB", "correct-horse")], &text), "it is [redacted: DB]");
            let harmless = format!("nothing{hidden} here");
            assert_eq!(redacted(&[("DB", "correct-horse")], &harmless), harmless);
        }
    }

    #[test]
    fn what_is_no_secret_is_ignored() {
        let values =
            [("A", " short "), ("B", "--------------------"), ("C", "redacted"), ("D_SECRET", "D_SECRET")];
        let text = "short -------------------- redacted D_SECRET [redacted: A]";
        let redactor = knowing(&values);
        assert!(matches!(redactor.redact(text).text, Cow::Borrowed(_)));
    }

    #[test]
    fn standalone_base64_is_found_whole() {
        for value in ["abcdefgh", "abcdefghi", "abcdefghij", "a/b+c?d>~~~"] {
            for text in [STANDARD.encode(value), URL_SAFE_NO_PAD.encode(value)] {
                assert_eq!(redacted(&[("K", value)], &text), "[redacted: K]", "{text}");
            }
        }
        let wrapped = STANDARD.encode("abcdefghijklmnopqrstuvwx").replace("ZWZn", "ZW\nZn");
        assert_eq!(redacted(&[("K", "abcdefghijklmnopqrstuvwx")], &wrapped), "[redacted: K]");
    }

    #[test]
    fn lines_of_keys_are_found_singly() {
        let key =
            "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\n9w0BAQEFAASCBKcwggSj\nshort\n-----END KEY-----\n";
        assert_eq!(redacted(&[("KEY", key)], &format!("a\n{key}b")), "a\n[redacted: KEY]\nb");
        assert_eq!(
            redacted(&[("KEY", key)], "> 9w0BAQEFAASCBKcwggSj\n> short"),
            "> [redacted: KEY]\n> short"
        );
        assert_eq!(redacted(&[("KEY", key)], &key.replace('\n', "\\n")), "[redacted: KEY]\\n");
        assert_eq!(redacted(&[("KEY", key)], "-----BEGIN KEY-----"), "-----BEGIN KEY-----");
    }

    #[test]
    fn overlapping_secrets_are_taken_out_whole() {
        let values = [("A", "abcdefgh1234"), ("B", "1234ijklmnop"), ("C", "abcdefgh"), ("D", "5ijklmno5")];
        assert_eq!(redacted(&values, "xabcdefgh1234ijklmnopx"), "x[redacted: A]x");
        assert_eq!(
            redacted(&values, "https://me:1abcdefgh2@host"),
            "https://me:[redacted: url-password]@host"
        );
        let token = format!("ghp_{}", "a1".repeat(18));
        assert_eq!(redacted(&[("GH", &token)], &token), "[redacted: GH]");
    }

    #[test]
    fn a_token_inside_urls_is_found() {
        let token = format!("ghp_{}", "a1".repeat(18));
        let text = format!("https://{token}:x-oauth-basic@host");
        let redacted = Redactor::default().redact(&text);
        assert_eq!(redacted.text, "https://[redacted: github-token]:[redacted: url-password]@host");
        assert_eq!(redacted.hits, ["github-token", "url-password"]);
    }

    #[test]
    fn a_redactor_shows_no_value() {
        let secret = Secret { kind: "KIND".to_owned(), value: "abcdefgh".to_owned() };
        let seen = format!("{secret:?} {:?}", Redactor::new([secret.clone()]));
        assert!(seen.contains("KIND") && !seen.contains("abcdefgh"), "{seen}");
    }

    #[test]
    fn many_long_values_can_be_known() {
        let value = |number: usize| format!("{number:04}{}", "aB/+".repeat(200));
        let secrets = (0..8).map(|number| Secret { kind: format!("K{number}"), value: value(number) });
        assert_eq!(Redactor::new(secrets).redact(&format!("x {} y", value(7))).text, "x [redacted: K7] y");
    }

    /// Escapes for `JSON` and URLs, implemented in the simplest way.
    fn percent(value: &str, upper: bool) -> String {
        let escaped = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ if upper => format!("%{byte:02X}"),
            _ => format!("%{byte:02x}"),
        };
        value.bytes().map(escaped).collect()
    }

    fn json(value: &str) -> String {
        let quoted = serde_json::to_string(value).unwrap();
        quoted[1..quoted.len() - 1].to_owned()
    }

    fn by_number(value: &str) -> String {
        let escaped = |letter: char| match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' => letter.to_string(),
            _ => letter
                .encode_utf16(&mut [0; 2])
                .iter()
                .fold(String::new(), |all, unit| format!("{all}\\u{unit:04x}")),
        };
        value.chars().map(escaped).collect()
    }

    fn encodings(value: &str) -> Vec<String> {
        vec![
            value.to_owned(),
            percent(value, true),
            percent(value, false),
            json(value),
            json(value).replace('/', "\\/"),
            json(&json(value)),
            by_number(value),
            STANDARD.encode(value),
            STANDARD_NO_PAD.encode(value),
            URL_SAFE.encode(value),
            URL_SAFE_NO_PAD.encode(value),
        ]
    }

    /// Generates secrets.
    fn secret() -> impl Strategy<Value = String> {
        "[a-zA-Z0-9+/=_.~!@#$%^&*\"'\\\\:;<>? \\n\\té€😀\\[\\]-]{8,40}"
            .prop_map(|value| value.trim().to_owned())
            .prop_filter("no secret", |value| knowing(&[("KIND", value)]).values.is_some())
    }

    proptest! {
        #[test]
        fn no_encoding_of_a_secret_survives(value in secret(), before in "\\PC{0,12}", behind in "\\PC{0,12}") {
            let redactor = knowing(&[("KIND", &value)]);
            for encoding in encodings(&value) {
                let text = format!("{before}{encoding}{behind}");
                let redacted = redactor.redact(&text);
                prop_assert!(!redacted.text.contains(&encoding), "{}", encoding);
                prop_assert!(!redacted.hits.is_empty());
            }
        }

        #[test]
        fn no_longer_base64_hides_a_secret(value in secret(), before in "\\PC{0,12}", behind in "\\PC{0,12}") {
            let redactor = knowing(&[("KIND", &value)]);
            let text = format!("{before}{value}{behind}");
            for text in [STANDARD.encode(&text), URL_SAFE.encode(&text)] {
                let letters = STANDARD_NO_PAD.encode(value.as_bytes()).len();
                let redacted = redactor.redact(&text);
                prop_assert_eq!(&redacted.hits, &["KIND".to_owned()]);
                prop_assert!(redacted.text.len() - "[redacted: KIND]".len() <= text.len() - letters + 2);
            }
        }

        #[test]
        fn redacting_twice_changes_nothing(
            parts in proptest::collection::vec(
                prop_oneof![
                    "[a-z0-9:@/ _.-]{0,6}",
                    Just("secret:value".to_owned()),
                    Just("valuesecret[".to_owned()),
                    Just("]ghp_secret".to_owned()),
                    Just(format!("ghp_{}", "a1".repeat(18))),
                    Just("AKIAIOSFODNN7EXAMPLE".to_owned()),
                    Just("https://u:p@".to_owned()),
                    Just("-----BEGIN PRIVATE KEY-----".to_owned()),
                    Just("-----END PRIVATE KEY-----".to_owned()),
                    Just("[redacted: A]".to_owned()),
                    Just("[redacted: ".to_owned()),
                ],
                0..12,
            )
        ) {
            let redactor = knowing(&[("A", "secret:value"), ("B", "valuesecret["), ("C", "]ghp_secret")]);
            let once = redactor.redact(&parts.concat()).text.into_owned();
            let twice = redactor.redact(&once);
            prop_assert_eq!(&twice.text, &once);
            prop_assert!(twice.hits.is_empty());
        }

        #[test]
        fn texts_without_secrets_are_left_alone(
            text in "([a-z]{1,9}[ .,\\n]|[0-9a-f]{40} |[0-9a-f]{64}\\n|é€){0,20}"
        ) {
            let redactor = knowing(&[("KIND", "Secret:VALUE")]);
            let redacted = redactor.redact(&text);
            prop_assert!(matches!(redacted.text, Cow::Borrowed(same) if same == text));
            prop_assert!(redacted.hits.is_empty());
        }
    }
}
