//! Observes a change for the gates that judge trees: changed files with their types, and facts about their lines. Git writes
//! the diff to a file, and the file is read piece by piece: a huge diff needs no memory.

use std::io::{self, BufRead, Read};

use crate::adapters::git::{MeasuredTrees, RawChange};
use crate::adapters::storage::folders::Folders;
use crate::domain::ids::CommitSha;
use crate::domain::tamper::lines::{ChangedLine, LineFacts};
use crate::domain::tamper::links::TreeLinks;
use crate::domain::tamper::manifests::{MANIFEST_SECTIONS, ManifestSection};
use crate::domain::tamper::markers::Markers;
use crate::domain::tamper::tables::{ending_of, is_source};
use crate::domain::tamper::{FileMode, PathBytes, TouchedFile};
use crate::ports::workspace::WorkspaceError;

use super::scratch::scratch;

/// The longest piece of a line that is examined at once, in bytes.
const PIECE: u64 = 64 << 10;
/// The part of a piece that is examined again with the next one, in bytes.
const OVERLAP: usize = 64;

/// A merge base and a head.
#[derive(Debug, Clone, Copy)]
pub(super) struct Compared<'order> {
    pub(super) base: &'order CommitSha,
    pub(super) head: &'order CommitSha,
}

/// Returns the changed files. At most one spawn, and one for each manifest and side.
pub(super) async fn observe(
    trees: &MeasuredTrees,
    compared: Compared<'_>,
    folders: &Folders,
) -> Result<Vec<TouchedFile>, WorkspaceError> {
    let place = scratch(folders).map_err(WorkspaceError::Disk)?;
    let (diffs, file) = (folders.diffs(), place.path().join("diff"));
    // Git works meanwhile.
    let compile = async { Markers::compiled() };
    let (diff, markers) = tokio::join!(trees.diff(compared.base, compared.head, &diffs, &file), compile);
    let diff = diff?;
    let lines = sections(diff.lines, &markers).map_err(|error| unreadable(&error))?;
    let mut changed = paired(diff.files, lines)?;
    for file in &mut changed {
        complete(file, trees, compared).await;
    }
    Ok(changed)
}

fn unreadable(error: &io::Error) -> WorkspaceError {
    WorkspaceError::Disk(format!("could not read a diff: {error}"))
}

/// Returns the facts about the lines of each section of a diff.
fn sections(mut diff: impl BufRead, markers: &Markers) -> io::Result<Vec<LineFacts>> {
    let mut found: Vec<LineFacts> = Vec::new();
    let (mut place, mut piece, mut long) = (DiffPlace::Header, Vec::new(), None);
    while {
        piece.clear();
        diff.by_ref().take(PIECE).read_until(b'\n', &mut piece)? > 0
    } {
        let is_whole = piece.last() == Some(&b'\n');
        if let Some((sign, tail)) = long.take() {
            let text = [tail, piece.clone()].concat();
            let text_piece = String::from_utf8_lossy(&text);
            if let (Some(facts), Some(line)) = (found.last_mut(), changed(sign, &text_piece)) {
                facts.binary |= sign == b'+' && text.contains(&0);
                facts.scan(line, markers);
            }
            long = (!is_whole).then(|| (sign, end_of(&text)));
            continue;
        }
        let sign = piece.first().copied().filter(|_| place == DiffPlace::Hunk).unwrap_or_default();
        if piece.starts_with(b"diff --git ") {
            found.push(LineFacts::default());
            place = DiffPlace::Header;
        } else if piece.starts_with(b"@@ ") {
            place = DiffPlace::Hunk;
        } else if let Some(facts) = found.last_mut() {
            facts.binary |= sign == b'+' && piece.contains(&0);
            let text = String::from_utf8_lossy(piece.get(1..).unwrap_or_default());
            let text = text.trim_end_matches(['\n', '\r']);
            if let Some(line) = changed(sign, text) {
                facts.take(line, markers);
            }
        }
        long = (!is_whole).then(|| (sign, end_of(&piece)));
    }
    Ok(found)
}

fn changed(sign: u8, text: &str) -> Option<ChangedLine<'_>> {
    match sign {
        b'+' => Some(ChangedLine::Added(text)),
        b'-' => Some(ChangedLine::Removed(text)),
        _ => None,
    }
}

/// Returns the end of a piece, so that no marker is cut in two.
fn end_of(piece: &[u8]) -> Vec<u8> {
    piece.get(piece.len().saturating_sub(OVERLAP)..).unwrap_or_default().to_vec()
}

/// The place of a line in a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DiffPlace {
    Header,
    Hunk,
}

/// Joins the two lists of git, which have the same order. A file that changes its type has two sections.
fn paired(entries: Vec<RawChange>, lines: Vec<LineFacts>) -> Result<Vec<TouchedFile>, WorkspaceError> {
    let mut lines = lines.into_iter();
    let differs = || WorkspaceError::Git("two lists of the same change differ".to_owned());
    let mut changed = Vec::new();
    for entry in entries {
        let (before, after) = (mode(&entry.old_mode), mode(&entry.new_mode));
        let first = lines.next().ok_or_else(differs)?;
        let has_two = before.zip(after).is_some_and(|(before, after)| class(before) != class(after));
        let mut facts = first;
        if has_two {
            let removed = facts.removed;
            facts = lines.next().ok_or_else(differs)?;
            facts.removed = removed;
        }
        if facts.binary && !is_source(&entry.path) {
            facts = LineFacts::of_binary();
        }
        changed.push(TouchedFile {
            path_bytes: if entry.is_utf8 { PathBytes::Utf8 } else { PathBytes::Other },
            path: entry.path,
            renamed_from: entry.renamed_from,
            before,
            after,
            lines: facts,
            sections: Vec::new(),
        });
    }
    if lines.next().is_some() { Err(differs()) } else { Ok(changed) }
}

fn mode(mode: &str) -> Option<FileMode> {
    match mode {
        "000000" => None,
        "100755" => Some(FileMode::Executable),
        "120000" => Some(FileMode::Link),
        "160000" => Some(FileMode::Submodule),
        _ => Some(FileMode::Plain),
    }
}

/// Returns a mode without the executable bit: git shows a change of the rest as a deletion and a new file.
fn class(mode: FileMode) -> FileMode {
    match mode {
        FileMode::Plain | FileMode::Executable => FileMode::Plain,
        FileMode::Link => FileMode::Link,
        FileMode::Submodule => FileMode::Submodule,
    }
}

/// Adds the facts that only contents show: the target of a renamed link, and the changed sections of a manifest.
async fn complete(file: &mut TouchedFile, trees: &MeasuredTrees, compared: Compared<'_>) {
    if file.after == Some(FileMode::Link) && file.lines.first_added.is_empty() {
        file.lines.first_added = text(trees, compared.head, &file.path).await;
    }
    let name = file.path.rsplit('/').next().unwrap_or(&file.path);
    let known: Vec<_> = MANIFEST_SECTIONS.iter().filter(|section| section.manifest == name).collect();
    if known.is_empty() || file.after.is_none() {
        return;
    }
    let old = file.renamed_from.as_ref().unwrap_or(&file.path);
    let before = match file.before {
        Some(_) => Some(text(trees, compared.base, old).await),
        None => None,
    };
    let after = text(trees, compared.head, &file.path).await;
    let differs = |known: &&ManifestSection| {
        before.as_ref().and_then(|before| section(known, before)) != section(known, &after)
    };
    file.sections = known.into_iter().filter(differs).collect();
}

/// Returns the symbolic links of a commit. One spawn, and one for each link.
pub(super) async fn links(trees: &MeasuredTrees, commit: &CommitSha) -> Result<TreeLinks, WorkspaceError> {
    let mut links = TreeLinks::default();
    for entry in trees.entries(commit).await?.into_iter().filter(|entry| entry.content.starts_with("120000 "))
    {
        let target = text(trees, commit, &entry.path).await;
        links.0.insert(entry.path, target);
    }
    Ok(links)
}

/// Returns the content of a file; empty if it cannot be read.
async fn text(trees: &MeasuredTrees, commit: &CommitSha, path: &str) -> String {
    trees
        .content(commit, path)
        .await
        .map_or_else(|_| String::new(), |content| String::from_utf8_lossy(&content).into_owned())
}

/// Returns a section of a manifest in a form that can be compared; `None` if it is missing. All of a manifest that cannot be
/// read belongs to each section.
fn section(known: &ManifestSection, manifest: &str) -> Option<String> {
    if ending_of(known.manifest) == Some("json") {
        let Ok(whole) = serde_json::from_str::<serde_json::Value>(manifest) else {
            return Some(manifest.to_owned());
        };
        let found = known.keys.iter().try_fold(&whole, |value, key| value.get(key))?;
        Some(found.to_string())
    } else {
        let Ok(whole) = toml::from_str::<toml::Table>(manifest) else { return Some(manifest.to_owned()) };
        let (first, rest) = known.keys.split_first()?;
        let found = rest.iter().try_fold(whole.get(*first)?, |value, key| value.get(key))?;
        Some(found.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tamper::markers::MarkerUse;

    const DIFF: &str = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n-diff --git a\n+one # noqa\n+two\n\\ No newline\n\
                        diff --git a/y b/y\nold mode 100644\nnew mode 100755\ndiff --git a/z b/z\n@@ -0,0 +1 @@\n+a\0b\n";

    #[test]
    fn sections_follow_headers_only() {
        let found = sections(DIFF.as_bytes(), &Markers::compiled()).unwrap();
        let counts: Vec<_> = found.iter().map(|one| (one.added, one.removed, one.binary)).collect();
        assert_eq!(counts, [(2, 1, false), (0, 0, false), (1, 0, true)]);
        assert_eq!(found[0].first_added, "one # noqa");
    }

    #[test]
    fn long_lines_hide_nothing() {
        let long = format!(
            "diff --git a/x b/x\n@@ -0,0 +1 @@\n+{}{}\n",
            "x".repeat((64 << 10) - 40),
            "-diff --git eslint-disable"
        );
        let found = sections(long.as_bytes(), &Markers::compiled()).unwrap();
        assert_eq!((found.len(), found[0].added, found[0].removed), (1, 1, 0));
        assert_eq!(found[0].new_markers(MarkerUse::Suppression), 1);
    }

    #[test]
    fn sections_of_manifests_are_compared() {
        let scripts = MANIFEST_SECTIONS.iter().find(|one| one.keys == ["scripts"]).unwrap();
        let of = |text: &str| section(scripts, text);
        assert_eq!(of(r#"{"scripts":{"test":"x"}}"#), of(r#"{"a":1,"scripts":{ "test": "x" }}"#));
        assert_ne!(of(r#"{"scripts":{"test":"x"}}"#), of(r#"{"scripts":{"test":"true"}}"#));
        let lints = MANIFEST_SECTIONS.iter().find(|one| one.keys == ["workspace", "lints"]).unwrap();
        assert_eq!(
            section(lints, "[workspace.lints.clippy]\nall = 'allow'\n").unwrap(),
            section(lints, "[workspace]\nlints.clippy.all = 'allow'\n").unwrap()
        );
        assert_ne!(section(lints, "not toml ["), section(lints, "not toml either ["));
    }
}
