//! Renders the visible part of each record of a delivery. It is never read back: the record has all data.

use crate::domain::revision::RevisionKind;
use crate::domain::subject::Subject;

use super::super::comment::{concluded, participants, signature};
use super::records::{Delivered, DeliveryEntry, Started};

/// Renders the visible part of a record.
pub(super) fn render(subject: &Subject, record: &DeliveryEntry) -> String {
    match record {
        DeliveryEntry::Started(started) => started_text(started),
        DeliveryEntry::Delivered(delivered) => delivered_text(subject, delivered),
        DeliveryEntry::Concluded(record) => concluded(record, RevisionKind::Commit, &[]),
    }
}

fn started_text(started: &Started) -> String {
    let plan = started.plan.as_ref().map_or_else(String::new, |plan| {
        format!(" The change follows the plan `{}` of issue {}.", plan.hash, plan.issue)
    });
    format!(
        "**agent-loop** works on this issue, on branch `{}` from `{}`: {}.{plan}",
        started.branch,
        started.base_ref,
        participants(&started.roster)
    )
}

/// The record of a task is in the thread of its own pull request.
fn delivered_text(subject: &Subject, delivered: &Delivered) -> String {
    let what = match subject {
        Subject::Task(_) => "this pull request".to_owned(),
        Subject::Issue(_) | Subject::PullRequest(_) => format!("#{}", delivered.pull_request),
    };
    let head = delivered.head.short();
    match &delivered.answer {
        Some(answer) => {
            let signature = signature(answer.model.as_deref(), answer.usage);
            format!("**{}** wrote `{head}` and opened {what}.\n{signature}", answer.agent)
        }
        None => format!("Opened {what} at `{head}`."),
    }
}
