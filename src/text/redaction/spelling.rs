//! The encodings of a value as one pattern: plain, escaped, and within base64.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// The text between two letters of base64 that is broken into lines.
const LINE_BREAKS: &str = r"(?:[ \t\r\n]|\\+[rnt])*";

/// A letter of base64 in either alphabet.
const BASE64_LETTER: &str = "[A-Za-z0-9+/_-]";

/// Returns the pattern for all encodings of a value.
pub(in crate::text) fn pattern(value: &str) -> String {
    let plain: String = value.replace("\r\n", "\n").chars().map(letter).collect();
    let encoded = (0..3).map(|offset| base64(value.as_bytes(), offset));
    std::iter::once(plain).chain(encoded).collect::<Vec<String>>().join("|")
}

/// Returns the pattern for a letter: itself, or escaped for JSON (once or more), a URL or HTML.
fn letter(letter: char) -> String {
    if letter.is_ascii_alphanumeric() {
        return format!("(?:{letter}|{})", percent(letter));
    }
    let mut ways = vec![regex::escape(&letter.to_string()), percent(letter), unicode(letter)];
    let more: &[&str] = match letter {
        '\n' => &[r"\r\n", r"(?:\\+r)?\\+n", "%0[Dd]%0[Aa]"],
        '\r' => &[r"\\+r"],
        '\t' => &[r"\\+t"],
        '\u{8}' => &[r"\\+b"],
        '\u{c}' => &[r"\\+f"],
        ' ' => &[r"\+"],
        '/' => &[r"\\+/"],
        '\\' => &[r"\\+"],
        '"' => &[r#"\\+""#, "&quot;"],
        '\'' => &[r"\\+'", "&#0?39;", "&apos;"],
        '&' => &["&amp;"],
        '<' => &["&lt;"],
        '>' => &["&gt;"],
        _ => &[],
    };
    ways.splice(0..0, more.iter().map(|way| (*way).to_owned()));
    format!("(?:{})", ways.join("|"))
}

/// Returns the pattern for a percent-encoded letter, possibly encoded more than once.
fn percent(letter: char) -> String {
    let mut buffer = [0; 4];
    letter.encode_utf8(&mut buffer).bytes().fold(String::new(), |mut pattern, byte| {
        let _ = write!(pattern, "%(?:25)*(?i-u:{byte:02x})");
        pattern
    })
}

/// Returns the pattern for a letter with a numeric JSON escape.
fn unicode(letter: char) -> String {
    let mut buffer = [0; 2];
    letter.encode_utf16(&mut buffer).iter().fold(String::new(), |mut pattern, unit| {
        let _ = write!(pattern, r"\\+u(?i-u:{unit:04x})");
        pattern
    })
}

/// Returns the pattern for base64 of bytes at this offset from a multiple of three: the letters that depend only on the bytes,
/// and one letter on each side that also depends on a neighbour.
fn base64(bytes: &[u8], offset: usize) -> String {
    let before = [0; 3].iter().copied().take(offset);
    let encoded = STANDARD_NO_PAD.encode(before.chain(bytes.iter().copied()).collect::<Vec<u8>>());
    let bits = 8 * (offset + bytes.len());
    let (shared, whole) = ((8 * offset).div_ceil(6), bits / 6);
    let inner: Vec<String> = encoded.chars().take(whole).skip(shared).map(base64_letter).collect();
    let mut pattern = inner.join(LINE_BREAKS);
    if offset > 0 {
        pattern = format!("{BASE64_LETTER}?{pattern}");
    }
    if !bits.is_multiple_of(6) {
        let _ = write!(pattern, "(?:{LINE_BREAKS}{BASE64_LETTER}(?:=|%3[Dd]){{0,2}})?");
    }
    pattern
}

/// Returns the pattern for a letter of base64, in either alphabet and escaped.
fn base64_letter(one: char) -> String {
    match one {
        '+' => format!("(?:-|{})", letter('+')),
        '/' => format!("(?:_|{})", letter('/')),
        _ => one.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;

    fn finds(value: &str, text: &str) -> bool {
        let whole = Regex::new(&format!("^(?:{})$", pattern(value))).unwrap();
        whole.is_match(text)
    }

    #[test]
    fn every_spelling_is_found_whole() {
        let value = "p/q\"r s\\t\né😀&<'";
        for text in [
            value,
            r#"p\/q\"r s\\t\n\u00e9\ud83d\ude00\u0026\u003c'"#,
            r#"p\\\/q\\\"r s\\\\t\\n\\u00E9\\uD83D\\uDE00&<'"#,
            "p%2Fq%22r%20s%5Ct%0A%C3%A9%F0%9F%98%80%26%3C%27",
            "p%2fq%22r+s%5ct%0d%0a%c3%a9%f0%9f%98%80%26%3c%27",
            "p%252Fq%22r%20s%5Ct%0A%C3%A9%F0%9F%98%80%26%3C%27",
            "p/q&quot;r s\\t\r\né😀&amp;&lt;&#39;",
            "cC9xInIgc1x0CsOp8J+YgCY8Jw==",
            "cC9xInIgc1x0CsOp8J-YgCY8Jw",
            "cC9xInIgc1x0Cs\nOp8J%2BYgCY8Jw%3D%3D",
            r"cC9xInIgc1x0Cs\nOp8J+YgCY8Jw==",
            "%70%2f%71%22%72%20%73%5c%74%0a%c3%a9%f0%9f%98%80%26%3c%27",
        ] {
            assert!(finds(value, text), "{text}");
        }
    }

    #[test]
    fn another_value_is_not_found() {
        assert!(!finds("abcdefgh", "abcdefgi"));
        assert!(!finds("abc.efgh", "abcdefgh"));
        assert!(!finds("abcdefgh", "YWJjZFhmZ2g="));
    }
}
