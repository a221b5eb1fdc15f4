//! `plan_state`: the coder's first plan for an issue.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::agent::ResponseKind;

use super::super::expectation::{Expectation, RuleReport};
use super::super::text::{Text, Version1};
use super::Kind;
use super::shared::{ClarificationWanted, DeferredStage, HumanRequirements, KindTag};

/// A plan, or the coder's questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanState {
    /// Always 1.
    pub schema_version: Version1,
    /// Always `plan_state`.
    pub kind: KindTag<Self>,
    /// A summary of the plan and the reasons for its structure.
    pub summary: Text,
    /// The steps, in order. At least one unless there are questions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_steps: Option<Vec<Text>>,
    /// Stages that are deliberately left for later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred_stages: Option<Vec<DeferredStage>>,
    /// The acknowledgement of human requirements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub human_requirements: Option<HumanRequirements>,
    /// Questions that a person must answer first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clarification: Option<ClarificationWanted>,
}

/// A valid first plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstPlan {
    /// The steps.
    Steps(Vec<String>),
    /// A person must answer first.
    Questions(Vec<String>),
}

impl Kind for PlanState {
    const KIND: ResponseKind = ResponseKind::PlanState;
    type Meaning = FirstPlan;

    fn meaning(&self, expectation: &Expectation, report: &mut RuleReport) -> FirstPlan {
        if let Some(wanted) = &self.clarification {
            return FirstPlan::Questions(wanted.to_strings());
        }
        let steps: Vec<String> =
            self.plan_steps.iter().flatten().map(|step| step.as_str().to_owned()).collect();
        if steps.is_empty() {
            report.complain("/plan_steps", "at least one step (required without `clarification`)", "none");
        }
        HumanRequirements::check(self.human_requirements.as_ref(), expectation, report);
        FirstPlan::Steps(steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(rest: &str) -> PlanState {
        serde_json::from_str(&format!(r#"{{"schema_version":1,"kind":"plan_state","summary":"s"{rest}}}"#))
            .unwrap()
    }

    #[test]
    fn a_plan_has_steps_or_questions() {
        let bare = Expectation::bare(ResponseKind::PlanState);
        assert!(plan("").judged(&bare).is_err());
        assert!(plan(r#","plan_steps":[]"#).judged(&bare).is_err());
        assert_eq!(
            plan(r#","plan_steps":["one"]"#).judged(&bare).unwrap().0,
            FirstPlan::Steps(vec!["one".to_owned()])
        );
        assert!(matches!(
            plan(r#","clarification":{"questions":["Which?"]}"#).judged(&bare).unwrap().0,
            FirstPlan::Questions(_)
        ));
    }
}
