//! `plan_state`: the coder's first plan for an issue.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::agent::ResponseKind;
use crate::domain::plan::Plan;

use super::super::expectation::{Expectation, RuleReport};
use super::super::text::{Text, Version1};
use super::Kind;
use super::shared::{ClarificationWanted, DeferredStage, HumanRequirements, KindTag, OrQuestions, plan};

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

impl Kind for PlanState {
    const KIND: ResponseKind = ResponseKind::PlanState;
    type Meaning = OrQuestions<Plan>;

    fn meaning(&self, expectation: &Expectation, report: &mut RuleReport) -> OrQuestions<Plan> {
        if let Some(wanted) = &self.clarification {
            return OrQuestions::Questions(wanted.to_strings());
        }
        HumanRequirements::check(self.human_requirements.as_ref(), expectation, report);
        OrQuestions::Done(self.plan(report))
    }
}

impl PlanState {
    fn plan(&self, report: &mut RuleReport) -> Plan {
        let stages = self.deferred_stages.as_deref().unwrap_or_default();
        plan(self.plan_steps.as_deref().unwrap_or_default(), stages, report)
    }

    /// Returns the plan of a recorded answer.
    pub fn recorded(&self) -> Plan {
        self.plan(&mut RuleReport::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(rest: &str) -> Result<OrQuestions<Plan>, String> {
        let json = format!(r#"{{"schema_version":1,"kind":"plan_state","summary":"s"{rest}}}"#);
        let state: PlanState = serde_json::from_str(&json).unwrap();
        let judged = state.judged(&Expectation::bare(ResponseKind::PlanState));
        judged.map(|(meaning, _)| meaning).map_err(|complaints| complaints[0].to_string())
    }

    #[test]
    fn a_plan_has_steps_or_questions() {
        assert!(judged("").is_err());
        assert!(judged(r#","plan_steps":[]"#).is_err());
        let steps = vec!["one".to_owned()];
        let plan = Plan { steps, deferred: Vec::new() };
        assert_eq!(judged(r#","plan_steps":["one"]"#), Ok(OrQuestions::Done(plan)));
        let asks = judged(r#","clarification":{"questions":["Which?"]}"#);
        assert!(matches!(asks, Ok(OrQuestions::Questions(_))));
    }

    #[test]
    fn a_long_plan_is_malformed() {
        let steps = |count: usize, length: usize| {
            let step = format!("\"{}\"", "x".repeat(length));
            format!(r#","plan_steps":[{}]"#, vec![step; count].join(","))
        };
        assert!(judged(&steps(20, 500)).is_ok());
        assert!(judged(&steps(21, 1)).unwrap_err().contains("1 to 20 steps"));
        assert!(judged(&steps(2, 6_000)).unwrap_err().contains("12000 characters"));
    }

    #[test]
    fn stages_have_titles_of_their_own() {
        let stages = |titles: &[&str]| {
            let stage = |title: &&str| format!(r#"{{"title":"{title}","summary":"s"}}"#);
            let stages = titles.iter().map(stage).collect::<Vec<_>>().join(",");
            judged(&format!(r#","plan_steps":["one"],"deferred_stages":[{stages}]"#))
        };
        assert!(stages(&["Über", "über  alles"]).is_ok());
        assert!(stages(&["Über  alles", "über ALLES"]).unwrap_err().contains("no earlier stage"));
        assert!(stages(&["1", "2", "3", "4", "5", "6", "7", "8", "9"]).unwrap_err().contains("merge some"));
    }
}
