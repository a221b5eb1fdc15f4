//! What becomes of future items at approval: grouped, at most three filed as issues or all summarised, once per head and
//! mode. What was filed before is found by its key, so nothing is filed twice.

use crate::domain::ids::{ChildKey, IssueNumber};
use crate::domain::policy::Followups;
use crate::ledger::chain::child_key;
use crate::ledger::payload::{FollowedUp, Followup};
use crate::ledger::record::Payload;

use super::super::step::{IssueOrder, Step, publish};
use super::grouping::{self, Group};
use super::next::Review;
use super::reviewers::Place;

/// More issues than this are noise; what is left over is counted.
const MOST_ISSUES: usize = 3;

/// What a mode does with future items.
enum Destination {
    Nowhere,
    Comment,
    Issues,
}

fn destination(mode: Followups) -> Destination {
    match mode {
        Followups::Ignore => Destination::Nowhere,
        Followups::Summarize | Followups::FixAndSummarize => Destination::Comment,
        Followups::Issue | Followups::FixAndIssue => Destination::Issues,
    }
}

impl Review<'_, '_> {
    /// The next step for the follow-ups of an approved head, if one is left.
    pub(super) fn follow_up(&self, place: &Place) -> Option<Step> {
        let mode = self.run.terms.policy.followups;
        if self.state.has_followed_up(&place.head, mode) {
            return None;
        }
        let groups = grouping::group(&self.state.items());
        if groups.is_empty() {
            return None;
        }
        match destination(mode) {
            Destination::Nowhere => None,
            Destination::Comment => {
                let listed = groups.iter().map(|group| followup(group, None)).collect();
                Some(self.followed_up(place, mode, listed, 0))
            }
            Destination::Issues => Some(self.file(place, mode, &groups)),
        }
    }

    /// The first group that has no issue yet gets one; then the record that lists them.
    fn file(&self, place: &Place, mode: Followups, groups: &[Group]) -> Step {
        let parent = self.seen.pull_request.number;
        let mut filed = Vec::new();
        for group in groups.iter().take(MOST_ISSUES) {
            let key = child_key(parent, &group.text);
            match self.issue(&key) {
                Some(number) => filed.push(followup(group, Some(number))),
                None => {
                    return Step::FileIssue(IssueOrder {
                        key,
                        parent,
                        head: place.head.clone(),
                        title: group.title.clone(),
                        text: group.text.clone(),
                        notes: group.notes(),
                    });
                }
            }
        }
        self.followed_up(place, mode, filed, groups.len().saturating_sub(MOST_ISSUES))
    }

    fn issue(&self, key: &ChildKey) -> Option<IssueNumber> {
        self.seen.common.results.filed.get(key).copied()
    }

    fn followed_up(&self, place: &Place, mode: Followups, listed: Vec<Followup>, skipped: usize) -> Step {
        let skipped = u32::try_from(skipped).unwrap_or(u32::MAX);
        let record = FollowedUp { head: place.head.clone(), mode, followups: listed, skipped };
        publish(&self.run.id, place.round, Payload::FollowedUp(record))
    }
}

fn followup(group: &Group, issue: Option<IssueNumber>) -> Followup {
    Followup {
        title: group.title.clone(),
        text: group.text.clone(),
        items: group.items.iter().map(|item| item.id.clone()).collect(),
        notes: group.notes(),
        issue,
    }
}
