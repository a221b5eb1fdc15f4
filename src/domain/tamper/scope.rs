//! The scope that people state for a change: patterns of paths in the settings or in a line `Scope:` of the task, and the
//! paths that the task names. Nothing is guessed from prose.

use std::collections::BTreeSet;

/// The stated scope of a change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatedScope {
    /// Patterns of the files that the change may touch; without any, it may touch all files.
    patterns: Vec<String>,
    /// The words of the task, which may be paths.
    words: BTreeSet<String>,
}

impl StatedScope {
    /// Reads the settings and the text of a task.
    pub fn of(patterns: &[String], task: &str) -> Self {
        let patterns = patterns.iter().cloned().chain(task.lines().flat_map(scope_line));
        let patterns = patterns.map(|pattern| normal(&pattern).to_owned()).collect();
        let words =
            task.split(|letter: char| letter.is_whitespace() || "`\"'()[]<>{},;:!?*|".contains(letter));
        let words = words.map(|word| normal(word.trim_end_matches('.')).to_owned()).collect();
        Self { patterns, words }
    }

    /// Returns whether the change may touch a path.
    pub fn allows(&self, path: &str) -> bool {
        self.patterns.is_empty()
            || self.names(path)
            || self.patterns.iter().any(|pattern| matches(pattern, path))
    }

    /// Returns whether the task names a path, or a folder above it by at least two parts.
    pub fn names(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(end, _)| end).skip(1);
        let above = ends.filter_map(|end| path.get(..end));
        above.chain([path]).any(|name| self.words.contains(name))
    }
}

/// Returns the paths in backticks of a line that starts with `Scope:`.
fn scope_line(line: &str) -> Vec<String> {
    let plain = line.trim_start_matches(|letter: char| !letter.is_alphanumeric() && letter != '`');
    let beginning = plain.get(..5).unwrap_or_default();
    let rest = plain.get(5..).unwrap_or_default().trim_start_matches(['*', '_', ' ']);
    match rest.strip_prefix(':') {
        Some(rest) if beginning.eq_ignore_ascii_case("scope") => {
            rest.split('`').skip(1).step_by(2).map(str::to_owned).filter(|path| !path.is_empty()).collect()
        }
        Some(_) | None => Vec::new(),
    }
}

/// Returns whether a pattern matches one of the paths.
pub fn matches_any<'path>(pattern: &str, mut paths: impl Iterator<Item = &'path str>) -> bool {
    paths.any(|path| matches(normal(pattern), path))
}

fn normal(path: &str) -> &str {
    let path = path.trim();
    path.strip_prefix("./").unwrap_or(path).trim_end_matches('/')
}

/// Returns whether a pattern, or a folder that it names, contains a path.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    parts_match(&pattern, &path)
}

fn parts_match(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, _) => true,
        (Some((&"**", rest)), _) => {
            (0..=path.len()).any(|skipped| path.get(skipped..).is_some_and(|path| parts_match(rest, path)))
        }
        (Some(_), None) => false,
        (Some((part, rest)), Some((name, below))) => part_matches(part, name) && parts_match(rest, below),
    }
}

/// Matches one part; `*` is any text in it.
fn part_matches(part: &str, name: &str) -> bool {
    match part.split_once('*') {
        None => part == name,
        Some((before, after)) => name.strip_prefix(before).is_some_and(|rest| {
            rest.char_indices()
                .map(|(at, _)| at)
                .chain([rest.len()])
                .any(|at| rest.get(at..).is_some_and(|rest| part_matches(after, rest)))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(patterns: &[&str], task: &str) -> StatedScope {
        StatedScope::of(&patterns.iter().map(|pattern| (*pattern).to_owned()).collect::<Vec<_>>(), task)
    }

    #[test]
    fn patterns_limit_paths() {
        for (pattern, path, is_allowed) in [
            ("src", "src/a/b.rs", true),
            ("src/", "src/a.rs", true),
            ("src", "src2/a.rs", false),
            ("src/*.rs", "src/a.rs", true),
            ("src/*.rs", "src/a/b.rs", false),
            ("src/**/*.rs", "src/a/b.rs", true),
            ("**/test_*.py", "a/b/test_x.py", true),
            ("**", "anything", true),
            ("./src/a.rs", "src/a.rs", true),
            ("*", "ü", true),
        ] {
            assert_eq!(scope(&[pattern], "").allows(path), is_allowed, "{pattern} {path}");
        }
    }

    #[test]
    fn only_explicit_lines_state_scopes() {
        for (task, path, is_allowed) in [
            ("Fix it.\n\n- **Scope:** `src/parser`, `tests`", "docs/a.md", false),
            ("Scope: `src/parser`", "src/parser/a.rs", true),
            ("scope: `src`", "b", false),
            ("The scope: small, see design.md", "docs/a.md", true),
            ("Scope: only the parser", "docs/a.md", true),
            ("Change src/a.rs", "src/b.rs", true),
            ("Scope: `src`. Also change CHANGELOG.md.", "CHANGELOG.md", true),
        ] {
            assert_eq!(scope(&[], task).allows(path), is_allowed, "{task} {path}");
        }
    }

    #[test]
    fn tasks_name_whole_paths() {
        for (task, path, is_named) in [
            ("Edit `agent-loop.toml`.", "agent-loop.toml", true),
            ("Edit agent-loop.toml.", "agent-loop.toml", true),
            ("Edit .github/workflows/", ".github/workflows/ci.yml", true),
            ("Edit the src folder", "src/a.rs", false),
            ("Edit xagent-loop.toml", "agent-loop.toml", false),
            ("Edit agent-loop", "agent-loop.toml", false),
        ] {
            assert_eq!(scope(&[], task).names(path), is_named, "{task}");
        }
    }
}
