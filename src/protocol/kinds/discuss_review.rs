//! `discuss_review`: a debater's vote on an issue. Votes decide, nothing else.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::agent::ResponseKind;

use super::super::expectation::{Expectation, ResearchPolicy, RuleReport};
use super::super::placeholder::says_nothing;
use super::super::text::{Text, Version1};
use super::Kind;
use super::shared::KindTag;

/// The maximum number of proposed issues. A longer list is refused, not cut: the debater must merge some of them.
pub const MOST_PROPOSALS: usize = 8;

/// A position in a debate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscussReview {
    /// Always 1.
    pub schema_version: Version1,
    /// Always `discuss_review`.
    pub kind: KindTag<Self>,
    /// The nonce that the question states. A published review has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(required)]
    pub nonce: Option<Text>,
    /// The vote.
    pub outcome: DebateOutcome,
    /// The reasons.
    pub rationale: Text,
    /// The proposed issues: one to eight with `split`, none otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_proposals: Option<Vec<Text>>,
    /// The reply to the positions of the previous round; required from round 2. A changed vote names here what convinced you.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebuttal: Option<Text>,
    /// Whether the analyzer's summary is accurate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analyzer_framing: Option<Framing>,
    /// The errors in the summary; required with `misframed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framing_note: Option<Text>,
    /// The research.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub research: Option<Research>,
}

/// A vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DebateOutcome {
    /// The issue should be implemented.
    Implement,
    /// The issue should not be implemented.
    DoNotImplement,
    /// A person must decide.
    NeedsHuman,
    /// The issue should be split into several.
    Split,
}

impl DebateOutcome {
    /// Returns the value used in answers and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Implement => "implement",
            Self::DoNotImplement => "do-not-implement",
            Self::NeedsHuman => "needs-human",
            Self::Split => "split",
        }
    }
}

/// Whether the analyzer's summary is accurate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Framing {
    /// The summary is accurate.
    Accurate,
    /// The summary is wrong.
    Misframed,
}

/// The research.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Research {
    /// The result of the research.
    pub status: ResearchStatus,
    /// Facts with their sources; present only with `sourced`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sourced_facts: Option<Vec<SourcedFact>>,
}

/// The result of research.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ResearchStatus {
    /// Facts were found.
    Sourced,
    /// No research was needed.
    NotNeeded,
    /// Research was not possible.
    Unavailable,
    /// The facts that were found do not decide the question.
    Inconclusive,
}

/// A fact with its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourcedFact {
    /// The fact.
    pub fact: Text,
    /// The source.
    pub source: Text,
}

/// A valid vote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebateVote {
    /// The vote.
    pub outcome: DebateOutcome,
    /// The proposed issues.
    pub split: Vec<String>,
}

impl Kind for DiscussReview {
    const KIND: ResponseKind = ResponseKind::DiscussReview;
    type Meaning = DebateVote;

    fn verdict(&self) -> Option<&'static str> {
        Some(self.outcome.name())
    }

    fn meaning(&self, expectation: &Expectation, report: &mut RuleReport) -> DebateVote {
        let split: Vec<String> = self
            .split_proposals
            .iter()
            .flatten()
            .map(Text::as_str)
            .filter(|text| !says_nothing(text))
            .map(str::to_owned)
            .collect();
        let path = "/split_proposals";
        match (self.outcome, split.len()) {
            (DebateOutcome::Split, 0) => report.complain(path, "at least one with `split`", "none"),
            (DebateOutcome::Split, count) if count > MOST_PROPOSALS => {
                let expected = format!("at most {MOST_PROPOSALS} proposals: merge some of them");
                report.complain(path, expected, count.to_string());
            }
            (DebateOutcome::Split, _)
            | (DebateOutcome::Implement | DebateOutcome::DoNotImplement | DebateOutcome::NeedsHuman, 0) => {}
            (DebateOutcome::Implement | DebateOutcome::DoNotImplement | DebateOutcome::NeedsHuman, count) => {
                report.complain(path, "none without the outcome `split`", count.to_string());
            }
        }
        self.framing_is_told(report);
        let debate = expectation.debate.as_ref();
        if debate.is_some_and(|debate| debate.round > 1) && self.rebuttal.is_none() {
            report.complain("/rebuttal", "a text, from round 2 on", "nothing");
        }
        self.research_is_told(debate.map_or(ResearchPolicy::Optional, |debate| debate.research), report);
        DebateVote { outcome: self.outcome, split }
    }
}

impl DiscussReview {
    fn framing_is_told(&self, report: &mut RuleReport) {
        match (self.analyzer_framing, &self.framing_note) {
            (Some(Framing::Misframed), None) => {
                report.complain("/framing_note", "the errors in the summary, with `misframed`", "nothing");
            }
            (None, Some(_)) => {
                report.complain("/framing_note", "nothing without `analyzer_framing`", "a text");
            }
            (Some(Framing::Misframed | Framing::Accurate), Some(_))
            | (Some(Framing::Accurate) | None, None) => {}
        }
    }

    fn research_is_told(&self, policy: ResearchPolicy, report: &mut RuleReport) {
        let path = "/research";
        match (policy, &self.research) {
            (ResearchPolicy::Required, None) => report.complain(path, "research", "nothing"),
            (ResearchPolicy::Required, Some(Research { status: ResearchStatus::NotNeeded, .. })) => {
                report.complain(
                    "/research/status",
                    "another status than `not-needed`: research is required",
                    "not-needed",
                );
            }
            (ResearchPolicy::Forbidden, Some(_)) => {
                report.remarks.push("`research` is left out: this debate uses no research".to_owned());
                return;
            }
            (ResearchPolicy::Required | ResearchPolicy::Optional, Some(_))
            | (ResearchPolicy::Forbidden | ResearchPolicy::Optional, None) => {}
        }
        let Some(research) = &self.research else { return };
        let facts = research.sourced_facts.as_ref().map_or(0, Vec::len);
        let path = "/research/sourced_facts";
        match research.status {
            ResearchStatus::Sourced if facts == 0 => {
                report.complain(path, "at least one with `sourced`", "none");
            }
            ResearchStatus::NotNeeded | ResearchStatus::Unavailable | ResearchStatus::Inconclusive
                if facts > 0 =>
            {
                report.complain(path, "none without the status `sourced`", format!("{facts}"));
            }
            ResearchStatus::Sourced
            | ResearchStatus::NotNeeded
            | ResearchStatus::Unavailable
            | ResearchStatus::Inconclusive => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::expectation::Debate;

    fn holds(rest: &str, round: u32, research: ResearchPolicy) -> bool {
        let json = format!(r#"{{"schema_version":1,"kind":"discuss_review","rationale":"r",{rest}}}"#);
        let review: DiscussReview = serde_json::from_str(&json).unwrap();
        let debate = Some(Debate { round, debaters: Vec::new(), research });
        review.judged(&Expectation { debate, ..Expectation::bare(ResponseKind::DiscussReview) }).is_ok()
    }

    #[test]
    fn a_split_says_how() {
        assert!(!holds(r#""outcome":"split""#, 1, ResearchPolicy::Optional));
        assert!(holds(r#""outcome":"split","split_proposals":["a"]"#, 1, ResearchPolicy::Optional));
        assert!(!holds(r#""outcome":"implement","split_proposals":["a"]"#, 1, ResearchPolicy::Optional));
        let nine = format!(r#""outcome":"split","split_proposals":[{}"a"]"#, r#""a","#.repeat(8));
        assert!(!holds(&nine, 1, ResearchPolicy::Optional));
    }

    #[test]
    fn later_rounds_need_a_rebuttal() {
        assert!(holds(r#""outcome":"implement""#, 1, ResearchPolicy::Optional));
        assert!(!holds(r#""outcome":"implement""#, 2, ResearchPolicy::Optional));
        assert!(holds(r#""outcome":"implement","rebuttal":"still""#, 2, ResearchPolicy::Optional));
    }

    #[test]
    fn framing_and_its_note_go_together() {
        assert!(!holds(
            r#""outcome":"implement","analyzer_framing":"misframed""#,
            1,
            ResearchPolicy::Optional
        ));
        assert!(holds(
            r#""outcome":"implement","analyzer_framing":"misframed","framing_note":"x""#,
            1,
            ResearchPolicy::Optional
        ));
        assert!(!holds(r#""outcome":"implement","framing_note":"x""#, 1, ResearchPolicy::Optional));
    }

    #[test]
    fn research_keeps_to_its_policy() {
        let with = |research: &str| format!(r#""outcome":"implement","research":{research}"#);
        let sourced = with(r#"{"status":"sourced","sourced_facts":[{"fact":"f","source":"s"}]}"#);
        assert!(holds(&sourced, 1, ResearchPolicy::Required));
        assert!(holds(&sourced, 1, ResearchPolicy::Forbidden), "it is left out, with a remark");
        assert!(!holds(r#""outcome":"implement""#, 1, ResearchPolicy::Required));
        assert!(!holds(&with(r#"{"status":"not-needed"}"#), 1, ResearchPolicy::Required));
        assert!(holds(&with(r#"{"status":"not-needed"}"#), 1, ResearchPolicy::Optional));
        assert!(!holds(&with(r#"{"status":"sourced"}"#), 1, ResearchPolicy::Optional));
        let facts = r#"{"status":"unavailable","sourced_facts":[{"fact":"f","source":"s"}]}"#;
        assert!(!holds(&with(facts), 1, ResearchPolicy::Optional));
    }
}
