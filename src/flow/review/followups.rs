//! Follow-ups at approval: future items are grouped, and at most three issues are filed or all groups are listed, once per
//! head and mode. Issues are found again by their keys, so that none is filed twice.

use std::ops::ControlFlow;

use crate::domain::ids::{ChildKey, IssueNumber};
use crate::domain::policy::Followups;
use crate::ledger::chain::child_key;

use super::super::step::{Decision, Effect, IssueOrder, Step, first};
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
        Followups::Issue | Followups::FixAndIssue => first(file(seen, at, &groups)),
    }
}

/// Files an issue for the first group without one; after that, publishes the record that lists them.
fn file(seen: &OpenReview<'_>, at: &ReviewAt, groups: &[FollowUpGroup]) -> Step {
    let parent = seen.state.number;
    let mut filed = Vec::new();
    for group in groups.iter().take(MOST_ISSUES) {
        let key = child_key(parent, &group.text);
        match issue(seen, &key) {
            Some(number) => filed.push(followup(group, Some(number))),
            None => {
                return Step::Effect(Effect::FileIssue(IssueOrder {
                    key,
                    parent,
                    head: at.head.clone(),
                    title: group.title.clone(),
                    text: group.text.clone(),
                    notes: group.notes(),
                }));
            }
        }
    }
    record(seen, at, filed, groups.len().saturating_sub(MOST_ISSUES))
}

fn issue(seen: &OpenReview<'_>, key: &ChildKey) -> Option<IssueNumber> {
    seen.cx.results.filed.get(key).copied()
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
