//! The visible part of each record of a delivery. Nothing is ever read back from it: the record below holds everything.

use super::super::comment::{concluded, concluded_line, seats};
use super::records::{Delivered, DeliveryEntry, Started};

/// The visible part of a record.
pub(super) fn render(record: &DeliveryEntry) -> String {
    match record {
        DeliveryEntry::Started(started) => started_text(started),
        DeliveryEntry::Delivered(delivered) => delivered_text(delivered),
        DeliveryEntry::Concluded(record) => concluded(record),
    }
}

/// One line that says what a record says.
pub(super) fn headline(record: &DeliveryEntry) -> String {
    match record {
        DeliveryEntry::Started(started) => format!("work begins on {}", started.branch),
        DeliveryEntry::Delivered(delivered) => format!("opened pull request {}", delivered.pull_request),
        DeliveryEntry::Concluded(record) => concluded_line(record),
    }
}

fn started_text(started: &Started) -> String {
    format!(
        "**agent-loop** works on this, on the branch `{}` from `{}`.\n\nCoder: `{}`. Reviewers: {}.",
        started.branch,
        started.base_ref,
        started.roster.coder().label,
        seats(started.roster.reviewers())
    )
}

fn delivered_text(delivered: &Delivered) -> String {
    format!("Opened pull request #{} at {}.", delivered.pull_request, delivered.head.short())
}
