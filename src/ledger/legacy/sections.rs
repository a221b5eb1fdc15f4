//! Splits the sections of an older Markdown review into entries: a bullet with its indented text, or a paragraph.

use std::ptr;
use std::sync::LazyLock;

use regex::Regex;

use crate::domain::item_status::ItemStatus;
use crate::pattern::pattern;
use crate::protocol::markers;

use super::names::{label, leading_id};

static HEADING: LazyLock<Regex> = pattern!(r"^(#{1,6})\s+(.*)$");
static BULLET: LazyLock<Regex> = pattern!(r"^(?:[-*+•]|[0-9]{1,4}[.)])\s+(.*)$");

/// A known section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Findings(ItemStatus),
    Dispositions,
}

impl Section {
    /// Returns the section with this heading, if it is known.
    fn titled(title: &str) -> Option<Self> {
        let letters: String = title.chars().filter(char::is_ascii_alphabetic).collect();
        match letters.to_ascii_lowercase().as_str() {
            "blockingissues" | "blockingitems" | "blockingplanissues" => {
                Some(Self::Findings(ItemStatus::Blocking))
            }
            "sameprfollowups" | "sameplanfollowups" => Some(Self::Findings(ItemStatus::SamePr)),
            "futurefollowups" | "nonblockingfollowups" => Some(Self::Findings(ItemStatus::Future)),
            "priorunresolveditemdispositions" | "priorunresolvedplanitemdispositions" => {
                Some(Self::Dispositions)
            }
            _ => None,
        }
    }
}

/// A line of a comment.
#[derive(Clone, Copy)]
enum ReviewLine<'text> {
    /// A line of a fenced code block.
    Code(&'text str),
    Prose(&'text str),
}

/// Returns the entries of the known sections, in order.
pub(super) fn entries(body: &str) -> Vec<(Section, String)> {
    let mut cutter = Cutter::default();
    for line in lines(body) {
        match line {
            ReviewLine::Code(text) => cutter.code(text),
            ReviewLine::Prose(text) => cutter.prose(text),
        }
    }
    cutter.end_entry();
    cutter.done
}

/// Returns the name in an agent's signature: `-- Codex`, `-- Anthropic Claude`. Sentences do not count.
pub(super) fn signature(line: &str) -> Option<&str> {
    let name = line.trim().strip_prefix("-- ")?.trim();
    let words: Vec<&str> = name.split_whitespace().collect();
    let is_name =
        |word: &&str| word.starts_with(|first: char| first.is_uppercase() || first.is_ascii_digit());
    let known = ["claude", "codex", "gemini", "antigravity"].contains(&label(Some(name)).as_str());
    ((1..=4).contains(&words.len()) && (known || words.iter().all(is_name))).then_some(name)
}

/// Classifies the lines. The lines outside code are slices of the same text; all other lines are in code.
fn lines(body: &str) -> Vec<ReviewLine<'_>> {
    let mut outside = markers::lines_outside_code(body).into_iter().peekable();
    let place = |line: &str| line.as_ptr();
    let all = body.split_inclusive('\n').map(|line| line.trim_end_matches(['\n', '\r']));
    all.map(|line| match outside.next_if(|other| ptr::eq(place(other), place(line))) {
        Some(_) if !line.trim_start().starts_with("```") => ReviewLine::Prose(line),
        Some(_) | None => ReviewLine::Code(line),
    })
    .collect()
}

/// An entry that is being read.
struct SectionEntry<'text> {
    section: Section,
    lines: Vec<&'text str>,
    /// The indentation of the first line.
    indent: usize,
    /// The maximum indentation of a bullet that starts another entry; deeper bullets belong to this one. Below a separate
    /// heading everything belongs to the entry.
    bullets: Option<usize>,
    /// The number of empty lines since the last line.
    pause: usize,
}

#[derive(Default)]
struct Cutter<'text> {
    section: Option<Section>,
    /// The level of the section's heading.
    level: usize,
    entry: Option<SectionEntry<'text>>,
    done: Vec<(Section, String)>,
}

impl<'text> Cutter<'text> {
    fn code(&mut self, line: &'text str) {
        if self.entry.is_none() {
            self.begin_entry("", 0, Some(usize::MAX));
        }
        self.add(line.trim_end());
    }

    fn prose(&mut self, line: &'text str) {
        let bare = line.trim();
        if let Some(heading) = HEADING.captures(bare) {
            let [marks, title] = [1, 2].map(|group| heading.get(group).map_or("", |part| part.as_str()));
            self.heading(marks.len(), title);
        } else if bare.starts_with("<!--") || signature(bare).is_some() {
            self.end_entry();
            self.section = None;
        } else if bare.is_empty() || is_rule(bare) {
            if let Some(entry) = &mut self.entry {
                entry.pause += 1;
            }
        } else {
            self.words(line, bare);
        }
    }

    /// Reads a heading. A heading below that of a section of findings starts a finding; any other heading ends the section.
    fn heading(&mut self, level: usize, title: &'text str) {
        let titled = Section::titled(title);
        let is_below = matches!(self.section, Some(Section::Findings(_))) && level > self.level;
        if titled.is_none() && is_below {
            self.begin_entry(title, 0, None);
        } else {
            self.end_entry();
            (self.section, self.level) = (titled, level);
        }
    }

    fn words(&mut self, line: &'text str, bare: &'text str) {
        let indent = line.len() - line.trim_start().len();
        let bullet = BULLET.captures(bare).and_then(|found| found.get(1)).map(|text| text.as_str());
        let begins = self.entry.as_ref().is_none_or(|entry| match (entry.bullets, bullet) {
            (Some(bullets), Some(_)) => indent <= bullets,
            (Some(_), None) => indent <= entry.indent && (entry.pause > 0 || leading_id(bare).is_some()),
            (None, _) => false,
        });
        match bullet {
            Some(text) if begins => self.begin_entry(text, indent, Some(indent)),
            None if begins => self.begin_entry(bare, indent, Some(usize::MAX)),
            Some(_) | None => self.add(bare),
        }
    }

    fn begin_entry(&mut self, first: &'text str, indent: usize, bullets: Option<usize>) {
        self.end_entry();
        if let Some(section) = self.section {
            self.entry = Some(SectionEntry { section, lines: vec![first], indent, bullets, pause: 0 });
        }
    }

    fn add(&mut self, line: &'text str) {
        if let Some(entry) = &mut self.entry {
            if std::mem::take(&mut entry.pause) > 0 {
                entry.lines.push("");
            }
            entry.lines.push(line);
        }
    }

    fn end_entry(&mut self) {
        if let Some(entry) = self.entry.take() {
            self.done.push((entry.section, entry.lines.join("\n").trim().to_owned()));
        }
    }
}

/// Returns whether a line is only a separator.
fn is_rule(line: &str) -> bool {
    ['-', '*', '_'].into_iter().any(|mark| line.len() >= 3 && line.chars().all(|letter| letter == mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCKING: Section = Section::Findings(ItemStatus::Blocking);

    fn texts(body: &str) -> Vec<String> {
        entries(body).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn only_known_headings_open_sections() {
        let body = "### Summary\nfine\n### Blocking issues\na\n## Same-PR follow-ups:\nb\n### Future follow-ups\nc\n\
                    ### Non-blocking follow-ups\nd\n### Prior unresolved item dispositions\ne\n### Notes\nf";
        let sections: Vec<Section> = entries(body).into_iter().map(|(section, _)| section).collect();
        let future = Section::Findings(ItemStatus::Future);
        let same_pr = Section::Findings(ItemStatus::SamePr);
        assert_eq!(sections, [BLOCKING, same_pr, future, future, Section::Dispositions]);
    }

    #[test]
    fn headings_markers_and_signatures_end_sections() {
        for end in
            ["### More", "## More", "<!-- AGENT_PR: 7 -->", "-- Codex", "-- Anthropic Claude", "-- agy"]
        {
            assert_eq!(texts(&format!("### Blocking issues\n- a\n{end}\n- b")), ["a"], "{end}");
        }
        assert_eq!(texts("### Blocking issues\na\n-- so to speak").len(), 1);
    }

    #[test]
    fn deeper_headings_are_findings() {
        let body =
            "### Same-PR follow-ups\n#### First\nOne.\n\n- two\n\n---\n\n#### Second\nOther.\n\n### Notes\nx";
        assert_eq!(texts(body), ["First\nOne.\n\n- two", "Second\nOther."]);
    }

    #[test]
    fn bullets_and_paragraphs_are_entries() {
        let body = "### Blocking issues\nThe parser\nleaks.\n\nIt is slow.\n- one\n  - nested\ngoes on\n\n  more of one\n\
                    * two\n1. three\n\n---\nlast";
        let expected = [
            "The parser\nleaks.",
            "It is slow.",
            "one\n- nested\ngoes on\n\nmore of one",
            "two",
            "three",
            "last",
        ];
        assert_eq!(texts(body), expected);
    }

    #[test]
    fn code_belongs_to_the_finding_above() {
        let body =
            "### Blocking issues\n- Use this:\n\n```sh\n# a comment\n### Future follow-ups\n- x\n```\n- two";
        assert_eq!(texts(body), ["Use this:\n\n```sh\n# a comment\n### Future follow-ups\n- x\n```", "two"]);
        let hanging = "### Blocking issues\n- Use this:\n  ```\n  # x\n  ```\n- two";
        assert_eq!(texts(hanging), ["Use this:\n  ```\n  # x\n  ```", "two"]);
    }
}
