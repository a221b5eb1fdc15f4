//! The parts that several kinds of answers share: the name of the kind, dispositions of items, acknowledgements of human
//! requirements, plans, questions to a person.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::domain::ids::RequirementId;
use crate::domain::item_status::ItemStatus;
use crate::domain::plan::{Plan, Stage, folded_title};

use super::super::expectation::{Complaint, Expectation, RuleReport, SurfacedExtent};
use super::super::findings::GivenDisposition;
use super::super::text::Text;
use super::Kind;

/// The member `kind` of an answer of kind `K`: it has one value, the name of the kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String", bound = "K: Kind")]
pub struct KindTag<K>(PhantomData<K>);

impl<K> Default for KindTag<K> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<K: Kind> TryFrom<String> for KindTag<K> {
    type Error = String;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        if name == K::KIND.name() { Ok(Self::default()) } else { Err(format!("kind {}", K::KIND)) }
    }
}

impl<K: Kind> From<KindTag<K>> for String {
    fn from(_: KindTag<K>) -> Self {
        K::KIND.name().to_owned()
    }
}

impl<K: Kind> JsonSchema for KindTag<K> {
    fn schema_name() -> Cow<'static, str> {
        format!("KindTag_{}", K::KIND).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "const": K::KIND.name() })
    }

    fn inline_schema() -> bool {
        true
    }
}

/// The disposition of an item that was shown; `S` is the status of an item in this kind of answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(description = "What the answer says about an item that was shown.")]
pub struct ItemDisposition<S> {
    /// The id of the item.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"))]
    pub item_id: String,
    /// The status of the item after this answer.
    pub disposition: S,
    /// The reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

impl<S: Into<ItemStatus> + Copy> ItemDisposition<S> {
    pub fn given(&self) -> GivenDisposition<'_> {
        GivenDisposition { item_id: &self.item_id, status: self.disposition.into(), note: self.note.as_ref() }
    }
}

/// The coder's acknowledgement of human requirements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HumanRequirements {
    /// The ids of the requirements that the change fulfils.
    pub addressed_ids: Vec<Text>,
    /// Whether the whole discussion was read, beyond what the prompt shows.
    pub checked_discussion_directly: bool,
}

impl HumanRequirements {
    /// Checks that every requirement that was shown is acknowledged exactly once, and none that was not shown.
    pub(super) fn check(acknowledged: Option<&Self>, expectation: &Expectation, report: &mut RuleReport) {
        let path = "/human_requirements";
        let shown: BTreeSet<&str> = expectation.requirements.ids.iter().map(RequirementId::as_str).collect();
        let listed = acknowledged.map_or(&[][..], |word| &word.addressed_ids);
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
            report.complaints.push(complain(&expected, found, ids));
        }
        let read_all = acknowledged.is_some_and(|word| word.checked_discussion_directly);
        if expectation.requirements.extent == SurfacedExtent::Bounded && !read_all {
            let expected =
                "`checked_discussion_directly` true, since requirements were left out of the prompt";
            report.complaints.push(complain(expected, "false".to_owned(), Vec::new()));
        }
    }
}

fn quoted(ids: &BTreeSet<&str>) -> String {
    ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
}

/// A stage that is left for later, with its title and summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeferredStage {
    /// The title.
    pub title: Text,
    /// A summary, and the reason for the delay.
    pub summary: Text,
}

/// The maximum number of steps of a plan.
const MOST_STEPS: usize = 20;
/// The maximum length of a plan, in characters.
const LONGEST_PLAN: usize = 12_000;
/// The maximum number of stages that are left for later.
const MOST_STAGES: usize = 8;

/// Returns the plan in an answer. A plan that is too long is refused, not cut.
pub(super) fn plan(steps: &[Text], stages: &[DeferredStage], report: &mut RuleReport) -> Plan {
    let plan = Plan {
        steps: steps.iter().map(|step| step.as_str().to_owned()).collect(),
        deferred: stages.iter().map(DeferredStage::stage).collect(),
    };
    if plan.steps.is_empty() || plan.steps.len() > MOST_STEPS {
        let expected = format!("1 to {MOST_STEPS} steps: merge small ones, and defer stages");
        report.complain("/plan_steps", expected, plan.steps.len().to_string());
    }
    let length = plan.text().chars().count();
    if length > LONGEST_PLAN {
        let expected = format!("a plan of at most {LONGEST_PLAN} characters: say less, or defer stages");
        report.complain("/plan_steps", expected, format!("{length} characters"));
    }
    if stages.len() > MOST_STAGES {
        let expected = format!("at most {MOST_STAGES} stages: merge some of them");
        report.complain("/deferred_stages", expected, stages.len().to_string());
    }
    let mut seen = BTreeSet::new();
    for (index, stage) in plan.deferred.iter().enumerate() {
        if !seen.insert(folded_title(&stage.title)) {
            let path = format!("/deferred_stages/{index}/title");
            report.complain(path, "a title that no earlier stage has", stage.title.clone());
        }
    }
    plan
}

impl DeferredStage {
    fn stage(&self) -> Stage {
        Stage { title: self.title.as_str().to_owned(), summary: self.summary.as_str().to_owned() }
    }
}

/// A coder's work, or its questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrQuestions<T> {
    /// The work is done.
    Done(T),
    /// A person must answer first.
    Questions(Vec<String>),
}

/// Questions to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClarificationWanted {
    /// At least one question.
    #[schemars(length(min = 1))]
    pub questions: Vec<Text>,
}

impl ClarificationWanted {
    /// Returns the questions as strings.
    pub fn to_strings(&self) -> Vec<String> {
        self.questions.iter().map(|text| text.as_str().to_owned()).collect()
    }
}
