//! Mends the syntax of one damaged JSON object without a model: commas before a closing bracket, raw line breaks in
//! strings. It never closes what is open: a truncated answer stays what it is.

/// What was mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mended {
    /// A comma before a closing bracket was left out.
    TrailingComma,
    /// A raw control character in a string was escaped.
    ControlCharacter,
}

/// A mended object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Healed {
    /// Its text, as JSON wants it.
    pub text: String,
    /// How many bytes of the source it takes.
    pub length: usize,
    /// What was mended, each once.
    pub mended: Vec<Mended>,
}

/// Mends the object at the beginning of a text, in one pass. `None` if its brackets do not match or it never ends.
pub fn heal(source: &str) -> Option<Healed> {
    let mut healer = Healer { text: String::with_capacity(source.len().min(1 << 16)), ..Healer::default() };
    for (offset, letter) in source.char_indices() {
        match healer.read(letter) {
            Progress::On => {}
            Progress::Closed => {
                healer.mended.sort_unstable();
                healer.mended.dedup();
                let length = offset + letter.len_utf8();
                return Some(Healed { text: healer.text, length, mended: healer.mended });
            }
            Progress::Broken => return None,
        }
    }
    None
}

/// What follows a letter.
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
    /// A comma, and the space behind it, that is written only if something follows.
    held: String,
    mended: Vec<Mended>,
}

/// Where the next letter stands.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Within {
    #[default]
    Structure,
    Text,
    Escape,
}

impl Healer {
    fn read(&mut self, letter: char) -> Progress {
        match self.within {
            Within::Structure => return self.structure(letter),
            Within::Escape => {
                self.text.push(letter);
                self.within = Within::Text;
            }
            Within::Text => self.letter(letter),
        }
        Progress::On
    }

    fn letter(&mut self, letter: char) {
        if letter < ' ' {
            self.mended.push(Mended::ControlCharacter);
            self.text.push_str(&escaped(letter));
            return;
        }
        self.text.push(letter);
        match letter {
            '"' => self.within = Within::Structure,
            '\\' => self.within = Within::Escape,
            _ => {}
        }
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
            self.mended.push(Mended::TrailingComma);
        }
        if self.open.pop() != Some(letter) {
            return Progress::Broken;
        }
        self.text.push(letter);
        if self.open.is_empty() { Progress::Closed } else { Progress::On }
    }
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
    fn raw_line_breaks_in_strings_are_escaped() {
        assert_eq!(
            healed("{\"a\":\"one\ntwo\t\\\"x\"}").unwrap().0,
            serde_json::json!({"a": "one\ntwo\t\"x"})
        );
    }

    #[test]
    fn two_commas_an_open_object_and_crossed_brackets_stay_broken() {
        for broken in [r#"{"a":[1,,]}"#, r#"{"a":1"#, r#"{"a":[1}]"#, r#"{"a":"x}"#, r"{,}"] {
            let is_object = healed(broken).is_some_and(|(value, _)| value != serde_json::json!({}));
            assert!(!is_object, "{broken}");
        }
    }

    proptest! {
        #[test]
        fn what_is_whole_is_left_as_it_is(text in "[a-z\\\\\"{}\\[\\], \n]{0,30}", number in any::<u32>()) {
            let source = serde_json::json!({"a": [text, {"b": number}], "c": {}}).to_string();
            let found = heal(&format!("{source} and more")).unwrap();
            prop_assert_eq!(found.text, source.clone());
            prop_assert_eq!(found.length, source.len());
            prop_assert!(found.mended.is_empty());
        }

        #[test]
        fn what_was_cut_off_is_never_closed(text in "[a-z\\\\\"{}\\[\\], ]{0,30}", cut in any::<prop::sample::Index>()) {
            let source = serde_json::json!({"a": [text], "c": {"d": 1}}).to_string();
            let end = cut.index(source.len());
            prop_assert!(heal(&source[..end]).is_none());
        }
    }
}
