//! Finds the words in a pull request's description that close an issue when it is merged.

use std::sync::LazyLock;

use pulldown_cmark::{Event, Parser, Tag};
use regex::Regex;

use crate::pattern::pattern;
use crate::text::sanitize::keywords::CLOSING;

static CLOSES: LazyLock<Regex> = pattern!(format!(r"\b{CLOSING}\s+#([0-9]{{1,9}})\b"));

/// Returns the numbers of the issues that a description closes. Code, quotations and comments are ignored.
pub(super) fn closes(body: &str) -> Vec<u64> {
    let mut prose = body.as_bytes().to_vec();
    for (event, range) in Parser::new(body).into_offset_iter() {
        if is_no_prose(&event)
            && let Some(part) = prose.get_mut(range)
        {
            part.fill(b'.');
        }
    }
    let prose = String::from_utf8_lossy(&prose);
    CLOSES.captures_iter(&prose).filter_map(|found| found.get(1)?.as_str().parse().ok()).collect()
}

fn is_no_prose(event: &Event<'_>) -> bool {
    matches!(
        event,
        Event::Start(Tag::CodeBlock(_) | Tag::BlockQuote(_) | Tag::HtmlBlock)
            | Event::Code(_)
            | Event::InlineHtml(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_closing_words_close() {
        assert_eq!(closes("Closes #3, fixes #4\nRESOLVED: #5"), [3, 4, 5]);
        assert!(closes("encloses #3, see #4, closes 5").is_empty());
    }

    #[test]
    fn code_and_quotations_close_nothing() {
        for body in [
            "see `fixes #1`",
            "```\nfixes #1\n```",
            "    fixes #1",
            "> fixes #1\n> é fixes #1",
            "<!-- fixes #1 -->",
            "a <!-- fixes #1 --> b",
        ] {
            assert_eq!(closes(&format!("{body}\n\nCloses #2\n")), [2], "{body}");
        }
    }
}
