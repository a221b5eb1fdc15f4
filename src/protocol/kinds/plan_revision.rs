//! `plan_revision`: the coder's plan after a review of the previous one. It never approves itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::agent::ResponseKind;
use crate::domain::item_status::{Disposition, ItemStatus};
use crate::domain::plan::Plan;

use super::super::expectation::{Complaint, Expectation, Owner, RuleReport};
use super::super::findings::{GivenDisposition, dispositions};
use super::super::recorded::{ItemNote, Reply, ReplyKind};
use super::super::text::{Text, Version1};
use super::Kind;
use super::plan_review::PlanItemStatus;
use super::shared::{DeferredStage, HumanRequirements, ItemDisposition, KindTag, plan};

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
    pub plan: Plan,
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
        for shown in expectation.shown.iter().filter(|shown| shown.status.must_fix()) {
            let complain = |expected: String, found| Complaint::new(path, expected, found).about([&shown.id]);
            match dispositions.iter().find(|one| one.item == shown.id) {
                None if shown.owner == Owner::Gate => {}
                None => {
                    let expected = format!("what was done about `{}`", shown.id);
                    report.complaints.push(complain(expected, "nothing"));
                }
                Some(one) if one.status == ItemStatus::Future && one.note.is_none() => {
                    let expected = format!("a note with the evidence against `{}`", shown.id);
                    report.complaints.push(complain(expected, "future without a note"));
                }
                Some(_) => {}
            }
        }
        HumanRequirements::check(self.human_requirements.as_ref(), expectation, report);
        RevisedPlan { plan: self.plan(report), dispositions }
    }
}

impl PlanRevision {
    fn plan(&self, report: &mut RuleReport) -> Plan {
        plan(&self.plan_steps, self.deferred_stages.as_deref().unwrap_or_default(), report)
    }

    /// Returns the plan of a recorded answer.
    pub fn recorded(&self) -> Plan {
        self.plan(&mut RuleReport::default())
    }
}

impl ReplyKind for PlanRevision {
    /// Returns the notes. The coder disputes a finding by calling it `future`, with its evidence as the note.
    fn reply(&self) -> Reply {
        let (mut notes, mut disputes) = (Vec::new(), Vec::new());
        for given in self.prior_plan_item_dispositions.iter().map(ItemDisposition::given) {
            let note = given.note.and_then(|note| ItemNote::new(given.item_id, note.as_str()));
            match given.status {
                ItemStatus::Future => disputes.extend(note),
                ItemStatus::Resolved | ItemStatus::Blocking | ItemStatus::SamePr => notes.extend(note),
            }
        }
        Reply { notes, disputes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ItemId;
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
    fn a_postponed_finding_is_disputed() {
        let noted = revision(
            r#"{"item_id":"item-1","disposition":"future","note":"later"},{"item_id":"item-2","disposition":"resolved","note":"done"}"#,
        );
        let note = |number, text: &str| ItemNote { item: ItemId::numbered(number), text: text.to_owned() };
        assert_eq!(noted.reply(), Reply { notes: vec![note(2, "done")], disputes: vec![note(1, "later")] });
        let shown =
            ShownItem { id: ItemId::numbered(1), status: ItemStatus::Blocking, owner: Owner::Reviewer };
        let expectation = Expectation { shown: vec![shown], ..Expectation::bare(ResponseKind::PlanRevision) };
        assert!(revision(r#"{"item_id":"item-1","disposition":"future"}"#).judged(&expectation).is_err());
    }
}
