//! Reading of what does not decide anything: a number or a list of another shape than expected counts as absent, so that it
//! does not take a whole answer with it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A value, or its default where there is one of another shape.
pub(in crate::adapters::agents) fn lenient<'json, D: Deserializer<'json>, T: DeserializeOwned + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}
