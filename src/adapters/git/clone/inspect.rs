//! Checks whether a reviewer changed its clone. Everything is compared with our copies outside the clone.

use std::collections::BTreeMap;
use std::path::Path;

use crate::adapters::git::disk::{copy_with_time, is_plain_folder, remove};
use crate::adapters::git::mirror::Mirror;
use crate::adapters::git::runner::{ask, fields, must};
use crate::adapters::git::user_checkout::checkout::remembered_refs;
use crate::adapters::git::workplace::Workplace;
use crate::adapters::process::command::CommandLine;
use crate::domain::ids::CommitSha;
use crate::ports::workspace::{AfterTurn, Inspection, WorkspaceError};

use super::agent_head;
use super::agent_index;
use super::belonging::untracked;
use super::git_folder::head_line;
use super::index_file::IndexFile;
use super::paths::{CloneNote, ClonePaths};
use super::scan::CloneScan;
use super::settled::{NextLook, Settled, SettledClones};

/// Compares a clone with its prepared state. No spawn if nothing is new and the reviewer's index is unchanged; one if it wrote
/// its index, three if files have other times than before, one if files are new.
pub(crate) async fn inspect(
    mirror: &Mirror,
    workplace: &Workplace,
    head: &CommitSha,
    settled: &SettledClones,
) -> Result<AfterTurn<Inspection>, WorkspaceError> {
    let paths = workplace.paths();
    settled.take(&paths.id);
    let note = paths.note()?.filter(|note| note.head == *head).ok_or_else(|| {
        WorkspaceError::NotFound(format!(
            "{} was not prepared at {}",
            paths.checkout.tree.display(),
            head.short()
        ))
    })?;
    let tampered = |what| Ok(AfterTurn { found: Inspection::Tampered(what), notes: Vec::new() });
    if let Some(what) = git_folder_tampering(workplace, &note)? {
        return tampered(what);
    }
    if let Some(what) = index_tampering(mirror, paths, note.laid()).await? {
        return tampered(what);
    }
    let scan = match (workplace, IndexFile::read(&paths.index())?) {
        (Workplace::Clone(_), Some(ours)) => Some(CloneScan::readable(&paths.checkout.tree, ours).await?),
        (Workplace::Clone(_) | Workplace::UserCheckout(..), _) => None,
    };
    let may_differ = scan.as_ref().is_none_or(|scan| !scan.changed.is_empty());
    if may_differ && let Some(what) = content_tampering(mirror, paths, note.laid()).await? {
        return tampered(what);
    }
    let next_look = scan.as_ref().map(CloneScan::next_look).unwrap_or_default();
    let others = scan.map(|scan| scan.others).unwrap_or_default();
    if next_look == NextLook::Unneeded && !may_differ && others.is_empty() {
        settled.learn(&paths.id, Settled { tree: None });
    }
    Ok(AfterTurn { found: Inspection::Untouched, notes: untracked(mirror, paths, &others).await? })
}

/// Compares HEAD and refs, read as files.
fn git_folder_tampering(workplace: &Workplace, note: &CloneNote) -> Result<Option<String>, WorkspaceError> {
    let paths = workplace.paths();
    let git = &paths.checkout.git;
    if !is_plain_folder(&paths.checkout.tree) || !is_plain_folder(git) {
        return Ok(Some("the clone or its .git is no longer a folder".to_owned()));
    }
    if workplace.user_checkout().is_some_and(|checkout| !checkout.is_as_found()) {
        return Ok(Some("the checkout's .git was changed".to_owned()));
    }
    if agent_head::raw_head(git) != Some(head_line(&note.head, note.branch.as_ref())) {
        return Ok(Some("HEAD was changed".to_owned()));
    }
    Ok(remembered_refs(paths)?.and_then(|expected| ref_tampering(&paths.checkout.common, &expected)))
}

fn ref_tampering(common: &Path, expected: &BTreeMap<String, String>) -> Option<String> {
    match agent_head::refs(common) {
        Some(refs) if refs == *expected => None,
        Some(refs) => {
            let differs = |name: &&String| refs.get(*name) != expected.get(*name);
            let name = refs.keys().chain(expected.keys()).find(differs);
            Some(format!("the ref {} was changed", name.map_or("", String::as_str)))
        }
        None => Some("the refs cannot be read".to_owned()),
    }
}

async fn index_tampering(
    mirror: &Mirror,
    paths: &ClonePaths,
    laid: &str,
) -> Result<Option<String>, WorkspaceError> {
    let git = mirror.line_on(&paths.checkout.tree, &paths.index());
    let Some(changed) = agent_index::differences(git, paths, None, laid).await? else {
        return Ok(Some("the index cannot be read".to_owned()));
    };
    Ok(first(&changed).map(|path| format!("{path} was changed in the index")))
}

/// Compares the files with our own index, so that no flag in the reviewer's index hides a change.
async fn content_tampering(
    mirror: &Mirror,
    paths: &ClonePaths,
    laid: &str,
) -> Result<Option<String>, WorkspaceError> {
    let (tree, scratch) = (&paths.checkout.tree, paths.scratch());
    let what = "compare the files of a reviewer's clone";
    // The attributes are those of the prepared clone: a new .gitattributes must not hide a change.
    let with = |index| mirror.line_on(tree, index).variable("GIT_ATTR_SOURCE", laid);
    let changed =
        |line: CommandLine| line.arguments(["diff-files", "--name-only", "-z", "--ignore-submodules=all"]);
    let ours = paths.index();
    if first(&must(changed(with(&ours)), what).await?).is_none() {
        return Ok(None);
    }
    // Perhaps only the times differ: compare the content, on a copy.
    remove(&scratch.with_extension("lock"))?;
    copy_with_time(&ours, &scratch)?;
    let refresh = with(&scratch).arguments(["update-index", "-q", "--really-refresh", "--ignore-submodules"]);
    ask(refresh, what).await?;
    let output = must(changed(with(&scratch)), what).await?;
    remove(&scratch)?;
    Ok(first(&output).map(|path| format!("{path} was changed")))
}

fn first(output: &[u8]) -> Option<String> {
    fields(output).next().map(|path| String::from_utf8_lossy(path).into_owned())
}
