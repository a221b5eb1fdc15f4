//! `plan_review`: a reviewer's answer on a plan. The rules are those of a review of a change.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::agent::ResponseKind;
use crate::domain::item_status::ItemStatus;

use super::super::expectation::{Expectation, Verdicts};
use super::super::findings::{Disposed, Judgement, Reviewed, acknowledge};
use super::super::text::{State, Text, Version1};
use super::Kind;

/// The value of `kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanReviewKind {
    /// `plan_review`
    PlanReview,
}

/// A review of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanReview {
    /// Always 1.
    pub schema_version: Version1,
    /// Always `plan_review`.
    pub kind: PlanReviewKind,
    /// Whether the plan is approved as it is.
    pub state: State,
    /// What was looked at and what was found, for people.
    pub summary: Text,
    /// New findings that must be mended before approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocking_plan_issues: Option<Vec<Text>>,
    /// New small findings, to be mended in this plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_plan_followups: Option<Vec<Text>>,
    /// New findings that are worth a change of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub future_followups: Option<Vec<Text>>,
    /// Where each item that was shown stands now.
    pub prior_plan_item_dispositions: Vec<PlanItemDisposition>,
    /// The ids of the human requirements that the plan fulfils.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub human_requirements_resolved: Option<Vec<Text>>,
}

/// A word on an item that was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanItemDisposition {
    /// The item's id.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"))]
    pub item_id: String,
    /// Where it stands.
    pub disposition: PlanDispositionValue,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// Where an item of a plan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PlanDispositionValue {
    /// It is done.
    Resolved,
    /// It must be mended.
    Blocking,
    /// It is small and must be mended in this plan.
    SamePlan,
    /// It is worth a change of its own.
    Future,
}

impl From<PlanDispositionValue> for ItemStatus {
    fn from(value: PlanDispositionValue) -> Self {
        match value {
            PlanDispositionValue::Resolved => Self::Resolved,
            PlanDispositionValue::Blocking => Self::Blocking,
            // In the ledger there is one standing for what is to be done within the scope at hand.
            PlanDispositionValue::SamePlan => Self::SamePr,
            PlanDispositionValue::Future => Self::Future,
        }
    }
}

impl PlanItemDisposition {
    pub(super) fn disposed(&self) -> Disposed<'_> {
        Disposed { item_id: &self.item_id, standing: self.disposition.into(), note: self.note.as_ref() }
    }
}

impl Kind for PlanReview {
    const KIND: ResponseKind = ResponseKind::PlanReview;
    type Meaning = Judgement;

    fn verdict(&self) -> Option<&'static str> {
        Some(self.state.name())
    }

    fn meaning(&self, expectation: &Expectation, said: &mut Verdicts) -> Judgement {
        let reviewed = Reviewed {
            state: self.state,
            lists: [
                (ItemStatus::Blocking, self.blocking_plan_issues.as_ref()),
                (ItemStatus::SamePr, self.same_plan_followups.as_ref()),
                (ItemStatus::Future, self.future_followups.as_ref()),
            ],
            path: "/prior_plan_item_dispositions",
            disposed: self.prior_plan_item_dispositions.iter().map(PlanItemDisposition::disposed).collect(),
        };
        let judgement = reviewed.judge(expectation, said);
        acknowledge(self.state, self.human_requirements_resolved.as_ref(), expectation, said);
        judgement
    }

    fn take_older_acknowledgement(&mut self, expectation: &Expectation) {
        self.human_requirements_resolved.get_or_insert_with(|| expectation.requirement_texts());
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
    fn a_plan_is_reviewed_by_the_rules_of_a_change() {
        let bare = Expectation::bare(ResponseKind::PlanReview);
        assert!(review(r#""state":"blocking""#).judged(&bare).is_err());
        assert!(review(r#""state":"approved","same_plan_followups":["x"]"#).judged(&bare).is_err());
        assert!(review(r#""state":"approved","future_followups":["x"]"#).judged(&bare).is_ok());
        assert!(review(r#""state":"blocking","blocking_plan_issues":["x"]"#).judged(&bare).is_ok());
    }
}
