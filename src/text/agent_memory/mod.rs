//! Makes the agent memory from the files of a commit. The files are untrusted: each text is reduced to one line of limited
//! length without control characters.

mod cleaning;
mod collected;
mod comments;
mod manifests;
mod paths;
mod readers;
mod render;
mod scripts;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::agent_memory::{
    AgentMemory, Area, Language, Listed, Module, Summary, TestCommand, TestProfile,
};
use crate::domain::ids::CommitSha;

use cleaning::{LINE, PARAGRAPH, clean, cleaned};
use collected::Collected;

pub use paths::is_manifest;
pub use render::{Size, render, since};

/// The maximum size of all texts together.
pub const TEXT_BYTES: u64 = 4 * 1024 * 1024;
/// The maximum size of a file: longer ones are probably generated.
pub const FILE_BYTES: u64 = 256 * 1024;
/// The maximum number of files to read.
pub const FILES: usize = 500;

/// The maximum number of manifests to read.
const MANIFESTS: usize = 150;
/// The maximum number of modules in a memory. Prompts show fewer.
const KEPT: usize = 200;
/// The maximum number of folders, languages, commands and versions in a memory.
const KEPT_FEW: usize = 40;

/// A regular file that git tracks: no link and no submodule, because their targets are not in the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFile {
    /// The path. Invalid UTF-8 is replaced.
    pub path: String,
    pub bytes: u64,
}

/// Texts of files by path.
pub type Texts = BTreeMap<String, String>;

/// Returns the paths of the files to read for an agent memory, the most informative first, within the limits.
pub fn wanted(files: &[ListedFile]) -> Vec<&str> {
    let is_own = |file: &&ListedFile| !paths::is_foreign(&file.path);
    let readmes = files.iter().filter(is_own).filter(|file| paths::is_readme(&file.path));
    let readmes = by_depth(readmes.filter(|file| paths::depth(&file.path) <= 1)).into_iter().take(KEPT_FEW);
    let sources = ranked_sources(files);
    within_bounds(manifests(files).into_iter().chain(readmes).chain(sources))
}

/// Returns the paths of the files to read for a test profile.
pub fn wanted_for_tests(files: &[ListedFile]) -> Vec<&str> {
    within_bounds(manifests(files))
}

fn within_bounds<'file>(files: impl IntoIterator<Item = &'file ListedFile>) -> Vec<&'file str> {
    let mut remaining = TEXT_BYTES;
    let mut known = BTreeSet::new();
    let mut wanted = Vec::new();
    for file in files.into_iter().filter(|file| file.bytes <= FILE_BYTES) {
        if wanted.len() == FILES || file.bytes > remaining {
            break;
        }
        if known.insert(file.path.as_str()) {
            remaining -= file.bytes;
            wanted.push(file.path.as_str());
        }
    }
    wanted
}

fn manifests(files: &[ListedFile]) -> Vec<&ListedFile> {
    let mut found = by_depth(files.iter().filter(|file| is_manifest(&file.path)));
    found.truncate(MANIFESTS);
    found
}

fn by_depth<'file>(files: impl Iterator<Item = &'file ListedFile>) -> Vec<&'file ListedFile> {
    let mut files: Vec<&ListedFile> = files.collect();
    files.sort_by_key(|file| (paths::depth(&file.path), file.path.as_str()));
    files
}

/// Returns the source files: those that describe a folder first, then those near the root.
fn ranked_sources(files: &[ListedFile]) -> Vec<&ListedFile> {
    let mut sources: Vec<&ListedFile> = files.iter().filter(|file| paths::is_source(&file.path)).collect();
    let rank = |file: &&ListedFile| {
        let depth = paths::depth(&file.path);
        (Reverse(paths::is_entry(&file.path) && depth <= 3), depth, file.path.clone())
    };
    sources.sort_by_cached_key(rank);
    sources
}

/// Makes an agent memory.
pub fn make(commit: &CommitSha, files: &[ListedFile], texts: &Texts) -> AgentMemory {
    let collected = collected(files, texts);
    let readme = files.iter().filter(|file| paths::is_readme(&file.path) && paths::depth(&file.path) == 0);
    let readme =
        readme.filter_map(|file| texts.get(&file.path)).find_map(|text| comments::first_paragraph(text));
    let about = readme.and_then(|text| cleaned(&text, PARAGRAPH)).or_else(|| collected.about.clone());
    AgentMemory {
        made_at: commit.clone(),
        summary: Summary {
            name: collected.name.clone(),
            about,
            files: count(files.len()),
            bytes: size(files.iter()),
            languages: languages(files),
        },
        architecture: architecture(files, texts),
        modules: modules(files, texts),
        toolchain: Listed::first(KEPT_FEW, collected.pins.clone()),
        tests: profile(commit, files, collected),
    }
}

/// Makes only a test profile.
pub fn test_profile(commit: &CommitSha, files: &[ListedFile], texts: &Texts) -> TestProfile {
    profile(commit, files, collected(files, texts))
}

fn collected(files: &[ListedFile], texts: &Texts) -> Collected {
    let mut collected = Collected::default();
    let runner = script_runner(files);
    for file in manifests(files) {
        if let Some(text) = texts.get(&file.path) {
            readers::read(&file.path, text, runner, &mut collected);
        }
    }
    collected
}

/// Returns the program for the scripts of `package.json`, according to the lock file.
fn script_runner(files: &[ListedFile]) -> &'static str {
    let has = |name: &str| files.iter().any(|file| file.path == name);
    let runners =
        [("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"), ("bun.lock", "bun"), ("bun.lockb", "bun")];
    runners.into_iter().find(|(lock, _)| has(lock)).map_or("npm", |(_, runner)| runner)
}

fn profile(commit: &CommitSha, files: &[ListedFile], collected: Collected) -> TestProfile {
    let mut places: BTreeMap<&str, Vec<&ListedFile>> = BTreeMap::new();
    let is_test = |file: &&ListedFile| !paths::is_foreign(&file.path) && paths::is_test(&file.path);
    for file in files.iter().filter(is_test) {
        places.entry(paths::test_place(&file.path)).or_default().push(file);
    }
    let mut places: Vec<Area> =
        places.into_iter().map(|(path, files)| area(path, &files, &Texts::new())).collect();
    places.sort_by_key(|place| (Reverse(place.files), place.path.clone()));
    TestProfile {
        made_at: commit.clone(),
        commands: Listed::first(KEPT_FEW, collected.commands),
        places: Listed::first(KEPT_FEW, places),
        frameworks: Listed::first(KEPT_FEW, collected.frameworks),
    }
}

/// The source of a command that passed as the test command of a run.
const PASSED: &str = "passed in an earlier run";

/// Adds a test command that passed in a run, before the commands from files.
pub fn with_passed(mut memory: AgentMemory, command: &str) -> AgentMemory {
    let Some(command) = cleaned(command, LINE) else { return memory };
    let known = &mut memory.tests.commands.shown;
    known.retain(|one| one.command != command);
    known.insert(0, TestCommand { command, source: PASSED.to_owned() });
    known.truncate(KEPT_FEW);
    memory
}

/// Returns the command that most likely runs the tests: one that passed before, else the first one with the word `test`.
pub fn test_command(memory: &AgentMemory) -> Option<&str> {
    let known = || memory.tests.commands.shown.iter();
    let passed = known().find(|known| known.source == PASSED);
    passed
        .or_else(|| known().find(|known| known.command.contains("test")))
        .map(|known| known.command.as_str())
}

/// Returns the commands that passed in runs: a memory that is made from other files keeps them.
pub fn passed(memory: &AgentMemory) -> impl Iterator<Item = &str> {
    memory
        .tests
        .commands
        .shown
        .iter()
        .filter(|known| known.source == PASSED)
        .map(|known| known.command.as_str())
}

fn languages(files: &[ListedFile]) -> Listed<Language> {
    let mut languages = by_language(files.iter());
    languages.sort_by_key(|language| (Reverse(language.bytes), language.name.clone()));
    Listed::first(KEPT_FEW, languages)
}

fn by_language<'file>(files: impl Iterator<Item = &'file ListedFile>) -> Vec<Language> {
    let mut found: BTreeMap<&str, Language> = BTreeMap::new();
    for file in files {
        let Some(name) = paths::language(&file.path) else { continue };
        let language =
            found.entry(name).or_insert_with(|| Language { name: name.to_owned(), files: 0, bytes: 0 });
        language.files += 1;
        language.bytes = language.bytes.saturating_add(file.bytes);
    }
    found.into_values().collect()
}

fn architecture(files: &[ListedFile], texts: &Texts) -> Listed<Area> {
    let mut folders: BTreeMap<&str, Vec<&ListedFile>> = BTreeMap::new();
    for file in files {
        let folder = file.path.split_once('/').map_or("", |(folder, _)| folder);
        folders.entry(folder).or_default().push(file);
    }
    let mut areas: Vec<Area> = folders.into_iter().map(|(path, files)| area(path, &files, texts)).collect();
    areas.sort_by_key(|area| (Reverse(area.files), area.path.clone()));
    Listed::first(KEPT_FEW, areas)
}

fn area(path: &str, files: &[&ListedFile], texts: &Texts) -> Area {
    let mut languages = by_language(files.iter().copied());
    languages.sort_by_key(|language| {
        (Reverse(paths::is_programmed(&language.name)), Reverse(language.files), language.name.clone())
    });
    let about = if path.is_empty() { None } else { about_folder(files, texts) };
    Area {
        path: clean(path, LINE),
        files: count(files.len()),
        language: languages.into_iter().next().map(|language| language.name),
        about,
    }
}

/// Returns the description of a folder from the nearest README or main file.
fn about_folder(files: &[&ListedFile], texts: &Texts) -> Option<String> {
    let describes = |file: &&ListedFile| paths::is_readme(&file.path) || paths::is_entry(&file.path);
    let nearest = by_depth(files.iter().copied().filter(describes));
    nearest.into_iter().filter(|file| paths::depth(&file.path) <= 2).find_map(|file| {
        let text = texts.get(&file.path)?;
        let about = if paths::is_readme(&file.path) {
            comments::first_paragraph(text)
        } else {
            comments::first_doc_line(text).map(str::to_owned)
        };
        about.and_then(|about| cleaned(&about, LINE))
    })
}

/// Returns the packages, then the source files in order of rank.
fn modules(files: &[ListedFile], texts: &Texts) -> Listed<Module> {
    let packages =
        by_depth(files.iter().filter(|file| paths::is_package(&file.path) && paths::depth(&file.path) > 0));
    let package = |file: &ListedFile| {
        let mut manifest = Collected::default();
        // Only names and descriptions of manifests at the root are collected, so the folder is left out.
        if let Some(text) = texts.get(&file.path) {
            readers::read(paths::name(&file.path), text, "npm", &mut manifest);
        }
        let about = match (manifest.name, manifest.about) {
            (Some(name), Some(about)) => cleaned(&format!("package {name}: {about}"), LINE),
            (Some(name), None) => cleaned(&format!("package {name}"), LINE),
            (None, about) => about.and_then(|about| cleaned(&about, LINE)),
        };
        Module { path: clean(paths::folder(&file.path), LINE) + "/", about }
    };
    let source = |file: &ListedFile| Module {
        path: clean(&file.path, LINE),
        about: texts
            .get(&file.path)
            .and_then(|text| comments::first_doc_line(text))
            .and_then(|about| cleaned(about, LINE)),
    };
    let sources = ranked_sources(files);
    let mut listed =
        Listed { shown: Vec::new(), omitted: (packages.len() + sources.len()).saturating_sub(KEPT) };
    listed.shown.extend(packages.into_iter().take(KEPT).map(package));
    let room = KEPT.saturating_sub(listed.shown.len());
    listed.shown.extend(sources.into_iter().take(room).map(source));
    listed
}

fn size<'file>(files: impl Iterator<Item = &'file ListedFile>) -> u64 {
    files.fold(0, |sum: u64, file| sum.saturating_add(file.bytes))
}

fn count(files: usize) -> u64 {
    u64::try_from(files).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
