//! A whole thread, looked at without going on with it: the chains in it, what counts, what does not and why.

use std::collections::BTreeSet;

use crate::domain::flow_name::FlowName;
use crate::domain::ids::Login;
use crate::domain::subject::Subject;

use super::chain::Chain;
use super::legacy::{self, Older};
use super::thread::{ChainReading, Posted, ThreadReader};

/// What a thread holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Its chains, with what counts in each.
    pub chains: Vec<(Chain, ChainReading)>,
    /// Records that belong to another thread.
    pub strays: Vec<Stray>,
    /// What an older tool left, where no record of ours stands.
    pub older: Option<Older>,
}

/// A record that belongs to another thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// The forge's id of the comment.
    pub comment: String,
    pub flow: FlowName,
    pub subject: Subject,
}

impl Audit {
    /// Whether nothing was ignored for cause. The same record twice is none: a late write leaves it.
    pub fn is_sound(&self) -> bool {
        let chain_is_sound = |reading: &ChainReading| {
            reading.newer.is_none() && reading.ignored.iter().all(|ignored| !ignored.why.is_cause())
        };
        self.strays.is_empty()
            && self.chains.iter().all(|(_, reading)| chain_is_sound(reading))
            && self.older.as_ref().is_none_or(|older| older.ignored.is_empty())
    }
}

/// Looks at the thread of a subject, of which chains of these flows are expected.
pub fn audit(
    expected: &[FlowName],
    repository: &str,
    subject: &Subject,
    recorders: &[Login],
    comments: &[Posted<'_>],
) -> Audit {
    let mut reader = ThreadReader::default();
    reader.take_in(comments.iter().copied());
    let mut chains: BTreeSet<(FlowName, Subject)> =
        expected.iter().map(|flow| (flow.clone(), subject.clone())).collect();
    let mut strays = Vec::new();
    for (comment, record) in reader.decoded() {
        let (flow, named) = (record.flow.clone(), record.subject.clone());
        if belongs(subject, &named) {
            chains.insert((flow, named));
        } else {
            strays.push(Stray { comment: comment.to_owned(), flow, subject: named });
        }
    }
    let read = chains.into_iter().map(|(flow, subject)| {
        let chain = Chain { repository: repository.to_owned(), flow, subject };
        let reading = reader.chain(&chain, recorders);
        (chain, reading)
    });
    let chains: Vec<(Chain, ChainReading)> = read.collect();
    let has_records = chains.iter().any(|(_, reading)| reading.records().next().is_some());
    let older = if has_records { None } else { legacy::read(recorders, comments) };
    Audit { chains, strays, older }
}

/// Whether a chain has its place in the thread of a subject. What a task led to is told in its pull request.
fn belongs(thread: &Subject, named: &Subject) -> bool {
    match (thread, named) {
        (Subject::PullRequest(_), Subject::Task(_)) => true,
        (Subject::PullRequest(_) | Subject::Issue(_) | Subject::Task(_), _) => thread == named,
    }
}
