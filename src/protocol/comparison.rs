//! The key by which findings, notes and requirements are compared: their text without differences in list marker, emphasis,
//! closing punctuation, case and space. It never changes code or names.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::pattern::pattern;

/// A list marker. It needs a space after it: `-1` is a number.
static MARKER: LazyLock<Regex> = pattern!(r"^(?:(?:[-*+•]|[0-9]{1,3}[.)])\s+)+");

/// Paired emphasis. Underscores around one word belong to a name.
static EMPHASIS: LazyLock<Regex> = pattern!(
    r"(^|[\s(\x22'])(?:\*\*([^\s*](?:[^*]*[^\s*])?)\*\*|\*([^\s*](?:[^*]*[^\s*])?)\*|__([^\s_][^_]*\s[^_]*[^\s_])__|_([^\s_][^_]*\s[^_]*[^\s_])_)([\s).,;:!?\x22']|$)"
);

/// Returns the key of a text.
pub fn normalised(text: &str) -> String {
    let mut key = text.trim().to_owned();
    loop {
        let next = once(&key);
        if next == key {
            return key;
        }
        key = next;
    }
}

fn once(text: &str) -> String {
    let unmarked = MARKER.replace(text, "");
    let closed = unmarked.trim().trim_end_matches(['.', '!', ';', ':', ',']);
    let code = code_spans(closed);
    let mut key = String::new();
    for (index, piece) in closed.split('`').enumerate() {
        if index > 0 {
            key.push('`');
        }
        if index % 2 == 1 && index < code {
            key.push_str(piece);
        } else {
            key.push_str(&prose(piece));
        }
    }
    key.trim().to_owned()
}

/// Returns the number of paired backticks.
fn code_spans(text: &str) -> usize {
    text.matches('`').count() / 2 * 2
}

fn prose(text: &str) -> String {
    let bare = EMPHASIS.replace_all(text, |found: &Captures<'_>| {
        let group = |number| found.get(number).map_or("", |part| part.as_str());
        let inner: String = (2..=5).map(group).collect();
        format!("{}{inner}{}", group(1), group(6))
    });
    let words = bare.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let space = |is_there: bool| if is_there { " " } else { "" };
    if words.is_empty() {
        return space(!bare.is_empty()).to_owned();
    }
    let (before, after) = (bare.starts_with(char::is_whitespace), bare.ends_with(char::is_whitespace));
    format!("{}{words}{}", space(before), space(after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn form_is_no_difference() {
        for (one, other) in [
            ("- **Fix** it.", "fix it"),
            ("1. Fix  it", "Fix it!"),
            ("* _fix it now_", "fix it now"),
            ("**Docs**: `Read` is *not* told", "docs: `Read` is not told."),
            ("(**a**)", "(a)"),
        ] {
            assert_eq!(normalised(one), normalised(other), "{one}");
        }
    }

    #[test]
    fn code_and_names_stay_different() {
        for (one, other) in [
            ("`foo_bar` overflows.", "`foobar` overflows."),
            ("-1 is not refused.", "1 is not refused."),
            ("`**kwargs` is dropped", "`kwargs` is dropped"),
            ("**kwargs is dropped", "kwargs is dropped"),
            ("`__init__` leaks", "`init` leaks"),
            ("__init__ leaks", "init leaks"),
            ("++i skips the first entry", "i skips the first entry"),
            ("`Read` is slow", "`read` is slow"),
            ("call `a  b`", "call `a b`"),
            ("a_b_c", "abc"),
        ] {
            assert_ne!(normalised(one), normalised(other), "{one}");
        }
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in "[-+*_`a-cA-C.!;: 1)\u{130}\u{3a3}]{0,24}") {
            prop_assert_eq!(normalised(&normalised(&text)), normalised(&text));
        }

        #[test]
        fn list_marks_do_not_change_meaning(text in "[a-z]{1,8}( [a-z]{1,8}){0,4}") {
            prop_assert_eq!(normalised(&format!("- **{text}**.")), normalised(&text));
        }
    }
}
