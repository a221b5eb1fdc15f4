//! The hashes that link the records of a chain, and the keys derived from hashes.

use crate::domain::child_issue::ChildPurpose;
use crate::domain::digest::{abbreviated, sha256};
use crate::domain::flow_name::FlowName;
use crate::domain::ids::{BranchName, ChainHash, ChildKey, Label, PlanHash, RecordId, TaskKey};
use crate::domain::plan::Plan;
use crate::domain::revision::Revision;
use crate::domain::subject::Subject;

/// A chain: the records of one flow on one subject of one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The forge's own id of the repository.
    pub repository: String,
    pub flow: FlowName,
    pub subject: Subject,
}

impl Chain {
    /// Returns the `prev` of the first record.
    pub fn start(&self) -> ChainHash {
        hash(format!("{}/{}/{}", self.repository, self.flow, self.subject).as_bytes())
    }
}

/// Hashes a record's canonical bytes.
pub fn hash(bytes: &[u8]) -> ChainHash {
    valid(ChainHash::try_from(sha256(bytes)))
}

/// Returns the id of the record that follows `prev`.
pub fn record_id(prev: &ChainHash, kind: &str, agent: Option<&Label>) -> RecordId {
    let agent = agent.map_or("", Label::as_str);
    valid(RecordId::try_from(abbreviated(format!("{prev}\n{kind}\n{agent}"), 16)))
}

/// Returns the key of a task: equal texts on the same base of the same repository are the same task.
pub fn task_key(repository: &str, base: &BranchName, text: &str) -> TaskKey {
    let words: Vec<&str> = text.split_whitespace().collect();
    valid(TaskKey::try_from(abbreviated(format!("{repository}\n{base}\n{}", words.join(" ")), 8)))
}

/// Returns the hash of a plan.
pub fn plan_hash(plan: &Plan) -> PlanHash {
    valid(PlanHash::try_from(abbreviated(plan.text(), 16)))
}

/// Returns the key of an issue that a run files: equal texts under the same parent, for the same purpose, are one issue.
pub fn child_key(purpose: ChildPurpose, parent: u64, text: &str) -> ChildKey {
    valid(ChildKey::try_from(abbreviated(format!("{}\n{parent}\n{}", purpose.name(), plain(text)), 16)))
}

/// Returns the hash of the topic of a debate: the title and the description of an issue, and the comments of people with
/// write access.
pub fn topic<'text>(texts: impl IntoIterator<Item = &'text str>) -> Revision {
    let framed = |whole: String, text: &str| format!("{whole}{}\n{text}\n", text.len());
    valid(Revision::try_from(sha256(texts.into_iter().fold(String::new(), framed))))
}

#[expect(clippy::expect_used, reason = "a digest in hexadecimal is well-formed by construction")]
fn valid<T, E: std::fmt::Debug>(name: Result<T, E>) -> T {
    name.expect("a well-formed digest")
}

/// Returns the text that the key of an issue is made of. It must never change: a filed issue is found again by that key.
fn plain(text: &str) -> String {
    let bare = text.replace(['*', '_', '`'], "").to_lowercase();
    let joined = bare.split_whitespace().collect::<Vec<_>>().join(" ");
    let unmarked = joined.trim_start_matches(['-', '+', '•', ' ']);
    unmarked.trim_end_matches(['.', '!', ';', ':', ',', ' ']).to_owned()
}
