//! New findings as SARIF 2.1.0, which code scanning services read.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::adapters::gates::score::{IdentifiedFinding, NewFindings};
use crate::domain::digest;
use crate::domain::quality::{QualityFinding, Severity};

/// Returns new findings as a SARIF log.
pub fn log(new: &NewFindings) -> Value {
    let NewFindings { tool, findings } = new;
    let (name, version) = tool.rsplit_once(' ').unwrap_or((tool.as_str(), ""));
    let rules: BTreeSet<&str> = findings.iter().map(|one| one.finding.rule.as_str()).collect();
    let rules: Vec<Value> = rules.into_iter().map(|id| json!({ "id": id })).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": name, "version": version, "rules": rules } },
            "results": findings.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

fn result(one: &IdentifiedFinding) -> Value {
    let QualityFinding { rule, severity, path, line, message, .. } = &one.finding;
    let level = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    let mut place = json!({ "artifactLocation": { "uri": uri(path), "uriBaseId": "%SRCROOT%" } });
    // Line 0 is the file as a whole.
    if let (1.., Some(members)) = (*line, place.as_object_mut()) {
        members.insert("region".to_owned(), json!({ "startLine": line }));
    }
    json!({
        "ruleId": rule,
        "level": level,
        "message": { "text": message },
        "locations": [{ "physicalLocation": place }],
        "partialFingerprints": { "agentLoop/v1": digest::abbreviated(&one.identity, 32) },
    })
}

/// Returns a path as a URI reference: all but unreserved characters and `/` are percent-encoded.
fn uri(path: &str) -> String {
    let encoded = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    path.bytes().map(encoded).collect()
}
