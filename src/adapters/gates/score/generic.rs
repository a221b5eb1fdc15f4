//! The format in which any other scorer prints its report: one JSON object. Its schema is in `schemas/score.schema.json`.

use std::collections::BTreeMap;

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
        Some(score) => Scored::Score(score),
    };
    let complete = || EngineReport { findings: 0, status: EngineStatus::Complete };
    let mut engines = BTreeMap::from([(all(), complete())]);
    for finding in &report.findings {
        engines.entry(finding.engine.clone()).or_insert_with(complete).findings += 1;
    }
    for (engine, why) in report.incomplete {
        engines.entry(engine).or_insert_with(complete).status = EngineStatus::Incomplete(why);
    }
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
