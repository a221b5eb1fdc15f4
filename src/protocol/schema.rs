//! JSON Schemas made from the types, and validation against them: the only file that knows `jsonschema`.

use std::sync::LazyLock;

use jsonschema::Validator;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::domain::agent::ResponseKind;

use super::coder_followup::CoderFollowup;
use super::context::Context;
use super::expectation::Complaint;
use super::implementation::Implementation;
use super::pr_review::PrReview;

/// The schema of a kind of answer, as a JSON document.
pub fn of(kind: ResponseKind) -> Value {
    match kind {
        ResponseKind::Implementation => generate::<Implementation>(),
        ResponseKind::PrReview => generate::<PrReview>(),
        ResponseKind::CoderFollowup => generate::<CoderFollowup>(),
    }
}

/// The schema of the context file of a turn.
pub fn of_context() -> Value {
    generate::<Context>()
}

/// The schema of a kind of answer as the text of a file: indented, with a closing line feed.
pub fn text(schema: &Value) -> String {
    format!("{schema:#}\n")
}

fn generate<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

/// Every place at which a value breaks the schema of its kind.
pub fn complaints(kind: ResponseKind, value: &Value) -> Vec<Complaint> {
    let errors = validator(kind).iter_errors(value);
    errors
        .map(|error| {
            let found: String = error.instance().to_string().chars().take(120).collect();
            Complaint::new(error.instance_path().to_string(), expectation(&error.to_string()), found)
        })
        .collect()
}

/// The validator's sentence repeats the whole value; the rule that was broken is its end.
fn expectation(sentence: &str) -> String {
    sentence.chars().rev().take(160).collect::<Vec<_>>().into_iter().rev().collect()
}

fn validator(kind: ResponseKind) -> &'static Validator {
    static IMPLEMENTATION: LazyLock<Validator> = LazyLock::new(|| compile(ResponseKind::Implementation));
    static PR_REVIEW: LazyLock<Validator> = LazyLock::new(|| compile(ResponseKind::PrReview));
    static CODER_FOLLOWUP: LazyLock<Validator> = LazyLock::new(|| compile(ResponseKind::CoderFollowup));
    match kind {
        ResponseKind::Implementation => &IMPLEMENTATION,
        ResponseKind::PrReview => &PR_REVIEW,
        ResponseKind::CoderFollowup => &CODER_FOLLOWUP,
    }
}

#[expect(clippy::expect_used, reason = "our own schemas; a test compiles each")]
fn compile(kind: ResponseKind) -> Validator {
    jsonschema::draft202012::new(&of(kind)).expect("a valid schema")
}
