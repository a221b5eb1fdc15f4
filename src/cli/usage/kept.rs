//! What runs cost whose journals are removed: `clean` has each journal counted first, and `usage` counts on with that.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;

use crate::adapters::files;
use crate::adapters::storage::folders::Folders;
use crate::adapters::storage::journals;
use crate::domain::agent::{ResponseKind, Role};
use crate::domain::ids::{Label, RunId};
use crate::domain::subject::Subject;
use crate::domain::usage::{Precision, Usage};

use super::summary::{Asked, Call, CallEnd, CostSource, RunCost, summaries};

const ENDING: &str = "-usage-summary.json";

/// Keeps what the journal of a subject says of costs, for when it is gone. What an earlier journal of the same run said stays.
/// A journal that can't be read says nothing.
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

/// What was kept, and of each file that can't be read the reason.
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

/// What journals say, with what was kept of others: each call once, the runs oldest first.
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
            summary.calls.sort_by(|one, other| (one.at, &one.asked).cmp(&(other.at, &other.asked)));
        }
    }
    let mut all: Vec<RunCost> = runs.into_values().collect();
    all.sort_by_key(|summary| summary.calls.first().map(|call| call.at));
    all
}

/// The parts of a summary that are read again; the rest follows from them.
#[derive(Deserialize)]
struct Written {
    run: RunId,
    calls: Vec<WrittenCall>,
}

#[derive(Deserialize)]
struct WrittenCall {
    at: Timestamp,
    subject: Subject,
    agent: Label,
    role: Role,
    kind: ResponseKind,
    round: u32,
    again: u32,
    retry: u32,
    model: Option<String>,
    result: WrittenResult,
    failure: Option<String>,
    calls: u64,
    tokens: WrittenTokens,
    cost: Option<WrittenCost>,
    time: WrittenTime,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WrittenResult {
    Answered,
    Failed,
    Open,
}

#[derive(Deserialize)]
struct WrittenTokens {
    input: u64,
    cached: u64,
    output: u64,
    precision: Precision,
}

#[derive(Deserialize)]
struct WrittenCost {
    micro_usd: u64,
}

#[derive(Deserialize)]
struct WrittenTime {
    milliseconds: u64,
}

/// A summary that is longer was not written by us, in bytes.
const LONGEST: u64 = 64 << 20;

fn load(path: &Path) -> Result<RunCost, String> {
    let text = files::read_bounded(path, LONGEST)
        .map_err(|error| format!("{} can't be read: {error}", path.display()))?;
    let written: Written = serde_json::from_slice(&text)
        .map_err(|error| format!("{} makes no sense: {error}; remove it", path.display()))?;
    let calls = written.calls.into_iter().map(call).collect();
    Ok(RunCost { run: written.run, calls, records: Usage::default(), source: CostSource::Kept })
}

fn call(written: WrittenCall) -> Call {
    let WrittenCall { at, subject, agent, role, kind, round, again, retry, model, result, .. } = written;
    let end = match result {
        WrittenResult::Answered => CallEnd::Answered,
        WrittenResult::Failed => CallEnd::Failed(written.failure.unwrap_or_default()),
        WrittenResult::Open => CallEnd::Open,
    };
    let usage = Usage {
        calls: written.calls,
        input_tokens: written.tokens.input,
        cached_tokens: written.tokens.cached,
        output_tokens: written.tokens.output,
        micro_usd: written.cost.as_ref().map_or(0, |cost| cost.micro_usd),
        // One call has its price or has none.
        priced_calls: written.cost.map_or(0, |_| written.calls),
        milliseconds: written.time.milliseconds,
        precision: written.tokens.precision,
    };
    let asked = Asked { label: agent, role, kind, round, again, retry };
    Call { at, subject, asked, end, model, usage }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::usage::summary::tests::scene;
    use crate::cli::usage::table::table;

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
            let mut left = scene();
            for (gone, index) in order.into_iter().enumerate() {
                keep(&folders, &subjects[index]).unwrap();
                left.retain(|(subject, _)| *subject != subjects[index]);
                let (kept, unreadable) = read(&folders);
                assert_eq!(unreadable, Vec::<String>::new());
                let all = with(summaries(&left), kept);
                let source = if gone == 0 { CostSource::Both } else { CostSource::Kept };
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
        assert_eq!(with(summaries(&scene()), read(&folders).0), summaries(&scene()));
    }

    #[test]
    fn a_table_names_removed_journals() {
        let root = tempfile::tempdir().unwrap();
        let (folders, subjects) = written(root.path());
        for subject in &subjects {
            keep(&folders, subject).unwrap();
        }
        fs::write(folders.usage().join(format!("odd{ENDING}")), "{}").unwrap();
        let (kept, unreadable) = read(&folders);
        assert!(
            table(&kept).starts_with("issue/1 → pr/2  run 20261121-1 (journal removed)\n"),
            "{}",
            table(&kept)
        );
        assert!(unreadable[0].contains("odd-usage-summary.json makes no sense"), "{unreadable:?}");
    }
}
