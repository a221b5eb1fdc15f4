//! Subjects as text: a block for each that needs attention, a line for each that is settled. Pure.

use std::fmt::Write;

use jiff::Timestamp;

use crate::text::sanitize::one_line;

use super::paint::Paint;

/// The indent of the lines of a block.
const INDENT: usize = 4;
const SHORTEST_TITLE: usize = 24;

/// A subject that needs attention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub subject: String,
    pub state: String,
    pub title: Option<String>,
    pub details: Vec<String>,
    /// The command to type.
    pub next: Option<String>,
}

/// A settled subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledLine {
    pub subject: String,
    pub how: String,
    pub age: String,
    pub title: Option<String>,
}

/// Returns the blocks, with an empty line between them and titles cut to this width.
pub fn blocks(all: &[Block], most: usize, paint: Paint) -> String {
    let width = widest(all.iter().map(|block| block.subject.as_str()));
    let block = |block: &Block| {
        let subject = paint.strong(&format!("{:<width$}", block.subject));
        let mut text = format!("{subject}  {}\n", block.state);
        let title = block.title.as_ref().map(|title| one_line(title, most.saturating_sub(INDENT)));
        let next = block.next.as_ref().map(|next| paint.command(next));
        for line in title.iter().chain(&block.details).chain(&next) {
            let _ = writeln!(text, "{:INDENT$}{line}", "");
        }
        text
    };
    all.iter().map(block).collect::<Vec<_>>().join("\n")
}

/// Returns the lines as a table, with titles cut to this width.
pub fn lines(all: &[SettledLine], most: usize) -> String {
    let subjects = widest(all.iter().map(|line| line.subject.as_str()));
    let hows = widest(all.iter().map(|line| line.how.as_str()));
    let ages = widest(all.iter().map(|line| line.age.as_str()));
    let mut text = String::new();
    for SettledLine { subject, how, age, title } in all {
        let line = format!("  {subject:<subjects$}  {how:<hows$}  {age:>ages$}  ");
        let room = most.saturating_sub(line.chars().count()).max(SHORTEST_TITLE);
        let title = title.as_ref().map(|title| one_line(title, room)).unwrap_or_default();
        let _ = writeln!(text, "{}", format!("{line}{title}").trim_end());
    }
    text
}

/// Formats words in columns; each column but the last is as wide as its longest word.
pub fn columns<const COUNT: usize>(rows: &[[String; COUNT]]) -> Vec<String> {
    let width = |column: usize| widest(rows.iter().filter_map(|row| row.get(column)).map(String::as_str));
    let widths: Vec<usize> = (0..COUNT).map(width).collect();
    let line = |row: &[String; COUNT]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// Formats the age of an instant in its largest unit.
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    let minutes = now.duration_since(then).as_secs() / 60;
    match (minutes / 1440, minutes / 60, minutes) {
        (days @ 1.., _, _) => format!("{days} d ago"),
        (_, hours @ 1.., _) => format!("{hours} h ago"),
        (_, _, minutes @ 1..) => format!("{minutes} min ago"),
        (..=0, ..=0, ..=0) => "just now".to_owned(),
    }
}

fn widest<'text>(texts: impl Iterator<Item = &'text str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn ages_have_one_unit() {
        let now = at("2026-11-21T23:09:00Z");
        for (instant, told) in [
            ("2026-11-11T23:08:00Z", "10 d ago"),
            ("2026-11-21T01:08:00Z", "22 h ago"),
            ("2026-11-21T22:50:00Z", "19 min ago"),
            ("2026-11-21T23:08:30Z", "just now"),
            ("2026-11-22T23:08:30Z", "just now"),
        ] {
            assert_eq!(ago(at(instant), now), told);
        }
    }

    #[test]
    fn blocks_and_lines_are_aligned() {
        let block = |subject: &str, state: &str, details: &[&str]| Block {
            subject: subject.to_owned(),
            state: state.to_owned(),
            title: Some("Say hello".to_owned()),
            details: details.iter().map(ToString::to_string).collect(),
            next: None,
        };
        let blocks = blocks(
            &[block("pr/3", "running", &["round 1"]), block("task/1a2b3c4d", "interrupted", &[])],
            80,
            Paint::Plain,
        );
        assert_eq!(
            blocks,
            "\
pr/3           running
    Say hello
    round 1

task/1a2b3c4d  interrupted
    Say hello
"
        );
        let line = |subject: &str, how: &str, age: &str, title: Option<&str>| SettledLine {
            subject: subject.to_owned(),
            how: how.to_owned(),
            age: age.to_owned(),
            title: title.map(str::to_owned),
        };
        let long = "The parser accepts tabs where it accepts spaces, and says where it does not";
        let lines = lines(
            &[
                line("pr/12", "approved", "just now", Some(long)),
                line("pr/9", "blocked (rounds)", "3 d ago", None),
            ],
            80,
        );
        assert_eq!(
            lines,
            "  pr/12  approved          just now  The parser accepts tabs where it accepts s…\n  \
             pr/9   blocked (rounds)   3 d ago\n"
        );
    }

    proptest! {
        #[test]
        fn no_title_widens_a_line(title in ".{0,200}", how in "[a-z()]{0,25}") {
            let title = Some(title);
            let (subject, age) = ("task/1a2b3c4d".to_owned(), "just now".to_owned());
            let block = Block { subject: subject.clone(), state: how.clone(), title: title.clone(), details: vec![], next: None };
            let line = SettledLine { subject, how, age, title };
            for line in blocks(&[block], 80, Paint::Plain).lines().chain(lines(&[line], 80).lines()) {
                prop_assert!(line.chars().count() <= 80, "{line}");
            }
        }
    }
}
