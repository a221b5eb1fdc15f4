//! The status of findings, and how the dispositions of several reviewers are merged.

use serde::{Deserialize, Serialize};

use super::ids::ItemId;
use super::word_list::word_list;

word_list!(
    /// The status of a finding, in order of severity: a later variant is worse.
    #[derive(PartialOrd, Ord, Hash)]
    ItemStatus {
        Resolved = "resolved",
        /// Worth doing, but not in this pull request.
        Future = "future",
        /// Small, and to be fixed in this pull request.
        SamePr = "same-pr",
        /// Must be fixed before approval.
        Blocking = "blocking",
    }
);

/// The kind of work that a finding belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    PullRequest,
    Plan,
}

impl ItemStatus {
    /// Returns the name for agents and people.
    pub fn name_in(self, scope: Scope) -> &'static str {
        match (self, scope) {
            (Self::SamePr, Scope::Plan) => "same-plan",
            (Self::SamePr | Self::Resolved | Self::Future | Self::Blocking, _) => self.name(),
        }
    }

    /// Returns whether a finding with this status prevents approval.
    pub fn must_fix(self) -> bool {
        match self {
            Self::Blocking | Self::SamePr => true,
            Self::Future | Self::Resolved => false,
        }
    }
}

/// One reviewer's judgement of a known finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disposition {
    pub item: ItemId,
    #[serde(rename = "standing")]
    pub status: ItemStatus,
    /// The reviewer's reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Merges the judgements of several reviewers: the worst wins, and without any the status stays as it was.
pub fn worst(before: ItemStatus, judgements: impl IntoIterator<Item = ItemStatus>) -> ItemStatus {
    judgements.into_iter().max().unwrap_or(before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn status() -> impl Strategy<Value = ItemStatus> {
        prop::sample::select(ItemStatus::ALL.to_vec())
    }

    proptest! {
        #[test]
        fn one_blocking_judgement_wins(before in status(), mut judgements in proptest::collection::vec(status(), 0..6), at in 0_usize..6) {
            judgements.insert(at.min(judgements.len()), ItemStatus::Blocking);
            prop_assert_eq!(worst(before, judgements), ItemStatus::Blocking);
        }

        #[test]
        fn the_order_of_reviewers_is_irrelevant(before in status(), judgements in proptest::collection::vec(status(), 0..6)) {
            let mut reversed = judgements.clone();
            reversed.reverse();
            prop_assert_eq!(worst(before, judgements), worst(before, reversed));
        }

        #[test]
        fn no_judgement_changes_nothing(before in status()) {
            prop_assert_eq!(worst(before, []), before);
        }
    }
}
