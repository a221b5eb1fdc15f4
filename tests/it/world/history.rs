//! The history of a world: the result of every change, as text from which a later version of the engine can start.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use agent_loop::domain::ids::{BranchName, CommitSha};
use agent_loop::domain::subject::Subject;
use agent_loop::ports::forge::Comment;
use agent_loop::ports::journal::Entry;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::forge::{Filed, ForgeModel};
use super::git::{Commit, Git};
use super::memory_world::{MemoryWorld, State};
use super::shapes::CommentShape;

/// The states of a world after each change, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct History {
    moments: Vec<Moment>,
}

/// One change. The first moment of a history has the whole world before any engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Moment {
    pub(crate) effect: String,
    /// The new and changed parts of a `Saved`.
    left: Value,
}

/// The state that outlives an engine, with numbered elements, so that changes are small.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    now: Timestamp,
    unique: u64,
    commits_made: u64,
    commits: BTreeMap<CommitSha, Commit>,
    branches: BTreeMap<BranchName, CommitSha>,
    kept: BTreeMap<String, CommitSha>,
    subjects: BTreeMap<u64, Filed>,
    comments: BTreeMap<u64, BTreeMap<usize, SavedComment>>,
    journals: BTreeMap<Subject, BTreeMap<usize, Entry>>,
}

#[derive(Serialize, Deserialize)]
struct SavedComment(#[serde(with = "CommentShape")] Comment);

/// The state of the recording.
#[derive(Debug)]
pub(super) struct Recorder {
    moments: Vec<Moment>,
    last: Value,
}

impl Recorder {
    pub(super) fn begin(state: &State) -> Self {
        let last = saved(state);
        let first = Moment { effect: "begin".to_owned(), left: last.clone() };
        Self { moments: vec![first], last }
    }

    pub(super) fn note(&mut self, effect: &str, now: Value) {
        let left = difference(&self.last, &now).unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        self.moments.push(Moment { effect: effect.to_owned(), left });
        self.last = now;
    }
}

impl Moment {
    /// Returns whether the change includes data for a later engine, and not only a clone or an unreported commit.
    pub(crate) fn is_durable(&self) -> bool {
        ["journals", "comments", "branches", "subjects"].iter().any(|part| self.left.get(part).is_some())
    }
}

impl History {
    /// Reads a history with one moment per line.
    pub(crate) fn parse(text: &str) -> serde_json::Result<Self> {
        let moments = text.lines().map(serde_json::from_str).collect::<serde_json::Result<_>>()?;
        Ok(Self { moments })
    }

    /// Returns the text that [`History::parse`] reads.
    pub(crate) fn text(&self) -> serde_json::Result<String> {
        let lines: Vec<String> =
            self.moments.iter().map(serde_json::to_string).collect::<serde_json::Result<_>>()?;
        Ok(lines.join("\n") + "\n")
    }

    pub(crate) fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// Returns the entries of all journals at the end, as they were written.
    pub(crate) fn journal_entries(&self) -> serde_json::Result<BTreeMap<Subject, BTreeMap<usize, Value>>> {
        let end = self.after(self.moments.len());
        serde_json::from_value(end.get("journals").cloned().unwrap_or_default())
    }

    /// Returns the saved world after this number of moments.
    fn after(&self, count: usize) -> Value {
        let mut saved = Value::Null;
        for moment in self.moments.iter().take(count) {
            lay_over(&mut saved, &moment.left);
        }
        saved
    }
}

impl MemoryWorld {
    /// Starts recording a history.
    pub(crate) fn record_history(&self) {
        self.with(|state| state.recorder = Some(Recorder::begin(state)));
    }

    /// Returns the recorded history.
    pub(crate) fn history(&self) -> Option<History> {
        self.with(|state| {
            state.recorder.as_ref().map(|recorder| History { moments: recorder.moments.clone() })
        })
    }

    /// Restores the world after this number of moments, without clones, as after a crash and a cleanup.
    pub(crate) fn restore(&self, history: &History, count: usize) -> serde_json::Result<()> {
        let saved: Saved = serde_json::from_value(history.after(count))?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let numbered = |(number, comments): (u64, BTreeMap<usize, SavedComment>)| {
            (number, comments.into_values().map(|SavedComment(comment)| comment).collect())
        };
        let comments: BTreeMap<u64, Vec<Comment>> = saved.comments.into_iter().map(numbered).collect();
        state.forge = ForgeModel::with(saved.subjects, comments);
        state.git = Git::with(saved.commits, saved.branches, saved.kept, saved.commits_made);
        let journals = saved.journals.into_iter();
        state.journals =
            journals.map(|(subject, entries)| ((0, subject), entries.into_values().collect())).collect();
        (state.now, state.unique) = (saved.now, saved.unique);
        Ok(())
    }
}

/// Returns the current world, without clones and locks.
pub(super) fn saved(state: &State) -> Value {
    let numbered = |(number, comments): (&u64, &Vec<Comment>)| {
        (*number, comments.iter().cloned().map(SavedComment).enumerate().collect())
    };
    let saved = Saved {
        now: state.now,
        unique: state.unique,
        commits_made: state.git.commits_made,
        commits: state.git.commits.clone(),
        branches: state.git.branches.clone(),
        kept: state.git.kept.clone(),
        subjects: state.forge.subjects.clone(),
        comments: state.forge.comments.iter().map(numbered).collect(),
        journals: state
            .journals
            .iter()
            .map(|((_, subject), entries)| (subject.clone(), entries.iter().cloned().enumerate().collect()))
            .collect(),
    };
    serde_json::to_value(saved).unwrap_or_else(|error| panic!("a world cannot be saved: {error}"))
}

/// Returns the new and changed members. Members are never removed.
fn difference(before: &Value, after: &Value) -> Option<Value> {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let changed = |(key, value): (&String, &Value)| {
                let left = match before.get(key) {
                    Some(old) => difference(old, value)?,
                    None => value.clone(),
                };
                Some((key.clone(), left))
            };
            let members: serde_json::Map<String, Value> = after.iter().filter_map(changed).collect();
            (!members.is_empty()).then_some(Value::Object(members))
        }
        (before, after) => (before != after).then(|| after.clone()),
    }
}

/// Applies the changes of a moment.
fn lay_over(target: &mut Value, left: &Value) {
    match (target, left) {
        (Value::Object(target), Value::Object(left)) => {
            for (key, value) in left {
                match target.get_mut(key) {
                    Some(old) => lay_over(old, value),
                    None => {
                        target.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (target, left) => *target = left.clone(),
    }
}
