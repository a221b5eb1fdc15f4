//! Converts the records of a review to announcements.

use crate::domain::announcement::Announcement;
use crate::protocol::text::Text;

use super::super::followups;
use super::super::machine::At;
use super::super::run::opened;
use super::records::{AnswerRecord, ReviewEntry};

/// Converts a record.
pub(super) fn announce(at: At<'_>, record: &ReviewEntry) -> Announcement {
    let round = at.round;
    match record {
        ReviewEntry::Opened(record) => opened(Some(&record.head), &record.roster, &record.policy),
        ReviewEntry::Review(review) => Announcement::Reviewed {
            round,
            agent: review.given.agent.clone(),
            head: review.head.clone(),
            state: review.response.state.into(),
            summary: review.response.summary.as_str().to_owned(),
            items: review.findings.opened.clone(),
            dispositions: review.findings.dispositions.clone(),
            usage: review.given.usage,
        },
        ReviewEntry::Answer(answer) => answered(round, answer),
        ReviewEntry::Gates(gates) => Announcement::Gates {
            round,
            head: gates.head.clone(),
            gates: gates.measurements.clone(),
            items: gates.opened.iter().chain(&gates.updated).cloned().collect(),
            resolved: gates.resolved.clone(),
        },
        ReviewEntry::FollowedUp(record) => followups::announced(&record.followups),
        ReviewEntry::Concluded(concluded) => concluded.announced(),
    }
}

fn answered(round: u32, answer: &AnswerRecord) -> Announcement {
    let ids = |list: Option<&Vec<Text>>| -> Vec<String> {
        list.into_iter().flatten().map(|id| id.as_str().to_owned()).collect()
    };
    let response = &answer.response;
    Announcement::Answered {
        round,
        agent: answer.given.agent.clone(),
        before: answer.head_before.clone(),
        head: answer.head_after.clone(),
        summary: response.summary.as_str().to_owned(),
        addressed: ids(Some(&response.addressed_items)),
        remaining: ids(Some(&response.remaining_items)),
        disputed: ids(response.disputed_items.as_ref()),
        usage: answer.given.usage,
    }
}
