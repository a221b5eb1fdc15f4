//! Which block the end of a text stands in: quotes, list items, fences, HTML, as Markdown has them.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::pattern;

use super::fence::Fence;

/// How far a tab stop is from the next one; a line indented so far is code.
const TAB_STOP: usize = 4;

/// A block that is nested deeper is read as text: what stands in it ends with the blocks around it anyway, and every
/// line would have to be held against each of them.
const MOST_CONTAINERS: usize = 64;

/// A block that holds other blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    Quote,
    /// A list item; its lines are indented so far.
    Item {
        width: usize,
    },
    /// A list item of which only the marker was seen.
    Marker {
        width: usize,
    },
}

/// The innermost block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaf {
    /// None that could go on.
    Nothing,
    Paragraph,
    Fence(Fence),
    Html(HtmlEnd),
}

/// What ends a block of HTML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HtmlEnd {
    BlankLine,
    /// The end of an element whose text is not looked at.
    RawElement,
    Words(&'static str),
}

/// What a line begins.
enum Beginning<'line> {
    Container(Container, &'line str),
    Leaf(Leaf),
    Text,
}

/// The paragraph before a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    NoParagraph,
    /// A paragraph in a container that the line does not name: text continues it.
    Lazy,
    Paragraph,
}

/// The blocks that are open.
#[derive(Debug)]
pub(in crate::text) struct Blocks {
    containers: Vec<Container>,
    leaf: Leaf,
}

impl Blocks {
    /// The blocks that are open at the end of a text.
    pub(in crate::text) fn of(text: &str) -> Self {
        let mut blocks = Self { containers: Vec::new(), leaf: Leaf::Nothing };
        for line in text.replace("\r\n", "\n").split_terminator(['\n', '\r']) {
            blocks.read(&with_spaces(line));
        }
        blocks
    }

    /// The line that closes the fence that is open.
    pub(in crate::text) fn closing_line(&self) -> Option<String> {
        let Leaf::Fence(fence) = self.leaf else { return None };
        let inside: String = self.containers.iter().map(|container| container.prefix()).collect();
        Some(inside + &fence.closing())
    }

    fn read(&mut self, line: &str) {
        let (kept, rest) = self.go_on(line);
        let is_inside = kept == self.containers.len();
        match self.leaf {
            Leaf::Fence(fence) if is_inside => {
                if fence.is_closed_by(rest) {
                    self.leaf = Leaf::Nothing;
                }
                return;
            }
            Leaf::Html(end) if is_inside => {
                if end.is_in(rest) {
                    self.leaf = Leaf::Nothing;
                }
                return;
            }
            Leaf::Fence(_) | Leaf::Html(_) => self.leaf = Leaf::Nothing,
            Leaf::Nothing | Leaf::Paragraph => {}
        }
        self.begin(kept, rest);
    }

    /// How many containers a line goes on with, and the line without what it says for that.
    fn go_on<'line>(&mut self, line: &'line str) -> (usize, &'line str) {
        let mut rest = line;
        for (kept, container) in self.containers.iter_mut().enumerate() {
            let Some(inner) = container.inner(rest) else { return (kept, rest) };
            rest = inner;
            if let Container::Marker { width } = *container {
                *container = Container::Item { width };
            }
        }
        (self.containers.len(), rest)
    }

    /// Begins what a line begins, inside of the containers that are kept.
    fn begin(&mut self, mut kept: usize, mut rest: &str) {
        let mut before = match self.leaf {
            Leaf::Paragraph if kept == self.containers.len() => Before::Paragraph,
            Leaf::Paragraph => Before::Lazy,
            Leaf::Nothing | Leaf::Fence(_) | Leaf::Html(_) => Before::NoParagraph,
        };
        loop {
            if kept >= MOST_CONTAINERS {
                return self.set(kept, Leaf::Paragraph);
            }
            match beginning(rest, before) {
                Beginning::Text if before != Before::NoParagraph => return,
                Beginning::Text => return self.set(kept, Leaf::Paragraph),
                Beginning::Leaf(leaf) => return self.set(kept, leaf),
                Beginning::Container(container, inner) => {
                    self.set(kept, Leaf::Nothing);
                    self.containers.push(container);
                    kept += 1;
                    rest = inner;
                    before = Before::NoParagraph;
                }
            }
        }
    }

    fn set(&mut self, kept: usize, leaf: Leaf) {
        self.containers.truncate(kept);
        self.leaf = leaf;
    }
}

impl Container {
    /// What a line holds inside of this container, if it goes on with it.
    fn inner(self, line: &str) -> Option<&str> {
        match self {
            Self::Quote => quoted(line),
            Self::Item { .. } if is_blank(line) => Some(line),
            Self::Marker { .. } if is_blank(line) => None,
            Self::Item { width } | Self::Marker { width } if indent(line) >= width => line.get(width..),
            Self::Item { .. } | Self::Marker { .. } => None,
        }
    }

    fn prefix(self) -> String {
        match self {
            Self::Quote => "> ".to_owned(),
            Self::Item { width } | Self::Marker { width } => " ".repeat(width),
        }
    }
}

impl HtmlEnd {
    fn is_in(self, line: &str) -> bool {
        match self {
            Self::BlankLine => is_blank(line),
            Self::RawElement => RAW_ELEMENT_END.is_match(line),
            Self::Words(words) => line.contains(words),
        }
    }
}

/// A line with its tabs as spaces.
fn with_spaces(line: &str) -> Cow<'_, str> {
    if !line.contains('\t') {
        return Cow::Borrowed(line);
    }
    let mut spaced = String::new();
    let mut column = 0;
    for letter in line.chars() {
        let width = if letter == '\t' { TAB_STOP - column % TAB_STOP } else { 1 };
        column += width;
        if letter == '\t' {
            spaced.push_str(&" ".repeat(width));
        } else {
            spaced.push(letter);
        }
    }
    Cow::Owned(spaced)
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn is_blank(line: &str) -> bool {
    line.trim_matches(' ').is_empty()
}

fn beginning(line: &str, before: Before) -> Beginning<'_> {
    if is_blank(line) {
        return Beginning::Leaf(Leaf::Nothing);
    }
    if indent(line) >= TAB_STOP {
        return if before == Before::NoParagraph { Beginning::Leaf(Leaf::Nothing) } else { Beginning::Text };
    }
    if let Some(inner) = quoted(line) {
        return Beginning::Container(Container::Quote, inner);
    }
    if let Some(fence) = Fence::opened_by(line) {
        return Beginning::Leaf(Leaf::Fence(fence));
    }
    if let Some(end) = html(line, before) {
        return Beginning::Leaf(if end.is_in(line) { Leaf::Nothing } else { Leaf::Html(end) });
    }
    let is_underline = before == Before::Paragraph && UNDERLINE.is_match(line);
    if is_underline || HEADING.is_match(line) || is_rule(line) {
        return Beginning::Leaf(Leaf::Nothing);
    }
    item(line, before).map_or(Beginning::Text, |(container, inner)| Beginning::Container(container, inner))
}

/// What a line of a quote says.
fn quoted(line: &str) -> Option<&str> {
    let inner = line.trim_start_matches(' ').strip_prefix('>').filter(|_| indent(line) < TAB_STOP)?;
    Some(inner.strip_prefix(' ').unwrap_or(inner))
}

/// Whether a line is a rule across the page.
fn is_rule(line: &str) -> bool {
    let marks = line.replace(' ', "");
    let first = marks.chars().next().filter(|mark| matches!(mark, '-' | '_' | '*'));
    marks.len() >= 3 && first.is_some_and(|first| marks.chars().all(|mark| mark == first))
}

/// The list item that a line begins. Only some may stand right after a paragraph.
fn item(line: &str, before: Before) -> Option<(Container, &str)> {
    let found = ITEM.captures(line)?;
    let length = |group: usize| found.get(group).map_or(0, |part| part.len());
    let marker = length(1) + length(2);
    let behind = line.get(marker + length(3)..).unwrap_or_default();
    if behind.is_empty() {
        let width = marker + 1;
        return (before != Before::Paragraph).then_some((Container::Marker { width }, ""));
    }
    let number = found.get(2).map_or("", |part| part.as_str().trim_end_matches(['.', ')']));
    let may_interrupt = number.parse().is_ok_and(|number: u64| number == 1) || length(2) == 1;
    let width = if length(3) > TAB_STOP { marker + 1 } else { marker + length(3) };
    let may_begin = before != Before::Paragraph || may_interrupt;
    may_begin.then(|| (Container::Item { width }, line.get(width..).unwrap_or_default()))
}

/// What ends the block of HTML that a line begins.
fn html(line: &str, before: Before) -> Option<HtmlEnd> {
    let line = line.trim_start_matches(' ');
    let after = line.strip_prefix('<')?;
    if RAW_ELEMENT.is_match(line) {
        return Some(HtmlEnd::RawElement);
    }
    let ends = [("!--", "-->"), ("?", "?>"), ("![CDATA[", "]]>")];
    if let Some((_, end)) = ends.iter().find(|(start, _)| after.starts_with(start)) {
        return Some(HtmlEnd::Words(end));
    }
    if DECLARATION.is_match(line) {
        return Some(HtmlEnd::Words(">"));
    }
    let is_block = BLOCK_ELEMENT.is_match(line) || before == Before::NoParagraph && LONELY_TAG.is_match(line);
    is_block.then_some(HtmlEnd::BlankLine)
}

static HEADING: LazyLock<Regex> = pattern!("^ *#{1,6}(?: |$)");
static UNDERLINE: LazyLock<Regex> = pattern!("^ *(?:=+|-+) *$");
static ITEM: LazyLock<Regex> = pattern!("^( *)([-+*]|[0-9]{1,9}[.)])( +|$)");
static DECLARATION: LazyLock<Regex> = pattern!("^<![A-Z]");
static RAW_ELEMENT: LazyLock<Regex> = pattern!("(?i)^<(?:script|pre|style|textarea)(?:[ >]|$)");
static RAW_ELEMENT_END: LazyLock<Regex> = pattern!("(?i)</(?:script|pre|style|textarea)>");
static BLOCK_ELEMENT: LazyLock<Regex> = pattern!(
    "(?i)^</?(?:address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|\
         dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|\
         iframe|legend|li|link|main|menu|menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|\
         summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul)(?:[ >]|/>|$)"
);
static LONELY_TAG: LazyLock<Regex> = pattern!({
    let value = r#"[^ "'=<>`]+|'[^']*'|"[^"]*""#;
    let attribute = format!(r" +[A-Za-z_:][\w.:-]*(?: *= *(?:{value}))?");
    let name = "[A-Za-z][A-Za-z0-9-]*";
    format!("^(?:<{name}(?:{attribute})* */?>|</{name} *>) *$")
});

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(text: &str) -> Leaf {
        Blocks::of(text).leaf
    }

    #[test]
    fn every_kind_of_html_ends_where_it_should() {
        for (open, end) in [
            ("<PRE>\na\n", "x</pre>"),
            ("<!-- a\n\n", "-->"),
            ("<?php\n\n", "?>"),
            ("<!DOCTYPE\n\n", "html>"),
            ("<![CDATA[\n\n", "]]>"),
            ("</Div\n", ""),
            ("<my-tag a=b c='d' e>\n", ""),
        ] {
            assert!(matches!(leaf(open), Leaf::Html(_)), "{open}");
            assert_eq!(leaf(&format!("{open}{end}\n")), Leaf::Nothing, "{open}");
        }
        assert_eq!(leaf("text\n<my-tag>"), Leaf::Paragraph);
        assert_eq!(leaf("<my-tag> text"), Leaf::Paragraph);
    }

    #[test]
    fn a_paragraph_goes_on_without_the_marks_of_its_containers() {
        let blocks = Blocks::of("> - a\nb");
        assert_eq!(blocks.containers, [Container::Quote, Container::Item { width: 2 }]);
        assert_eq!(Blocks::of("> - a\n\nb").containers, []);
        assert_eq!(Blocks::of("> - a\n# b").containers, []);
    }

    #[test]
    fn a_paragraph_is_interrupted_only_by_a_list_that_could_be_meant() {
        assert_eq!(Blocks::of("in\n1986. a").containers, []);
        assert_eq!(Blocks::of("in\n-").containers, []);
        assert_eq!(Blocks::of("in\n1. a").containers, [Container::Item { width: 3 }]);
        assert_eq!(Blocks::of("- - -").containers, []);
        assert_eq!(Blocks::of("-      a").containers, [Container::Item { width: 2 }]);
    }

    #[test]
    fn headings_and_rules_end_a_paragraph() {
        for text in ["# a", "a\n===", "a\n---", "* * *", "a\n\n", "    code", "a\n# b"] {
            assert_eq!(leaf(text), Leaf::Nothing, "{text}");
        }
    }
}
