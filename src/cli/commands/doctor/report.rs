//! What `doctor` says: checks, each with a verdict, what was seen, and how to mend it; in lines, and as
//! `agent-loop/doctor/1`. Pure.

use std::fmt::Write;

use serde_json::{Value, json};

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DoctorVerdict {
    Ok,
    /// Worth knowing; no run fails of it.
    Note,
    /// A run may fail of it.
    Warning,
    /// A run would fail of it.
    Error,
}

impl DoctorVerdict {
    /// The word for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DoctorCheck {
    pub(super) name: &'static str,
    pub(super) verdict: DoctorVerdict,
    pub(super) seen: String,
    /// How to mend it: a command to type, or what to do.
    pub(super) mend: Option<String>,
}

impl DoctorCheck {
    /// A check that came to this.
    pub(super) fn new(verdict: DoctorVerdict, name: &'static str, seen: impl Into<String>) -> Self {
        Self { name, verdict, seen: seen.into(), mend: None }
    }

    /// A check that found all as it should be.
    pub(super) fn ok(name: &'static str, seen: impl Into<String>) -> Self {
        Self::new(DoctorVerdict::Ok, name, seen)
    }

    /// With what mends it.
    #[must_use]
    pub(super) fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }
}

/// Checks of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CheckGroup {
    pub(super) title: String,
    pub(super) checks: Vec<DoctorCheck>,
}

impl CheckGroup {
    /// Checks of one thing.
    pub(super) fn new(title: impl Into<String>, checks: Vec<DoctorCheck>) -> Self {
        Self { title: title.into(), checks }
    }
}

/// Everything that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) groups: Vec<CheckGroup>,
}

/// How wide the column of verdicts is.
const VERDICT: usize = "warning".len();

impl Report {
    fn checks(&self) -> impl Iterator<Item = &DoctorCheck> {
        self.groups.iter().flat_map(|group| &group.checks)
    }

    /// The worst of all verdicts.
    pub(super) fn verdict(&self) -> DoctorVerdict {
        self.checks().map(|check| check.verdict).max().unwrap_or(DoctorVerdict::Ok)
    }

    /// 0 if a run would find what it needs, else 1.
    pub(super) fn exit_code(&self) -> u8 {
        match self.verdict() {
            DoctorVerdict::Ok | DoctorVerdict::Note | DoctorVerdict::Warning => 0,
            DoctorVerdict::Error => 1,
        }
    }

    /// In lines.
    pub(super) fn words(&self) -> String {
        let width = self.checks().map(|check| check.name.len()).max().unwrap_or(0);
        let indent = " ".repeat(VERDICT + width + 6);
        let mut text = String::new();
        for group in self.groups.iter().filter(|group| !group.checks.is_empty()) {
            let _ = writeln!(text, "{}", group.title);
            for DoctorCheck { name, verdict, seen, mend } in &group.checks {
                let seen = seen.trim_end().replace('\n', &format!("\n{indent}"));
                let _ = writeln!(text, "  {:VERDICT$}  {name:width$}  {seen}", verdict.name());
                if let Some(mend) = mend {
                    let _ = writeln!(text, "{indent}mend: {mend}");
                }
            }
            text.push('\n');
        }
        let count = |verdict| self.checks().filter(|check| check.verdict == verdict).count();
        let _ = match (count(DoctorVerdict::Error), count(DoctorVerdict::Warning)) {
            (0, 0) => writeln!(text, "a run has what it needs"),
            (0, warnings) => writeln!(text, "a run has what it needs; warnings: {warnings}"),
            (errors, warnings) => {
                writeln!(text, "a run would fail; errors: {errors}, warnings: {warnings}")
            }
        };
        text
    }

    /// For scripts and bug reports.
    pub(super) fn json(&self) -> Value {
        let check = |check: &DoctorCheck| {
            let mut object =
                json!({ "name": check.name, "verdict": check.verdict.name(), "seen": check.seen });
            if let (Some(fields), Some(mend)) = (object.as_object_mut(), &check.mend) {
                fields.insert("mend".to_owned(), json!(mend));
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

    /// The same with every text changed: to keep secrets out of it.
    #[must_use]
    pub(super) fn map(mut self, change: impl Fn(&str) -> String) -> Self {
        for check in self.groups.iter_mut().flat_map(|group| &mut group.checks) {
            check.seen = change(&check.seen);
            check.mend = check.mend.as_deref().map(&change);
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
                    vec![
                        DoctorCheck::new(DoctorVerdict::Warning, "login state", "unknown")
                            .mend("claude auth login"),
                    ],
                ),
            ],
        };
        assert_eq!(
            report.words(),
            "git\n  ok       version      git 2.47\n\nclaude (coder)\n  warning  login state  unknown\n                        mend: claude auth login\n\na run has what it needs; warnings: 1\n"
        );
        assert_eq!((report.exit_code(), report.json()["verdict"].as_str()), (0, Some("warning")));
        report
            .groups
            .push(CheckGroup::new("forge", vec![DoctorCheck::new(DoctorVerdict::Error, "kind", "none")]));
        assert_eq!((report.exit_code(), report.json()["exit"].as_u64()), (1, Some(1)));
    }
}
