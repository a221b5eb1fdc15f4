//! A plan for an issue: ordered steps, and stages that are left for later.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::ids::{IssueNumber, PlanHash};

/// A plan. Its text is what its hash covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub steps: Vec<String>,
    pub deferred: Vec<Stage>,
}

/// A stage that a plan leaves for later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    pub title: String,
    pub summary: String,
}

/// The plan that a change is checked against, or that is under review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanReference {
    pub hash: PlanHash,
    pub issue: IssueNumber,
    pub text: String,
}

/// The approved plan that a change was made for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundPlan {
    pub hash: PlanHash,
    pub issue: IssueNumber,
}

impl PlanReference {
    pub fn bound(&self) -> BoundPlan {
        BoundPlan { hash: self.hash.clone(), issue: self.issue }
    }
}

impl Plan {
    /// Returns the canonical text. It must never change for the same plan: an approval names its hash.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (number, step) in (1..).zip(&self.steps) {
            let _ = writeln!(text, "{number}. {step}");
        }
        if !self.deferred.is_empty() {
            text.push_str("\nLeft for later:\n");
        }
        for Stage { title, summary } in &self.deferred {
            let _ = writeln!(text, "- {title}: {summary}");
        }
        text
    }
}

/// Returns a title without differences in case and spacing, for comparisons.
pub fn folded_title(title: &str) -> String {
    title.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
