//! Constant regular expressions: they are compiled at their first use, and tests prove that they are valid.

use std::sync::{Mutex, PoisonError};

use regex::Regex;
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

/// Constant ASCII patterns that are searched together: one forward automaton, a third of the memory of a `RegexSet`.
#[derive(Debug)]
pub(crate) struct Patterns {
    automaton: DFA,
    cache: Mutex<Cache>,
}

impl Patterns {
    /// Compiles patterns.
    #[expect(clippy::expect_used, reason = "patterns are constants, and tests use every one of them")]
    pub(crate) fn new(patterns: &[&str]) -> Self {
        let automaton = DFA::builder()
            .configure(DFA::config().match_kind(MatchKind::All))
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .build_many(patterns)
            .expect("valid patterns");
        let cache = Mutex::new(automaton.create_cache());
        Self { automaton, cache }
    }

    /// Returns the indices of the patterns that match a text, in order.
    ///
    /// # Panics
    /// Never: no pattern has a byte at which the automaton must stop, and the cache may be refilled without limit.
    #[expect(clippy::expect_used, reason = "the automaton has no byte at which it must stop")]
    pub(crate) fn matches(&self, text: &str) -> Vec<usize> {
        let mut found = PatternSet::new(self.automaton.pattern_len());
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        self.automaton
            .try_which_overlapping_matches(&mut cache, &Input::new(text), &mut found)
            .expect("an automaton without stops");
        found.iter().map(|pattern| pattern.as_usize()).collect()
    }
}

/// Compiles a constant pattern.
#[expect(clippy::expect_used, reason = "patterns are constants, and tests use every one of them")]
pub(crate) fn compiled(pattern: impl AsRef<str>) -> Regex {
    Regex::new(pattern.as_ref()).expect("a valid pattern")
}
