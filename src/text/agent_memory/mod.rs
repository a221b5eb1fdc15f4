//! From the files of a commit to what is known of a repository. Everything that is read was written by strangers: each
//! text ends up on one line, bounded, without control characters.

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

use crate::domain::agent_memory::{AgentMemory, Area, Language, Listed, Module, Summary, TestProfile};
use crate::domain::ids::CommitSha;

use cleaning::{LINE, PARAGRAPH, clean, cleaned};
use collected::Collected;

pub use paths::is_manifest;
pub use render::{Size, render, since};

/// The most bytes that are read of all files together.
pub const TEXT_BYTES: u64 = 4 * 1024 * 1024;
/// A file that is longer is not read: no manifest or source file of a person is.
pub const FILE_BYTES: u64 = 256 * 1024;
/// The most files that are read.
pub const FILES: usize = 500;

/// The most manifests that are read.
const MANIFESTS: usize = 150;
/// The most entries of a kind that are kept. What of them is told is fewer still.
const KEPT: usize = 200;
/// The most folders, languages, commands and versions that are kept.
const KEPT_FEW: usize = 40;

/// A plain file that git tracks. Links and submodules are none: what they lead to is not in the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFile {
    /// Its path; what is no UTF-8 in it is replaced.
    pub path: String,
    pub bytes: u64,
}

/// Texts by path, as far as they were wanted and could be read.
pub type Texts = BTreeMap<String, String>;

/// The paths whose texts an agent memory is made from, the most telling first, within the bounds.
pub fn wanted(files: &[ListedFile]) -> Vec<&str> {
    let speaks = |file: &&ListedFile| !paths::is_foreign(&file.path);
    let readmes = files.iter().filter(speaks).filter(|file| paths::is_readme(&file.path));
    let readmes = by_depth(readmes.filter(|file| paths::depth(&file.path) <= 1)).into_iter().take(KEPT_FEW);
    let sources = ranked_sources(files);
    within_bounds(manifests(files).into_iter().chain(readmes).chain(sources))
}

/// The paths whose texts a test profile is made from.
pub fn wanted_for_tests(files: &[ListedFile]) -> Vec<&str> {
    within_bounds(manifests(files))
}

fn within_bounds<'file>(files: impl IntoIterator<Item = &'file ListedFile>) -> Vec<&'file str> {
    let mut left = TEXT_BYTES;
    let mut seen = BTreeSet::new();
    let mut wanted = Vec::new();
    for file in files.into_iter().filter(|file| file.bytes <= FILE_BYTES) {
        if wanted.len() == FILES || file.bytes > left {
            break;
        }
        if seen.insert(file.path.as_str()) {
            left -= file.bytes;
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

/// Source files: those that speak for a folder first, then those near the root.
fn ranked_sources(files: &[ListedFile]) -> Vec<&ListedFile> {
    let mut sources: Vec<&ListedFile> = files.iter().filter(|file| paths::is_source(&file.path)).collect();
    let rank = |file: &&ListedFile| {
        let depth = paths::depth(&file.path);
        (Reverse(paths::is_entry(&file.path) && depth <= 3), depth, file.path.clone())
    };
    sources.sort_by_cached_key(rank);
    sources
}

/// What files and texts of a commit say.
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

/// What files and texts of a commit say about tests alone.
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

/// What runs the scripts of `package.json`, told by the lock file.
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

/// What the README or the file that speaks for a folder says, nearest to the folder first.
fn about_folder(files: &[&ListedFile], texts: &Texts) -> Option<String> {
    let speaking = |file: &&ListedFile| paths::is_readme(&file.path) || paths::is_entry(&file.path);
    let nearest = by_depth(files.iter().copied().filter(speaking));
    nearest.into_iter().filter(|file| paths::depth(&file.path) <= 2).find_map(|file| {
        let text = texts.get(&file.path)?;
        let said = if paths::is_readme(&file.path) {
            comments::first_paragraph(text)
        } else {
            comments::first_doc_line(text).map(str::to_owned)
        };
        said.and_then(|said| cleaned(&said, LINE))
    })
}

/// Packages first, then source files in the order in which they were wanted.
fn modules(files: &[ListedFile], texts: &Texts) -> Listed<Module> {
    let packages =
        by_depth(files.iter().filter(|file| paths::is_package(&file.path) && paths::depth(&file.path) > 0));
    let package = |file: &ListedFile| {
        let mut own = Collected::default();
        // Read as if it lay at the root, so that its own name and words count.
        if let Some(text) = texts.get(&file.path) {
            readers::read(paths::name(&file.path), text, "npm", &mut own);
        }
        let about = match (own.name, own.about) {
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
            .and_then(|said| cleaned(said, LINE)),
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
