//! A whole thread, looked at without going on with it: the chains in it, what counts, what does not and why.

use std::collections::BTreeSet;

use crate::domain::ids::Login;
use crate::domain::subject::Subject;

use super::chain::Chain;
use super::codec::{self, Content};
use super::legacy::{self, Older};
use super::record::Flow;
use super::replay::{self, Posted, Replay};

/// What a thread holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Its chains, with what counts in each.
    pub chains: Vec<(Chain, Replay)>,
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
    /// The flow that it names.
    pub flow: Flow,
    /// The subject that it names.
    pub subject: Subject,
}

impl Audit {
    /// Whether nothing was ignored for cause. The same record twice is none: a late write leaves it.
    pub fn is_sound(&self) -> bool {
        let chain_is_sound = |replay: &Replay| {
            replay.newer.is_none() && replay.ignored.iter().all(|ignored| !ignored.why.is_cause())
        };
        self.strays.is_empty()
            && self.chains.iter().all(|(_, replay)| chain_is_sound(replay))
            && self.older.as_ref().is_none_or(|older| older.ignored.is_empty())
    }
}

/// Looks at the thread of a subject.
pub fn audit(repository: &str, subject: &Subject, recorders: &[Login], thread: &[Posted<'_>]) -> Audit {
    let own = match subject {
        Subject::PullRequest(_) => Flow::Review,
        Subject::Issue(_) | Subject::Task(_) => Flow::Delivery,
    };
    let mut chains = BTreeSet::from([(own, subject.clone())]);
    let mut strays = Vec::new();
    for posted in thread {
        let Content::Record(decoded) = codec::read(posted.body) else { continue };
        let (flow, named) = (decoded.record.payload.flow(), decoded.record.subject);
        if belongs(subject, flow, &named) {
            chains.insert((flow, named));
        } else {
            strays.push(Stray { comment: posted.id.to_owned(), flow, subject: named });
        }
    }
    let replayed = chains.into_iter().map(|(flow, subject)| {
        let chain = Chain { repository: repository.to_owned(), flow, subject };
        let replay = replay::replay(&chain, recorders, thread);
        (chain, replay)
    });
    let chains: Vec<(Chain, Replay)> = replayed.collect();
    let has_records = chains.iter().any(|(_, replay)| !replay.records.is_empty());
    let older = if has_records { None } else { legacy::read(recorders, thread) };
    Audit { chains, strays, older }
}

/// Whether a chain has its place in the thread of a subject. A task's delivery is told in its pull request.
fn belongs(thread: &Subject, flow: Flow, named: &Subject) -> bool {
    match (thread, flow, named) {
        (Subject::PullRequest(_), Flow::Delivery, Subject::Task(_)) => true,
        (Subject::PullRequest(_), Flow::Review, _)
        | (Subject::Issue(_) | Subject::Task(_), Flow::Delivery, _) => thread == named,
        (Subject::PullRequest(_), Flow::Delivery, Subject::Issue(_) | Subject::PullRequest(_))
        | (Subject::Issue(_) | Subject::Task(_), Flow::Review, _) => false,
    }
}
