//! `plan_revision`: the coder's plan after a review of the previous one. It never approves itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::agent::ResponseKind;
use crate::domain::item_status::Disposition;

use super::super::expectation::{Complaint, Expectation, Owner, RuleReport};
use super::super::findings::{GivenDisposition, dispositions};
use super::super::recorded::{ItemNote, Reply, ReplyKind};
use super::super::text::{Text, Version1};
use super::Kind;
use super::plan_review::PlanItemStatus;
use super::shared::{DeferredStage, HumanRequirements, ItemDisposition, KindTag};

/// The value of `state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RevisionState {
    /// A revised plan waits for its review.
    Blocking,
}

/// A complete revised plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanRevision {
    /// Always 1.
    pub schema_version: Version1,
    /// Always `plan_revision`.
    pub kind: KindTag<Self>,
    /// Always `blocking`: reviewers decide.
    pub state: RevisionState,
    /// What was changed and why.
    pub summary: Text,
    /// The status of each item that was shown.
    pub prior_plan_item_dispositions: Vec<ItemDisposition<PlanItemStatus>>,
    /// All steps, in order.
    #[schemars(length(min = 1))]
    pub plan_steps: Vec<Text>,
    /// Stages that are deliberately left for later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred_stages: Option<Vec<DeferredStage>>,
    /// The acknowledgement of human requirements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub human_requirements: Option<HumanRequirements>,
}

/// A valid revised plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisedPlan {
    /// The steps.
    pub steps: Vec<String>,
    /// The coder's dispositions of known items.
    pub dispositions: Vec<Disposition>,
}

impl Kind for PlanRevision {
    const KIND: ResponseKind = ResponseKind::PlanRevision;
    type Meaning = RevisedPlan;

    fn meaning(&self, expectation: &Expectation, report: &mut RuleReport) -> RevisedPlan {
        let path = "/prior_plan_item_dispositions";
        let given: Vec<GivenDisposition<'_>> =
            self.prior_plan_item_dispositions.iter().map(ItemDisposition::given).collect();
        let dispositions = dispositions(path, &given, expectation, report);
        for shown in &expectation.shown {
            let is_disposed = dispositions.iter().any(|one| one.item == shown.id);
            if shown.owner != Owner::Gate && shown.status.must_fix() && !is_disposed {
                let expected = format!("what was done about `{}`", shown.id);
                report.complaints.push(Complaint::new(path, expected, "nothing").about([&shown.id]));
            }
        }
        if self.plan_steps.is_empty() {
            report.complain("/plan_steps", "at least one step", "none");
        }
        HumanRequirements::check(self.human_requirements.as_ref(), expectation, report);
        let steps = self.plan_steps.iter().map(|step| step.as_str().to_owned()).collect();
        RevisedPlan { steps, dispositions }
    }
}

impl ReplyKind for PlanRevision {
    /// Returns the notes. Items of a plan cannot be disputed.
    fn reply(&self) -> Reply {
        let dispositions = self.prior_plan_item_dispositions.iter();
        let notes =
            dispositions.filter_map(|given| ItemNote::new(&given.item_id, given.note.as_ref()?.as_str()));
        Reply { notes: notes.collect(), disputes: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ItemId;
    use crate::domain::item_status::ItemStatus;
    use crate::protocol::expectation::ShownItem;

    fn revision(dispositions: &str) -> PlanRevision {
        let json = format!(
            r#"{{"schema_version":1,"kind":"plan_revision","state":"blocking","summary":"s","plan_steps":["one"],"prior_plan_item_dispositions":[{dispositions}]}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn every_open_item_is_spoken_of() {
        let shown =
            ShownItem { id: ItemId::numbered(1), status: ItemStatus::Blocking, owner: Owner::Reviewer };
        let expectation = Expectation { shown: vec![shown], ..Expectation::bare(ResponseKind::PlanRevision) };
        assert!(revision("").judged(&expectation).is_err());
        assert!(revision(r#"{"item_id":"item-1","disposition":"resolved"}"#).judged(&expectation).is_ok());
    }

    #[test]
    fn no_coder_approves_its_own_plan() {
        let json = r#"{"schema_version":1,"kind":"plan_revision","state":"approved","summary":"s","plan_steps":["one"],"prior_plan_item_dispositions":[]}"#;
        assert!(serde_json::from_str::<PlanRevision>(json).is_err());
    }

    #[test]
    fn a_plans_notes_are_its_reply() {
        let noted = revision(
            r#"{"item_id":"item-1","disposition":"future","note":"later"},{"item_id":"item-2","disposition":"resolved"}"#,
        );
        let note = ItemNote { item: ItemId::numbered(1), text: "later".to_owned() };
        assert_eq!(noted.reply(), Reply { notes: vec![note], disputes: Vec::new() });
    }
}
