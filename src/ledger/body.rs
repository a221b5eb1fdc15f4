//! The sealed content of a record: only the flow that wrote it reads it. No JSON leaves the ledger.

use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::domain::ids::Label;

/// The kind and payload of a record, converted from and into a flow's own enum of records, which serde tags with `kind`
/// and `payload`.
#[derive(Debug, Clone)]
pub struct Body {
    kind: String,
    /// The payload in canonical JSON, which takes a quarter of the memory of its values.
    payload: Box<RawValue>,
    agent: Option<Label>,
}

/// A record as serde tags it.
#[derive(Deserialize)]
struct Tagged {
    kind: String,
    payload: Value,
}

/// An error for a body that is not one of a flow's records.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read a record of kind `{kind}`: {why}")]
pub struct Unreadable {
    pub kind: String,
    pub why: String,
}

impl Body {
    /// Seals a record.
    ///
    /// # Panics
    /// Panics if `record` is not an enum that serde tags with `kind` and `payload`: a defect of its flow.
    #[expect(clippy::expect_used, reason = "records are enums of structs whose maps have strings as keys")]
    pub fn of(record: &impl Serialize) -> Self {
        let value = serde_json::to_value(record).expect("a record that JSON can express");
        let Tagged { kind, payload } =
            serde_json::from_value(value).expect("a record that is tagged with `kind` and `payload`");
        Self::from_parts(kind, &payload)
    }

    /// Seals a payload.
    ///
    /// # Panics
    /// Never: JSON can express its own values.
    #[expect(clippy::expect_used, reason = "JSON can express its own values")]
    pub(super) fn from_parts(kind: String, payload: &Value) -> Self {
        let agent = payload.get("agent").and_then(Value::as_str).and_then(|agent| agent.parse().ok());
        Self { kind, payload: to_raw_value(payload).expect("JSON"), agent }
    }

    /// Reads the record as a type of its flow.
    ///
    /// # Errors
    /// Fails if `R` has no such kind, or the payload has another shape: another version wrote the record.
    pub fn read<R: DeserializeOwned>(&self) -> Result<R, Unreadable> {
        let read = || -> serde_json::Result<R> {
            let kind = to_raw_value(&self.kind)?;
            R::deserialize(MapDeserializer::new([("kind", &*kind), ("payload", &*self.payload)].into_iter()))
        };
        read().map_err(|error| Unreadable { kind: self.kind.clone(), why: error.to_string() })
    }

    /// Rewrites every text in the payload.
    ///
    /// # Panics
    /// Never: the payload was made from values.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the payload was made from values")]
    pub fn rewritten(&self, mut rewrite: impl FnMut(&str) -> String) -> Self {
        let mut payload = serde_json::from_str(self.payload.get()).expect("canonical JSON");
        rewrite_texts(&mut payload, &mut rewrite);
        Self::from_parts(self.kind.clone(), &payload)
    }

    pub fn kind(&self) -> &str {
        &self.kind
    }

    pub(super) fn payload(&self) -> &RawValue {
        &self.payload
    }

    /// Returns the agent whose answer the record holds: the member `agent` has this meaning in every payload.
    pub fn agent(&self) -> Option<&Label> {
        self.agent.as_ref()
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        (&self.kind, self.payload.get()) == (&other.kind, other.payload.get())
    }
}

impl Eq for Body {}
fn rewrite_texts(value: &mut Value, rewrite: &mut impl FnMut(&str) -> String) {
    match value {
        Value::String(text) => *text = rewrite(text),
        Value::Array(values) => values.iter_mut().for_each(|value| rewrite_texts(value, rewrite)),
        Value::Object(members) => members.values_mut().for_each(|member| rewrite_texts(member, rewrite)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
