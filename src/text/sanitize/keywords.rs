//! Removes the effect of words that close an issue when a change is merged (`fixes #3`).

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::pattern;

/// Matches a word that closes an issue, up to its reference: a regular expression.
pub const CLOSING: &str = r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+";

/// Inserts a word between each closing word and its reference, so that a merge closes nothing. Only the tool decides which
/// issue a change closes.
pub fn without_closing(text: &str) -> Cow<'_, str> {
    static CLOSES: LazyLock<Regex> = pattern!(format!(
        r"({CLOSING})(#[0-9]|GH-[0-9]|[a-z0-9_.-]+/[a-z0-9_.-]+#[0-9]|https?://\S+/(?:issues|pull)/[0-9])"
    ));
    CLOSES.replace_all(text, "${1}issue ${2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_loses_its_keyword() {
        for (text, expected) in [
            ("This does not fix #1.", "This does not fix issue #1."),
            ("Closes: #3, resolved\n#4", "Closes: issue #3, resolved\nissue #4"),
            ("fixes GH-7", "fixes issue GH-7"),
            ("FIXED ada/x#7", "FIXED issue ada/x#7"),
            ("closes https://github.com/ada/x/issues/7", "closes issue https://github.com/ada/x/issues/7"),
            ("encloses #3, see #4, fix 5, fix issue #6", "encloses #3, see #4, fix 5, fix issue #6"),
        ] {
            assert_eq!(without_closing(text), expected);
            assert_eq!(without_closing(expected), expected, "twice is once");
        }
    }
}
