//! The content of a turn's prompt in structured form: the file behind `AGENT_LOOP_CONTEXT`, schema `agent-loop/context/1`.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The value of `schema` in a context file.
pub const CONTEXT_SCHEMA: &str = "agent-loop/context/1";

/// The input of one agent in one turn. It contains only what this agent may see.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Context {
    /// Always `agent-loop/context/1`.
    pub schema: String,
    /// The kind of the requested answer.
    pub kind: String,
    /// The round of review; 0 before the first.
    pub round: u32,
    /// The maximum number of rounds: with open findings the run ends after it.
    pub max_rounds: u32,
    /// The subject of the run.
    pub subject: ContextSubject,
    /// The text of the task or issue that the change is for. For a person's pull request, its own text.
    pub task: String,
    /// The issue or task of the pull request, if it is known from the tool's own records.
    pub origin: Option<ContextSubject>,
    /// The findings in the prompt.
    pub items: Vec<ContextItem>,
    /// Signed requirements of people with write access.
    pub requirements: Vec<ContextRequirement>,
    /// The number of older requirements that were left out; they are in `subject.comments` or in `origin`.
    pub requirements_omitted: u64,
    /// The verdicts of the gates on the head.
    pub gates: Vec<ContextGate>,
    /// The files that changed between base and head.
    pub changed_files: Vec<ChangedFile>,
    /// Changed files that configure agents. In a reviewer's clone they are as in the merge base, but not in a user's
    /// checkout.
    pub agent_files: Vec<String>,
    /// A file with the whole diff, outside the clone; absent without a change.
    pub diff_path: Option<String>,
    /// Whether the coder's work from an earlier attempt is uncommitted in the clone.
    pub unfinished: bool,
    /// Whether the clone has the files of a merge with the base branch, with conflict markers that the coder removes.
    #[serde(default)]
    pub merging: bool,
    /// The coder's latest summary of its change.
    pub summary: Option<String>,
    /// The plan under review, or the approved plan of the change.
    pub plan: Option<ContextPlan>,
    /// The coder's questions with a person's answers.
    pub clarifications: Vec<Clarification>,
    /// The complaints about the previous answer to the same question.
    pub errors: Vec<String>,
    /// The positions of the previous round that this agent may see; for an analyzer, those of the round that it summarizes.
    pub positions: Vec<ContextPosition>,
    /// The state of the debate, for debaters and the analyzer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debate: Option<ContextDebate>,
}

/// The issue, pull request or task of a turn.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContextSubject {
    /// `issue`, `pr` or `task`.
    pub kind: String,
    /// The number; absent for a task.
    pub number: Option<u64>,
    /// The title.
    pub title: String,
    /// The description.
    pub body: String,
    /// Comments of people, oldest first, without the tool's own records.
    pub comments: Arc<[ContextComment]>,
}

impl ContextSubject {
    /// Returns an issue's title and description, or the text of a task.
    pub fn text(&self) -> String {
        match self.number {
            Some(_) => format!("{}\n\n{}", self.title, self.body),
            None => self.body.clone(),
        }
    }
}

/// A person's comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContextComment {
    /// The login of the author.
    pub author: String,
    /// The text.
    pub body: Arc<str>,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContextItem {
    /// The stable id.
    pub id: String,
    /// The author: a reviewer's label, or a gate such as `gate-tests`.
    pub reviewer: String,
    /// `blocking`, `same-pr`, `future` or `resolved`.
    pub status: String,
    /// The round in which it was raised.
    pub round: u32,
    /// The text.
    pub text: String,
    /// Later comments, oldest first.
    pub notes: Vec<String>,
    /// The coder's objection.
    pub dispute: Option<String>,
}

/// A signed requirement of a person with write access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContextRequirement {
    /// The stable id, `hr-…`.
    pub id: String,
    /// The login of the author.
    pub author: String,
    /// The text.
    pub text: String,
}

/// A gate's verdict on the head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContextGate {
    /// The name of the gate.
    pub name: String,
    /// `pass`, `fail` or `inconclusive`.
    pub verdict: String,
    /// The reason.
    pub detail: String,
    /// Facts about the change that reviewers judge.
    pub reports: Vec<String>,
}

/// A changed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedFile {
    /// The path in the repository; bytes that are not UTF-8 are replaced.
    pub path: String,
    /// The letter that git uses: `A`, `M`, `D`, `T` …
    pub status: String,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContextPlan {
    /// The hash, which names this version of the plan.
    pub hash: String,
    /// The number of its issue.
    pub issue: u64,
    /// The steps, and the stages that are left for later.
    pub text: String,
}

/// A question of the coder and a person's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clarification {
    /// The coder's question.
    pub question: String,
    /// The person's answer.
    pub answer: String,
}

/// The state of a debate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContextDebate {
    /// `none`, `required` or `auto`.
    pub research: String,
    /// The labels of the debaters.
    pub debaters: Vec<String>,
    /// The agenda of this round; absent in the first.
    pub agenda: Option<ContextAgenda>,
}

/// The agenda of a round of a debate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContextAgenda {
    /// The analyzer who wrote it; absent for an agenda made from the votes.
    pub analyzer: Option<String>,
    /// The points on which all debaters agree, according to the analyzer.
    pub consensus: Vec<String>,
    /// The points on which they disagree.
    pub disagreements: Vec<ContextDisagreement>,
    /// Facts that are missing in the debate.
    pub missing_facts: Vec<String>,
    /// Questions to research in this round.
    pub research_questions: Vec<String>,
}

/// A point on which debaters disagree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContextDisagreement {
    /// The topic.
    pub topic: String,
    /// The positions of debaters.
    pub positions: Vec<ContextPosition>,
    /// The question for this round.
    pub question: String,
}

/// A debater's position in the previous round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContextPosition {
    /// The label of the debater.
    pub name: String,
    /// The position.
    pub text: String,
}
