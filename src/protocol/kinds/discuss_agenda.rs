//! `discuss_agenda`: an analyzer's summary of a round of a debate: agreements, disagreements, next questions.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::agent::ResponseKind;

use super::super::expectation::{Complaint, Expectation, ResearchPolicy, RuleReport};
use super::super::text::{Text, Version1};
use super::Kind;
use super::shared::KindTag;

/// The agenda of the next round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscussAgenda {
    /// Always 1.
    pub schema_version: Version1,
    /// Always `discuss_agenda`.
    pub kind: KindTag<Self>,
    /// Points on which all debaters agree.
    pub consensus: Vec<Text>,
    /// Points on which they disagree.
    pub disagreements: Vec<Disagreement>,
    /// Facts that are missing in the debate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_facts: Option<Vec<Text>>,
    /// Whether research is required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub research_required: Option<bool>,
    /// The questions to research; present only if research is required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub research_questions: Option<Vec<Text>>,
}

/// A point on which debaters disagree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Disagreement {
    /// The topic.
    pub topic: Text,
    /// The position of each debater, by label.
    pub positions: BTreeMap<String, Text>,
    /// The question for the next round.
    pub question_for_next_round: Text,
}

impl Kind for DiscussAgenda {
    const KIND: ResponseKind = ResponseKind::DiscussAgenda;
    type Meaning = ();

    fn meaning(&self, expectation: &Expectation, report: &mut RuleReport) {
        let debaters = expectation.debate.as_ref().map_or(&[][..], |debate| &debate.debaters);
        for (place, disagreement) in self.disagreements.iter().enumerate() {
            if disagreement.positions.is_empty() {
                let path = format!("/disagreements/{place}/positions");
                report.complain(path, "the position of at least one debater", "none");
            }
            for name in disagreement.positions.keys() {
                if !debaters.iter().any(|debater| debater.as_str() == name) {
                    let path = format!("/disagreements/{place}/positions/{name}");
                    report.complaints.push(Complaint::new(
                        path,
                        "the label of a debater",
                        format!("`{name}`"),
                    ));
                }
            }
        }
        if expectation.debate.as_ref().is_some_and(|debate| debate.research == ResearchPolicy::Forbidden) {
            return;
        }
        let questions = self.research_questions.as_ref().map_or(0, Vec::len);
        match (self.research_required.unwrap_or(false), questions) {
            (true, 0) => {
                report.complain("/research_questions", "at least one, as research is required", "none");
            }
            (false, 1..) => {
                report.complain("/research_required", "true, as there are questions to look up", "false");
            }
            (true, 1..) | (false, 0) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::expectation::Debate;

    fn holds(rest: &str) -> bool {
        let json = format!(r#"{{"schema_version":1,"kind":"discuss_agenda","consensus":[]{rest}}}"#);
        let agenda: DiscussAgenda = serde_json::from_str(&json).unwrap();
        let debaters = vec!["codex".parse().unwrap()];
        let debate = Some(Debate { round: 1, debaters, research: ResearchPolicy::Optional });
        agenda.judged(&Expectation { debate, ..Expectation::bare(ResponseKind::DiscussAgenda) }).is_ok()
    }

    #[test]
    fn positions_are_those_of_debaters() {
        let of = |name: &str| {
            format!(
                r#","disagreements":[{{"topic":"t","positions":{{"{name}":"p"}},"question_for_next_round":"q"}}]"#
            )
        };
        assert!(holds(&of("codex")));
        assert!(!holds(&of("stranger")));
        let nobody = r#","disagreements":[{"topic":"t","positions":{},"question_for_next_round":"q"}]"#;
        assert!(!holds(nobody));
    }

    #[test]
    fn research_and_its_questions_go_together() {
        let rest = r#","disagreements":[]"#;
        assert!(holds(rest));
        assert!(!holds(&format!(r#"{rest},"research_required":true"#)));
        assert!(!holds(&format!(r#"{rest},"research_questions":["q"]"#)));
        assert!(holds(&format!(r#"{rest},"research_required":true,"research_questions":["q"]"#)));
    }
}
