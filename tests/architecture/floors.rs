//! Rules for floors: the modules that each module may use, and the words that its code may not contain.

use std::fs;
use std::path::Path;

use super::tree::{assert_kept, sources};

/// The modules, each with the modules that it may use, from the lowest floor to the highest.
const FLOORS: &[(&str, &[&str])] = &[
    ("pattern", &[]),
    ("domain", &["pattern"]),
    ("protocol", &["pattern", "domain"]),
    ("ledger", &["pattern", "domain", "protocol"]),
    ("text", &["pattern", "domain", "protocol", "ledger"]),
    ("flow", &["pattern", "domain", "protocol", "ledger", "text"]),
    ("ports", &["pattern", "domain", "protocol", "ledger"]),
    ("engine", &["pattern", "domain", "protocol", "ledger", "flow", "text", "ports"]),
    ("adapters", &["pattern", "domain", "protocol", "ledger", "text", "ports"]),
    ("cli", &["pattern", "domain", "protocol", "ledger", "flow", "text", "ports", "engine", "adapters"]),
];

/// Words that the code of a floor may not contain, with the reason.
const ABSENCES: &[(&str, &[&str], &str)] = &[
    ("flow", &["async ", "std::env", "Instant", "SystemTime", "tokio", "serde_json"], "decisions are pure"),
    ("domain", &["async ", "tokio", "serde_json", "std::fs", "std::env"], "the nouns are plain data"),
    ("text", &["async ", "tokio", "std::fs", "std::env"], "texts are pure functions"),
    ("engine", &["std::fs", "std::process", "std::env", "serde_json"], "the engine uses only ports"),
    ("ports", &["std::fs", "std::process", "std::env"], "ports are interfaces"),
];

#[test]
fn every_module_keeps_to_its_floor() {
    let mut broken = Vec::new();
    // `pattern` is one file, and uses nothing.
    for (module, may_use) in FLOORS.iter().filter(|(module, _)| *module != "pattern") {
        for (path, text) in sources(&Path::new("src").join(module)) {
            for (number, line) in code(&text) {
                for used in line.split("crate::").skip(1).map(leading_name) {
                    if used.is_empty() {
                        broken
                            .push(format!("{}:{number}: name one module per `use crate::`", path.display()));
                    } else if used != *module && !may_use.contains(&used) {
                        broken.push(format!("{}:{number}: {module} may not use {used}", path.display()));
                    }
                }
            }
        }
    }
    assert_kept(&broken);
}

#[test]
fn no_floor_uses_forbidden_words() {
    let mut broken = Vec::new();
    for (module, words, why) in ABSENCES {
        for (path, text) in sources(&Path::new("src").join(module)) {
            for (number, line) in code(&text) {
                for word in words.iter().filter(|word| line.contains(**word)) {
                    broken.push(format!("{}:{number}: `{word}`, but {why}", path.display()));
                }
            }
        }
    }
    assert_kept(&broken);
}

/// Only files named after comments make texts for people: `comment.rs` and `NAME_comment.rs`.
#[test]
fn only_comments_of_flows_use_text() {
    let mut broken = Vec::new();
    for (path, text) in sources(Path::new("src/flow")) {
        let is_comment = path.file_name().is_some_and(|name| name.to_string_lossy().ends_with("comment.rs"));
        for (number, line) in code(&text).filter(|(_, line)| !is_comment && line.contains("crate::text")) {
            broken.push(format!("{}:{number}: {}", path.display(), line.trim()));
        }
    }
    assert_kept(&broken);
}

#[test]
fn every_top_module_has_a_floor() {
    let listed: Vec<&str> = FLOORS.iter().map(|(module, _)| *module).collect();
    for entry in fs::read_dir("src").unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
        let name = entry.file_name().into_string().unwrap();
        assert!(listed.contains(&name.as_str()), "src/{name} is not in FLOORS");
    }
}

/// Returns the lines of code before the unit tests, with their numbers.
pub(super) fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
    lines
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn leading_name(rest: &str) -> &str {
    rest.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).next().unwrap_or_default()
}
