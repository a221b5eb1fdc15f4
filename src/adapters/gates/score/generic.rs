//! The format in which any other scorer prints its report: one JSON object. Its schema is in `schemas/score.schema.json`.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::domain::quality::{EngineReport, EngineStatus, QualityFinding, QualityReport, Scored, Severity};

use super::reading::{ReportFault, ScanKey, json};

/// The report of a scorer on the files of the current folder.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoreReport {
    /// Name and version of the scorer. Reports of different versions are not compared.
    tool: String,
    /// Quality from 0 to 100; `null` if nothing could be scored.
    #[schemars(range(max = 100))]
    score: Option<u8>,
    /// Number of measured files.
    files: u64,
    /// All problems that were found.
    #[serde(default)]
    findings: Vec<ScoreFinding>,
    /// The engines of the scorer that measured the files. Each must measure both sides. A scorer without engines omits them.
    #[serde(default)]
    engines: BTreeSet<String>,
    /// Parts of the scorer that did not measure everything, each with the reason.
    #[serde(default)]
    incomplete: BTreeMap<String, String>,
}

/// A problem that a scorer found.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ScoreFinding {
    /// File, relative to the current folder.
    path: String,
    /// Line, starting at 1; 0 or absent for the file as a whole.
    #[serde(default)]
    line: u32,
    severity: ScoreSeverity,
    /// Stable name of the rule.
    rule: String,
    /// Part of the scorer that found the problem.
    #[serde(default = "all")]
    engine: String,
    message: String,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum ScoreSeverity {
    Error,
    Warning,
    Info,
}

fn all() -> String {
    "all".to_owned()
}

/// Returns the schema of the format.
pub fn schema() -> Value {
    schemars::schema_for!(ScoreReport).to_value()
}

/// Reads a whole report.
pub(super) fn read(output: &[u8], key: &ScanKey) -> Result<QualityReport, ReportFault> {
    let report: ScoreReport =
        serde_json::from_value(json(output)?).map_err(|error| ReportFault::Shape(error.to_string()))?;
    let scored = match report.score {
        None => Scored::Unscoreable("the scorer gave no score".to_owned()),
        Some(score) if score > 100 => {
            return Err(ReportFault::Inconsistent(format!("its score is {score}")));
        }
        Some(_) if report.files == 0 => Scored::Unscoreable("the scorer measured no files".to_owned()),
        Some(score) => Scored::Score(score),
    };
    // A part without findings is not named by them, so findings do not show which parts measured the files.
    let is_whole = report.engines.is_empty();
    let named =
        report.engines.into_iter().chain(is_whole.then(all)).map(|engine| (engine, EngineStatus::Complete));
    let incomplete =
        report.incomplete.into_iter().map(|(engine, why)| (engine, EngineStatus::Incomplete(why)));
    let counted = |(engine, status): (String, EngineStatus)| {
        let is_part = |one: &&ScoreFinding| one.engine == engine || (is_whole && engine == all());
        let findings = report.findings.iter().filter(is_part).map(|_| 1).sum();
        (engine, EngineReport { findings, status })
    };
    let engines = named.chain(incomplete).map(counted).collect();
    Ok(QualityReport {
        tool: report.tool,
        policy: key.policy.clone(),
        environment: key.environment.clone(),
        scored,
        engines,
        findings: report.findings.into_iter().map(ScoreFinding::finding).collect(),
        files: report.files,
    })
}

impl ScoreFinding {
    fn finding(self) -> QualityFinding {
        let severity = match self.severity {
            ScoreSeverity::Error => Severity::Error,
            ScoreSeverity::Warning => Severity::Warning,
            ScoreSeverity::Info => Severity::Info,
        };
        let Self { path, line, rule, engine, message, .. } = self;
        QualityFinding { engine, rule, severity, path, line, message, code: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> ScanKey {
        ScanKey { scorer: String::new(), environment: "e".to_owned(), policy: "p".to_owned() }
    }

    /// A part that finds nothing any more is still there.
    #[test]
    fn findings_name_no_engines() {
        let finding = r#"{"path":"a","severity":"info","rule":"r","engine":"lint","message":"m"}"#;
        for (findings, engines, expected) in [
            (finding, "", &[("all", 1)][..]),
            ("", "", &[("all", 0)]),
            (finding, r#","engines":["lint","types"]"#, &[("lint", 1), ("types", 0)]),
            ("", r#","engines":["lint","types"]"#, &[("lint", 0), ("types", 0)]),
        ] {
            let report = format!(r#"{{"tool":"x 1","score":9,"files":1,"findings":[{findings}]{engines}}}"#);
            let read = read(report.as_bytes(), &key()).unwrap();
            let found: Vec<_> =
                read.engines.iter().map(|(name, one)| (name.as_str(), one.findings)).collect();
            assert_eq!(found, expected, "{report}");
        }
    }
}
