//! Strict JSON: a value in which no object has the same key twice.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::pattern::pattern;

/// One JSON value at the beginning of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    pub value: Value,
    /// The number of bytes of the text.
    pub length: usize,
}

/// Reads the JSON value at the beginning of a text; the rest is ignored.
///
/// # Errors
/// Fails if there is no value, or the value is damaged, nested deeper than 127 levels, or repeats a key.
pub fn first_value(text: &str) -> Result<Parsed, serde_json::Error> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Unique>();
    match stream.next() {
        Some(Ok(Unique(value))) => Ok(Parsed { value, length: stream.byte_offset() }),
        Some(Err(error)) => Err(error),
        None => Err(Error::custom("no JSON value")),
    }
}

/// Returns the number of bytes before the damage.
pub fn read_before(text: &str, error: &serde_json::Error) -> usize {
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    lines.map(str::len).sum::<usize>() + error.column()
}

/// Returns a JSON text in which no ASCII letter or digit, and none of `-_.`, is written as an escape (`\\u0061`): names and
/// tokens can be searched for, and the text stays JSON.
pub fn with_plain_letters(text: &str) -> Cow<'_, str> {
    if !text.contains("\\u00") {
        return Cow::Borrowed(text);
    }
    ESCAPE.replace_all(text, |found: &Captures<'_>| {
        let [escape, slashes, digits] =
            [0, 1, 2].map(|group| found.get(group).map_or("", |part| part.as_str()));
        let letter = u8::from_str_radix(digits, 16).map(char::from);
        match letter {
            // An odd number of slashes before it would escape the escape.
            Ok(letter) if is_plain(letter) && slashes.len().is_multiple_of(2) => format!("{slashes}{letter}"),
            Ok(_) | Err(_) => escape.to_owned(),
        }
    })
}

fn is_plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "-_.".contains(letter)
}

static ESCAPE: LazyLock<Regex> = pattern!(r"(\\*)\\u00([0-9A-Fa-f]{2})");

struct Unique(Value);

impl<'de> serde::Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        UniqueKeys.deserialize(deserializer).map(Unique)
    }
}

struct UniqueKeys;

impl<'de> DeserializeSeed<'de> for UniqueKeys {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for UniqueKeys {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number that JSON can hold"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = sequence.next_element_seed(Self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(format!("the key `{key}` is repeated in one object")));
            }
            let value = entries.next_value_seed(Self)?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_keys_fail_at_any_depth() {
        assert!(first_value(r#"{"a":[{"b":1,"b":2}]}"#).is_err());
        assert_eq!(first_value(r#"{"a":[{"b":1}]} tail"#).unwrap().length, 15);
    }

    #[test]
    fn only_escaped_letters_are_made_plain() {
        for (text, plain) in [
            (r#"{"st\u0061te": "x\u002dy"}"#, r#"{"state": "x-y"}"#),
            (r"\\u0061 \\\u0061 \u0022 \u000a", r"\\u0061 \\a \u0022 \u000a"),
            ("no escape", "no escape"),
        ] {
            assert_eq!(with_plain_letters(text), plain);
        }
    }
}
