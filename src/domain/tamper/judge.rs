//! The rules: which files of a change are of which kind, and what follows from that under a policy.

use super::super::agent_files::is_agent_file;
use super::super::invisible::is_invisible;
use super::manifests::SectionUse;
use super::markers::MarkerUse;
use super::policy::{Consequence, TamperKind, TamperPolicy};
use super::tables;
use super::{FileMode, PathBytes, TouchedFile, TreeChange};

/// The number of tiny new files from which a change dilutes a score.
const MANY: usize = 20;
/// The number of lines of a tiny file.
const TINY: usize = 3;

/// A file of some kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TamperPlace<'change> {
    pub file: &'change TouchedFile,
    /// The fact about the file.
    pub fact: String,
}

/// All files of one kind with the same consequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TamperFinding<'change> {
    pub kind: TamperKind,
    pub consequence: Consequence,
    pub places: Vec<TamperPlace<'change>>,
}

/// Judges a change. A blocked file that the task names is only reported.
pub fn judge<'change>(policy: &TamperPolicy, change: &'change TreeChange) -> Vec<TamperFinding<'change>> {
    let mut findings = Vec::new();
    for kind in TamperKind::ALL {
        let consequence = policy.of(*kind);
        let places = if consequence == Consequence::Off { Vec::new() } else { places(*kind, change) };
        let is_named = |place: &TamperPlace<'_>| change.scope.names(&place.file.path);
        let (named, others): (Vec<_>, Vec<_>) = places.into_iter().partition(is_named);
        let (reported, blocked) = match consequence {
            Consequence::Off => continue,
            Consequence::Report => (named.into_iter().chain(others).collect(), Vec::new()),
            Consequence::Block => (named, others),
        };
        for (consequence, places) in [(Consequence::Block, blocked), (Consequence::Report, reported)] {
            if !places.is_empty() {
                findings.push(TamperFinding { kind: *kind, consequence, places });
            }
        }
    }
    findings
}

/// Returns the files of a kind.
fn places(kind: TamperKind, change: &TreeChange) -> Vec<TamperPlace<'_>> {
    let each = |rule: &dyn Fn(&TouchedFile) -> Option<String>| -> Vec<TamperPlace<'_>> {
        let files = change.files.iter();
        files.filter_map(|file| Some(TamperPlace { file, fact: rule(file)? })).collect()
    };
    let named = |class: fn(&str) -> bool| each(&|file| of_class(file, class));
    match kind {
        TamperKind::Suppressions => each(&|file| more(file, MarkerUse::Suppression)),
        TamperKind::Generated => each(&|file| more(file, MarkerUse::Generated)),
        TamperKind::IgnoreFiles => named(tables::is_ignore_file),
        TamperKind::ToolConfig => each(&tool_config),
        TamperKind::Manifests => {
            each(&|file| sections(file, SectionUse::Tools).filter(|_| file.before.is_some()))
        }
        TamperKind::Toolchain => each(&|file| {
            of_class(file, tables::is_toolchain).or_else(|| sections(file, SectionUse::Toolchain))
        }),
        TamperKind::Dilution => dilution(change),
        TamperKind::Deletion => each(&|file| {
            let is_code = file.after.is_none() && !tables::is_test(&file.path);
            is_code.then(|| format!("{} lines", file.lines.removed))
        }),
        TamperKind::Renames => each(&renamed),
        TamperKind::MovedIntoTests => each(&|file| {
            let from = file.renamed_from.as_ref()?;
            (tables::is_test(&file.path) && !tables::is_test(from)).then(|| verb(file))
        }),
        TamperKind::TestsRemoved => each(&test_removed),
        TamperKind::TestsWeakened => {
            let loss = has_fewer_assertions(change);
            each(&|file| weakened(file, loss))
        }
        TamperKind::TestRunner => each(&|file| test_runner(file, change)),
        TamperKind::Ci => named(tables::is_ci),
        TamperKind::LockFiles => named(tables::is_lock_file),
        TamperKind::Policy => named(tables::is_policy),
        TamperKind::Links => each(&|file| link(file).filter(|_| !change.links.leaves_tree(&file.path))),
        TamperKind::LinksOutside => each(&|file| link(file).filter(|_| change.links.leaves_tree(&file.path))),
        TamperKind::Submodules => each(&submodule),
        TamperKind::Executables => each(&executable),
        TamperKind::Binaries => each(&|file| (file.lines.binary && file.after.is_some()).then(|| verb(file))),
        TamperKind::AgentFiles => named(is_agent_file),
        TamperKind::Scope => {
            each(&|file| (!file.paths().all(|path| change.scope.allows(path))).then(|| verb(file)))
        }
        TamperKind::Names => each(&|file| {
            let is_new = file.before.is_none() || file.renamed_from.is_some();
            (is_new && is_deceptive(file)).then(|| verb(file))
        }),
        TamperKind::HiddenText => each(&hidden_text),
    }
}

/// Returns what happened to a file.
fn verb(file: &TouchedFile) -> String {
    match (&file.renamed_from, file.before, file.after) {
        (Some(from), _, _) => format!("renamed from {from}"),
        (None, None, _) => "new".to_owned(),
        (None, Some(_), None) => "deleted".to_owned(),
        (None, Some(_), Some(_)) => "changed".to_owned(),
    }
}

fn of_class(file: &TouchedFile, class: fn(&str) -> bool) -> Option<String> {
    file.paths().any(class).then(|| verb(file))
}

/// Returns the number of markers that a file has in addition, with an example.
fn more(file: &TouchedFile, purpose: MarkerUse) -> Option<String> {
    let new = file.lines.new_markers(purpose);
    let example = file.lines.examples(purpose).first();
    let example = example.map_or_else(String::new, |line| format!(", for example: {line}"));
    (new > 0).then(|| format!("{new} more{example}"))
}

/// Returns the sections of a manifest that a change touches.
fn sections(file: &TouchedFile, purpose: SectionUse) -> Option<String> {
    let sections = file.sections.iter().filter(|section| section.purpose == purpose);
    let names: Vec<String> = sections.map(|section| section.keys.join(".")).collect();
    (!names.is_empty()).then(|| format!("changed in {}", names.join(", ")))
}

fn tool_config(file: &TouchedFile) -> Option<String> {
    let of_new = || sections(file, SectionUse::Tools).filter(|_| file.before.is_none());
    of_class(file, tables::is_tool_config).or_else(of_new)
}

/// Returns how a file decides about tests: as a part of a gate's command, as configuration, or as a script that leaves tests
/// out.
fn test_runner(file: &TouchedFile, change: &TreeChange) -> Option<String> {
    let is_command = |path: &str| change.command_words.iter().any(|word| is_path(word, path));
    let of_command = file.paths().any(is_command).then(|| "named by the command of a gate".to_owned());
    let of_runner = || of_class(file, tables::is_test_runner);
    let kind = of_command.or_else(of_runner).or_else(|| sections(file, SectionUse::TestRunner));
    let filters = more(file, MarkerUse::Filter).filter(|_| kind.is_some() || tables::is_script(&file.path));
    let filters = filters.map(|more| format!("leaves tests out or hides a failure: {more}"));
    let facts: Vec<String> = kind.into_iter().chain(filters).collect();
    (!facts.is_empty()).then(|| facts.join("; "))
}

fn dilution(change: &TreeChange) -> Vec<TamperPlace<'_>> {
    let is_tiny =
        |file: &&TouchedFile| file.before.is_none() && !file.lines.binary && file.lines.added <= TINY;
    let tiny: Vec<&TouchedFile> = change.files.iter().filter(is_tiny).collect();
    if tiny.len() < MANY {
        return Vec::new();
    }
    tiny.into_iter().map(|file| TamperPlace { file, fact: format!("{} lines", file.lines.added) }).collect()
}

fn renamed(file: &TouchedFile) -> Option<String> {
    let from = file.renamed_from.as_deref();
    let is_new_code = from.is_none() && file.before.is_none() && tables::is_source(&file.path);
    let has_new_ending = from.is_some_and(|from| tables::ending_of(from) != tables::ending_of(&file.path));
    let was_seen = from.is_some_and(|from| !tables::is_skipped(from));
    let is_hidden = tables::is_skipped(&file.path) && (was_seen || is_new_code);
    (has_new_ending || is_hidden).then(|| verb(file))
}

fn test_removed(file: &TouchedFile) -> Option<String> {
    let old = file.renamed_from.as_ref().unwrap_or(&file.path);
    let is_lost = |class: fn(&str) -> bool| class(old) && (file.after.is_none() || !class(&file.path));
    (file.before.is_some() && (is_lost(tables::is_test) || is_lost(tables::is_collected))).then(|| verb(file))
}

/// Whether a change has fewer assertions than its base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Assertions {
    Fewer,
    AsMany,
}

fn has_fewer_assertions(change: &TreeChange) -> Assertions {
    let counts = change.files.iter().flat_map(|file| file.lines.of(MarkerUse::Assertion));
    let (added, removed) =
        counts.fold((0, 0), |(added, removed), (_, count)| (added + count.added, removed + count.removed));
    if added < removed { Assertions::Fewer } else { Assertions::AsMany }
}

fn weakened(file: &TouchedFile, assertions: Assertions) -> Option<String> {
    let is_test = tables::is_test(&file.path);
    let in_tests = if is_test { file.lines.new_markers(MarkerUse::Skip) } else { 0 };
    let skipped = in_tests + file.lines.new_markers(MarkerUse::Bypass);
    let count = |pick: fn(super::lines::MarkerCount) -> usize| -> usize {
        file.lines.of(MarkerUse::Assertion).map(|(_, count)| pick(count)).sum()
    };
    let lost = count(|count| count.removed).saturating_sub(count(|count| count.added));
    let mut facts = Vec::new();
    if skipped > 0 {
        facts.push(format!("tests skipped, singled out or always green: {skipped} more"));
    }
    if is_test && file.before.is_some() && file.after.is_some() && file.lines.removed > 0 {
        facts.push(format!("lines removed or replaced: {}, added: {}", file.lines.removed, file.lines.added));
    }
    if lost > 0 && assertions == Assertions::Fewer && file.after.is_some() {
        facts.push(format!("tests and assertions: {lost} fewer"));
    }
    (!facts.is_empty()).then(|| facts.join("; "))
}

/// Returns whether a word of a command is this path.
fn is_path(word: &str, path: &str) -> bool {
    word.strip_prefix("./").unwrap_or(word) == path
}

/// Returns the target of a new or changed link.
fn link(file: &TouchedFile) -> Option<String> {
    (file.after == Some(FileMode::Link)).then(|| format!("points to {}", file.lines.first_added))
}

fn submodule(file: &TouchedFile) -> Option<String> {
    let modes = [file.before, file.after];
    let is_one = modes.contains(&Some(FileMode::Submodule)) || file.path == ".gitmodules";
    is_one.then(|| verb(file))
}

fn executable(file: &TouchedFile) -> Option<String> {
    let becomes = file.after == Some(FileMode::Executable) && file.before != file.after;
    becomes.then(|| verb(file))
}

fn hidden_text(file: &TouchedFile) -> Option<String> {
    match file.lines.hidden {
        0 if file.lines.binary && tables::is_source(&file.path) => {
            Some("NUL bytes, because of which git does not show the text".to_owned())
        }
        0 => None,
        lines => Some(format!("{lines} lines with characters that are invisible or reorder text")),
    }
}

/// Returns whether people and programs may read a path differently.
fn is_deceptive(file: &TouchedFile) -> bool {
    let is_odd = |letter: char| {
        letter.is_control() || is_invisible(letter) || matches!(letter, '\u{2028}' | '\u{2029}')
    };
    file.path_bytes == PathBytes::Other || file.path.contains(is_odd)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::LazyLock;

    use super::super::lines::{ChangedLine, LineFacts};
    use super::super::links::TreeLinks;
    use super::super::manifests::MANIFEST_SECTIONS;
    use super::super::markers::Markers;
    use super::super::scope::StatedScope;
    use super::*;

    /// Creates a changed file with added (`+`) and removed (`-`) lines.
    fn file(path: &str, lines: &[&str]) -> TouchedFile {
        static MARKERS: LazyLock<Markers> = LazyLock::new(Markers::compiled);
        let mut facts = LineFacts::default();
        for line in lines {
            match (line.strip_prefix('+'), line.strip_prefix('-')) {
                (Some(added), _) => facts.take(ChangedLine::Added(added), &MARKERS),
                (None, removed) => facts.take(ChangedLine::Removed(removed.unwrap()), &MARKERS),
            }
        }
        TouchedFile {
            path: path.to_owned(),
            path_bytes: PathBytes::Utf8,
            renamed_from: None,
            before: Some(FileMode::Plain),
            after: Some(FileMode::Plain),
            lines: facts,
            sections: Vec::new(),
        }
    }

    fn new(path: &str, lines: &[&str]) -> TouchedFile {
        TouchedFile { before: None, ..file(path, lines) }
    }

    fn deleted(path: &str) -> TouchedFile {
        TouchedFile { after: None, ..file(path, &["-x"]) }
    }

    fn moved(from: &str, path: &str) -> TouchedFile {
        TouchedFile { renamed_from: Some(from.to_owned()), ..file(path, &[]) }
    }

    fn link(path: &str, target: &str) -> TouchedFile {
        TouchedFile { after: Some(FileMode::Link), ..new(path, &[&format!("+{target}")]) }
    }

    fn change(files: Vec<TouchedFile>) -> TreeChange {
        let mut links = TreeLinks(BTreeMap::from([("old/up".to_owned(), "..".to_owned())]));
        let changed = files.iter().filter(|file| file.after == Some(FileMode::Link));
        links.0.extend(changed.map(|file| (file.path.clone(), file.lines.first_added.clone())));
        let command_words = vec!["./check.sh".to_owned()];
        TreeChange { files, command_words, links, scope: StatedScope::default() }
    }

    /// Returns the kinds of findings, with `!` for a refusal.
    fn found(change: &TreeChange) -> Vec<String> {
        let all = judge(&TamperPolicy::default(), change);
        let name = |one: &TamperFinding<'_>| {
            let mark = if one.consequence == Consequence::Block { "!" } else { "" };
            format!("{mark}{}", one.kind.name())
        };
        all.iter().map(name).collect()
    }

    type Row = (Vec<TouchedFile>, &'static [&'static str]);

    fn section(path: &str, keys: &[&str]) -> TouchedFile {
        let known = MANIFEST_SECTIONS.iter().find(|one| one.manifest == path && one.keys == keys).unwrap();
        TouchedFile { sections: vec![known], ..file(path, &["+x"]) }
    }

    fn tiny(count: usize) -> Vec<TouchedFile> {
        (0..count).map(|at| new(&format!("src/{at}.ts"), &["+x"])).collect()
    }

    fn of_tools() -> Vec<Row> {
        vec![
            (vec![file("src/a.ts", &["+x // eslint-disable-line"])], &["suppressions"]),
            (vec![file("src/a.ts", &["+x // eslint-disable-line", "-y // eslint-disable-line"])], &[]),
            (vec![file("src/a.ts", &["+// @generated"])], &["generated"]),
            (vec![file(".aislopignore", &["+src"])], &["ignore_files"]),
            (vec![new(".aislop/config.yml", &["+x"])], &["tool_config"]),
            (vec![section("Cargo.toml", &["lints"])], &["!manifests"]),
            (vec![section("pyproject.toml", &["tool", "ruff"])], &["!manifests"]),
            (vec![section("package.json", &["eslintConfig"])], &["!manifests"]),
            (vec![TouchedFile { before: None, ..section("Cargo.toml", &["lints"]) }], &["tool_config"]),
            (vec![section("Cargo.toml", &["profile"])], &["toolchain"]),
            (vec![new(".cargo/config.toml", &["+x"])], &["toolchain"]),
            (tiny(20), &["dilution"]),
            (vec![file(".github/workflows/ci.yml", &["+x"])], &["ci"]),
            (vec![file("Cargo.lock", &["+x"])], &["lock_files"]),
            (vec![file("agent-loop.toml", &["+x"])], &["!policy"]),
        ]
    }

    fn of_tests() -> Vec<Row> {
        vec![
            (vec![section("package.json", &["jest"])], &["test_runner"]),
            (vec![section("Cargo.toml", &["package", "autotests"])], &["test_runner"]),
            (vec![deleted("tests/a.ts")], &["tests_removed"]),
            (vec![moved("src/a.ts", "tests/a.test.ts")], &["moved_into_tests"]),
            (vec![moved("tests/a.ts", "src/a.ts")], &["tests_removed"]),
            (vec![moved("tests/test_a.py", "tests/a.py")], &["tests_removed"]),
            (vec![moved("tests/a.rs", "tests/old/a.rs")], &["tests_removed"]),
            (vec![moved("src/a.test.ts", "src/_a.test.ts")], &["tests_removed"]),
            (vec![file("tests/a.rs", &["-assert!(x);", "+assert!(true);"])], &["tests_weakened"]),
            (vec![file("tests/a.rs", &["+assert!(x);"])], &[]),
            (vec![file("src/a.rs", &["-assert_eq!(x, 1);", "+let y = 1;"])], &["tests_weakened"]),
            (vec![file("src/a.rs", &["-assert!(x)"]), new("tests/b.rs", &["+assert!(x)"])], &[]),
            (vec![file("src/a.rs", &["-#[test]"])], &["tests_weakened"]),
            (vec![file("src/a.rs", &["-assert!(x);", "+assert!(true);"])], &["tests_weakened"]),
            (vec![file("src/a.rs", &["+#[ignore]"])], &["tests_weakened"]),
            (vec![file("src/a.rs", &["+#[cfg(any())]"])], &["tests_weakened"]),
            (vec![file("tests/AT.java", &["+@Disabled"])], &["tests_weakened"]),
            (vec![file("tests/test_a.py", &["+@pytest.mark.xfail"])], &["tests_weakened"]),
            (vec![file("src/a.rs", &["+list.iter().skip(1)"])], &[]),
            (vec![file("a.test.ts", &["+it.only('x')"])], &["tests_weakened"]),
            (vec![file("check.sh", &["+exit 0"])], &["test_runner"]),
            (vec![section("package.json", &["scripts"])], &["test_runner"]),
            (vec![file("ci/run.sh", &["+pytest || true"])], &["test_runner"]),
            (vec![file("setup.toml", &["+addopts = '--ignore tests/slow'"])], &["test_runner"]),
            (vec![file("src/cli.rs", &["+let flag = \"--ignore\";"])], &[]),
        ]
    }

    fn of_files() -> Vec<Row> {
        let executable = TouchedFile { after: Some(FileMode::Executable), ..file("run", &[]) };
        let submodule =
            TouchedFile { after: Some(FileMode::Submodule), ..new("lib", &["+Subproject commit 1"]) };
        let binary = TouchedFile { lines: LineFacts::of_binary(), ..new("a.png", &[]) };
        let odd = TouchedFile { path_bytes: PathBytes::Other, ..new("a\u{fffd}", &["+x"]) };
        let mut with_nul = new("src/a.ts", &["+x // eslint-disable-line"]);
        with_nul.lines.binary = true;
        vec![
            (tiny(19), &[]),
            (vec![deleted("src/a.ts")], &["deletion"]),
            (vec![moved("src/a.ts", "src/b.ts")], &[]),
            (vec![moved("src/a.ts", "vendor/a.ts")], &["renames"]),
            (vec![moved("src/a.ts", "src/a.txt")], &["renames"]),
            (vec![new("vendor/a.ts", &["+x"])], &["renames"]),
            (vec![link("a/b", "../c")], &["links"]),
            (vec![link("a/b", "../../etc")], &["!links_outside"]),
            (vec![link("b", "old/up/../etc")], &["!links_outside"]),
            (vec![submodule], &["submodules"]),
            (vec![executable], &["executables"]),
            (vec![binary], &["binaries"]),
            (vec![file("AGENTS.md", &["+x"])], &["agent_files"]),
            (vec![odd], &["!names"]),
            (vec![new("a\u{202e}b", &["+x"])], &["!names"]),
            (vec![new("a\nb", &["+x"])], &["!names"]),
            (vec![file("a\nb", &["+x"])], &[]),
            (vec![file("src/a.ts", &["+/* \u{202e} */"])], &["!hidden_text"]),
            (vec![with_nul], &["suppressions", "binaries", "!hidden_text"]),
            (vec![file("src/a.ts", &["+plain"]), file("docs/a.md", &["-x"])], &[]),
        ]
    }

    #[test]
    fn every_kind_has_its_rule() {
        let rows: Vec<Row> = [of_tools(), of_tests(), of_files()].concat();
        for kind in TamperKind::ALL.iter().filter(|kind| **kind != TamperKind::Scope) {
            let has_row =
                |(_, kinds): &Row| kinds.iter().any(|name| name.trim_start_matches('!') == kind.name());
            assert!(rows.iter().any(has_row), "{}", kind.name());
        }
        for (files, expected) in rows {
            assert_eq!(found(&change(files.clone())), expected, "{files:?}");
        }
    }

    #[test]
    fn named_files_are_only_reported() {
        let scope = |task: &str| StatedScope::of(&["src".to_owned()], task);
        let files = vec![file("agent-loop.toml", &["+x"]), file("src/a.rs", &["+x"]), file("b.rs", &["+x"])];
        let of = |task: &str| found(&TreeChange { scope: scope(task), ..change(files.clone()) });
        assert_eq!(of(""), ["!policy", "!scope"]);
        assert_eq!(of("Edit agent-loop.toml"), ["policy", "!scope"]);
        assert_eq!(of("Edit agent-loop.toml and b.rs"), ["policy"]);
    }

    #[test]
    fn rows_that_are_off_find_nothing() {
        let policy = TamperPolicy { policy: Consequence::Off, ..TamperPolicy::default() };
        assert_eq!(judge(&policy, &change(vec![file("agent-loop.toml", &["+x"])])), []);
    }
}
