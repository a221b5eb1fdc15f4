//! The cost of runs whose journals were removed: `clean` writes a summary first, and `usage` reads it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::adapters::files;
use crate::adapters::storage::folders::Folders;
use crate::adapters::storage::journals;
use crate::domain::forge_calls::ForgeCalls;
use crate::domain::ids::RunId;
use crate::domain::subject::Subject;
use crate::domain::usage::Usage;

use super::summary::{Call, CostSource, RunCost, summaries};

const ENDING: &str = "-usage-summary.json";

/// Keeps the costs in the journal of a subject, which is about to be removed, besides those of earlier journals of the same
/// run. An unreadable journal is ignored.
pub fn keep(folders: &Folders, subject: &Subject) -> Result<(), String> {
    let Ok(entries) = journals::read(&folders.journal(subject)) else { return Ok(()) };
    for counted in summaries(&[(subject.clone(), entries)]) {
        let path = folders.usage().join(format!("{}{ENDING}", counted.run));
        let before = if path.exists() { Some(load(&path)?) } else { None };
        for summary in with(vec![counted], before.into_iter().collect()) {
            write(&folders.usage(), &summary)?;
        }
    }
    Ok(())
}

/// Writes the summary of a run into a folder, and returns its path.
pub fn write(folder: &Path, summary: &RunCost) -> Result<PathBuf, String> {
    let text = serde_json::to_vec_pretty(&summary.json()).map_err(|error| error.to_string())?;
    files::make_folder(folder)?;
    let path = folder.join(format!("{}{ENDING}", summary.run));
    files::write_whole(&path, &text)?;
    Ok(path)
}

/// Reads all summaries that were kept, and the error for each unreadable file.
pub fn read(folders: &Folders) -> (Vec<RunCost>, Vec<String>) {
    let entries = fs::read_dir(folders.usage()).into_iter().flatten().flatten().map(|entry| entry.path());
    let (mut all, mut unreadable) = (Vec::new(), Vec::new());
    for path in entries.filter(|path| path.to_string_lossy().ends_with(ENDING)) {
        match load(&path) {
            Ok(summary) => all.push(summary),
            Err(why) => unreadable.push(why),
        }
    }
    (all, unreadable)
}

/// Combines costs from journals with those that were kept: each call once, the runs oldest first.
pub fn with(journals: Vec<RunCost>, kept: Vec<RunCost>) -> Vec<RunCost> {
    let mut runs: BTreeMap<RunId, RunCost> =
        journals.into_iter().map(|summary| (summary.run.clone(), summary)).collect();
    for old in kept {
        let Some(summary) = runs.get_mut(&old.run) else {
            runs.insert(old.run.clone(), old);
            continue;
        };
        let known = summary.calls.len();
        let is_new = |call: &Call| summary.calls.iter().all(|one| !one.is_the_same(call));
        let more: Vec<Call> = old.calls.into_iter().filter(is_new).collect();
        summary.calls.extend(more);
        if summary.calls.len() > known {
            summary.source = CostSource::Both;
            summary.calls.sort_by(|one, other| one.order().cmp(&other.order()));
        }
    }
    let mut all: Vec<RunCost> = runs.into_values().collect();
    all.sort_by_key(|summary| summary.calls.first().map(|call| call.at));
    all
}

/// The parts of a summary that are read again.
#[derive(Deserialize)]
struct KeptRun {
    run: RunId,
    calls: Vec<Call>,
}

/// The maximum size of a summary in bytes.
const LONGEST: u64 = 64 << 20;

fn load(path: &Path) -> Result<RunCost, String> {
    let text = files::read_bounded(path, LONGEST)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let KeptRun { run, calls } = serde_json::from_slice(&text)
        .map_err(|error| format!("cannot read {}: {error}; remove it", path.display()))?;
    let (records, forge_calls) = (Usage::default(), ForgeCalls::default());
    Ok(RunCost { run, calls, records, source: CostSource::Kept, forge_calls })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::usage::summary::tests::scene;

    fn written(root: &Path) -> (Folders, Vec<Subject>) {
        let folders = Folders::new(root, "repository");
        let mut subjects = Vec::new();
        for (subject, entries) in scene() {
            let lines = entries.iter().map(|entry| serde_json::to_string(entry).unwrap() + "\n");
            fs::create_dir_all(folders.subject(&subject)).unwrap();
            fs::write(folders.journal(&subject), lines.collect::<String>()).unwrap();
            subjects.push(subject);
        }
        (folders, subjects)
    }

    #[test]
    fn removed_journals_change_no_cost() {
        let whole = summaries(&scene()).remove(0);
        for order in [[0, 1], [1, 0]] {
            let root = tempfile::tempdir().unwrap();
            let (folders, subjects) = written(root.path());
            let mut journals = scene();
            for (removed, index) in order.into_iter().enumerate() {
                keep(&folders, &subjects[index]).unwrap();
                journals.retain(|(subject, _)| *subject != subjects[index]);
                let (kept, unreadable) = read(&folders);
                assert_eq!(unreadable, Vec::<String>::new());
                let all = with(summaries(&journals), kept);
                let source = if removed == 0 { CostSource::Both } else { CostSource::Kept };
                assert_eq!(all, [RunCost { source, ..whole.clone() }]);
            }
        }
    }

    #[test]
    fn keeping_twice_counts_once() {
        let root = tempfile::tempdir().unwrap();
        let (folders, subjects) = written(root.path());
        for subject in subjects.iter().chain(&subjects) {
            keep(&folders, subject).unwrap();
        }
        fs::write(folders.usage().join(format!("odd{ENDING}")), "{}").unwrap();
        let (kept, unreadable) = read(&folders);
        assert_eq!(with(summaries(&scene()), kept), summaries(&scene()));
        assert!(unreadable[0].contains("odd-usage-summary.json"), "{unreadable:?}");
    }
}
