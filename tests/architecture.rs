//! The rules of the tree, as a test: who may use whom, what every file says first, where the doors are.

use std::fs;
use std::path::{Path, PathBuf};

/// Each module and the modules it may name. The order is the order of reading.
const FLOORS: &[(&str, &[&str])] = &[
    ("pattern", &[]),
    ("domain", &[]),
    ("protocol", &["pattern", "domain"]),
    ("ledger", &["pattern", "domain", "protocol"]),
    ("flow", &["pattern", "domain", "protocol", "ledger"]),
    ("text", &["pattern", "domain", "protocol", "ledger"]),
    ("ports", &["pattern", "domain", "protocol", "ledger"]),
    ("engine", &["pattern", "domain", "protocol", "ledger", "flow", "text", "ports"]),
    ("adapters", &["pattern", "domain", "protocol", "ledger", "text", "ports"]),
    ("cli", &["pattern", "domain", "protocol", "ledger", "flow", "text", "ports", "engine", "adapters"]),
];

/// What a floor's code may not say, and why.
const ABSENCES: &[(&str, &[&str], &str)] = &[
    ("flow", &["async ", "std::env", "Instant", "SystemTime", "tokio", "serde_json"], "decisions are pure"),
    ("domain", &["async ", "tokio", "serde_json", "std::fs", "std::env"], "nouns know no world"),
    ("text", &["async ", "tokio", "std::fs", "std::env"], "words are made without a world"),
    (
        "engine",
        &["std::fs", "std::process", "std::env", "serde_json"],
        "the engine makes no call to the system",
    ),
    ("ports", &["std::fs", "std::process", "std::env"], "ports are promises, not deeds"),
];

/// Files grow until they hold two things.
const MOST_LINES: usize = 450;

#[test]
fn every_module_keeps_to_its_floor() {
    let mut broken = Vec::new();
    for (module, may_use) in FLOORS {
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
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn what_must_not_be_on_a_floor_is_not_there() {
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
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn a_decision_has_no_wildcard_arm() {
    let mut broken = Vec::new();
    for (path, text) in sources(Path::new("src/flow")) {
        for (number, line) in code(&text).filter(|(_, line)| line.trim_start().starts_with("_ =>")) {
            broken.push(format!("{}:{number}: {}", path.display(), line.trim()));
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn only_the_process_adapter_starts_programs_and_only_the_cli_prints() {
    let mut broken = Vec::new();
    for (path, text) in sources(Path::new("src")) {
        let name = path.display().to_string();
        for (number, line) in code(&text) {
            if line.contains("process::Command") && !name.starts_with("src/adapters/process") {
                broken.push(format!("{name}:{number}: starts a program"));
            }
            if (line.contains("io::stdout()") || line.contains("io::stderr()"))
                && name != "src/cli/view/print.rs"
            {
                broken.push(format!("{name}:{number}: prints"));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for() {
    let all = sources(Path::new("src")).into_iter().chain(sources(Path::new("tests")));
    let silent: Vec<PathBuf> =
        all.filter(|(_, text)| !text.starts_with("//! ")).map(|(path, _)| path).collect();
    assert!(silent.is_empty(), "no first line that says what the file is for: {silent:?}");
}

#[test]
fn every_file_holds_one_thing() {
    let long: Vec<String> = sources(Path::new("src"))
        .into_iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(path, lines)| format!("{} ({lines})", path.display()))
        .collect();
    assert!(long.is_empty(), "longer than {MOST_LINES} lines: {long:?}");
}

#[test]
fn every_top_module_has_a_floor() {
    let listed: Vec<&str> = FLOORS.iter().map(|(module, _)| *module).collect();
    for entry in fs::read_dir("src").unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
        let name = entry.file_name().into_string().unwrap();
        assert!(listed.contains(&name.as_str()), "src/{name} is not in FLOORS");
    }
}

#[test]
fn no_path_of_a_machine_stands_in_the_tree() {
    let mut found = Vec::new();
    for folder in ["src", "tests", "docs", "prompts", "fixtures", "schemas", ".ci"] {
        for path in files(Path::new(folder)) {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            let needles = [concat!("/wo", "rk/"), concat!("../sha", "red"), concat!("/ro", "ot/")];
            found.extend(needles.iter().filter(|needle| stands_alone(&text, needle)).map(|_| path.clone()));
        }
    }
    assert!(found.is_empty(), "{found:?}");
}

/// Whether a path begins there: `agent-loop/work/…` is the name of a ref.
fn stands_alone(text: &str, needle: &str) -> bool {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
    text.match_indices(needle).any(|(at, _)| !text[..at].ends_with(is_name))
}

/// The lines of code before the unit tests, with their numbers.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
    lines
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn leading_name(rest: &str) -> &str {
    rest.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).next().unwrap_or_default()
}

fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let rust = files(folder).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "rs"));
    rust.map(|path| (path.clone(), fs::read_to_string(path).unwrap_or_default())).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return found;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
