//! The report of `doctor`: checks with a verdict, an observation and a fix, as text and as `agent-loop/doctor/1`. Pure.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::cli::view::paint::{Mark, Paint};

/// The result of a check, from harmless to serious.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DoctorVerdict {
    Ok,
    /// Worth knowing, but no reason for a run to fail.
    Note,
    /// A run may fail.
    Warning,
    /// A run would fail.
    Error,
}

impl DoctorVerdict {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    fn mark(self) -> Option<Mark> {
        match self {
            Self::Ok => Some(Mark::Good),
            Self::Note => None,
            Self::Warning => Some(Mark::Warning),
            Self::Error => Some(Mark::Bad),
        }
    }
}

/// One check and its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DoctorCheck {
    pub(super) name: &'static str,
    pub(super) verdict: DoctorVerdict,
    pub(super) seen: String,
    /// A command to type, or an instruction.
    pub(super) fix: Option<String>,
}

impl DoctorCheck {
    /// Returns a check with this result and no fix.
    pub(super) fn new(verdict: DoctorVerdict, name: &'static str, seen: impl Into<String>) -> Self {
        Self { name, verdict, seen: seen.into(), fix: None }
    }

    /// Returns a check that found no problem.
    pub(super) fn ok(name: &'static str, seen: impl Into<String>) -> Self {
        Self::new(DoctorVerdict::Ok, name, seen)
    }

    /// Returns a check that found something worth knowing.
    pub(super) fn note(name: &'static str, seen: impl Into<String>) -> Self {
        Self::new(DoctorVerdict::Note, name, seen)
    }

    /// Returns a check that found a problem that may make a run fail.
    pub(super) fn warning(name: &'static str, seen: impl Into<String>) -> Self {
        Self::new(DoctorVerdict::Warning, name, seen)
    }

    /// Returns a check that found a problem that makes a run fail.
    pub(super) fn error(name: &'static str, seen: impl Into<String>) -> Self {
        Self::new(DoctorVerdict::Error, name, seen)
    }

    /// Adds the fix.
    #[must_use]
    pub(super) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

/// Checks of one subject, such as git or an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CheckGroup {
    pub(super) title: String,
    pub(super) checks: Vec<DoctorCheck>,
}

impl CheckGroup {
    pub(super) fn new(title: impl Into<String>, checks: Vec<DoctorCheck>) -> Self {
        Self { title: title.into(), checks }
    }
}

/// All checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) groups: Vec<CheckGroup>,
}

/// Width of the column of verdicts.
const VERDICT: usize = "warning".len();

impl Report {
    fn checks(&self) -> impl Iterator<Item = &DoctorCheck> {
        self.groups.iter().flat_map(|group| &group.checks)
    }

    /// Returns the most serious verdict.
    pub(super) fn verdict(&self) -> DoctorVerdict {
        self.checks().map(|check| check.verdict).max().unwrap_or(DoctorVerdict::Ok)
    }

    /// Returns 1 if a run would fail, otherwise 0.
    pub(super) fn exit_code(&self) -> u8 {
        match self.verdict() {
            DoctorVerdict::Ok | DoctorVerdict::Note | DoctorVerdict::Warning => 0,
            DoctorVerdict::Error => 1,
        }
    }

    /// Returns the report as text.
    pub(super) fn words(&self, paint: Paint) -> String {
        let width = self.checks().map(|check| check.name.len()).max().unwrap_or(0);
        let indent = " ".repeat(VERDICT + width + 6);
        let mut text = String::new();
        for group in self.groups.iter().filter(|group| !group.checks.is_empty()) {
            let _ = writeln!(text, "{}", paint.strong(&group.title));
            for DoctorCheck { name, verdict, seen, fix } in &group.checks {
                let seen = seen.trim_end().replace('\n', &format!("\n{indent}"));
                let word = format!("{:VERDICT$}", verdict.name());
                let word = verdict.mark().map_or_else(|| word.clone(), |mark| paint.marked(&word, mark));
                let _ = writeln!(text, "  {word}  {name:width$}  {seen}");
                if let Some(fix) = fix {
                    let _ = writeln!(text, "{indent}fix: {fix}");
                }
            }
            text.push('\n');
        }
        let count = |verdict| self.checks().filter(|check| check.verdict == verdict).count();
        let _ = match (count(DoctorVerdict::Error), count(DoctorVerdict::Warning)) {
            (0, 0) => writeln!(text, "ready to run"),
            (0, warnings) => writeln!(text, "ready to run; warnings: {warnings}"),
            (errors, warnings) => {
                writeln!(text, "a run would fail; errors: {errors}, warnings: {warnings}")
            }
        };
        text
    }

    /// Returns the report as JSON, for scripts and bug reports.
    pub(super) fn json(&self) -> Value {
        let check = |check: &DoctorCheck| {
            let mut object =
                json!({ "name": check.name, "verdict": check.verdict.name(), "seen": check.seen });
            if let (Some(fields), Some(fix)) = (object.as_object_mut(), &check.fix) {
                fields.insert("fix".to_owned(), json!(fix));
            }
            object
        };
        let group = |group: &CheckGroup| {
            let checks: Vec<Value> = group.checks.iter().map(check).collect();
            json!({ "title": group.title, "checks": checks })
        };
        json!({
            "schema": "agent-loop/doctor/1",
            "version": env!("CARGO_PKG_VERSION"),
            "verdict": self.verdict().name(),
            "exit": self.exit_code(),
            "groups": self.groups.iter().map(group).collect::<Vec<Value>>(),
        })
    }

    /// Returns the report with every text changed, to remove secrets.
    #[must_use]
    pub(super) fn map(mut self, change: impl Fn(&str) -> String) -> Self {
        for check in self.groups.iter_mut().flat_map(|group| &mut group.checks) {
            check.seen = change(&check.seen);
            check.fix = check.fix.as_deref().map(&change);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_verdict_decides() {
        let mut report = Report {
            groups: vec![
                CheckGroup::new("git", vec![DoctorCheck::ok("version", "git 2.47")]),
                CheckGroup::new("nothing", Vec::new()),
                CheckGroup::new(
                    "claude (coder)",
                    vec![DoctorCheck::warning("login state", "unknown").fix("claude auth login")],
                ),
            ],
        };
        assert_eq!(
            report.words(Paint::Plain),
            "git\n  ok       version      git 2.47\n\nclaude (coder)\n  warning  login state  unknown\n                        fix: claude auth login\n\nready to run; warnings: 1\n"
        );
        assert_eq!((report.exit_code(), report.json()["verdict"].as_str()), (0, Some("warning")));
        report.groups.push(CheckGroup::new("forge", vec![DoctorCheck::error("kind", "none")]));
        assert_eq!((report.exit_code(), report.json()["exit"].as_u64()), (1, Some(1)));
    }
}
