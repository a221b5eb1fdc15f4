//! The comments and attributes that silence scorers and linters, as a change adds and removes them.

use std::sync::LazyLock;

use regex::Regex;

use crate::domain::quality::verdict::Suppressions;
use crate::pattern::pattern;

/// What silences a tool: for a line, a file, or because the file claims to be generated.
static SILENCED: LazyLock<Regex> = pattern!(
    r"(?x) aislop-ignore | eslint-disable | oxlint-disable | biome-ignore | prettier-ignore | @ts-(?:ignore|nocheck|expect-error)
      | \#\s*noqa | type:\s*ignore | pylint:\s*disable | pyright:\s*ignore | \#\s*nosec | \#!?\[allow\( | \#!?\[expect\(
      | //\s*nolint | \bNOLINT | rubocop:disable | phpcs:ignore | @phpstan-ignore | @psalm-suppress | @SuppressWarnings
      | istanbul\signore | c8\signore | @generated"
);

/// Reads a unified diff.
pub(super) fn of(diff: &str) -> Suppressions {
    let mut found = Suppressions::default();
    let mut file = "";
    for line in diff.lines() {
        if let Some(path) = line.strip_prefix("+++ ") {
            file = path.strip_prefix("b/").unwrap_or(path);
        } else if line.starts_with("--- ") {
            file = "";
        } else if let Some(added) = line.strip_prefix('+') {
            if SILENCED.is_match(added) {
                found.added += 1;
                found.lines.push(format!("{file}: {}", added.trim()));
            }
        } else if line.starts_with('-') && SILENCED.is_match(line) {
            found.removed += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moved_suppressions_are_not_new() {
        let diff = "--- a/x.ts\n+++ b/x.ts\n@@ -1 +1,2 @@\n-// eslint-disable-next-line\n+// eslint-disable-next-line no-eval\n\
                    +  // @ts-ignore\n+plain\n--- a/y.rs\n+++ /dev/null\n-x\n";
        let found = of(diff);
        assert_eq!((found.added, found.removed, found.net()), (2, 1, 1));
        assert_eq!(found.lines[1], "x.ts: // @ts-ignore");
        for line in
            ["#![allow(dead_code)]", "x = 1  # noqa: E501", "// @generated", "/* aislop-ignore-file */"]
        {
            assert_eq!(of(&format!("+{line}\n")).added, 1, "{line}");
        }
        assert_eq!(of("+let allow = [1];\n+# not a noqa\n"), Suppressions::default());
    }
}
