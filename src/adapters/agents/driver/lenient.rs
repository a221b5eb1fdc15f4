//! Reads a line of a program's stream that does not have the expected shape. Values of another shape are treated as absent,
//! so that an irrelevant field does not invalidate a whole answer.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use crate::pattern::pattern;

use super::transcript::Event;

/// Reads a line, and emits its events only if all of it was read.
pub(super) type ReadLine<'cli> = dyn Fn(&[u8], &mut dyn FnMut(Event)) -> serde_json::Result<()> + 'cli;

/// Reads the valid parts of a line. An event that cannot be read at all is reported by its name.
pub(super) fn read(line: &[u8], reader: &ReadLine<'_>, tell: &mut dyn FnMut(Event)) {
    if !line.trim_ascii_start().starts_with(b"{") {
        return;
    }
    let text = String::from_utf8_lossy(line);
    let text = with_paired_surrogates(&text);
    let read = serde_json::from_str(&text).and_then(|object| {
        let fits = |object: &Map<String, Value>| reader(&bytes(object), &mut |_| {}).is_ok();
        reader(&bytes(&fitting(object, &fits)), tell)
    });
    if let (Err(error), Some(kind)) = (read, TYPE.captures(&text).and_then(|found| found.get(1))) {
        tell(Event::Unreadable(format!("its `{}` event cannot be read: {error}", kind.as_str())));
    }
}

/// Returns the members of an object that have the expected shape. A member with a type is checked recursively; any other is
/// accepted as a whole or not at all: half a count would be wrong.
pub(in crate::adapters::agents) fn fitting(
    object: Map<String, Value>,
    fits: &dyn Fn(&Map<String, Value>) -> bool,
) -> Map<String, Value> {
    if fits(&object) {
        return object;
    }
    let kind: Map<String, Value> =
        object.get("type").map(|kind| ("type".to_owned(), kind.clone())).into_iter().collect();
    let with = |key: &str, value: Value| {
        let mut probe = kind.clone();
        probe.insert(key.to_owned(), value);
        probe
    };
    let members = object.into_iter().filter_map(|(key, value)| {
        if fits(&with(&key, value.clone())) {
            return Some((key, value));
        }
        let Value::Object(inner) = value else { return None };
        let inner_fits = |inner: &Map<String, Value>| fits(&with(&key, Value::Object(inner.clone())));
        let kept = Value::Object(inner.contains_key("type").then(|| fitting(inner, &inner_fits))?);
        fits(&with(&key, kept.clone())).then_some((key, kept))
    });
    members.collect()
}

fn bytes(object: &Map<String, Value>) -> Vec<u8> {
    serde_json::to_vec(object).unwrap_or_default()
}

static TYPE: LazyLock<Regex> = pattern!(r#""type"\s*:\s*"([a-z_.]{1,40})""#);

/// Replaces lone surrogates, which no JSON reader accepts, by the replacement character.
pub(in crate::adapters::agents) fn with_paired_surrogates(text: &str) -> Cow<'_, str> {
    ESCAPES.replace_all(text, |found: &regex::Captures<'_>| {
        let escape = found.get(0).map_or("", |escape| escape.as_str());
        if found.name("half").is_some() { "\\ufffd".to_owned() } else { escape.to_owned() }
    })
}

/// An escape, a pair of escapes for one character, or a lone surrogate.
static ESCAPES: LazyLock<Regex> = pattern!(
    r"(?x) \\u[dD][89abAB][0-9a-fA-F]{2} \\u[dD][c-fC-F][0-9a-fA-F]{2} | (?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2}) | \\."
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lone_surrogates_are_replaced() {
        for (text, expected) in [
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\uDE00x\ud83d""#, r#""\ufffdx\ufffd""#),
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\\ud83d \\\ud83d""#, r#""\\ud83d \\\ufffd""#),
            (r#""\u00e9 \ud7ff""#, r#""\u00e9 \ud7ff""#),
        ] {
            assert_eq!(with_paired_surrogates(text), expected);
            assert!(serde_json::from_str::<String>(expected).is_ok(), "{expected}");
        }
    }
}
