//! GitHub's own description of its REST API (`OpenAPI`), which every call to the model and every answer must fit. Members that
//! GitHub always sends may be missing from the model's answers; a member that GitHub does not have, or of another type, is
//! a complaint.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// Where `.ci/descriptions` puts what GitHub says of itself.
pub(crate) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/github");

/// The start of the name of a schema that is a part of others: it has more members than its own.
const OPEN: &str = "part-of-others-";

/// A call to the model, with its answer.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Vec<String>,
    pub(crate) request: Value,
    pub(crate) status: u16,
    pub(crate) answer: Value,
}

/// The description, with the schemas that were made from it.
struct Description {
    root: Value,
    validators: Mutex<BTreeMap<String, Validator>>,
}

/// Whether the members that a schema requires must be there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Members {
    Required,
    Optional,
}

/// Says how calls differ from the description; nothing, if the description is not here.
pub(crate) fn complaints(exchanges: &[Exchange]) -> Vec<String> {
    static DESCRIPTION: OnceLock<Option<Description>> = OnceLock::new();
    let description = DESCRIPTION.get_or_init(|| {
        let text = std::fs::read(format!("{FOLDER}/api.github.com.json")).ok()?;
        let root = serde_json::from_slice(&text).unwrap();
        Some(Description { root, validators: Mutex::default() })
    });
    let Some(description) = description else { return Vec::new() };
    let mut found: Vec<String> = exchanges.iter().flat_map(|one| description.complaints(one)).collect();
    found.sort();
    found.dedup();
    found
}

impl Description {
    fn complaints(&self, exchange: &Exchange) -> Vec<String> {
        let Exchange { method, path, query, request, status, answer } = exchange;
        let is_elsewhere = path == "graphql" || path.starts_with("repositories/");
        if is_elsewhere || (300..400).contains(status) {
            return Vec::new();
        }
        let Some((template, item)) = self.path(path) else { return vec![format!("{path} does not exist")] };
        let place = format!("{method} {template}");
        let Some(operation) = item.get(method.to_lowercase()) else {
            return vec![format!("{place} does not exist")];
        };
        let known = self.parameters(operation);
        let unknown = query.iter().filter(|name| !known.contains(&name.as_str()));
        let mut found: Vec<String> = unknown.map(|name| format!("{place} has no parameter {name}")).collect();
        if let Some(schema) = operation.pointer("/requestBody/content/application~1json/schema") {
            found.extend(self.validated(&format!("the body of {place}"), schema, request, Members::Required));
        }
        if (200..300).contains(status) {
            match operation["responses"].get(status.to_string()) {
                None => found.push(format!("{place} does not answer {status}")),
                Some(response) => {
                    if let Some(schema) = response.pointer("/content/application~1json/schema") {
                        let what = format!("the answer {status} of {place}");
                        found.extend(self.validated(&what, schema, answer, Members::Optional));
                    }
                }
            }
        }
        found
    }

    /// The template with the most words in common with a path.
    fn path(&self, path: &str) -> Option<(&str, &Value)> {
        let parts: Vec<&str> = path.split('/').collect();
        let words = |template: &str| {
            let known: Vec<&str> = template.trim_start_matches('/').split('/').collect();
            let fits = |(known, part): (&&str, &&str)| known.starts_with('{') || known == part;
            let is_it = known.len() == parts.len() && known.iter().zip(&parts).all(fits);
            is_it.then(|| known.iter().filter(|word| !word.starts_with('{')).count())
        };
        let paths = self.root["paths"].as_object().unwrap().iter();
        let fitting = paths.filter_map(|(template, item)| Some((words(template)?, template, item)));
        fitting.max_by_key(|(words, _, _)| *words).map(|(_, template, item)| (template.as_str(), item))
    }

    fn parameters<'all>(&'all self, operation: &'all Value) -> Vec<&'all str> {
        let all = operation["parameters"].as_array().into_iter().flatten();
        let resolved = all.map(|one| match one["$ref"].as_str() {
            Some(reference) => self.root.pointer(reference.trim_start_matches('#')).unwrap(),
            None => one,
        });
        resolved.filter(|one| one["in"] == "query").map(|one| one["name"].as_str().unwrap()).collect()
    }

    fn validated(&self, what: &str, schema: &Value, value: &Value, members: Members) -> Vec<String> {
        let mut validators = self.validators.lock().unwrap();
        let validator = validators.entry(what.to_owned()).or_insert_with(|| {
            let mut root = converted(schema, members);
            root["$defs"] = self.definitions(&root, members).into();
            jsonschema::draft202012::new(&root).unwrap()
        });
        let complaint = |error: jsonschema::ValidationError<'_>| {
            let short: String = error.to_string().chars().take(300).collect();
            format!("{what}: {} at {}", short, error.instance_path())
        };
        // Where a fork was deleted, GitHub sends null, and its description does not know it.
        let is_known = |error: &jsonschema::ValidationError<'_>| {
            error.instance().is_null() && error.instance_path().to_string().ends_with("/head/repo")
        };
        validator.iter_errors(value).filter(|error| !is_known(error)).map(complaint).collect()
    }

    /// The schemas that a schema refers to, and those that they refer to.
    fn definitions(&self, root: &Value, members: Members) -> Map<String, Value> {
        let mut found = Map::new();
        let mut names = references(root);
        while let Some(name) = names.pop() {
            if !found.contains_key(&name) {
                let plain = name.trim_start_matches(OPEN);
                let mut schema = converted(&self.root["components"]["schemas"][plain], members);
                if plain != name {
                    schema.as_object_mut().unwrap().remove("additionalProperties");
                }
                names.extend(references(&schema));
                found.insert(name, schema);
            }
        }
        found
    }
}

fn references(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(entries) => {
            let own = entries.get("$ref").and_then(Value::as_str);
            let own = own.map(|name| name.trim_start_matches("#/$defs/").to_owned());
            own.into_iter().chain(entries.values().flat_map(references)).collect()
        }
        Value::Array(all) => all.iter().flat_map(references).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// A schema of `OpenAPI` 3.0 as JSON Schema, closed: no members but its own.
fn converted(schema: &Value, members: Members) -> Value {
    let Value::Object(entries) = schema else { return schema.clone() };
    let mut new = Map::new();
    for (name, value) in entries {
        let list = |value: &Value| -> Vec<Value> {
            value.as_array().unwrap().iter().map(|one| converted(one, members)).collect()
        };
        match name.as_str() {
            "$ref" => {
                let target = value.as_str().unwrap().replace("#/components/schemas/", "#/$defs/");
                new.insert(name.clone(), target.into());
            }
            "properties" => {
                let all = value.as_object().unwrap().iter();
                let all: Map<_, _> = all.map(|(name, one)| (name.clone(), converted(one, members))).collect();
                new.insert(name.clone(), all.into());
            }
            "items" | "additionalProperties" => {
                new.insert(name.clone(), converted(value, members));
            }
            "anyOf" | "oneOf" => {
                new.insert("anyOf".to_owned(), list(value).into());
            }
            // The parts of a whole are open, and the whole is closed.
            "allOf" => {
                let open = |mut part: Value| {
                    part.as_object_mut().unwrap().remove("additionalProperties");
                    if let Some(name) = part.get("$ref").and_then(Value::as_str) {
                        part["$ref"] = name.replacen("#/$defs/", &format!("#/$defs/{OPEN}"), 1).into();
                    }
                    part
                };
                let parts: Vec<Value> = list(value).into_iter().map(open).collect();
                new.insert(name.clone(), parts.into());
                new.insert("unevaluatedProperties".to_owned(), false.into());
            }
            "required" if members == Members::Required => {
                new.insert(name.clone(), value.clone());
            }
            "type" | "enum" | "minimum" | "maximum" | "minItems" | "maxItems" => {
                new.insert(name.clone(), value.clone());
            }
            _ => {}
        }
    }
    if new.contains_key("properties") && !new.contains_key("additionalProperties") {
        new.insert("additionalProperties".to_owned(), false.into());
    }
    if entries.get("nullable") == Some(&Value::Bool(true)) {
        return json!({ "anyOf": [new, { "type": "null" }] });
    }
    new.into()
}
