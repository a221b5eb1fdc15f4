//! Heals the syntax of one damaged JSON object without a model: commas before a closing bracket, raw line breaks and bad
//! escapes in strings. It never closes what is open: a truncated answer stays what it is.

/// A kind of repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Healing {
    /// A comma before a closing bracket was removed.
    TrailingComma,
    /// A raw control character in a string was escaped.
    ControlCharacter,
    /// A backslash outside an escape was doubled, or half of a surrogate pair was replaced.
    Escape,
}

/// A repaired object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Healed {
    /// The valid JSON text.
    pub text: String,
    /// The number of bytes of the source.
    pub length: usize,
    /// The repairs, each once.
    pub healings: Vec<Healing>,
}

/// Repairs the object at the beginning of a text in one pass; `None` if its brackets do not match or it never ends.
pub fn heal(source: &str) -> Option<Healed> {
    let mut healer = Healer { text: String::with_capacity(source.len().min(1 << 16)), ..Healer::default() };
    for (offset, letter) in source.char_indices() {
        match healer.read(letter, source.get(offset + letter.len_utf8()..).unwrap_or_default()) {
            Progress::On => {}
            Progress::Closed => {
                healer.healings.sort_unstable();
                healer.healings.dedup();
                let length = offset + letter.len_utf8();
                return Some(Healed { text: healer.text, length, healings: healer.healings });
            }
            Progress::Broken => return None,
        }
    }
    None
}

/// The result of reading a letter.
enum Progress {
    On,
    Closed,
    Broken,
}

#[derive(Default)]
struct Healer {
    text: String,
    open: Vec<char>,
    within: Within,
    /// A comma and the space after it, written only if another element follows.
    held: String,
    healings: Vec<Healing>,
    /// The number of letters of a replaced escape that are still to be skipped.
    replaced: usize,
    /// Whether an escape of this string was healed.
    has_bad_escape: bool,
}

/// The position of the next letter.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Within {
    #[default]
    Structure,
    Text,
    Escape,
}

impl Healer {
    fn read(&mut self, letter: char, rest: &str) -> Progress {
        if self.replaced > 0 {
            self.replaced -= 1;
            return Progress::On;
        }
        match self.within {
            Within::Structure => return self.structure(letter),
            Within::Escape => {
                self.text.push(letter);
                self.within = Within::Text;
            }
            Within::Text => return self.letter(letter, rest),
        }
        Progress::On
    }

    fn letter(&mut self, letter: char, rest: &str) -> Progress {
        match letter {
            '\0'..' ' => {
                self.healings.push(Healing::ControlCharacter);
                self.text.push_str(&escaped(letter));
            }
            '\\' => self.escape(rest),
            '"' => {
                // The name of a healed key would be a guess.
                let is_key = rest.trim_start().starts_with(':');
                if std::mem::take(&mut self.has_bad_escape) && is_key {
                    return Progress::Broken;
                }
                self.text.push(letter);
                self.within = Within::Structure;
            }
            _ => self.text.push(letter),
        }
        Progress::On
    }

    /// Reads the backslash before this text.
    fn escape(&mut self, rest: &str) {
        match (rest.bytes().next(), unit(rest)) {
            (Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't'), _) => {
                self.text.push('\\');
                self.within = Within::Escape;
            }
            (_, Some(0xD800..=0xDBFF)) if low_surrogate_follows(rest) => {
                self.text.push('\\');
                self.text.push_str(rest.get(..PAIR).unwrap_or_default());
                self.replaced = PAIR;
            }
            (_, Some(0xD800..=0xDFFF)) => {
                self.text.push_str("\\ufffd");
                self.replaced = UNIT;
                self.heal_escape();
            }
            (_, Some(_)) => self.text.push('\\'),
            (_, None) => {
                self.text.push_str("\\\\");
                self.heal_escape();
            }
        }
    }

    fn heal_escape(&mut self) {
        self.healings.push(Healing::Escape);
        self.has_bad_escape = true;
    }

    fn structure(&mut self, letter: char) -> Progress {
        if letter.is_ascii_whitespace() {
            if self.held.is_empty() {
                self.text.push(letter);
            } else {
                self.held.push(letter);
            }
            return Progress::On;
        }
        if matches!(letter, '}' | ']') {
            return self.close(letter);
        }
        self.text.push_str(&std::mem::take(&mut self.held));
        match letter {
            ',' => self.held.push(letter),
            '{' => self.open(letter, '}'),
            '[' => self.open(letter, ']'),
            '"' => {
                self.within = Within::Text;
                self.text.push(letter);
            }
            _ => self.text.push(letter),
        }
        Progress::On
    }

    fn open(&mut self, letter: char, closing: char) {
        self.open.push(closing);
        self.text.push(letter);
    }

    fn close(&mut self, letter: char) -> Progress {
        if !std::mem::take(&mut self.held).is_empty() {
            self.healings.push(Healing::TrailingComma);
        }
        if self.open.pop() != Some(letter) {
            return Progress::Broken;
        }
        self.text.push(letter);
        if self.open.is_empty() { Progress::Closed } else { Progress::On }
    }
}

/// The lengths of an escape and of a surrogate pair, both without the first backslash.
const UNIT: usize = 5;
const PAIR: usize = 11;

/// Returns the UTF-16 unit of an escape whose backslash precedes this text.
fn unit(rest: &str) -> Option<u16> {
    let digits = rest.strip_prefix('u')?.get(..4)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

fn low_surrogate_follows(rest: &str) -> bool {
    let second = rest.get(UNIT..).and_then(|rest| rest.strip_prefix('\\')).and_then(unit);
    matches!(second, Some(0xDC00..=0xDFFF))
}

fn escaped(letter: char) -> String {
    match letter {
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        other => format!("\\u{:04x}", u32::from(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn healed(source: &str) -> Option<(Value, usize)> {
        let healed = heal(source)?;
        Some((serde_json::from_str(&healed.text).ok()?, healed.length))
    }

    #[test]
    fn commas_before_a_closing_bracket_go() {
        assert_eq!(healed("{\"a\":[1,2 , ] ,\n}"), Some((serde_json::json!({"a": [1, 2]}), 17)));
        assert_eq!(healed(r#"{"a":",]"}"#).unwrap().0, serde_json::json!({"a": ",]"}));
    }

    #[test]
    fn raw_breaks_in_strings_are_escaped() {
        assert_eq!(
            healed("{\"a\":\"one\ntwo\t\\\"x\"}").unwrap().0,
            serde_json::json!({"a": "one\ntwo\t\"x"})
        );
    }

    #[test]
    fn bad_escapes_are_healed_in_values() {
        for (source, value) in [
            (r#"{"a":"match \d+ and \\d"}"#, "match \\d+ and \\d"),
            (r#"{"a":"isn\'t"}"#, "isn\\'t"),
            (r#"{"a":"\ud83d is"}"#, "\u{fffd} is"),
            (r#"{"a":"\ude00\ud83d\ude00\u12"}"#, "\u{fffd}😀\\u12"),
        ] {
            assert_eq!(healed(source).unwrap().0, serde_json::json!({"a": value}), "{source}");
        }
        assert_eq!(healed(r#"{"st\ate":"approved"}"#), None, "a key is not guessed");
    }

    #[test]
    fn ambiguous_damage_stays_broken() {
        for broken in [r#"{"a":[1,,]}"#, r#"{"a":1"#, r#"{"a":[1}]"#, r#"{"a":"x}"#, r"{,}"] {
            let is_object = healed(broken).is_some_and(|(value, _)| value != serde_json::json!({}));
            assert!(!is_object, "{broken}");
        }
    }

    proptest! {
        #[test]
        fn whole_objects_are_left_alone(text in "[a-z\\\\\"{}\\[\\], \n]{0,30}", number in any::<u32>()) {
            let source = serde_json::json!({"a": [text, {"b": number}], "c": {}}).to_string();
            let found = heal(&format!("{source} and more")).unwrap();
            prop_assert_eq!(found.text, source.clone());
            prop_assert_eq!(found.length, source.len());
            prop_assert!(found.healings.is_empty());
        }

        #[test]
        fn a_truncated_object_is_never_closed(text in "[a-z\\\\\"{}\\[\\], ]{0,30}", cut in any::<prop::sample::Index>()) {
            let source = serde_json::json!({"a": [text], "c": {"d": 1}}).to_string();
            let end = cut.index(source.len());
            prop_assert!(heal(&source[..end]).is_none());
        }
    }
}
