//! Rules for all files: the first line, the length, and forbidden words.

use std::fs;
use std::path::{Path, PathBuf};

use super::floors::code;
use super::tree::{assert_kept, files, sources};

/// The maximum length of a file: longer files have more than one purpose.
const MOST_LINES: usize = 450;

/// The maximum number of words in the name of a test.
const MOST_WORDS: usize = 6;

#[test]
fn a_decision_has_no_wildcard_arm() {
    let mut broken = Vec::new();
    for (path, text) in sources(Path::new("src/flow")) {
        for (number, line) in code(&text).filter(|(_, line)| line.trim_start().starts_with("_ =>")) {
            broken.push(format!("{}:{number}: {}", path.display(), line.trim()));
        }
    }
    assert_kept(&broken);
}

#[test]
fn every_file_says_its_purpose() {
    let all = sources(Path::new("src")).into_iter().chain(sources(Path::new("tests")));
    let silent: Vec<PathBuf> =
        all.filter(|(_, text)| !text.starts_with("//! ")).map(|(path, _)| path).collect();
    assert!(silent.is_empty(), "the first line does not explain the file: {silent:?}");
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
fn the_tree_names_no_machine_path() {
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

/// Returns whether a path starts at this position: `agent-loop/work/…` is the name of a ref.
fn stands_alone(text: &str, needle: &str) -> bool {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
    text.match_indices(needle).any(|(at, _)| !text[..at].ends_with(is_name))
}

#[test]
fn only_one_file_knows_records() {
    let mut broken = Vec::new();
    let stories = sources(Path::new("tests/it/stories")).into_iter();
    for (path, text) in stories.filter(|(path, _)| !path.ends_with("records.rs")) {
        for (number, line) in text.lines().enumerate() {
            let known = ["::ledger", "flow::review", "flow::delivery", "Payload::"];
            if known.iter().any(|words| line.contains(words)) {
                broken.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert_kept(&broken);
}

/// Returns the names of tests that are too long.
fn long_names(text: &str) -> impl Iterator<Item = &str> {
    let behind = text.split("test]\n").skip(1);
    behind
        .filter_map(|rest| rest.split_once("fn ")?.1.split('(').next())
        .filter(|name| words(name) > MOST_WORDS)
}

fn words(name: &str) -> usize {
    name.split('_').count()
}

#[test]
fn names_of_tests_are_short() {
    let all = sources(Path::new("src")).into_iter().chain(sources(Path::new("tests/it")));
    let of_file = |(path, text): (PathBuf, String)| {
        long_names(&text).map(|name| format!("{}: {name}", path.display())).collect::<Vec<_>>()
    };
    assert_kept(&all.flat_map(of_file).collect::<Vec<_>>());
}

#[test]
fn a_long_name_is_seen() {
    let text = "#[test]\nfn one_two_three_four_five_six() {}\n#[tokio::test]\nasync fn a_b_c_d_e_f_g() {}";
    assert_eq!(long_names(text).collect::<Vec<_>>(), ["a_b_c_d_e_f_g"]);
}
