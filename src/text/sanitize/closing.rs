//! Closes the block that a text leaves open at its end, so that the block does not include the text below.

use std::borrow::Cow;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};

/// A paragraph after a text. Quotes and list items end before it; if it is inside a block, the text leaves the
/// block open.
const NEXT_PARAGRAPH: &str = "\n\nx";

/// Returns the text with line feeds as its only line ends, and with the line that closes its last code or HTML block if
/// the text leaves that block open.
pub fn closed(text: &str) -> Cow<'_, str> {
    let text = with_line_feeds(text);
    let Some(line) = closing_line(&text) else { return text };
    let gap = if text.ends_with('\n') { "" } else { "\n" };
    Cow::Owned(format!("{text}{gap}{line}"))
}

/// Markdown also ends a line at a lone carriage return. The parser does so only in some cases, so that the reader of a thread
/// could see other blocks than people do.
fn with_line_feeds(text: &str) -> Cow<'_, str> {
    if !text.contains('\r') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}

fn closing_line(text: &str) -> Option<String> {
    let text = format!("{text}{NEXT_PARAGRAPH}");
    let blocks = Parser::new(&text).into_offset_iter().filter(|(_, range)| range.end == text.len());
    blocks.filter_map(|(event, range)| closing(&event, text.get(range)?.trim_start())).last()
}

/// Returns the line that closes a block whose source text is `source`.
#[expect(clippy::wildcard_enum_match_arm, reason = "the parser has dozens of events, and may get more")]
fn closing(event: &Event<'_>, source: &str) -> Option<String> {
    match event {
        Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => {
            let mark = source.chars().next()?;
            Some(source.chars().take_while(|letter| *letter == mark).collect())
        }
        Event::Start(Tag::HtmlBlock) => Some(end_of_html(source)),
        _ => None,
    }
}

/// Returns the text that ends an HTML block that does not end at a blank line.
fn end_of_html(source: &str) -> String {
    let ends = [("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>"), ("<!", ">")];
    if let Some((_, end)) = ends.iter().find(|(start, _)| source.starts_with(start)) {
        return (*end).to_owned();
    }
    let name = source.trim_start_matches('<').chars().take_while(char::is_ascii_alphabetic);
    format!("</{}>", name.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_open_block_is_closed() {
        for (text, line) in [
            ("```", "\n```"),
            ("see\n```rust\nfn x() {}\n", "```"),
            ("````\n```", "\n````"),
            ("~~~ a `b`\n```\n", "~~~"),
            ("```\n``` not closed", "\n```"),
            ("```\n    ```", "\n```"),
            ("   ```\ncode", "\n```"),
            ("- ```\ncode\n```", "\n```"),
            ("<details>\n```\ncode\n\nmore\n```\n</details>", "\n```"),
            ("-\n\n  ```\nx", "\n```"),
            ("<PRE>\n```\n\ncode", "\n</PRE>"),
            (" <script src=x>\n\n", "</script>"),
            ("<!-- a\n\n", "-->"),
            ("<?php\n", "?>"),
            ("<!DOCTYPE\n", ">"),
            ("<![CDATA[\n", "]]>"),
        ] {
            assert_eq!(closed(text), format!("{text}{line}"), "{text:?}");
        }
    }

    #[test]
    fn a_closed_text_stays_the_same() {
        for text in [
            "",
            "a `b` and ```c``` here",
            "``` `inline` ```",
            "```\ncode\n```",
            "```rust\ncode\n`````   \nprose",
            "    ```\nindented code",
            "1. Do this:\n   ```sh\n   ls\n   ```\n2. Then that.",
            "a\n\n\t```\n\tcode",
            "<pre>\n```\n</pre>\nprose",
            "<div>\nends with the next blank line",
            "text <pre> in a line",
        ] {
            assert!(matches!(closed(text), Cow::Borrowed(_)), "{text:?}");
        }
    }

    #[test]
    fn carriage_returns_become_line_feeds() {
        assert_eq!(closed("a\r```\r\ncode\r"), "a\n```\ncode\n```");
    }

    #[test]
    fn quotes_and_items_end_by_themselves() {
        for text in [
            "- a\n  ```\n  code",
            "1. a\n\n   ```\n   code\n",
            "> ```\n> code",
            "> - ~~~~\n>   code",
            "- ```\n  code\nthe item has ended",
            "> <pre>\n> code",
        ] {
            assert!(matches!(closed(text), Cow::Borrowed(_)), "{text:?}");
        }
    }

    #[test]
    fn nested_blocks_take_linear_time() {
        for mark in ["- ", "> ", "1. ", "- > ", "> - "] {
            for blank in ["\n", ">\n", "  \n"] {
                let deep = format!("> {}a\n{}", mark.repeat(100_000), blank.repeat(200_000));
                assert!(matches!(closed(&deep), Cow::Borrowed(_)), "{mark}");
            }
        }
    }

    proptest! {
        #[test]
        fn the_next_heading_stays_a_heading(
            text in "(`{1,4}|~{1,4}|[-> \n\r\t1.a#=]|<pre>|</pre>|<script |<!--|-->|<\\?|<!D|<div>|<!\\[CDATA\\[|\\]\\]>){0,40}"
        ) {
            let text = closed(&text);
            let below = format!("{text}\n\n### Ours\n");
            let is_heading = |event: &Event<'_>| matches!(event, Event::Start(Tag::Heading { .. }));
            let mut headings = Parser::new(&below).into_offset_iter().filter(|(event, _)| is_heading(event));
            prop_assert!(headings.any(|(_, range)| range.start == text.len() + 2), "{below:?}");
            prop_assert!(matches!(closed(&text), Cow::Borrowed(_)));
        }

        #[test]
        fn text_without_blocks_stays_the_same(text in "([^`~<\r]|`{1,2}[^`~<\r]|~~?[^`~<\r])*") {
            prop_assert!(matches!(closed(&text), Cow::Borrowed(_)));
        }
    }
}
