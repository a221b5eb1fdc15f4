//! Facts about a change that no scorer reports: renames, deletions, and new lines that silence a tool.

use std::collections::BTreeMap;

use super::super::tamper::TouchedFile;
use super::super::tamper::lines::{LineFacts, Silencer};
use super::super::tamper::markers::MarkerUse;

/// Facts about the change that no scorer reports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeFacts {
    /// Old path to new path.
    pub renames: BTreeMap<String, String>,
    /// The number of deleted files.
    pub deleted: u64,
    /// The number of added lines that silence a tool, on balance.
    pub new_suppressions: usize,
    /// The first such lines, in the order of the diff.
    pub silencing: Vec<String>,
}

impl ChangeFacts {
    /// Collects the facts from the changed files.
    pub fn of(files: &[TouchedFile]) -> Self {
        let mut facts = Self::default();
        for file in files {
            facts.renames.extend(file.renamed_from.iter().map(|from| (from.clone(), file.path.clone())));
            facts.deleted += u64::from(file.after.is_none());
            let examples = [MarkerUse::Suppression, MarkerUse::Generated];
            let examples = examples.into_iter().flat_map(|purpose| file.lines.examples(purpose));
            facts.silencing.extend(examples.map(|line| format!("{}: {line}", file.path)));
        }
        facts.new_suppressions = new_suppressions(files.iter().map(|file| &file.lines));
        facts
    }
}

/// Returns the number of lines that silence a tool, beyond those that the change removes: a line that moves to another file
/// is not new, and neither is one that replaces a line with the same marker in its own file.
fn new_suppressions<'file>(files: impl Iterator<Item = &'file LineFacts> + Clone) -> usize {
    let mut removed: BTreeMap<Silencer, Vec<usize>> = BTreeMap::new();
    for (at, file) in files.clone().enumerate() {
        file.unsilenced.iter().for_each(|one| removed.entry(*one).or_default().push(at));
    }
    let mut added: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    for (at, file) in files.enumerate() {
        for one in &file.silenced {
            if removed.get_mut(one).and_then(Vec::pop).is_none() {
                *added.entry((at, one.marker)).or_default() += 1;
            }
        }
    }
    for (one, files) in removed {
        for at in files {
            added.entry((at, one.marker)).and_modify(|count| *count = count.saturating_sub(1));
        }
    }
    added.values().sum()
}

#[cfg(test)]
mod tests {
    use super::super::super::tamper::lines::ChangedLine;
    use super::super::super::tamper::markers::Markers;
    use super::*;

    #[test]
    fn moved_suppressions_are_not_new() {
        use ChangedLine::{Added, Removed};
        let markers = Markers::compiled();
        let file = |lines: &[ChangedLine<'_>]| {
            let mut facts = LineFacts::default();
            for line in lines {
                facts.take(*line, &markers);
            }
            facts
        };
        let (here, there) = ("a()  # noqa", "b()  # noqa");
        for (files, new) in [
            (&[file(&[Removed(here), Added(there)])][..], 0),
            (&[file(&[Removed(here)]), file(&[Added(here)])], 0),
            (&[file(&[Removed(here)]), file(&[Added(there)])], 1),
            (&[file(&[Removed(here), Added(there)]), file(&[Added(here)])], 1),
            (&[file(&[Removed(here)]), file(&[Added("a()  # type: ignore")])], 1),
        ] {
            assert_eq!(new_suppressions(files.iter()), new, "{files:?}");
        }
    }
}
