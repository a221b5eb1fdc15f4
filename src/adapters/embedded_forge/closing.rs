//! The words in a pull request's description that close an issue when it is merged.

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::pattern;

static CLOSES: LazyLock<Regex> =
    pattern!(r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#([0-9]{1,9})\b");

/// The numbers of the issues that a description closes.
pub(super) fn closes(body: &str) -> Vec<u64> {
    CLOSES.captures_iter(body).filter_map(|found| found.get(1)?.as_str().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_usual_words_close() {
        assert_eq!(closes("Closes #3, fixes #4\nRESOLVED: #5"), [3, 4, 5]);
        assert!(closes("encloses #3, see #4, closes 5").is_empty());
    }
}
