//! Constant regular expressions: they are compiled at their first use, and tests prove that they are valid.

use regex::{Regex, RegexSet};

/// Creates the value of a `static NAME: LazyLock<Regex>` with this pattern.
macro_rules! pattern {
    ($pattern:expr) => {
        std::sync::LazyLock::new(|| $crate::pattern::compiled($pattern))
    };
}
pub(crate) use pattern;

/// Compiles constant patterns that are searched together.
#[expect(clippy::expect_used, reason = "patterns are constants, and tests use every one of them")]
pub(crate) fn pattern_set<'pattern>(patterns: impl IntoIterator<Item = &'pattern str>) -> RegexSet {
    RegexSet::new(patterns).expect("valid patterns")
}

/// Compiles a constant pattern.
#[expect(clippy::expect_used, reason = "patterns are constants, and tests use every one of them")]
pub(crate) fn compiled(pattern: impl AsRef<str>) -> Regex {
    Regex::new(pattern.as_ref()).expect("a valid pattern")
}
