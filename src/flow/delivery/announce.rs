//! Converts the records of a delivery to announcements.

use crate::domain::announcement::Announcement;

use super::super::run::opened;
use super::records::DeliveryEntry;

/// Converts a record.
pub(super) fn announce(record: &DeliveryEntry) -> Announcement {
    match record {
        DeliveryEntry::Started(started) => opened(None, &started.roster, &started.policy),
        DeliveryEntry::Delivered(delivered) => Announcement::Delivered {
            pull_request: delivered.pull_request,
            branch: delivered.branch.clone(),
            head: delivered.head.clone(),
            agent: delivered.answer.as_ref().map(|answer| answer.agent.clone()),
            usage: delivered.answer.as_ref().map(|answer| answer.usage).unwrap_or_default(),
        },
        DeliveryEntry::Concluded(concluded) => concluded.announced(),
    }
}
