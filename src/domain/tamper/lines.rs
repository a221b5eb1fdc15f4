//! The facts about the added and removed lines of one file. Counts only, so a huge diff needs no memory.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::super::invisible::{is_tag, turns_direction};
use super::markers::{MarkerUse, Markers};

/// The most lines that are kept as examples of a use.
const EXAMPLES: usize = 8;
/// The longest example, in characters.
const LONGEST: usize = 200;

/// A changed line of a file.
#[derive(Debug, Clone, Copy)]
pub enum ChangedLine<'line> {
    Added(&'line str),
    Removed(&'line str),
}

/// Occurrences of a marker in added and removed lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MarkerCount {
    pub added: usize,
    pub removed: usize,
}

/// A line that silences a tool: its marker, and a hash of its text without spaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Silencer {
    pub marker: &'static str,
    text: u64,
}

/// The facts about the changed lines of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineFacts {
    /// The number of added lines.
    pub added: usize,
    /// The number of removed lines, without blank ones.
    pub removed: usize,
    /// Added lines have NUL bytes: git shows the file as binary.
    pub binary: bool,
    /// The first added line; for a link, its target.
    pub first_added: String,
    /// The number of added lines with characters that are invisible or change the direction of text.
    pub hidden: usize,
    /// The added lines that silence a tool.
    pub silenced: Vec<Silencer>,
    /// The removed lines that silenced a tool.
    pub unsilenced: Vec<Silencer>,
    examples: BTreeMap<MarkerUse, Vec<String>>,
    markers: BTreeMap<(MarkerUse, &'static str), MarkerCount>,
}

impl LineFacts {
    /// Returns the facts about a file whose lines are not read.
    pub fn of_binary() -> Self {
        Self { binary: true, ..Self::default() }
    }

    pub fn take(&mut self, changed: ChangedLine<'_>, markers: &Markers) {
        match changed {
            ChangedLine::Added(line) => {
                if self.added == 0 {
                    line.clone_into(&mut self.first_added);
                }
                self.added += 1;
            }
            ChangedLine::Removed(line) => self.removed += usize::from(!line.trim().is_empty()),
        }
        self.scan(changed, markers);
    }

    /// Examines a line, or a further piece of a long one.
    pub fn scan(&mut self, changed: ChangedLine<'_>, markers: &Markers) {
        match changed {
            ChangedLine::Added(line) => {
                self.hidden += usize::from(line.chars().any(is_hidden));
                for (purpose, marker) in markers.of(line) {
                    self.markers.entry((purpose, marker)).or_default().added += 1;
                    self.silenced.extend(silencer(purpose, marker, line));
                    let examples = self.examples.entry(purpose).or_default();
                    if examples.len() < EXAMPLES {
                        examples.push(line.trim().chars().take(LONGEST).collect());
                    }
                }
            }
            ChangedLine::Removed(line) => {
                for (purpose, marker) in markers.of(line) {
                    self.markers.entry((purpose, marker)).or_default().removed += 1;
                    self.unsilenced.extend(silencer(purpose, marker, line));
                }
            }
        }
    }

    /// Returns the first added lines with a marker of a use.
    pub fn examples(&self, purpose: MarkerUse) -> &[String] {
        self.examples.get(&purpose).map_or(&[], Vec::as_slice)
    }

    /// Returns the occurrences of each marker of a use.
    pub fn of(&self, purpose: MarkerUse) -> impl Iterator<Item = (&'static str, MarkerCount)> {
        let fits = move |((found, _), _): &(&(MarkerUse, &'static str), &MarkerCount)| *found == purpose;
        self.markers.iter().filter(fits).map(|((_, marker), count)| (*marker, *count))
    }

    /// Returns the number of markers that were added beyond those that were removed, marker by marker.
    pub fn new_markers(&self, purpose: MarkerUse) -> usize {
        self.of(purpose).map(|(_, count)| count.added.saturating_sub(count.removed)).sum()
    }
}

/// Returns what silences a tool in a line.
fn silencer(purpose: MarkerUse, marker: &'static str, line: &str) -> Option<Silencer> {
    let mut hasher = DefaultHasher::new();
    line.split_whitespace().for_each(|word| word.hash(&mut hasher));
    match purpose {
        MarkerUse::Suppression | MarkerUse::Generated => Some(Silencer { marker, text: hasher.finish() }),
        MarkerUse::Skip | MarkerUse::Bypass | MarkerUse::Filter | MarkerUse::Assertion => None,
    }
}

/// Returns whether a character makes people and models see another text than programs.
fn is_hidden(letter: char) -> bool {
    turns_direction(letter) || is_tag(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(lines: &[ChangedLine<'_>]) -> LineFacts {
        let (mut facts, markers) = (LineFacts::default(), Markers::compiled());
        for line in lines {
            facts.take(*line, &markers);
        }
        facts
    }

    #[test]
    fn edited_suppressions_are_not_new() {
        use ChangedLine::{Added, Removed};
        let edited = facts(&[Removed("a()  # noqa"), Added("b()  # noqa")]);
        assert_eq!(edited.new_markers(MarkerUse::Suppression), 0);
        let other = facts(&[Removed("a()  # noqa"), Added("b()  # type: ignore")]);
        assert_eq!(other.new_markers(MarkerUse::Suppression), 1);
        assert_eq!(other.examples(MarkerUse::Suppression), ["b()  # type: ignore"]);
    }

    #[test]
    fn hidden_characters_are_counted() {
        let found = facts(&[ChangedLine::Added("if (x) { \u{202e} }"), ChangedLine::Added("👩‍💻 ok")]);
        assert_eq!((found.hidden, found.added), (1, 2));
    }
}
