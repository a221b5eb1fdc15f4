//! What a turn's prompt says, in structured form: the file behind `AGENT_LOOP_CONTEXT`, schema `agent-loop/context/1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The value of `schema` in a context file.
pub const CONTEXT_SCHEMA: &str = "agent-loop/context/1";

/// Everything that one agent is told in one turn; it holds only what is shown to this agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Context {
    /// Always `agent-loop/context/1`.
    pub schema: String,
    /// The kind of answer that is wanted.
    pub kind: String,
    /// The round of review; 0 before the first.
    pub round: u32,
    /// After this round with something left to fix the run ends.
    pub max_rounds: u32,
    /// What the run is about.
    pub subject: ContextSubject,
    /// The words of the task, or of the issue, that the change is for; of a pull request that came from neither, its
    /// own.
    pub task: String,
    /// The issue or task that the pull request came from, where we know it by ourselves and not from the pull request.
    pub origin: Option<ContextSubject>,
    /// The findings that are shown.
    pub items: Vec<ContextItem>,
    /// What people who may write to the repository asked for, signed.
    pub requirements: Vec<ContextRequirement>,
    /// How many older ones were left out; they are in `subject.comments` or in `origin`.
    pub requirements_omitted: u64,
    /// What the gates say of the head.
    pub gates: Vec<ContextGate>,
    /// What changed between base and head.
    pub changed_files: Vec<ChangedFile>,
    /// Those of them that configure agents; in a reviewer's clone they are as in the merge base, unless it is the user's own.
    pub agent_files: Vec<String>,
    /// A file with the whole diff, outside the clone; absent when there is no change yet.
    pub diff_path: Option<String>,
    /// Whether what an earlier try of this coder had done lies uncommitted in the clone.
    pub unfinished: bool,
    /// What the coder last said of its change.
    pub summary: Option<String>,
    /// Questions that the coder asked, and a person's answers.
    pub clarifications: Vec<Clarification>,
    /// What was wrong with the previous answer to the same question.
    pub errors: Vec<String>,
    /// The positions of other debaters.
    pub positions: Vec<ContextPosition>,
}

/// The issue, pull request or task of a turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContextSubject {
    /// `issue`, `pr` or `task`.
    pub kind: String,
    /// Its number; absent for a task.
    pub number: Option<u64>,
    /// Its title.
    pub title: String,
    /// Its description.
    pub body: String,
    /// What people said about it, oldest first, without the tool's own records.
    pub comments: Vec<ContextComment>,
}

impl ContextSubject {
    /// What the subject says: an issue's title and description, or the text of a task.
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
    /// Its author's login.
    pub author: String,
    /// Its text.
    pub body: String,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContextItem {
    /// Its stable name.
    pub id: String,
    /// Who raised it: a reviewer's label, or `gate-tests` and the like.
    pub reviewer: String,
    /// `blocking`, `same-pr`, `future` or `resolved`.
    pub status: String,
    /// The round in which it was raised.
    pub round: u32,
    /// What it says.
    pub text: String,
    /// What was said about it since, oldest first.
    pub notes: Vec<String>,
    /// The coder's objection, if it made one.
    pub dispute: Option<String>,
}

/// A signed requirement of a person who may write to the repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContextRequirement {
    /// Its stable name, `hr-…`.
    pub id: String,
    /// Its author's login.
    pub author: String,
    /// Its text.
    pub text: String,
}

/// A gate's word on the head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContextGate {
    /// The gate.
    pub name: String,
    /// `pass`, `fail` or `inconclusive`.
    pub verdict: String,
    /// Why.
    pub detail: String,
}

/// A file that the change touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedFile {
    /// Its path in the repository; bytes that are not UTF-8 are replaced.
    pub path: String,
    /// git's letter: `A`, `M`, `D`, `T` …
    pub status: String,
}

/// A question of the coder and a person's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clarification {
    /// What the coder asked.
    pub question: String,
    /// What the person said.
    pub answer: String,
}

/// What a debater said in the round before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContextPosition {
    /// The debater's label.
    pub name: String,
    /// Its position.
    pub text: String,
}
