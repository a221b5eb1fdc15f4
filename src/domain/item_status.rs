//! What a reviewer says about a known item, and how the words of several reviewers become one.

use serde::{Deserialize, Serialize};

use super::ids::ItemId;

/// Where a finding stands. The order is the severity: a later variant is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemStatus {
    Resolved,
    /// Worth doing, but not in this pull request.
    Future,
    /// Small, and to be done in this pull request.
    SamePr,
    /// Must be fixed before approval.
    Blocking,
}

impl ItemStatus {
    /// Whether approval has to wait for it.
    pub fn must_fix(self) -> bool {
        match self {
            Self::Blocking | Self::SamePr => true,
            Self::Future | Self::Resolved => false,
        }
    }

    /// The value used in answers and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Resolved => "resolved",
            Self::Future => "future",
            Self::SamePr => "same-pr",
            Self::Blocking => "blocking",
        }
    }
}

/// One reviewer's word on one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disposition {
    pub item: ItemId,
    /// Where it stands, in this reviewer's eyes.
    pub standing: ItemStatus,
    /// Why, in the reviewer's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Merges what several reviewers said of one item: the worst wins, and silence changes nothing.
pub fn worst(before: ItemStatus, said: impl IntoIterator<Item = ItemStatus>) -> ItemStatus {
    said.into_iter().max().unwrap_or(before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn standing() -> impl Strategy<Value = ItemStatus> {
        prop_oneof![
            Just(ItemStatus::Resolved),
            Just(ItemStatus::Future),
            Just(ItemStatus::SamePr),
            Just(ItemStatus::Blocking)
        ]
    }

    proptest! {
        #[test]
        fn one_blocking_word_outweighs_all_others(before in standing(), mut said in proptest::collection::vec(standing(), 0..6), at in 0_usize..6) {
            said.insert(at.min(said.len()), ItemStatus::Blocking);
            prop_assert_eq!(worst(before, said), ItemStatus::Blocking);
        }

        #[test]
        fn the_order_of_reviewers_is_irrelevant(before in standing(), said in proptest::collection::vec(standing(), 0..6)) {
            let mut reversed = said.clone();
            reversed.reverse();
            prop_assert_eq!(worst(before, said), worst(before, reversed));
        }

        #[test]
        fn silence_changes_nothing(before in standing()) {
            prop_assert_eq!(worst(before, []), before);
        }
    }
}
