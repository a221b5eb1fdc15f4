//! `implementation`: the coder's first answer on an issue or a task.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::agent::ResponseKind;

use super::super::expectation::{Expectation, RuleReport};
use super::super::text::{Text, Version1};
use super::Kind;
use super::shared::{ClarificationWanted, HumanRequirements, KindTag, OrQuestions};

/// The coder's change, or its questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Implementation {
    /// Always 1.
    pub schema_version: Version1,
    /// Always `implementation`.
    pub kind: KindTag<Self>,
    /// What was done and why, for reviewers.
    pub summary: Text,
    /// The title of the pull request. Required unless there are questions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pr_title: Option<Text>,
    /// The description of the pull request. Required unless there are questions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pr_body: Option<Text>,
    /// The exact test commands that were run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests_run: Option<Vec<Text>>,
    /// The acknowledgement of human requirements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub human_requirements: Option<HumanRequirements>,
    /// Questions that a person must answer first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clarification: Option<ClarificationWanted>,
}

/// A finished change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Implemented {
    /// The title of the pull request, one line.
    pub title: String,
    /// The description of the pull request.
    pub body: String,
    /// What was done and why.
    pub summary: String,
}

/// The maximum length of a title that a forge shows in full.
const TITLE_LIMIT: usize = 120;

impl Kind for Implementation {
    const KIND: ResponseKind = ResponseKind::Implementation;
    type Meaning = OrQuestions<Implemented>;

    fn meaning(&self, expectation: &Expectation, report: &mut RuleReport) -> OrQuestions<Implemented> {
        if let Some(wanted) = &self.clarification {
            return OrQuestions::Questions(wanted.to_strings());
        }
        let required = "a text (required without `clarification`)";
        for (path, text) in [("/pr_title", &self.pr_title), ("/pr_body", &self.pr_body)] {
            if text.is_none() {
                report.complain(path, required, "nothing");
            }
        }
        HumanRequirements::check(self.human_requirements.as_ref(), expectation, report);
        let words =
            |text: &Option<Text>| text.as_ref().map_or_else(String::new, |text| text.as_str().to_owned());
        OrQuestions::Done(Implemented {
            title: one_line(&words(&self.pr_title)),
            body: words(&self.pr_body),
            summary: self.summary.as_str().to_owned(),
        })
    }
}

/// Returns a title on one line, at most 120 characters long.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(TITLE_LIMIT).collect()
}
