//! The strict dialect of JSON Schema that native structured output requires: closed objects, every key required, optional
//! ones nullable, no maps, no `oneOf`, no references. Also converts answers in that form to ours.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::domain::agent::ResponseKind;
use crate::domain::nonce::Nonce;

use super::expectation::Complaint;
use super::schema;

/// Returns the strict schema of a kind of answer.
pub fn of(kind: ResponseKind) -> Value {
    let mut schema = schema::of(kind);
    if let Value::Object(members) = &mut schema {
        members.remove("$schema");
    }
    strict(&schema)
}

/// Returns the strict schema of one turn: a vote can return only the nonce of its question.
pub fn of_turn(kind: ResponseKind, nonce: Option<&Nonce>) -> Value {
    let mut schema = of(kind);
    if let (Some(nonce), Some(Value::Object(property))) = (nonce, schema.pointer_mut("/properties/nonce")) {
        property.remove("pattern");
        property.insert("const".to_owned(), json!(nonce.as_str()));
        property.insert("enum".to_owned(), json!([nonce.as_str()]));
    }
    schema
}

fn strict(schema: &Value) -> Value {
    let Value::Object(members) = schema else { return schema.clone() };
    if let Some(words) = choices(members) {
        return described(members, words);
    }
    if let Some(value) = members.get("additionalProperties").filter(|value| value.is_object()) {
        let pairs = pairs(value);
        return described(members, if is_nullable(members) { nullable(pairs) } else { pairs });
    }
    let mut out = Map::new();
    for (name, member) in members {
        match name.as_str() {
            "title" | "default" | "format" | "required" | "additionalProperties" => {}
            "const" => drop(out.insert("enum".to_owned(), json!([member]))),
            "properties" => properties(member, members, &mut out),
            "items" => drop(out.insert(name.clone(), strict(member))),
            _ => drop(out.insert(name.clone(), member.clone())),
        }
    }
    Value::Object(out)
}

/// Converts properties: all keys are required, and those that were optional may be null.
fn properties(properties: &Value, of: &Map<String, Value>, out: &mut Map<String, Value>) {
    let required: BTreeSet<&str> = of
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let all = properties.as_object().into_iter().flatten();
    let strict: Map<String, Value> = all
        .map(|(name, member)| {
            let member = strict(member);
            (name.clone(), if required.contains(name.as_str()) { member } else { nullable(member) })
        })
        .collect();
    out.insert("required".to_owned(), strict.keys().cloned().collect());
    out.insert("additionalProperties".to_owned(), Value::Bool(false));
    out.insert("properties".to_owned(), Value::Object(strict));
}

/// Returns the words of a list of choices, from `enum` or from `oneOf` with descriptions.
fn choices(members: &Map<String, Value>) -> Option<Value> {
    if let Some(options) = members.get("anyOf").and_then(Value::as_array) {
        let is_null = |option: &&Value| option.get("type").is_some_and(|name| name == "null");
        let other = options.iter().find(|option| !is_null(option))?;
        let inner = strict(other);
        return Some(if options.iter().any(|option| is_null(&option)) { nullable(inner) } else { inner });
    }
    let options = members.get("oneOf")?.as_array()?;
    let words = options.iter().flat_map(|option| match (option.get("const"), option.get("enum")) {
        (Some(word), _) => vec![word.clone()],
        (None, Some(words)) => words.as_array().cloned().unwrap_or_default(),
        (None, None) => Vec::new(),
    });
    Some(json!({ "type": "string", "enum": words.collect::<Vec<Value>>() }))
}

/// Converts a map to an array of pairs.
fn pairs(value: &Value) -> Value {
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": { "key": { "type": "string" }, "value": strict(value) },
            "required": ["key", "value"],
            "additionalProperties": false
        }
    })
}

fn described(members: &Map<String, Value>, mut schema: Value) -> Value {
    if let (Some(text), Value::Object(out)) = (members.get("description"), &mut schema) {
        out.entry("description").or_insert_with(|| text.clone());
    }
    schema
}

fn is_nullable(members: &Map<String, Value>) -> bool {
    members.get("type").and_then(Value::as_array).is_some_and(|names| names.iter().any(|name| name == "null"))
}

fn nullable(schema: Value) -> Value {
    let Value::Object(mut members) = schema else { return schema };
    if let Some(name @ Value::String(_)) = members.get("type").cloned() {
        members.insert("type".to_owned(), json!([name, "null"]));
    }
    if let Some(Value::Array(words)) = members.get_mut("enum")
        && !words.contains(&Value::Null)
    {
        words.push(Value::Null);
    }
    Value::Object(members)
}

/// Converts an answer in the strict form to ours: arrays of pairs become maps. Other answers are not changed.
///
/// # Errors
/// Fails if a key is repeated.
pub fn relaxed(kind: ResponseKind, answer: Value) -> Result<Value, Vec<Complaint>> {
    let mut complaints = Vec::new();
    let relaxed = relax(schema::of_cached(kind), answer, "", &mut complaints);
    if complaints.is_empty() { Ok(relaxed) } else { Err(complaints) }
}

fn relax(schema: &Value, value: Value, path: &str, complaints: &mut Vec<Complaint>) -> Value {
    let is_map = schema.get("additionalProperties").is_some_and(Value::is_object);
    match value {
        Value::Array(entries) if is_map && entries.iter().all(is_pair) => map(entries, path, complaints),
        Value::Array(entries) => {
            let items = schema.get("items").unwrap_or(&Value::Null);
            let each = entries.into_iter().enumerate();
            each.map(|(place, entry)| relax(items, entry, &format!("{path}/{place}"), complaints)).collect()
        }
        Value::Object(members) => {
            let each = members.into_iter().map(|(name, member)| {
                let below = schema.get("properties").and_then(|all| all.get(&name)).unwrap_or(&Value::Null);
                let member = relax(below, member, &format!("{path}/{name}"), complaints);
                (name, member)
            });
            Value::Object(each.collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn is_pair(entry: &Value) -> bool {
    entry.as_object().is_some_and(|pair| {
        pair.len() == 2 && pair.get("key").is_some_and(Value::is_string) && pair.contains_key("value")
    })
}

fn map(entries: Vec<Value>, path: &str, complaints: &mut Vec<Complaint>) -> Value {
    let mut members = Map::new();
    for (place, entry) in entries.into_iter().enumerate() {
        let Value::Object(mut pair) = entry else { continue };
        let (Some(Value::String(key)), Some(value)) = (pair.remove("key"), pair.remove("value")) else {
            continue;
        };
        if members.contains_key(&key) {
            complaints.push(Complaint::new(
                format!("{path}/{place}/key"),
                "each key once",
                format!("`{key}` again"),
            ));
        }
        members.insert(key, value);
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each_schema(value: &Value, look: &mut impl FnMut(&Map<String, Value>)) {
        let members = value.as_object().unwrap();
        look(members);
        for member in members.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::values) {
            each_schema(member, look);
        }
        if let Some(items) = members.get("items") {
            each_schema(items, look);
        }
    }

    #[test]
    fn strict_schemas_keep_their_dialect() {
        for kind in ResponseKind::ALL {
            each_schema(&of(kind), &mut |members| {
                for word in ["oneOf", "anyOf", "allOf", "$ref", "$defs", "default", "const", "title"] {
                    assert!(!members.contains_key(word), "{kind}: {word} in {members:?}");
                }
                if let Some(properties) = members.get("properties") {
                    let all: Vec<&String> = properties.as_object().unwrap().keys().collect();
                    let required = members["required"].as_array().unwrap();
                    assert_eq!(required.len(), all.len(), "{kind}: {members:?}");
                    assert_eq!(members["additionalProperties"], Value::Bool(false));
                } else {
                    assert!(!members.contains_key("additionalProperties"), "{kind}: a map in {members:?}");
                }
                assert!(members.contains_key("type"), "{kind}: no type in {members:?}");
            });
        }
    }

    #[test]
    fn a_turn_allows_one_nonce() {
        let nonce = Nonce::from("k3v9q2mt7x");
        for kind in ResponseKind::ALL {
            let schema = of_turn(kind, Some(&nonce));
            let word = schema.pointer("/properties/nonce/const").and_then(Value::as_str);
            assert_eq!(word, kind.is_vote().then_some("k3v9q2mt7x"), "{kind}");
            assert_eq!(of_turn(kind, None), of(kind));
        }
    }

    #[test]
    fn strict_answers_are_read_as_ours() {
        let strict = json!({
            "addressed_items": ["item-1"],
            "addressed_item_notes": [{"key": "item-1", "value": "done"}],
            "remaining_item_notes": null
        });
        let ours = relaxed(ResponseKind::CoderFollowup, strict).unwrap();
        assert_eq!(ours["addressed_item_notes"], json!({"item-1": "done"}));
        let twice = json!({"addressed_item_notes": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]});
        assert!(relaxed(ResponseKind::CoderFollowup, twice).is_err());
        let deep = json!({"disagreements": [{"positions": [{"key": "codex", "value": "p"}]}]});
        let ours = relaxed(ResponseKind::DiscussAgenda, deep).unwrap();
        assert_eq!(ours["disagreements"][0]["positions"], json!({"codex": "p"}));
    }
}
