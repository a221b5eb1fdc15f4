//! Reads the reports of aislop, from version 0.2.0 on. The exit code means nothing: old versions exit with 0 for a failure and
//! with 1 for a finding.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::domain::quality::{EngineReport, EngineStatus, QualityFinding, QualityReport, Scored, Severity};

use super::reading::{ReportFault, ScanKey, json};

/// The part of a report that all versions have, and what newer versions add to it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AislopReport {
    version: String,
    schema_version: Option<String>,
    score: Option<u8>,
    scoreable: Option<bool>,
    coverage: Option<FileCoverage>,
    engines: BTreeMap<String, AislopEngine>,
    diagnostics: Vec<Diagnostic>,
    summary: AislopSummary,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FileCoverage {
    dominant_unsupported: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AislopEngine {
    issues: u64,
    skipped: bool,
    #[serde(default)]
    failed: bool,
    skip_reason: Option<String>,
    #[serde(default)]
    missing_tools: Vec<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Diagnostic {
    file_path: String,
    engine: String,
    rule: String,
    severity: String,
    message: String,
    line: u32,
}

#[derive(Debug, Deserialize)]
struct AislopSummary {
    errors: u64,
    warnings: u64,
    files: u64,
}

/// Reads a whole report.
pub(super) fn read(output: &[u8], key: &ScanKey) -> Result<QualityReport, ReportFault> {
    let value = json(output)?;
    if let (Some(error), true) = (value.get("error"), value.get("score").is_none()) {
        let text = error.as_str().map_or_else(|| error.to_string(), str::to_owned);
        return Err(ReportFault::ToolError(text));
    }
    // An old version prints a score always, so an absent one is a fault of the report, not an unscoreable tree.
    if value.get("score").is_none() {
        return Err(ReportFault::Shape("it has no score".to_owned()));
    }
    let report: AislopReport =
        serde_json::from_value(value).map_err(|error| ReportFault::Shape(error.to_string()))?;
    if let Some(version) = report.schema_version.as_deref().filter(|version| *version != "1") {
        return Err(ReportFault::Shape(format!("schema version {version}")));
    }
    consistent(&report)?;
    let scored = scored(&report)?;
    let engines = report.engines.into_iter().map(|(name, engine)| (name, engine.report())).collect();
    Ok(QualityReport {
        tool: format!("aislop {}", report.version),
        policy: key.policy.clone(),
        environment: key.environment.clone(),
        scored,
        engines,
        findings: report.diagnostics.into_iter().map(Diagnostic::finding).collect(),
        files: report.summary.files,
    })
}

fn consistent(report: &AislopReport) -> Result<(), ReportFault> {
    let count = |severity: &str| report.diagnostics.iter().filter(|one| one.severity == severity).count();
    let issues = report.engines.values().map(|engine| engine.issues).sum();
    for (what, counted, claimed) in [
        ("errors", count("error"), report.summary.errors),
        ("warnings", count("warning"), report.summary.warnings),
        ("findings", report.diagnostics.len(), issues),
    ] {
        if u64::try_from(counted) != Ok(claimed) {
            return Err(ReportFault::Inconsistent(format!("it has {counted} {what} and claims {claimed}")));
        }
    }
    Ok(())
}

fn scored(report: &AislopReport) -> Result<Scored, ReportFault> {
    let unsupported = report.coverage.as_ref().and_then(|coverage| coverage.dominant_unsupported.as_deref());
    let why = || match unsupported {
        Some(language) => format!("most files are {language}, which the scorer does not know"),
        None => "there are no files that the scorer knows".to_owned(),
    };
    match (report.score, report.scoreable) {
        (None, _) | (Some(_), Some(false)) => Ok(Scored::Unscoreable(why())),
        (Some(_), None) if report.summary.files == 0 => Ok(Scored::Unscoreable(why())),
        (Some(score), _) if score > 100 => Err(ReportFault::Inconsistent(format!("its score is {score}"))),
        (Some(score), _) => Ok(Scored::Score(score)),
    }
}

impl AislopEngine {
    fn report(self) -> EngineReport {
        let missing: Vec<String> = self
            .missing_tools
            .iter()
            .map(|tool| tool.as_str().map_or_else(|| tool.to_string(), str::to_owned))
            .collect();
        let status = if self.failed {
            EngineStatus::Incomplete("it failed".to_owned())
        } else if !missing.is_empty() {
            EngineStatus::Incomplete(format!("not found on PATH: {}", missing.join(", ")))
        } else if self.skipped {
            EngineStatus::Incomplete(self.skip_reason.unwrap_or_else(|| "it was skipped".to_owned()))
        } else {
            EngineStatus::Complete
        };
        EngineReport { findings: self.issues, status }
    }
}

impl Diagnostic {
    fn finding(self) -> QualityFinding {
        let severity = match self.severity.as_str() {
            "error" => Severity::Error,
            "info" => Severity::Info,
            // A word of a later version weighs as much as a warning.
            _ => Severity::Warning,
        };
        let Self { file_path: path, engine, rule, message, line, .. } = self;
        QualityFinding { engine, rule, severity, path, line, message, code: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> ScanKey {
        ScanKey { scorer: String::new(), environment: "e".to_owned(), policy: "p".to_owned() }
    }

    fn recording(name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/fixtures/aislop/{name}.json", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    #[test]
    fn every_recorded_version_is_read() {
        for (name, score, findings) in [
            ("0.2.0-clean-ts", Some(97), 1),
            ("0.2.0-sloppy-ts", Some(23), 35),
            ("0.2.0-sloppy-py", Some(31), 10),
            ("0.2.0-rust", Some(83), 3),
            ("0.2.0-empty", None, 0),
            ("0.7.0-sloppy-ts", Some(17), 35),
            ("0.10.2-sloppy-ts", Some(17), 36),
            ("0.10.2-empty", None, 0),
            ("0.10.2-ccode", None, 1),
            ("0.14.0-clean-ts", Some(100), 0),
            ("0.14.0-sloppy-py", Some(33), 18),
            ("0.14.0-rust-nocargo", Some(83), 4),
        ] {
            let report = read(&recording(name), &key()).unwrap();
            let found = match report.scored {
                Scored::Score(score) => Some(score),
                Scored::Unscoreable(_) => None,
            };
            assert_eq!((found, report.findings.len()), (score, findings), "{name}");
        }
        for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/aislop")).unwrap() {
            let path = entry.unwrap().path();
            assert!(read(&std::fs::read(&path).unwrap(), &key()).is_ok(), "{}", path.display());
        }
    }

    #[test]
    fn faulty_reports_are_never_read() {
        let good = String::from_utf8(recording("0.14.0-sloppy-ts")).unwrap();
        let broken = |text: &str| read(text.as_bytes(), &key()).unwrap_err();
        assert_eq!(broken("  \n"), ReportFault::Empty);
        for at in [1, good.len() / 2, good.trim_end().len() - 1] {
            assert!(matches!(broken(&good[..at]), ReportFault::NotJson(_)), "cut off at {at}");
        }
        assert!(matches!(broken(&format!("{good}{good}")), ReportFault::NotJson(_)));
        assert!(matches!(broken(r#"{"error":"no such folder"}"#), ReportFault::ToolError(_)));
        for (from, to) in [("\"errors\": 4", "\"errors\": 3"), ("\"score\": 30", "\"score\": 130")] {
            assert!(matches!(broken(&good.replacen(from, to, 1)), ReportFault::Inconsistent(_)), "{to}");
        }
        for (from, to) in [
            ("\"schemaVersion\": \"1\"", "\"schemaVersion\": \"2\""),
            ("\"score\": 30", "\"score\": \"30\""),
            ("\"score\": 30", "\"sore\": 30"),
        ] {
            assert!(matches!(broken(&good.replacen(from, to, 1)), ReportFault::Shape(_)), "{to}");
        }
        assert!(read(format!("npm warn x {{\n{good}").as_bytes(), &key()).is_ok(), "lines of a wrapper");
    }

    #[test]
    fn gaps_of_engines_are_noticed() {
        let mut report: Value = serde_json::from_slice(&recording("0.14.0-clean-ts")).unwrap();
        for (member, value) in [
            ("skipped", Value::from(true)),
            ("failed", Value::from(true)),
            ("missingTools", Value::from(vec!["ruff"])),
        ] {
            let mut changed = report.clone();
            changed["engines"]["lint"][member] = value;
            let read = read(changed.to_string().as_bytes(), &key()).unwrap();
            assert!(matches!(read.engines["lint"].status, EngineStatus::Incomplete(_)), "{member}");
        }
        report["engines"]["lint"]["later"] = Value::from(1);
        assert!(read(report.to_string().as_bytes(), &key()).is_ok(), "fields of later versions");
    }
}
