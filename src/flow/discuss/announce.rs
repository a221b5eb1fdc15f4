//! Converts the records of a debate to announcements.

use std::collections::BTreeMap;

use crate::domain::announcement::Announcement;

use super::super::machine::At;
use super::records::DiscussEntry;
use super::verdict::ballot;

/// Converts a record.
pub(super) fn announce(at: At<'_>, record: &DiscussEntry) -> Announcement {
    let round = at.round;
    match record {
        DiscussEntry::Opened(opened) => Announcement::Opened {
            head: Some(opened.head.clone()),
            coder: None,
            reviewers: opened.roster.reviewers.labels().cloned().collect(),
            gates: Vec::new(),
            gates_not_run: BTreeMap::new(),
            max_rounds: opened.policy.rounds(),
        },
        DiscussEntry::Position(position) => Announcement::Voted {
            round,
            agent: position.given.agent.clone(),
            state: ballot(position.response.outcome),
            summary: position.response.rationale.as_str().to_owned(),
            usage: position.given.usage,
        },
        DiscussEntry::RoundSummary(summary) => Announcement::Summarized {
            round,
            result: summary.verdict.as_ref().map(|verdict| verdict.result),
            outcome: summary.verdict.as_ref().map(|verdict| ballot(verdict.outcome)),
            failed: summary.failures.iter().map(|failure| failure.agent.clone()).collect(),
        },
        DiscussEntry::Stages(filed) => Announcement::FollowedUp {
            filed: filed.stages.iter().map(|stage| stage.issue).collect(),
            listed: filed.skipped.len(),
        },
        DiscussEntry::Concluded(concluded) => concluded.announced(),
    }
}
