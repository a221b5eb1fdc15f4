//! Follow-ups of an approved revision: future items are grouped, and at most three issues are filed or all groups are listed.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::domain::announcement::Announcement;
use crate::domain::child_issue::{ChildIssue, ChildPurpose, ChildSection, SectionContent};
use crate::domain::ids::{IssueNumber, ItemId};
use crate::domain::item::Item;
use crate::domain::policy::Followups;
use crate::ledger::chain::child_key;

use super::context::FlowContext;
use super::filing;
use super::grouping::{self, FollowUpGroup};
use super::step::Decision;

/// The maximum number of issues; the remaining groups are counted.
const MOST_ISSUES: usize = 3;

/// A group of future items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Followup {
    pub title: String,
    pub text: String,
    pub items: Vec<ItemId>,
    pub notes: Vec<String>,
    /// The issue that was filed for the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<IssueNumber>,
}

/// The groups of an approved revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandledFollowups {
    pub followups: Vec<Followup>,
    /// The number of further groups, for which no issue was filed.
    pub skipped: u32,
}

/// The thread with the reviews of an approved revision.
#[derive(Debug, Clone)]
pub struct ReviewedThread {
    /// The number of the issue or pull request.
    pub number: u64,
    /// The first paragraph of filed issues, which refers to the thread.
    pub origin: String,
}

/// Creates the announcement of follow-ups.
pub fn announced(followups: &[Followup]) -> Announcement {
    let filed: Vec<IssueNumber> = followups.iter().filter_map(|one| one.issue).collect();
    Announcement::FollowedUp { listed: followups.len() - filed.len(), filed }
}

/// Groups the future items. In the modes that file issues, an issue is filed for each group first.
pub fn handled(
    cx: &FlowContext<'_>,
    mode: Followups,
    items: &[Item],
    thread: &ReviewedThread,
) -> Decision<HandledFollowups> {
    let groups = grouping::group(items);
    let most = match mode {
        Followups::Ignore => 0,
        Followups::Summarize | Followups::FixAndSummarize => {
            let followups = groups.iter().map(|group| followup(group, None)).collect();
            return ControlFlow::Continue(HandledFollowups { followups, skipped: 0 });
        }
        Followups::Issue | Followups::FixAndIssue => MOST_ISSUES,
    };
    let mut followups = Vec::new();
    for group in groups.iter().take(most) {
        followups.push(followup(group, Some(filing::filed(cx, issue(group, thread))?)));
    }
    let skipped = u32::try_from(groups.len() - followups.len()).unwrap_or(u32::MAX);
    ControlFlow::Continue(HandledFollowups { followups, skipped })
}

fn issue(group: &FollowUpGroup, thread: &ReviewedThread) -> ChildIssue {
    let notes = SectionContent::List(group.notes());
    ChildIssue {
        key: child_key(ChildPurpose::FollowUp, thread.number, &group.text),
        parent: thread.number,
        title: group.title.clone(),
        origin: thread.origin.clone(),
        text: group.text.clone(),
        sections: vec![ChildSection { heading: "Original reviewer notes", content: notes }],
        links: Vec::new(),
    }
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
