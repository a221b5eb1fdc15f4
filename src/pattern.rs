//! Regular expressions that are constants of this program: compiled when they are first used, and known to be valid.

use regex::Regex;

/// The value of a `static NAME: LazyLock<Regex>` with this pattern.
macro_rules! pattern {
    ($pattern:expr) => {
        std::sync::LazyLock::new(|| $crate::pattern::compiled($pattern))
    };
}
pub(crate) use pattern;

/// Compiles a pattern of ours.
#[expect(clippy::expect_used, reason = "patterns are constants, and tests use every one of them")]
pub(crate) fn compiled(pattern: impl AsRef<str>) -> Regex {
    Regex::new(pattern.as_ref()).expect("a valid pattern")
}
