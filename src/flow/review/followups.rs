//! Follow-ups at approval: future items are grouped, and at most three issues are filed or all groups are listed, once per
//! head and mode. Issues are found again by their keys, so that none is filed twice.

use std::ops::ControlFlow;

use crate::domain::child_issue::{ChildIssue, ChildPurpose, ChildSection, SectionContent};
use crate::domain::ids::IssueNumber;
use crate::domain::policy::Followups;
use crate::ledger::chain::child_key;

use super::super::filing;
use super::super::step::{Decision, Step, first};
use super::grouping::{self, FollowUpGroup};
use super::records::{FollowedUp, Followup, ReviewEntry};
use super::seen::{OpenReview, ReviewAt};

/// The maximum number of issues; the remaining groups are counted.
const MOST_ISSUES: usize = 3;

/// Handles the follow-ups of an approved head, unless a record shows that it was done.
pub(super) fn take_care(seen: &OpenReview<'_>, at: &ReviewAt) -> Decision<()> {
    let mode = seen.run.terms.policy.followups;
    if seen.state.has_followed_up(&at.head, mode) {
        return ControlFlow::Continue(());
    }
    let groups = grouping::group(&seen.state.rounds.items());
    if groups.is_empty() {
        return ControlFlow::Continue(());
    }
    match mode {
        Followups::Ignore => ControlFlow::Continue(()),
        Followups::Summarize | Followups::FixAndSummarize => {
            let followups = groups.iter().map(|group| followup(group, None)).collect();
            first(record(seen, at, followups, 0))
        }
        Followups::Issue | Followups::FixAndIssue => file(seen, at, &groups),
    }
}

/// Files an issue for each group; after that, publishes the record that lists them.
fn file(seen: &OpenReview<'_>, at: &ReviewAt, groups: &[FollowUpGroup]) -> Decision<()> {
    let parent = seen.state.number.0;
    let mut followups = Vec::new();
    for group in groups.iter().take(MOST_ISSUES) {
        let notes = SectionContent::List(group.notes());
        let issue = ChildIssue {
            key: child_key(ChildPurpose::FollowUp, parent, &group.text),
            parent,
            title: group.title.clone(),
            origin: format!("From the review of #{parent}, approved at `{}`.", at.head.short()),
            text: group.text.clone(),
            sections: vec![ChildSection { heading: "Original reviewer notes", content: notes }],
            links: Vec::new(),
        };
        followups.push(followup(group, Some(filing::filed(seen.cx, issue)?)));
    }
    first(record(seen, at, followups, groups.len().saturating_sub(MOST_ISSUES)))
}

fn record(seen: &OpenReview<'_>, at: &ReviewAt, followups: Vec<Followup>, skipped: usize) -> Step {
    let (mode, skipped) = (seen.run.terms.policy.followups, u32::try_from(skipped).unwrap_or(u32::MAX));
    let record = FollowedUp { head: at.head.clone(), mode, followups, skipped };
    seen.publish(at.round, &ReviewEntry::FollowedUp(record))
}

fn followup(group: &FollowUpGroup, issue: Option<IssueNumber>) -> Followup {
    Followup {
        title: group.title.clone(),
        text: group.text.clone(),
        items: group.items.iter().map(|item| item.id.clone()).collect(),
        notes: group.notes(),
        issue,
    }
}
