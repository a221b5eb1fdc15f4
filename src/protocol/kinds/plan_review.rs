//! `plan_review`: a reviewer's answer on a plan. The rules are the same as for a review of a change.

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

/// A review of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanReview {
    /// Always 1.
    pub schema_version: Version1,
    /// Always `plan_review`.
    pub kind: KindTag<Self>,
    /// The nonce that the question states. A published review has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(required)]
    pub nonce: Option<Text>,
    /// Whether the plan is approved as it is, without conditions.
    pub state: ReviewVerdict,
    /// A description of the review, for people. It does not change the vote: a condition or a doubt is a finding.
    pub summary: Text,
    /// New findings that must be fixed before approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocking_plan_issues: Option<Vec<Text>>,
    /// New small findings, to be fixed in this plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_plan_followups: Option<Vec<Text>>,
    /// New findings that deserve a separate change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub future_followups: Option<Vec<Text>>,
    /// The status of each item that was shown.
    pub prior_plan_item_dispositions: Vec<ItemDisposition<PlanItemStatus>>,
    /// The ids of the human requirements that the plan fulfils.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub human_requirements_resolved: Option<Vec<Text>>,
}

/// The status of an item, in the words of a review of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PlanItemStatus {
    /// The item is done.
    Resolved,
    /// The item must be fixed.
    Blocking,
    /// The item is small and must be fixed in this plan.
    SamePlan,
    /// The item deserves a separate change.
    Future,
}

impl From<PlanItemStatus> for ItemStatus {
    fn from(value: PlanItemStatus) -> Self {
        match value {
            PlanItemStatus::Resolved => Self::Resolved,
            PlanItemStatus::Blocking => Self::Blocking,
            // The ledger has one status for work within the present scope.
            PlanItemStatus::SamePlan => Self::SamePr,
            PlanItemStatus::Future => Self::Future,
        }
    }
}

impl Kind for PlanReview {
    const KIND: ResponseKind = ResponseKind::PlanReview;
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

impl ReviewKind for PlanReview {
    fn content(&self) -> ReviewContent<'_> {
        ReviewContent {
            verdict: self.state,
            findings: [
                (ItemStatus::Blocking, self.blocking_plan_issues.as_deref().unwrap_or_default()),
                (ItemStatus::SamePr, self.same_plan_followups.as_deref().unwrap_or_default()),
                (ItemStatus::Future, self.future_followups.as_deref().unwrap_or_default()),
            ],
            dispositions: self.prior_plan_item_dispositions.iter().map(ItemDisposition::given).collect(),
            dispositions_path: "/prior_plan_item_dispositions",
            resolved_requirements: self.human_requirements_resolved.as_deref().unwrap_or_default(),
            unreviewed: &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review(rest: &str) -> PlanReview {
        let json = format!(
            r#"{{"schema_version":1,"kind":"plan_review","summary":"s","prior_plan_item_dispositions":[],{rest}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn plan_reviews_follow_change_review_rules() {
        let bare = Expectation::bare(ResponseKind::PlanReview);
        assert!(review(r#""state":"blocking""#).judged(&bare).is_err());
        assert!(review(r#""state":"approved","same_plan_followups":["x"]"#).judged(&bare).is_err());
        assert!(review(r#""state":"approved","future_followups":["x"]"#).judged(&bare).is_ok());
        assert!(review(r#""state":"blocking","blocking_plan_issues":["x"]"#).judged(&bare).is_ok());
    }
}
