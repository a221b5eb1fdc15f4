//! `implementation`: the coder's first answer on an issue or a task.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::expectation::Complaint;
use super::text::{HumanRequirements, Text, Version1};

/// The value of `kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImplementationKind {
    /// `implementation`
    Implementation,
}

/// What the coder did, or what it has to know first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Implementation {
    /// Always 1.
    pub schema_version: Version1,
    /// Always `implementation`.
    pub kind: ImplementationKind,
    /// What was done and why, for reviewers.
    pub summary: Text,
    /// The title of the pull request. Required unless there are questions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pr_title: Option<Text>,
    /// The description of the pull request. Required unless there are questions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pr_body: Option<Text>,
    /// The exact tests that were run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests_run: Option<Vec<Text>>,
    /// The word on what people asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub human_requirements: Option<HumanRequirements>,
    /// What has to be known before the work can be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clarification: Option<ClarificationWanted>,
}

/// Questions to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClarificationWanted {
    /// At least one.
    #[schemars(length(min = 1))]
    pub questions: Vec<Text>,
}

/// An implementation that keeps the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The work is done.
    Done {
        /// The title of the pull request, one line.
        title: String,
        /// Its description.
        body: String,
        /// What was done and why.
        summary: String,
    },
    /// A person must answer first.
    Questions(Vec<String>),
}

/// The longest title that a forge shows in full.
const TITLE_LIMIT: usize = 120;

impl Implementation {
    /// What the answer comes to.
    ///
    /// # Errors
    /// With every rule that it breaks.
    pub fn delivery(&self) -> Result<Delivery, Vec<Complaint>> {
        if let Some(wanted) = &self.clarification {
            return if wanted.questions.is_empty() {
                Err(vec![Complaint::new("/clarification/questions", "at least one question", "none")])
            } else {
                Ok(Delivery::Questions(
                    wanted.questions.iter().map(|text| text.as_str().to_owned()).collect(),
                ))
            };
        }
        let missing = |path| Complaint::new(path, "a text (required without `clarification`)", "nothing");
        match (&self.pr_title, &self.pr_body) {
            (Some(title), Some(body)) => Ok(Delivery::Done {
                title: one_line(title.as_str()),
                body: body.as_str().to_owned(),
                summary: self.summary.as_str().to_owned(),
            }),
            (None, Some(_)) => Err(vec![missing("/pr_title")]),
            (Some(_), None) => Err(vec![missing("/pr_body")]),
            (None, None) => Err(vec![missing("/pr_title"), missing("/pr_body")]),
        }
    }
}

/// A title on one line, at most 120 characters.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(TITLE_LIMIT).collect()
}
