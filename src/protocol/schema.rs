//! JSON Schemas made from the types, and validation: the only file that uses `jsonschema`.

use std::sync::LazyLock;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::domain::agent::ResponseKind;

use super::context::Context;
use super::expectation::Complaint;
use super::kinds::coder_followup::CoderFollowup;
use super::kinds::discuss_agenda::DiscussAgenda;
use super::kinds::discuss_review::DiscussReview;
use super::kinds::implementation::Implementation;
use super::kinds::plan_decomposition::PlanDecomposition;
use super::kinds::plan_review::PlanReview;
use super::kinds::plan_revision::PlanRevision;
use super::kinds::plan_state::PlanState;
use super::kinds::pr_review::PrReview;

/// Returns the schema of a kind of answer.
pub fn of(kind: ResponseKind) -> Value {
    match kind {
        ResponseKind::Implementation => generate::<Implementation>(),
        ResponseKind::PrReview => generate::<PrReview>(),
        ResponseKind::CoderFollowup => generate::<CoderFollowup>(),
        ResponseKind::PlanState => generate::<PlanState>(),
        ResponseKind::PlanRevision => generate::<PlanRevision>(),
        ResponseKind::PlanReview => generate::<PlanReview>(),
        ResponseKind::PlanDecomposition => generate::<PlanDecomposition>(),
        ResponseKind::DiscussReview => generate::<DiscussReview>(),
        ResponseKind::DiscussAgenda => generate::<DiscussAgenda>(),
    }
}

/// Returns the schema of the context file of a turn.
pub fn of_context() -> Value {
    generate::<Context>()
}

/// Formats a schema as the text of a file: indented, with a final line feed.
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

/// Returns a complaint for each violation of the schema of a kind.
pub fn complaints(kind: ResponseKind, value: &Value) -> Vec<Complaint> {
    validator(kind).iter_errors(value).map(|error| complaint(kind, &error)).collect()
}

/// Removes the keys that a kind does not have, so that the rest can be read.
pub fn without_unknown_keys(kind: ResponseKind, mut value: Value) -> Value {
    let unknown: Vec<(String, Vec<String>)> = validator(kind)
        .iter_errors(&value)
        .filter_map(|error| {
            Some((error.instance_path().to_string(), unexpected_keys(error.kind())?.to_vec()))
        })
        .collect();
    for (path, keys) in unknown {
        if let Some(Value::Object(members)) = value.pointer_mut(&path) {
            members.retain(|key, _| !keys.contains(key));
        }
    }
    value
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the validator has dozens of kinds of errors, and may get more"
)]
fn unexpected_keys(kind: &ValidationErrorKind) -> Option<&[String]> {
    match kind {
        ValidationErrorKind::AdditionalProperties { unexpected } => Some(unexpected),
        _ => None,
    }
}

fn complaint(kind: ResponseKind, error: &ValidationError<'_>) -> Complaint {
    let instance: String = error.instance().to_string().chars().take(120).collect();
    let (expected, found) = in_words(error, instance);
    let expected = choices(kind, error).unwrap_or(expected);
    Complaint::new(error.instance_path().to_string(), expected, found)
}

/// Returns the allowed words, if the schema has a description for each.
fn choices(kind: ResponseKind, error: &ValidationError<'_>) -> Option<String> {
    let options = of_cached(kind).pointer(&error.schema_path().to_string())?.as_array()?;
    let nested = |option: &Value| option.get("oneOf").and_then(Value::as_array).cloned();
    let all = options.iter().flat_map(|option| nested(option).unwrap_or_else(|| vec![option.clone()]));
    let words: Vec<String> =
        all.filter_map(|option| option.get("const").map(|word| format!("{word}"))).collect();
    (!words.is_empty()).then(|| format!("one of {}", words.join(", ")))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the validator has dozens of kinds of errors, and may get more"
)]
fn in_words(error: &ValidationError<'_>, found: String) -> (String, String) {
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            ("only keys of its kind".to_owned(), list(unexpected))
        }
        ValidationErrorKind::Required { property } => (format!("the key {property}"), "nothing".to_owned()),
        ValidationErrorKind::Constant { expected_value } => (format!("{expected_value}"), found),
        ValidationErrorKind::Enum { options } => (format!("one of {options}"), found),
        ValidationErrorKind::Pattern { pattern } if pattern == "\\S" => {
            ("a text that is not empty".to_owned(), found)
        }
        ValidationErrorKind::Pattern { pattern } => (format!("a text like `{pattern}`"), found),
        ValidationErrorKind::MinItems { limit } => (format!("at least {limit} entries"), found),
        ValidationErrorKind::MaxItems { limit } => (format!("at most {limit} entries"), found),
        ValidationErrorKind::Type { kind: TypeKind::Single(one) } => {
            (format!("a value of type {one}"), found)
        }
        ValidationErrorKind::Type { kind: TypeKind::Multiple(all) } => {
            let names: Vec<String> = all.iter().map(|one| one.to_string()).collect();
            (format!("a value of type {}", names.join(" or ")), found)
        }
        _ => (format!("a value that keeps the schema ({})", error.masked_with("this one")), found),
    }
}

fn list(keys: &[String]) -> String {
    let quoted: Vec<String> =
        keys.iter().map(|key| format!("`{}`", key.chars().take(60).collect::<String>())).collect();
    quoted.join(", ")
}

/// A schema with its validator.
struct Compiled {
    schema: Value,
    validator: Validator,
}

fn validator(kind: ResponseKind) -> &'static Validator {
    &compiled(kind).validator
}

/// Returns the schema of a kind of answer, made once.
pub(super) fn of_cached(kind: ResponseKind) -> &'static Value {
    &compiled(kind).schema
}

/// Declares one schema for each kind, compiled at first use.
macro_rules! compiled {
    ($($kind:ident),+ $(,)?) => {
        fn compiled(kind: ResponseKind) -> &'static Compiled {
            match kind {
                $(ResponseKind::$kind => {
                    static COMPILED: LazyLock<Compiled> = LazyLock::new(|| compile(ResponseKind::$kind));
                    &COMPILED
                })+
            }
        }
    };
}

compiled!(
    Implementation,
    PrReview,
    CoderFollowup,
    PlanState,
    PlanRevision,
    PlanReview,
    PlanDecomposition,
    DiscussReview,
    DiscussAgenda,
);

#[expect(clippy::expect_used, reason = "our own schemas; a test compiles each")]
fn compile(kind: ResponseKind) -> Compiled {
    let schema = of(kind);
    let validator = jsonschema::draft202012::new(&schema).expect("a valid schema");
    Compiled { schema, validator }
}
