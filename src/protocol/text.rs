//! The small types that every response kind is made of: trimmed texts, the version, shared parts.

use std::borrow::Cow;
use std::collections::BTreeSet;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::expectation::{Complaint, Expectation, SurfacedExtent, Verdicts};

/// A text that says something: trimmed, never empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text(String);

impl Text {
    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Text {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let trimmed = text.trim();
        if trimmed.is_empty() { Err("a text that is not empty") } else { Ok(Self(trimmed.to_owned())) }
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0
    }
}

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "\\S" })
    }

    fn inline_schema() -> bool {
        true
    }
}

/// The version of the protocol: the integer 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Version1;

impl TryFrom<u64> for Version1 {
    type Error = &'static str;

    fn try_from(version: u64) -> Result<Self, Self::Error> {
        if version == 1 { Ok(Self) } else { Err("schema_version 1") }
    }
}

impl From<Version1> for u64 {
    fn from(_: Version1) -> Self {
        1
    }
}

impl JsonSchema for Version1 {
    fn schema_name() -> Cow<'static, str> {
        "Version1".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "const": 1 })
    }

    fn inline_schema() -> bool {
        true
    }
}

/// Whether an answer approves. A coder's own word of this kind is shown and steers nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It does.
    Approved,
    /// It does not.
    Blocking,
}

impl State {
    /// The value used in answers, footers and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Blocking => "blocking",
        }
    }
}

/// The coder's word on what people asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HumanRequirements {
    /// The ids that the change takes care of.
    pub addressed_ids: Vec<Text>,
    /// Whether the whole discussion was read, beyond what the prompt shows.
    pub checked_discussion_directly: bool,
}

impl HumanRequirements {
    /// Every requirement that was shown is acknowledged, exactly; where none was shown there is nothing to say.
    pub(super) fn check(said_of_them: Option<&Self>, expectation: &Expectation, said: &mut Verdicts) {
        let path = "/human_requirements";
        let shown: BTreeSet<&str> = expectation
            .requirements
            .ids
            .iter()
            .map(super::super::domain::ids::RequirementId::as_str)
            .collect();
        let listed = said_of_them.map_or(&[][..], |word| &word.addressed_ids);
        let named: BTreeSet<&str> = listed.iter().map(Text::as_str).collect();
        let complain = |expected: &str, found: String, ids: Vec<&&str>| {
            Complaint::new(path, expected, found).about(ids).of_acknowledgement()
        };
        if named != shown || listed.len() != named.len() {
            let found = if listed.is_empty() { "none".to_owned() } else { quoted(&named) };
            let expected = if shown.is_empty() {
                "no ids, since no requirement was shown".to_owned()
            } else {
                format!("each of {} once in `addressed_ids`", quoted(&shown))
            };
            let ids = shown.symmetric_difference(&named).collect();
            said.complaints.push(complain(&expected, found, ids));
        }
        let read_all = said_of_them.is_some_and(|word| word.checked_discussion_directly);
        if expectation.requirements.extent == SurfacedExtent::Bounded && !read_all {
            let expected =
                "`checked_discussion_directly` true, since requirements were left out of the prompt";
            said.complaints.push(complain(expected, "false".to_owned(), Vec::new()));
        }
    }
}

fn quoted(ids: &BTreeSet<&str>) -> String {
    ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
}

/// Questions to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClarificationWanted {
    /// At least one.
    #[schemars(length(min = 1))]
    pub questions: Vec<Text>,
}

impl ClarificationWanted {
    /// The questions.
    pub fn words(&self) -> Vec<String> {
        self.questions.iter().map(|text| text.as_str().to_owned()).collect()
    }
}
