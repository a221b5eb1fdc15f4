//! Constant regular expressions: they are compiled at their first use, and tests prove that they are valid.

use std::sync::{Mutex, PoisonError};

use regex::{Regex, bytes};
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::util::syntax;
use regex_automata::{Input, MatchKind, PatternSet};

/// Creates the value of a `static NAME: LazyLock<Regex>` with this pattern.
macro_rules! pattern {
    ($pattern:expr) => {
        std::sync::LazyLock::new(|| $crate::pattern::compiled($pattern))
    };
}
pub(crate) use pattern;

/// Creates the value of a `static NAME: LazyLock<bytes::Regex>` with this pattern, whose classes are ASCII: `[^a]` in a
/// `pattern!` is an automaton for all of Unicode, with several times the memory.
macro_rules! ascii_pattern {
    ($pattern:expr) => {
        std::sync::LazyLock::new(|| $crate::pattern::ascii_compiled($pattern))
    };
}
pub(crate) use ascii_pattern;

/// The number of patterns in an automaton. The allocator would keep the memory for the compilation of a larger one.
const TOGETHER: usize = 11;

/// Constant ASCII patterns that are searched together by forward automata, with a third of the memory of a `RegexSet`.
#[derive(Debug)]
pub(crate) struct Patterns(Vec<Automaton>);

#[derive(Debug)]
struct Automaton {
    dfa: DFA,
    cache: Mutex<Cache>,
    /// The index of the first pattern.
    first: usize,
}

impl Patterns {
    /// Compiles patterns.
    pub(crate) fn new(patterns: &[&str]) -> Self {
        let parts = patterns.chunks(TOGETHER).enumerate();
        Self(parts.map(|(number, part)| Automaton::new(part, number * TOGETHER)).collect())
    }

    /// Returns the indices of the patterns that match a text, in order.
    pub(crate) fn matches(&self, text: &str) -> Vec<usize> {
        self.0.iter().flat_map(|automaton| automaton.matches(text)).collect()
    }
}

impl Automaton {
    #[expect(clippy::expect_used, reason = "patterns are constants, and tests use every one of them")]
    fn new(patterns: &[&str], first: usize) -> Self {
        let dfa = DFA::builder()
            .configure(DFA::config().match_kind(MatchKind::All))
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .build_many(patterns)
            .expect("valid patterns");
        let cache = Mutex::new(dfa.create_cache());
        Self { dfa, cache, first }
    }

    /// Returns the indices of the patterns that match.
    ///
    /// # Panics
    /// Never: no pattern has a byte at which the automaton must stop, and the cache may be refilled without limit.
    #[expect(clippy::expect_used, reason = "the automaton has no byte at which it must stop")]
    fn matches(&self, text: &str) -> Vec<usize> {
        let mut found = PatternSet::new(self.dfa.pattern_len());
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        self.dfa
            .try_which_overlapping_matches(&mut cache, &Input::new(text), &mut found)
            .expect("an automaton without stops");
        found.iter().map(|pattern| self.first + pattern.as_usize()).collect()
    }
}

/// Compiles a constant pattern.
#[expect(clippy::expect_used, reason = "patterns are constants, and tests use every one of them")]
pub(crate) fn compiled(pattern: impl AsRef<str>) -> Regex {
    Regex::new(pattern.as_ref()).expect("a valid pattern")
}

/// Compiles a constant pattern for bytes, with ASCII classes.
#[expect(clippy::expect_used, reason = "patterns are constants, and tests use every one of them")]
pub(crate) fn ascii_compiled(pattern: impl AsRef<str>) -> bytes::Regex {
    bytes::RegexBuilder::new(pattern.as_ref()).unicode(false).build().expect("a valid pattern")
}
