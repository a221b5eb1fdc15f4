//! Makes published texts inert: a forge that renders them notifies nobody, links and closes no other issue, loads no
//! image, and hides no address.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};
use regex::Regex;

use crate::pattern::pattern;

use super::markdown::{fitted, indented};
use super::sanitize::balanced::balanced;
use super::sanitize::closing::closed;

/// An invisible space of zero width. It separates `@` from a name and `#` from a number.
const SEPARATOR: &str = "&#8203;";

/// The maximum number of passes: each change may uncover something. A text that is not inert then is shown as code.
const PASSES: usize = 8;

/// HTML that only formats. Every other tag is shown as text.
static HARMLESS_TAG: LazyLock<Regex> = pattern!(
    r"(?i-u)^</?(?:details(?: open)?|summary|sub|sup|b|i|em|strong|del|ins|code|kbd|pre|br|hr|p|ul|ol|li|blockquote|table|thead|tbody|tr|th|td) ?/?>"
);
/// Matches text outside code on which a forge may act.
static PLACE: LazyLock<Regex> = pattern!(
    r"(?im-u)&(?:#[0-9]+|#x[0-9a-f]+|[a-z]+);|(?:https?\\?:\\?/\\?/|www\.)[a-z0-9\\\-._~:/?#@!$&+,;=%]*|@|#|\bgh\\?-|(?:<code>)?\b[0-9a-f]{7,40}\b|^ {0,3}/[a-z]"
);
/// The parts of an address before the number or the name of a page that shows where the page was mentioned.
const MENTIONED: [&str; 7] = ["issues", "pull", "pulls", "discussions", "commit", "commits", "compare"];
/// Matches a whole address that a forge turns into a link.
static ADDRESS: LazyLock<Regex> =
    pattern!(r"(?i-u)^(?:https?://|www\.)[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:[:/?#]|$)");
/// Matches references in text without Markdown.
static PLAIN_REFERENCE: LazyLock<Regex> = pattern!(
    r"(?i)#[0-9]+|\bgh-[0-9]+|https?://[^\s<>]*/(?:issues|pulls?|discussions|commits?|compare)/[0-9a-z][^\s<>]*"
);
static PLAIN_MENTION: LazyLock<Regex> = pattern!(r"(^|[^A-Za-z0-9_])@([A-Za-z0-9])");

/// Makes the visible part of a comment inert, and shortens it to a number of bytes. The numbers in `own` may be linked.
pub fn comment(visible: &str, room: usize, own: &BTreeSet<u64>) -> String {
    let mut most = room;
    loop {
        let text = markdown(&fitted(visible, most), own);
        let excess = text.len().saturating_sub(room);
        if excess == 0 || most == 0 {
            return text;
        }
        most = most.saturating_sub(excess);
    }
}

/// Makes Markdown inert. The numbers in `own` may be linked.
pub fn markdown(text: &str, own: &BTreeSet<u64>) -> String {
    let mut text = closed(text).into_owned();
    for _ in 0..PASSES {
        let next = closed(&balanced(&pass(&text, own))).into_owned();
        if next == text {
            return text;
        }
        text = next;
    }
    indented(&text)
}

/// Makes text without Markdown inert: titles and messages of commits.
pub fn plain(text: &str) -> String {
    let unlinked = PLAIN_REFERENCE.replace_all(text, |found: &regex::Captures<'_>| match &found[0] {
        number if number.starts_with('#') => number.replace('#', "no. "),
        address if address.contains("://") => plain(address.split_once("://").map_or("", |(_, rest)| rest)),
        number => number.replace('-', " "),
    });
    PLAIN_MENTION.replace_all(&unlinked, "${1}@ ${2}").into_owned()
}

fn ends_in_word(text: Option<&str>) -> bool {
    let last = text.and_then(|text| text.chars().next_back());
    last.is_some_and(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// A change of a text.
type Edit = (Range<usize>, String);

/// Makes one pass over everything on which a forge may act.
fn pass(text: &str, own: &BTreeSet<u64>) -> String {
    let (opaque, mut edits) = structure(text);
    let mut start = 0;
    for hole in opaque.into_iter().chain(std::iter::once(text.len()..text.len())) {
        if start < hole.start {
            edits.extend(places(text, start..hole.start, own));
        }
        start = start.max(hole.end);
    }
    edits.sort_by_key(|(range, _)| range.start);
    applied(text, edits)
}

fn applied(text: &str, edits: Vec<Edit>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (range, instead) in edits {
        if range.start >= done {
            out.push_str(text.get(done..range.start).unwrap_or_default());
            out.push_str(&instead);
            done = range.end;
        }
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// Finds code and links, which a forge does not search, and replaces links, images and HTML.
#[expect(clippy::wildcard_enum_match_arm, reason = "the parser has dozens of events, and may get more")]
fn structure(text: &str) -> (Vec<Range<usize>>, Vec<Edit>) {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES;
    let mut events = Parser::new_ext(text, options).into_offset_iter();
    let (mut opaque, mut edits) = (Vec::new(), Vec::new());
    while let Some((event, range)) = events.next() {
        match event {
            Event::Start(Tag::CodeBlock(_)) => {
                let _ = events.find(|(event, _)| matches!(event, Event::End(TagEnd::CodeBlock)));
                opaque.push(range);
            }
            Event::Code(_) => opaque.push(range),
            Event::Start(Tag::Link { link_type, dest_url, .. }) => {
                let words = words(&mut events, TagEnd::Link);
                if is_open(link_type, &words, &dest_url) {
                    opaque.push(range);
                } else {
                    opaque.push(range.clone());
                    edits.push((range, shown(&words, &dest_url)));
                }
            }
            Event::Start(Tag::Image { dest_url, .. }) => {
                let words = words(&mut events, TagEnd::Image);
                opaque.push(range.clone());
                edits.push((range, shown(&words, &dest_url)));
            }
            Event::Html(_) | Event::InlineHtml(_) => edits.extend(tags(text, range)),
            _ => {}
        }
    }
    opaque.sort_by_key(|range| range.start);
    (opaque, edits)
}

/// Returns the text of a link or an image.
#[expect(clippy::wildcard_enum_match_arm, reason = "the parser has dozens of events, and may get more")]
fn words<'text>(events: &mut impl Iterator<Item = (Event<'text>, Range<usize>)>, end: TagEnd) -> String {
    let mut depth = 1_usize;
    let mut words = String::new();
    for (event, _) in events {
        match event {
            Event::Start(Tag::Image { .. }) => {
                words.push('!');
                depth += usize::from(end == TagEnd::Image);
            }
            Event::End(found) if found == end => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            Event::Text(text) | Event::Code(text) => words.push_str(&text),
            Event::SoftBreak | Event::HardBreak => words.push(' '),
            _ => {}
        }
    }
    words
}

/// Returns whether a link leads where its text suggests. Plain words suggest nothing.
fn is_open(kind: LinkType, words: &str, address: &str) -> bool {
    let is_plain = |letter: char| letter.is_alphanumeric() || " '\",()?-".contains(letter);
    let is_honest = match kind {
        LinkType::Autolink | LinkType::Email => true,
        LinkType::Inline
        | LinkType::Reference
        | LinkType::ReferenceUnknown
        | LinkType::Collapsed
        | LinkType::CollapsedUnknown
        | LinkType::Shortcut
        | LinkType::ShortcutUnknown
        | LinkType::WikiLink { .. } => !words.trim().is_empty() && words.chars().all(is_plain),
    };
    is_honest && !is_reference(address)
}

/// Returns whether an address is that of a page that shows where the page was mentioned.
fn is_reference(address: &str) -> bool {
    let parts = || address.split('/');
    parts().skip(1).zip(parts().skip(2)).any(|(part, next)| {
        MENTIONED.iter().any(|name| part.eq_ignore_ascii_case(name))
            && next.starts_with(|first: char| first.is_ascii_alphanumeric())
    })
}

/// Returns a link or an image as text, with its address.
fn shown(words: &str, address: &str) -> String {
    let clean = |text: &str| -> String {
        let is_markup = |letter: char| letter.is_control() || "<>[]!`*~|\\()".contains(letter);
        text.chars().filter(|letter| !is_markup(*letter)).collect()
    };
    let (words, address) = (clean(words), clean(address));
    if words == address { address } else { format!("{} ({address})", words.trim()) }
}

/// Shows as text the tags that do more than format.
fn tags(text: &str, range: Range<usize>) -> Vec<Edit> {
    let html = text.get(range.clone()).unwrap_or_default();
    let opens =
        |rest: &str| rest.starts_with(|letter: char| letter.is_ascii_alphabetic() || "/!?".contains(letter));
    let harms = |at: &usize| {
        let tag = html.get(*at..).unwrap_or_default();
        opens(tag.get(1..).unwrap_or_default()) && !HARMLESS_TAG.is_match(tag)
    };
    let found = html.match_indices('<').map(|(at, _)| at).filter(harms);
    found.map(|at| (range.start + at..range.start + at + 1, "&lt;".to_owned())).collect()
}

/// Returns the edits of a part of a text outside code.
fn places(text: &str, part: Range<usize>, own: &BTreeSet<u64>) -> Vec<Edit> {
    let found = PLACE.find_iter(text.get(part.clone()).unwrap_or_default());
    let place = |found: regex::Match<'_>| {
        let range = part.start + found.start()..part.start + found.end();
        let instead = instead(text, &range, own)?;
        Some((range, instead))
    };
    found.filter_map(place).collect()
}

/// Returns the replacement of a match, if it must change.
fn instead(text: &str, range: &Range<usize>, own: &BTreeSet<u64>) -> Option<String> {
    let found = text.get(range.clone())?;
    let (before, after) = (text.get(..range.start), text.get(range.end..).unwrap_or_default());
    let goes_on = |kind: fn(&char) -> bool| {
        let first = after.chars().next().filter(|letter| kind(letter) || *letter == '&');
        first.is_some() && !after.starts_with(SEPARATOR)
    };
    let split = |at: usize| Some(format!("{}{SEPARATOR}{}", found.get(..at)?, found.get(at..)?));
    match found {
        "@" => {
            (!ends_in_word(before) && goes_on(char::is_ascii_alphanumeric)).then(|| format!("@{SEPARATOR}"))
        }
        "#" => {
            let digits = after.split(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default();
            let is_own = digits.parse().is_ok_and(|number| own.contains(&number));
            let stands_alone = !ends_in_word(before) && !before.is_some_and(|before| before.ends_with('/'));
            (goes_on(char::is_ascii_digit) && !(is_own && stands_alone)).then(|| format!("#{SEPARATOR}"))
        }
        entity if entity.starts_with('&') => hides_letter(entity).then(|| entity.replacen('&', "&amp;", 1)),
        command if command.trim_start().starts_with('/') => split(command.len() - 1),
        address if address.contains(':') || address.to_ascii_lowercase().starts_with("www.") => {
            if is_reference(&address.replace('\\', "")) {
                split(address.find([':', '.'])? + 1)
            } else if ADDRESS.is_match(address) {
                None
            } else {
                // No forge turns this into a link, so its content is text.
                let rest = range.start + 1..range.end;
                let edits = places(text, rest.clone(), own);
                let moved =
                    |(part, instead): Edit| (part.start - range.start..part.end - range.start, instead);
                (!edits.is_empty()).then(|| applied(found, edits.into_iter().map(moved).collect()))
            }
        }
        number if number.ends_with('-') => {
            goes_on(char::is_ascii_digit).then(|| format!("{number}{SEPARATOR}"))
        }
        commit if commit.starts_with('<') => None,
        commit => {
            let has = |kind: fn(&char) -> bool| commit.chars().any(|letter| kind(&letter));
            (has(char::is_ascii_digit) && has(char::is_ascii_alphabetic))
                .then(|| format!("<code>{commit}</code>"))
        }
    }
}

/// Returns whether an entity encodes a letter on which a forge may act.
fn hides_letter(entity: &str) -> bool {
    let name = entity.trim_start_matches('&').trim_end_matches(';');
    let number = match name.strip_prefix('#') {
        Some(digits) => digits
            .strip_prefix(['x', 'X'])
            .map_or_else(|| digits.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok()),
        None => return ["commat", "num", "colon", "sol", "period"].contains(&name),
    };
    let letter = number.and_then(char::from_u32);
    letter.is_some_and(|letter| letter.is_ascii_alphanumeric() || "@#:/.-".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn inert(text: &str) -> String {
        markdown(text, &BTreeSet::from([7]))
    }

    #[test]
    fn nobody_is_notified() {
        for (text, expected) in [
            ("cc @ada and @octo/team", "cc @&#8203;ada and @&#8203;octo/team"),
            ("(@ada) .@ada \\@ada", "(@&#8203;ada) .@&#8203;ada \\@&#8203;ada"),
            (
                "&#64;ada &commat;ada @&#97;da",
                "&amp;#&#8203;64;ada &amp;commat;ada @&#8203;&amp;#&#8203;97;da",
            ),
            ("- x\n\n     @ada", "- x\n\n     @&#8203;ada"),
            ("<b>@ada</b>", "<b>@&#8203;ada</b>"),
        ] {
            assert_eq!(inert(text), expected);
        }
        for text in ["`@ada`", "```\n@ada #5\n```", "a@b.c", "@ ada", "    @Override", "a @"] {
            assert_eq!(inert(text), text);
        }
    }

    #[test]
    fn other_issues_are_not_linked() {
        for (text, expected) in [
            ("see #5, octo/r#5 and GH-5", "see #&#8203;5, octo/r#&#8203;5 and GH-&#8203;5"),
            ("&#35;5 and gh\\-5", "&amp;#&#8203;35;5 and gh\\-&#8203;5"),
            ("#7 and octo/r#7", "#7 and octo/r#&#8203;7"),
            ("https://github.com/o/r/issues/5", "https:&#8203;//github.com/o/r/issues/5"),
            ("[it](https://github.com/o/r/pull/5)", "it (https:&#8203;//github.com/o/r/pull/5)"),
            ("<https://github.com/o/r/pull/5>", "https:&#8203;//github.com/o/r/pull/5"),
            ("since 1a2b3c4, not 1234567", "since <code>1a2b3c4</code>, not 1234567"),
            ("done\n/merge", "done\n/&#8203;merge"),
        ] {
            assert_eq!(inert(text), expected);
        }
        for text in ["# 5", "C# and #x", "`#5`", "https://x.org/a#5", "https://x.org/@ada", "a/b"] {
            assert_eq!(inert(text), text);
        }
    }

    #[test]
    fn images_and_links_are_shown() {
        for (text, expected) in [
            ("![approved](https://x.org/a.png)", "approved (https://x.org/a.png)"),
            ("[github.com](https://x.org)", "github.com (https://x.org)"),
            ("[![a](https://x.org/a.png)](https://y.org)", "a (https://y.org)"),
            (
                "[redacted: token]\n\n[redacted: token]: https://x.org",
                "redacted: token (https://x.org)\n\n[redacted: token]: https://x.org",
            ),
            ("<img src=https://x.org/a.png>", "&lt;img src=https://x.org/a.png>"),
            ("<a href=\"https://x.org\">github.com</a>", "&lt;a href=\"https://x.org\">github.com&lt;/a>"),
            ("[&lt;!-- AGENT_STATE -->](x)", "-- AGENT_STATE -- (x)"),
        ] {
            assert_eq!(inert(text), expected);
        }
        for text in [
            "[the manual](https://x.org/a)",
            "<details><summary>x</summary>\n\ny\n\n</details>",
            "<sub>1 s</sub>",
        ] {
            assert_eq!(inert(text), text);
        }
    }

    #[test]
    fn a_cut_text_stays_inert() {
        let text = comment(&format!("`{} @ada`", "@ada ".repeat(40)), 190, &BTreeSet::new());
        assert!(text.len() <= 190 && !text.contains("@ada"), "{text}");
        let uncovered = inert("<pre x>\n```\n</pre>\n@ada");
        assert_eq!(closed(&uncovered), uncovered);
    }

    #[test]
    fn titles_and_messages_are_plain() {
        for (text, expected) in [
            ("Fix #5 for @ada (octo/r#6)", "Fix no. 5 for @ ada (octo/rno. 6)"),
            ("see GH-5 or https://github.com/o/r/issues/5", "see GH 5 or github.com/o/r/issues/5"),
            ("write to a@b.c about C#, https://x.org/#a", "write to a@b.c about C#, https://x.org/#a"),
        ] {
            assert_eq!(plain(text), expected);
        }
    }

    /// A pattern of texts with everything on which a forge acts, and encodings that may hide it.
    const BUSY: &str = "(@ada|#5|#7|GH-5|&#64;|&#35;|&#8203;|&amp;|octo/r|1a2b3c4d|https://github\\.com/o/r/issues/5|\
                        \\[x\\]|\\[a\\.b\\]\\(https://x\\.org\\)|!\\[i\\]\\(x\\)|<img src=x>|<details>|</details>|<pre>|<pre x>|\
                        <code>|</code>|<!|<a |>|`|```|~~~|\\||\n|\n\n|    |- |[ a-c*_.:/\\\\\"]){0,30}";

    /// Returns everything in a text on which a forge still acts.
    fn acts(text: &str) -> Vec<String> {
        let (opaque, edits) = structure(text);
        let mut bare = text.to_owned();
        for hole in opaque.into_iter().rev() {
            if bare.is_char_boundary(hole.start) && bare.is_char_boundary(hole.end) {
                bare.replace_range(hole, "``");
            }
        }
        let acting =
            Regex::new(r"(?i)(?:^|[^a-z0-9_])@[a-z0-9]|#[0-68-9](?:[^0-9;]|$)|\bgh-[0-9]|://[^ )]*/issues/")
                .unwrap();
        let left = acting.find_iter(&bare).map(|found| found.as_str().to_owned());
        left.chain(edits.into_iter().map(|(_, instead)| instead)).collect()
    }

    proptest! {
        #[test]
        fn nothing_is_left_to_act(text in BUSY) {
            let once = inert(&text);
            prop_assert_eq!(acts(&once), Vec::<String>::new(), "{:?} from {:?}", once, text);
            prop_assert_eq!(&inert(&once), &once, "twice is once");
            prop_assert!(closed(&once) == once);
        }

        #[test]
        fn a_plain_text_stays_plain(text in "[a-zA-Z0-9 @#./:-]{0,40}") {
            let once = plain(&text);
            let acting = Regex::new(r"(?i)(?:^|[^a-z0-9_])@[a-z0-9]|#[0-9]|\bgh-[0-9]").unwrap();
            let outside = once.split_whitespace().filter(|word| !word.contains("://"));
            for word in outside {
                prop_assert!(!acting.is_match(word), "{once:?}");
            }
        }

        #[test]
        fn a_comment_keeps_its_limit(text in BUSY, room in 60_usize..200) {
            prop_assert!(comment(&text, room, &BTreeSet::new()).len() <= room);
        }
    }
}
