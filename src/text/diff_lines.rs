//! The lines of a unified diff on which a forge accepts comments: those of its hunks, after the change.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::pattern;

static HUNK: LazyLock<Regex> = pattern!(r"^@@ -[0-9]+(?:,([0-9]+))? \+([0-9]+)(?:,([0-9]+))? @@");

/// The lines of the hunks of each file that exists after the change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiffLines(BTreeMap<String, Vec<Range<u32>>>);

impl DiffLines {
    /// Reads the output of `git diff`. Files whose names git quotes are left out.
    pub fn of(diff: &str) -> Self {
        let mut files: BTreeMap<String, Vec<Range<u32>>> = BTreeMap::new();
        let mut path = None;
        // The lines that are left of the current hunk, before and after the change.
        let (mut before, mut after) = (0_u32, 0_u32);
        for line in diff.lines() {
            if before > 0 || after > 0 {
                match line.as_bytes().first() {
                    Some(b'-') => before = before.saturating_sub(1),
                    Some(b'+') => after = after.saturating_sub(1),
                    Some(b'\\') => {}
                    Some(_) | None => (before, after) = (before.saturating_sub(1), after.saturating_sub(1)),
                }
            } else if let Some(captures) = HUNK.captures(line) {
                let number = |group, absent| {
                    captures.get(group).map_or(Some(absent), |text| text.as_str().parse().ok())
                };
                let (Some(old), Some(start), Some(new)) = (number(1, 1), number(2, 0), number(3, 1)) else {
                    continue;
                };
                (before, after) = (old, new);
                if let Some(path) = &path {
                    files.entry(String::clone(path)).or_default().push(start..start.saturating_add(new));
                }
            } else if let Some(rest) = line.strip_prefix("+++ ") {
                path = rest.strip_prefix("b/").map(|path| path.trim_end_matches('\t').to_owned());
            }
        }
        Self(files)
    }

    /// Returns whether the diff has a file after the change.
    pub fn has_file(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// Returns whether a line of a file is in the diff.
    pub fn has_line(&self, path: &str, line: u32) -> bool {
        self.0.get(path).is_some_and(|hunks| hunks.iter().any(|hunk| hunk.contains(&line)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hunks_are_told_from_their_content() {
        let lines = DiffLines::of(
            "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,2 +1,3 @@ fn\n one\n+++ b/other\n two\n@@ -10 +11,2 @@\n--- a\n+@@ -1 +90 @@\n+x\n\\ No newline\n\
             --- a/b c\t\n+++ b/b c\t\n@@ -0,0 +1 @@\n+x\n--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n",
        );
        let known: Vec<u32> = (0..100).filter(|line| lines.has_line("a", *line)).collect();
        assert_eq!(known, [1, 2, 3, 11, 12]);
        assert!(lines.has_line("b c", 1) && !lines.has_file("gone") && !lines.has_file("other"));
    }
}
