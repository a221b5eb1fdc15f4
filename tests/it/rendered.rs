//! A comment as a reader sees it: Markdown with tables, as GitHub parses it, HTML tags of formatting, and hidden HTML comments.

use std::collections::BTreeSet;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use regex::Regex;

/// The parts of a rendered comment.
#[derive(Default)]
struct Rendered {
    /// The words outside code; each block begins a line.
    words: String,
    code: String,
    /// The names of HTML tags, `/details` for a closing one.
    tags: Vec<String>,
    /// The target of each link, with its words.
    links: Vec<(String, String)>,
    images: Vec<String>,
}

/// Asserts that a comment shows nothing that was meant as markup, leaves nothing open, and acts on nobody. Only these numbers
/// and pages may be linked.
pub(crate) fn assert_reads_well(body: &str, numbers: &BTreeSet<u64>, pages: &str) {
    let seen = rendered(body);
    let Rendered { words, code, links, images, .. } = &seen;
    let record = Regex::new("AGENT_LOOP_META: v1.[A-Za-z0-9_-]{20}").unwrap();
    assert!(!record.is_match(words) && !record.is_match(code), "a record is visible: {body}");
    for markup in ["**", "```", "~~~", "<details", "</details", "<sub", "</sub", "<summary", "<!--"] {
        assert!(!words.contains(markup), "`{markup}` is text: {body}");
    }
    let markup = Regex::new(r"^(\||#+ |- |[0-9]+\. )").unwrap();
    for line in words.lines() {
        assert!(!markup.is_match(line), "`{line}` is neither a table, a heading nor a list: {body}");
    }
    let mut open: Vec<&str> = Vec::new();
    for tag in &seen.tags {
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{:?}: {body}", seen.tags),
            None if tag == "br" || tag == "hr" => {}
            None => open.push(tag),
        }
    }
    assert_eq!(open, Vec::<&str>::new(), "{body}");
    let mentions = Regex::new(r"(^|[^A-Za-z0-9_/])@[A-Za-z0-9]").unwrap();
    assert!(!mentions.is_match(words), "{words}");
    for found in Regex::new(r"(?i)(?:#|\bgh-)([0-9]+)").unwrap().captures_iter(words) {
        assert!(numbers.contains(&found[1].parse().unwrap()), "{}: {words}", &found[0]);
    }
    assert_eq!(images, &Vec::<String>::new(), "{body}");
    for (target, shown) in links {
        assert!(target.starts_with(pages), "{target}: {body}");
        assert!(!shown.contains("://") || shown == target, "{shown} leads to {target}");
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the parser has dozens of events")]
fn rendered(body: &str) -> Rendered {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let (mut seen, mut html) = (Rendered::default(), String::new());
    let (mut in_code, mut link) = (false, None);
    for event in Parser::new_ext(body, options) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Start(Tag::Link { dest_url, .. }) => link = Some((dest_url.to_string(), seen.words.len())),
            Event::End(TagEnd::Link) => {
                let (target, from): (String, usize) = link.take().unwrap();
                seen.links.push((target, seen.words[from..].to_owned()));
            }
            Event::Start(Tag::Image { dest_url, .. }) => seen.images.push(dest_url.to_string()),
            Event::Text(text) if in_code => seen.code.push_str(&text),
            Event::Text(text) => seen.words.push_str(&text),
            Event::Code(text) => seen.code.push_str(&text),
            Event::Html(text) | Event::InlineHtml(text) => html.push_str(&text),
            Event::SoftBreak
            | Event::HardBreak
            | Event::End(_)
            | Event::Start(Tag::Item | Tag::Paragraph) => {
                seen.words.push('\n');
            }
            _ => {}
        }
    }
    let html = Regex::new(r"(?s)<!--.*?-->").unwrap().replace_all(&html, "").into_owned();
    for found in Regex::new(r"<(/?[a-z]+)[^>]*>").unwrap().captures_iter(&html) {
        seen.tags.push(found[1].to_owned());
    }
    seen
}

#[test]
fn bad_comments_are_noticed() {
    for bad in [
        "text\n| a | b |\n| 1 | 2 |\n",
        "<details><summary>x</summary>\n\ntext",
        "**agent-loop **works",
        "```\nopen\n<!-- AGENT_LOOP_META: v1.eNqrVipLLSrOzM9TslIyVAIAIeoEJg -->",
        "ask @octo/team",
        "see #7",
        "![x](https://example.org)",
        "[https://github.com](https://example.org)",
    ] {
        let page = "https://github.com/octo/r";
        let read = std::panic::catch_unwind(|| assert_reads_well(bad, &BTreeSet::from([1]), page));
        assert!(read.is_err(), "{bad}");
    }
}
