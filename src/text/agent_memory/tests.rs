//! Properties of the agent memory: the rendered text is harmless and of limited length for any repository.

use proptest::prelude::*;

use crate::domain::agent_memory::{Briefing, Changed};

use super::*;

fn commit(digit: char) -> CommitSha {
    digit.to_string().repeat(40).parse().unwrap()
}

fn file(path: &str, text: &str) -> (ListedFile, (String, String)) {
    let bytes = u64::try_from(text.len()).unwrap();
    (ListedFile { path: path.to_owned(), bytes }, (path.to_owned(), text.to_owned()))
}

fn memory(all: &[(&str, &str)]) -> AgentMemory {
    let (files, texts): (Vec<ListedFile>, Texts) = all.iter().map(|(path, text)| file(path, text)).unzip();
    let wanted: Vec<&str> = wanted(&files);
    let texts = texts.into_iter().filter(|(path, _)| wanted.contains(&path.as_str())).collect();
    make(&commit('a'), &files, &texts)
}

fn rendered(memory: AgentMemory, changed: Changed) -> String {
    render(&Briefing { memory, compared_with: commit('b'), changed }, Size::Prompt)
}

#[test]
fn small_repositories_get_short_texts() {
    let made = memory(&[
        (
            "Cargo.toml",
            "[package]\nname = \"tally\"\nedition = \"2024\"\n[dev-dependencies]\nproptest = \"1\"\n",
        ),
        ("README.md", "# tally\n\nCounts votes.\n"),
        ("src/lib.rs", "//! Counting, and nothing else.\npub mod vote;\n"),
        ("src/vote.rs", "//! One vote.\n"),
        ("tests/count.rs", "//! Stories.\n"),
        (".github/workflows/ci.yml", "jobs:\n  a:\n    steps:\n      - run: cargo clippy --all-targets\n"),
    ]);
    let text = rendered(made, Changed::Known(vec!["src/vote.rs".to_owned()]));
    assert!(text.starts_with("Summary:\n- tally: Counts votes.\n- 6 tracked files, "), "{text}");
    for line in [
        "- src/ (2 files, Rust): Counting, and nothing else.",
        "- tests/ (1 file, Rust)",
        "- src/lib.rs: Counting, and nothing else.",
        "- src/vote.rs: One vote.",
        "- `cargo test` (Cargo.toml)",
        "- `cargo clippy --all-targets` (.github/workflows/ci.yml)",
        "- frameworks: proptest",
        "- tests in tests/ (1 file, Rust)",
        "- Cargo.toml: edition 2024",
        "Changed since:\n- src/vote.rs",
    ] {
        assert!(text.contains(line), "{line}\n\n{text}");
    }
}

#[test]
fn omitted_lines_are_counted() {
    let many: Vec<(String, String)> =
        (0..900).map(|number| (format!("src/module{number}.rs"), "//! Does it.\n".to_owned())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let made = memory(&many);
    assert_eq!((made.modules.shown.len(), made.modules.omitted), (200, 700));
    let text = rendered(made, Changed::Known(Vec::new()));
    let listed = text.lines().filter(|line| line.starts_with("- src/module")).count();
    assert!(text.contains(&format!("- ({} more left out)", 900 - listed)), "{text}");
}

#[test]
fn packages_have_their_names() {
    let made = memory(&[
        ("package.json", r#"{"name": "root", "description": "All of it."}"#),
        ("packages/a/package.json", r#"{"name": "@x/a", "description": "The first."}"#),
        ("node_modules/b/package.json", r#"{"name": "b"}"#),
    ]);
    assert_eq!(made.summary.name.as_deref(), Some("root"));
    assert_eq!(made.summary.about.as_deref(), Some("All of it."));
    let packages: Vec<&str> = made.modules.shown.iter().map(|module| module.path.as_str()).collect();
    assert_eq!(packages, ["packages/a/"]);
    assert_eq!(made.modules.shown[0].about.as_deref(), Some("package @x/a: The first."));
}

#[test]
fn incomparable_commits_are_reported() {
    let made = memory(&[]);
    let changed = Changed::NotDiffable { since: commit('c') };
    let briefing = Briefing { memory: made.clone(), compared_with: commit('a'), changed };
    assert!(since(&briefing).contains("ccccccc") && since(&briefing).contains("every tracked file"));
    let known = |paths: &[&str]| Briefing {
        memory: made.clone(),
        compared_with: commit('b'),
        changed: Changed::Known(paths.iter().map(|path| (*path).to_owned()).collect()),
    };
    assert!(since(&known(&["a"])).contains("lists what changed up to commit bbbbbbb: 1 file."));
    assert_eq!(since(&known(&[])), "");
}

#[test]
fn large_files_are_skipped() {
    let huge = ListedFile { path: "README.md".to_owned(), bytes: FILE_BYTES + 1 };
    let source = |number: usize| ListedFile { path: format!("src/{number}.rs"), bytes: FILE_BYTES };
    let files: Vec<ListedFile> = std::iter::once(huge).chain((0..2_000).map(source)).collect();
    let asked = wanted(&files);
    assert!(!asked.contains(&"README.md"));
    assert_eq!(u64::try_from(asked.len()).unwrap() * FILE_BYTES, TEXT_BYTES);
    let small: Vec<ListedFile> = (0..2_000).map(|number| ListedFile { bytes: 1, ..source(number) }).collect();
    assert_eq!(wanted(&small).len(), FILES);
}

/// A pattern of paths with a meaning for the agent memory.
const PATHS: &str = "(Cargo.toml|package.json|pyproject.toml|go.mod|Makefile|justfile|README.md|.github/workflows/a.yml|\
                     a/Cargo.toml|src/[a-z\u{202e}\u{1b}]{1,200}.rs|tests/a[0-9].py|.{1,30}/.{1,30})";

/// A pattern of texts with words that readers search for.
const CONTENTS: &str = "(\\[package\\]|\\[tool.pytest\\]|name = |\"x\"|test|:|\n|\t|//! |# |\"\"\"|/\\*|run: |\\||from |FROM |\
                        \u{1b}\\[31m|\u{202e}|\u{0}|\u{2028}|DATA-1|<!-- AGENT_LOOP_META|\\{|\\}|é|.{0,40}|x{200,400}){0,40}";

proptest! {
    // Each case makes the memory of a whole repository.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_repository_is_rendered_harmlessly(
        all in proptest::collection::vec((PATHS, CONTENTS), 0..20),
        changed in proptest::collection::vec(".{0,300}", 0..80),
    ) {
        let all: Vec<(&str, &str)> = all.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let text = rendered(memory(&all), Changed::Known(changed));
        prop_assert!(text.len() <= 6_000, "{} bytes", text.len());
        let harmless = |letter: char| letter == '\n' || !(letter.is_control() || "\u{202e}\u{2028}".contains(letter));
        prop_assert!(text.chars().all(harmless), "{text:?}");
        prop_assert!(!text.contains("<!--"));
        let ours = |line: &str| line.is_empty() || line.starts_with("- ") || line.ends_with(':');
        prop_assert!(text.lines().all(ours), "{text}");
    }

    #[test]
    fn an_edited_memory_stays_bounded(words in ".{0,2000}", count in 0_usize..60) {
        let mut edited = memory(&[("src/lib.rs", "//! It.\n")]);
        edited.summary.name = Some(words.clone());
        edited.summary.about = Some(words.clone());
        edited.modules.shown = vec![Module { path: words.clone(), about: Some(words.clone()) }; count];
        edited.modules.omitted = usize::MAX;
        let text = rendered(edited, Changed::Known(vec![words; count]));
        prop_assert!(text.len() <= 6_000, "{} bytes", text.len());
    }
}
