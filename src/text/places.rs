//! Places in files, written as `path:line`: found in Markdown, and turned into links.

use std::fmt::Write;
use std::ops::Range;
use std::sync::LazyLock;

use pulldown_cmark::{Event, Parser, Tag};
use regex::{Captures, Regex};

use crate::pattern::pattern;

static PLACE: LazyLock<Regex> =
    pattern!(r#"(?:\./)?([^\s:`'"()\[\]{}<>|*,;]+):([1-9][0-9]{0,6})(?:[-–:][0-9]{1,7})?\b"#);

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub path: String,
    pub line: u32,
}

/// Returns the places that a text names outside of links and code blocks, in order.
pub fn places(markdown: &str) -> Vec<Place> {
    found(markdown).into_iter().map(|(_, place)| place).collect()
}

/// Turns the places that have a URL into links.
pub fn linked(markdown: &str, url: impl Fn(&Place) -> Option<String>) -> String {
    let mut text = String::new();
    let mut done = 0;
    for (range, place) in found(markdown) {
        let parts = markdown.get(done..range.start).zip(markdown.get(range.clone()));
        if let (Some(url), Some((before, words))) = (url(&place), parts) {
            text.push_str(before);
            let _ = write!(text, "[{words}]({url})");
            done = range.end;
        }
    }
    text.push_str(markdown.get(done..).unwrap_or_default());
    text
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the parser has dozens of events, and may get more")]
fn found(markdown: &str) -> Vec<(Range<usize>, Place)> {
    let mut all = Vec::new();
    // The end of a link or block whose text is left alone.
    let mut skipped = 0;
    for (event, range) in Parser::new(markdown).into_offset_iter() {
        let source = markdown.get(range.clone()).unwrap_or_default();
        match event {
            _ if range.start < skipped => {}
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::CodeBlock(_) | Tag::HtmlBlock) => {
                skipped = range.end;
            }
            Event::Text(_) => {
                let matches = PLACE.captures_iter(source).filter_map(|captures| place(&captures));
                let inside = |(inner, place): (Range<usize>, Place)| {
                    (inner.start + range.start..inner.end + range.start, place)
                };
                all.extend(matches.map(inside));
            }
            Event::Code(code) => {
                let whole = PLACE.captures(&code).and_then(|captures| place(&captures));
                let whole = whole.filter(|(inner, _)| *inner == (0..code.len()));
                all.extend(whole.map(|(_, place)| (range, place)));
            }
            _ => {}
        }
    }
    all
}

fn place(captures: &Captures<'_>) -> Option<(Range<usize>, Place)> {
    let (whole, path) = (captures.get(0)?, captures.get(1)?.as_str().to_owned());
    let line = captures.get(2)?.as_str().parse().ok()?;
    Some((whole.range(), Place { path, line }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_become_links() {
        let url = |place: &Place| (place.path == "src/a.rs").then(|| format!("u#L{}", place.line));
        for (text, expected) in [
            ("see src/a.rs:12.", "see [src/a.rs:12](u#L12)."),
            ("`src/a.rs:12-14`, ./src/a.rs:3:7", "[`src/a.rs:12-14`](u#L12), [./src/a.rs:3:7](u#L3)"),
            ("**src/a.rs:1** (src/a.rs:2)", "**[src/a.rs:1](u#L1)** ([src/a.rs:2](u#L2))"),
            ("src/b.rs:1 at 12:30", "src/b.rs:1 at 12:30"),
            ("[src/a.rs:1](x) `x src/a.rs:1`", "[src/a.rs:1](x) `x src/a.rs:1`"),
            ("```\nsrc/a.rs:1\n```", "```\nsrc/a.rs:1\n```"),
            ("src/a.rs:0 src/a.rs:1x", "src/a.rs:0 src/a.rs:1x"),
            ("https://x/src/a.rs:1", "https://x/src/a.rs:1"),
        ] {
            assert_eq!(linked(text, url), expected, "{text}");
        }
    }
}
