//! Shows as text the HTML tags that a text opens and does not close, or closes and did not open: they would fold or format what
//! is below the text, or end a block of ours around it.

use std::borrow::Cow;
use std::sync::LazyLock;

use pulldown_cmark::{Event, Options, Parser};
use regex::Regex;

use crate::pattern::pattern;

/// The maximum number of passes: text that was inside HTML may contain other tags.
const PASSES: usize = 8;

/// The tags that forges render, except for those that need no end.
static TAG: LazyLock<Regex> = pattern!(
    r"(?i-u)<(/?)(details|summary|sub|sup|b|i|em|strong|del|ins|code|kbd|pre|ul|ol|blockquote|table|thead|tbody|tr|th|td)(?: open)? ?/?>"
);

/// Returns the text without tags that have no counterpart.
pub fn balanced(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..PASSES {
        let alone = alone(&text);
        if alone.is_empty() {
            return text;
        }
        let mut shown = text.into_owned();
        for at in alone.into_iter().rev() {
            shown.replace_range(at..=at, "&lt;");
        }
        text = Cow::Owned(shown);
    }
    Cow::Owned(
        TAG.replace_all(&text, |tag: &regex::Captures<'_>| tag[0].replacen('<', "&lt;", 1)).into_owned(),
    )
}

/// Returns where the tags without a counterpart begin, in the order of the text.
#[expect(clippy::wildcard_enum_match_arm, reason = "the parser has dozens of events, and may get more")]
fn alone(text: &str) -> Vec<usize> {
    if !text.contains('<') {
        return Vec::new();
    }
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES;
    let html = Parser::new_ext(text, options).into_offset_iter().filter_map(|(event, range)| match event {
        Event::Html(_) | Event::InlineHtml(_) => Some(range),
        _ => None,
    });
    let (mut open, mut alone): (Vec<(usize, String)>, Vec<usize>) = (Vec::new(), Vec::new());
    for range in html {
        for tag in TAG.captures_iter(text.get(range.clone()).unwrap_or_default()) {
            let at = range.start + tag.get_match().start();
            let name = tag[2].to_ascii_lowercase();
            if tag[1].is_empty() {
                open.push((at, name));
            } else if let Some(opened) = open.iter().rposition(|(_, one)| *one == name) {
                alone.extend(open.drain(opened..).skip(1).map(|(at, _)| at));
            } else {
                alone.push(at);
            }
        }
    }
    alone.extend(open.into_iter().map(|(at, _)| at));
    alone.sort_unstable();
    alone
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_lonely_tags_are_shown() {
        for (text, expected) in [
            ("see\n\n<details><summary>x\n\nmore", "see\n\n&lt;details>&lt;summary>x\n\nmore"),
            ("</details> a</SUB>", "&lt;/details> a&lt;/SUB>"),
            ("<b><i>x</b>", "<b>&lt;i>x</b>"),
            ("a <td>", "a &lt;td>"),
        ] {
            assert_eq!(balanced(text), expected);
        }
        for text in [
            "<details open><summary>x</summary>\n\nmore\n\n</details>",
            "<b><i>x</i></b><br>\n\n<ul><li>a<li>b</ul>",
            "`</details>`\n\n    <details>\n\n```\n</sub>\n```",
        ] {
            assert!(matches!(balanced(text), Cow::Borrowed(_)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn balanced_texts_stay_the_same(text in "(</?(details|summary|sub|pre|table)>|<!--|-->|[-> \n`a]){0,30}") {
            let once = balanced(&text).into_owned();
            prop_assert_eq!(balanced(&once), once.as_str());
        }
    }
}
