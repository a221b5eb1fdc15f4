//! `pr_review`: a reviewer's answer on a pull request.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::agent::ResponseKind;
use crate::domain::item_status::ItemStatus;

use super::super::expectation::{Expectation, RuleReport};
use super::super::findings::{Judgement, ReviewContent};
use super::super::recorded::ReviewKind;
use super::super::text::{ReviewVerdict, Text, Version1};
use super::Kind;
use super::shared::{ItemDisposition, KindTag};

/// A review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrReview {
    /// Always 1.
    pub schema_version: Version1,
    /// Always `pr_review`.
    pub kind: KindTag<Self>,
    /// The nonce that the question states. A published review has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(required)]
    pub nonce: Option<Text>,
    /// Whether the change is approved as it is, without conditions.
    pub state: ReviewVerdict,
    /// A description of the review, for people. It does not change the vote: a condition or a doubt is a finding.
    pub summary: Text,
    /// New findings that must be fixed before approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocking_items: Option<Vec<Text>>,
    /// New small findings in changed files, to be fixed in this change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_pr_followups: Option<Vec<Text>>,
    /// New findings that deserve a separate change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub future_followups: Option<Vec<Text>>,
    /// The status of each item that was shown.
    pub prior_item_dispositions: Vec<ItemDisposition<ChangeItemStatus>>,
    /// The ids of the human requirements that the change fulfils.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub human_requirements_resolved: Option<Vec<Text>>,
    /// The parts of the change that were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Vec<Coverage>>,
    /// The parts of the change that could not be read or judged, each with the reason. An approval has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreviewed: Option<Vec<Text>>,
}

/// The status of an item, in the words of a review of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeItemStatus {
    /// The item is done.
    Resolved,
    /// The item must be fixed.
    Blocking,
    /// The item is small and must be fixed in this pull request.
    SamePr,
    /// The item deserves a separate change.
    Future,
}

impl From<ChangeItemStatus> for ItemStatus {
    fn from(value: ChangeItemStatus) -> Self {
        match value {
            ChangeItemStatus::Resolved => Self::Resolved,
            ChangeItemStatus::Blocking => Self::Blocking,
            ChangeItemStatus::SamePr => Self::SamePr,
            ChangeItemStatus::Future => Self::Future,
        }
    }
}

/// The parts of a file that a reviewer has read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// The file.
    pub path: Text,
    /// The tokens of its hunks.
    pub hunks: Vec<Text>,
}

impl Kind for PrReview {
    const KIND: ResponseKind = ResponseKind::PrReview;
    type Meaning = Judgement;

    fn verdict(&self) -> Option<&'static str> {
        Some(self.state.name())
    }

    fn meaning(&self, expectation: &Expectation, report: &mut RuleReport) -> Judgement {
        self.content().judge(expectation, report)
    }

    fn take_older_acknowledgement(&mut self, expectation: &Expectation) {
        if self.human_requirements_resolved.as_ref().is_none_or(Vec::is_empty) {
            self.human_requirements_resolved = Some(expectation.requirement_texts());
        }
    }
}

impl ReviewKind for PrReview {
    fn content(&self) -> ReviewContent<'_> {
        ReviewContent {
            verdict: self.state,
            findings: [
                (ItemStatus::Blocking, self.blocking_items.as_deref().unwrap_or_default()),
                (ItemStatus::SamePr, self.same_pr_followups.as_deref().unwrap_or_default()),
                (ItemStatus::Future, self.future_followups.as_deref().unwrap_or_default()),
            ],
            dispositions: self.prior_item_dispositions.iter().map(ItemDisposition::given).collect(),
            dispositions_path: "/prior_item_dispositions",
            resolved_requirements: self.human_requirements_resolved.as_deref().unwrap_or_default(),
            unreviewed: self.unreviewed.as_deref().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ItemId;
    use crate::protocol::expectation::{Owner, ShownItem};

    fn review(json: &str) -> PrReview {
        serde_json::from_str(json).unwrap()
    }

    fn expecting(status: ItemStatus, owner: Owner) -> Expectation {
        let shown = vec![ShownItem { id: ItemId::numbered(1), status, owner }];
        Expectation { shown, ..Expectation::bare(ResponseKind::PrReview) }
    }

    fn nothing_shown() -> Expectation {
        Expectation::bare(ResponseKind::PrReview)
    }

    #[test]
    fn blocking_without_findings_is_malformed() {
        let empty = review(
            r#"{"schema_version":1,"kind":"pr_review","state":"blocking","summary":"hm","prior_item_dispositions":[]}"#,
        );
        assert!(empty.judged(&nothing_shown()).is_err());
    }

    #[test]
    fn an_approval_leaves_nothing_open() {
        let contradiction = review(
            r#"{"schema_version":1,"kind":"pr_review","state":"approved","summary":"ok","blocking_items":["x"],"prior_item_dispositions":[]}"#,
        );
        assert!(contradiction.judged(&nothing_shown()).is_err());
        let active = review(
            r#"{"schema_version":1,"kind":"pr_review","state":"approved","summary":"ok","prior_item_dispositions":[{"item_id":"item-1","disposition":"blocking"}]}"#,
        );
        for owner in [Owner::Reviewer, Owner::FormerReviewer] {
            assert!(active.judged(&expecting(ItemStatus::Blocking, owner)).is_err());
        }
        assert!(active.judged(&nothing_shown()).is_err(), "an unknown id is a contradiction too");
    }

    #[test]
    fn an_approval_covers_the_whole_change() {
        let judged = |unreviewed: &str| {
            review(&format!(
                r#"{{"schema_version":1,"kind":"pr_review","state":"approved","summary":"ok","prior_item_dispositions":[],"unreviewed":["{unreviewed}"]}}"#,
            ))
            .judged(&nothing_shown())
        };
        assert!(judged("lib/table.js: larger than I can read").is_err());
        assert!(judged("none").is_ok(), "a placeholder names nothing");
    }

    #[test]
    fn all_but_gate_items_need_dispositions() {
        let silent = review(
            r#"{"schema_version":1,"kind":"pr_review","state":"approved","summary":"ok","prior_item_dispositions":[]}"#,
        );
        assert!(silent.judged(&expecting(ItemStatus::Blocking, Owner::Reviewer)).is_err());
        assert!(silent.judged(&expecting(ItemStatus::Blocking, Owner::Gate)).is_ok());
    }

    #[test]
    fn repeated_findings_count_once_as_stronger() {
        let twice = review(
            r#"{"schema_version":1,"kind":"pr_review","state":"blocking","summary":"s","blocking_items":["- **Fix** it."],"same_pr_followups":["fix it"],"prior_item_dispositions":[]}"#,
        );
        let (judgement, _) = twice.judged(&nothing_shown()).unwrap();
        assert_eq!(judgement.findings, [(ItemStatus::Blocking, "- **Fix** it.".to_owned())]);
    }

    #[test]
    fn blocking_reviews_postpone_no_must_fix() {
        let lowering = review(
            r#"{"schema_version":1,"kind":"pr_review","state":"blocking","summary":"s","blocking_items":["y"],"prior_item_dispositions":[{"item_id":"item-1","disposition":"future"}]}"#,
        );
        assert!(lowering.judged(&expecting(ItemStatus::Blocking, Owner::Reviewer)).is_err());
        assert!(lowering.judged(&expecting(ItemStatus::Future, Owner::Reviewer)).is_ok());
    }
}
