//! Finds known values in texts, in all of their encodings.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::OnceLock;

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::spelling;

/// The minimum length of a value: shorter ones would match ordinary words.
const SHORTEST_VALUE: usize = 8;
/// The minimum length of a line of a value that is searched on its own.
const SHORTEST_LINE: usize = 16;
/// The memory for the search in bytes: sufficient for an environment that contains only keys.
const SEARCH_MEMORY: usize = 64 << 20;

/// The values to find, the longest first.
#[derive(Clone)]
pub(in crate::text) struct Values {
    any: Regex,
    /// Identifies the value of a match; created at the first match.
    each: OnceLock<RegexSet>,
    patterns: Vec<String>,
    kinds: Vec<String>,
}

impl Values {
    /// Selects the values, with their kinds, that can be searched: not too short, not one repeated letter, and not part of the
    /// text that replaces values.
    pub(in crate::text) fn new<'value>(
        values: impl Iterator<Item = (&'value str, &'value str)>,
        marks: &[String],
    ) -> Option<Self> {
        let mut wanted: Vec<(&str, &str)> = values
            .flat_map(|(value, kind)| parts(value).map(move |part| (part, kind)))
            .filter(|(part, _)| !repeats_one_letter(part) && !marks.iter().any(|mark| mark.contains(part)))
            .collect();
        wanted.sort_by_key(|(value, _)| Reverse(value.len()));
        let mut known = BTreeSet::new();
        wanted.retain(|(value, _)| known.insert(*value));
        if wanted.is_empty() {
            return None;
        }
        let patterns: Vec<String> = wanted.iter().map(|(value, _)| spelling::pattern(value)).collect();
        let kinds = wanted.iter().map(|(_, kind)| (*kind).to_owned()).collect();
        Some(Self { any: any(&patterns), each: OnceLock::new(), patterns, kinds })
    }

    /// Returns the kinds of the values.
    pub(in crate::text) fn kinds(&self) -> &[String] {
        &self.kinds
    }

    /// Returns the positions of values in a text with their kinds, in order.
    pub(in crate::text) fn find(&self, text: &str) -> Vec<(Range<usize>, &str)> {
        let mut all: Vec<(Range<usize>, &str)> = Vec::new();
        let mut from = 0;
        while let Some(found) = self.any.find_at(text, from) {
            // Another value may start within this one and end after it.
            from = found.start() + found.as_str().chars().next().map_or(1, char::len_utf8);
            match all.last_mut() {
                Some((last, _)) if found.start() < last.end => last.end = last.end.max(found.end()),
                Some(_) | None => all.push((found.range(), self.kind(found.as_str()))),
            }
        }
        all
    }

    fn kind(&self, found: &str) -> &str {
        let each = self.each.get_or_init(|| each(&self.patterns));
        let first = each.matches(found).iter().next();
        first.and_then(|number| self.kinds.get(number)).map_or("secret", String::as_str)
    }
}

/// Returns a value and its longer lines, except for lines that all keys have.
fn parts(value: &str) -> impl Iterator<Item = &str> {
    let whole = value.trim();
    let lines = whole.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
    let long = lines.filter(|line| line.chars().count() >= SHORTEST_LINE);
    std::iter::once(whole).filter(|value| value.chars().count() >= SHORTEST_VALUE).chain(long)
}

fn repeats_one_letter(value: &str) -> bool {
    value.chars().zip(value.chars().skip(1)).all(|(one, next)| one == next)
}

/// Compiles a pattern for any of these escaped patterns.
#[expect(clippy::expect_used, reason = "alternatives of escaped text of any length are a pattern")]
pub(in crate::text) fn any(patterns: &[String]) -> Regex {
    RegexBuilder::new(&patterns.join("|"))
        .size_limit(usize::MAX)
        .dfa_size_limit(SEARCH_MEMORY)
        .build()
        .expect("a valid pattern")
}

/// Compiles a pattern that identifies the one that matched.
#[expect(clippy::expect_used, reason = "escaped text of any length is a pattern")]
fn each(patterns: &[String]) -> RegexSet {
    RegexSetBuilder::new(patterns)
        .size_limit(usize::MAX)
        .dfa_size_limit(SEARCH_MEMORY)
        .build()
        .expect("valid patterns")
}
