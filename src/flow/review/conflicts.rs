//! The merge of the base branch as a gate: a conflict opens an item, and the coder's next turn is the merge.

use std::ops::ControlFlow;

use crate::domain::gate::{Finding, Measurement, Verdict};
use crate::domain::ids::{CommitSha, GateName};
use crate::domain::policy::AfterApproval;
use crate::domain::pull_request::MergeConflict;

use super::super::commands;
use super::super::conclusion::Conclusion;
use super::super::gates::gates_record;
use super::super::step::{Decision, first};
use super::seen::{OpenReview, ReviewAt};

/// Returns the commit of the base branch, and the files in which its merge into a head has conflicts.
pub(super) fn found<'now>(
    seen: &OpenReview<'now>,
    head: &CommitSha,
) -> Decision<Option<(&'now CommitSha, &'now [String])>> {
    let Some(tip) = seen.cx.tip(&seen.observed.pull.base_ref)? else { return ControlFlow::Continue(None) };
    ControlFlow::Continue(Some((tip, seen.cx.conflicts(head, tip)?)))
}

/// Adds a conflict of an approved head with the base branch to a conclusion, and the command that gives it to the coder.
pub(super) fn noted(seen: &OpenReview<'_>, head: &CommitSha, conclusion: Conclusion) -> Decision<Conclusion> {
    let Some((_, files @ [_, ..])) = found(seen, head)? else {
        return ControlFlow::Continue(conclusion);
    };
    let conflict = MergeConflict { base: seen.observed.pull.base_ref.clone(), files: files.to_vec() };
    let command = commands::resolve_conflict(seen.state.number);
    let note = format!("{conflict}; `{command}` lets the coder resolve the conflict");
    ControlFlow::Continue(conclusion.reworded(|message| format!("{message}. {note}")).with_next(command))
}

/// Opens an item if the base branch cannot be merged into a head that will be merged, and resolves it when it can.
pub(super) fn none(seen: &OpenReview<'_>, at: &ReviewAt) -> Decision<()> {
    match seen.run.terms.policy.after_approval {
        AfterApproval::Leave => return ControlFlow::Continue(()),
        AfterApproval::Merge => {}
    }
    let Some((tip, conflicts)) = found(seen, &at.head)? else { return ControlFlow::Continue(()) };
    let base = &seen.observed.pull.base_ref;
    let (place, against) = (format!("`{base}` at {}", tip.short()), seen.against());
    let (verdict, detail, findings) = if conflicts.is_empty() {
        if !seen.gates(&against).is_red(&GateName::merge()) {
            return ControlFlow::Continue(());
        }
        (Verdict::Pass, format!("{place} can be merged"), Vec::new())
    } else {
        let files = conflicts.join(", ");
        let detail = format!("{place} conflicts with this change in {files}");
        let text = format!("Resolve the conflict with {place} in {files}");
        // The key names the merged commit: after a crash the branch may have moved.
        (Verdict::Fail, detail, vec![Finding::blocking(tip.to_string(), text)])
    };
    let (gate, head) = (GateName::merge(), at.head.clone());
    let measured =
        Measurement { gate, head, tree: None, verdict, detail, findings, remedy: None, repetition: None };
    first(seen.gates_record(at.round, gates_record(&seen.state.rounds, measured)))
}

/// Returns the commit of the base branch that the coder merges into this head, if there is a conflict.
pub(super) fn to_merge(seen: &OpenReview<'_>, head: &CommitSha) -> Option<CommitSha> {
    let measured = seen.state.measured.on(&GateName::merge(), head)?;
    measured.findings.first().filter(|_| measured.verdict == Verdict::Fail)?.key.parse().ok()
}
