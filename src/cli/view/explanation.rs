//! The explanation of an approval, for people, for a CI summary and for scripts.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::adapters::process::output::tail::plain;
use crate::domain::explanation::{Condition, ConditionState, Explanation};
use crate::domain::ids::CommitSha;
use crate::text::markdown::{count, folded_output, indented};
use crate::text::sanitize::{one_line, unmarked};

/// The number of last lines of a gate's output that are shown.
const LINES: usize = 20;
/// The maximum length of a line, in characters.
const LINE: usize = 200;

/// An explanation with the subject that it is about.
#[derive(Debug, Clone)]
pub struct ExplainedApproval {
    /// `pr/7`, or `HEAD`.
    pub subject: String,
    /// The commit with which the head is compared, if the command knows it.
    pub base: Option<CommitSha>,
    pub explanation: Explanation,
}

impl ExplainedApproval {
    fn headline(&self) -> String {
        let Explanation { head, conditions } = &self.explanation;
        let is_needed = |condition: &&Condition| match condition.state {
            ConditionState::Met
            | ConditionState::Unmet
            | ConditionState::Inconclusive
            | ConditionState::Pending => true,
            ConditionState::Advisory | ConditionState::NotRun => false,
        };
        let needed = conditions.iter().filter(is_needed);
        let open = needed.clone().filter(|condition| condition.state != ConditionState::Met).count();
        let place = format!("{} at {}", self.subject, head.short());
        let all = count(needed.count(), "condition");
        if open == 0 {
            format!("{place}: all met ({all})")
        } else {
            format!("{place}: {open} of {all} not met")
        }
    }

    /// Returns the lines of a gate's findings, without those that are items.
    fn findings(&self, condition: &Condition) -> Vec<String> {
        let is_item = |finding: &&String| {
            self.explanation.conditions.iter().any(|other| other.evidence.contains(finding.as_str()))
        };
        let findings = condition.findings.iter().filter(|finding| !is_item(finding));
        let lines = findings.flat_map(|finding| finding.lines()).filter(|line| !line.trim().is_empty());
        lines.map(shortened).collect()
    }

    /// Returns the explanation as lines for a person.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.headline());
        for condition in &self.explanation.conditions {
            let _ = writeln!(text, "  {}", line(condition));
            if condition.state != ConditionState::Met {
                for more in summed_up(condition).1 {
                    let _ = writeln!(text, "      {more}");
                }
            }
            for more in self.findings(condition) {
                let _ = writeln!(text, "      {more}");
            }
            if let Some(remedy) = condition.remedy {
                let _ = writeln!(text, "    → {remedy}");
            }
        }
        text
    }

    /// Returns the explanation as Markdown, for example for the summary of a CI job. What is met is folded.
    pub fn markdown(&self) -> String {
        let mut text = format!("### agent-loop gates: {}\n\n", unmarked(&self.headline()));
        for condition in &self.explanation.conditions {
            let _ = writeln!(text, "- {}", unmarked(&line(condition)));
        }
        for condition in &self.explanation.conditions {
            let title = format!("{} {}", condition.kind, condition.name);
            let rest = [summed_up(condition).1, self.findings(condition)].concat().join("\n");
            if rest.is_empty() {
                continue;
            }
            match condition.state {
                ConditionState::Met | ConditionState::Advisory | ConditionState::NotRun => {
                    text.push_str(&folded_output(&title, &rest));
                }
                ConditionState::Unmet | ConditionState::Inconclusive | ConditionState::Pending => {
                    let _ = write!(text, "\n**{title}**\n\n{}\n", indented(&rest));
                }
            }
        }
        text
    }

    /// Returns the explanation as a JSON object, schema `agent-loop/gates/1`.
    pub fn json(&self) -> Value {
        let condition = |one: &Condition| {
            json!({
                "kind": one.kind, "name": one.name, "state": one.state, "evidence": one.evidence,
                "findings": one.findings, "remedy": one.remedy,
            })
        };
        json!({
            "schema": "agent-loop/gates/1",
            "subject": self.subject,
            "head": self.explanation.head,
            "base": self.base,
            "exit": self.explanation.exit_code(),
            "conditions": self.explanation.conditions.iter().map(condition).collect::<Vec<_>>(),
            "message": self.headline(),
        })
    }
}

/// Returns the line that sums up the evidence, and the other lines. The evidence of a gate that passed, or that has findings,
/// ends with its summary.
fn summed_up(condition: &Condition) -> (String, Vec<String>) {
    let text = plain(&condition.evidence);
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let summary = if condition.state == ConditionState::Met || !condition.findings.is_empty() {
        lines.pop()
    } else {
        (!lines.is_empty()).then(|| lines.remove(0))
    };
    let from = lines.len().saturating_sub(LINES);
    let rest = lines.iter().skip(from).map(|line| shortened(line)).collect();
    (unmarked(&one_line(summary.unwrap_or_default(), LINE)), rest)
}

fn line(condition: &Condition) -> String {
    let (mark, state) = match condition.state {
        ConditionState::Met => ('✓', ""),
        ConditionState::Unmet => ('✗', ""),
        ConditionState::Inconclusive => ('?', " (inconclusive)"),
        ConditionState::Pending => ('?', " (pending)"),
        ConditionState::Advisory => ('·', " (advisory)"),
        ConditionState::NotRun => ('·', " (not run)"),
    };
    let Condition { kind, name, .. } = condition;
    format!("{mark} {kind} {name}{state}: {}", summed_up(condition).0)
}

fn shortened(line: &str) -> String {
    unmarked(&line.chars().take(LINE).collect::<String>())
}
