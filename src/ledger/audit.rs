//! The audit of a whole thread: its chains, the accepted records, and the ignored ones with their reasons.

use std::collections::BTreeSet;

use crate::domain::flow_name::FlowName;
use crate::domain::ids::Login;
use crate::domain::subject::Subject;

use super::chain::Chain;
use super::legacy::{self, Older, OlderFlow};
use super::thread::{ChainReading, IgnoredComment, Posted, ThreadReader, continues};

/// The result of an audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    pub chains: Vec<(Chain, ChainReading)>,
    /// What looks like a record of another thread, or only quotes one.
    pub strays: Vec<IgnoredComment>,
    /// The data of an older tool, if the thread has no record of ours.
    pub older: Option<Older>,
}

impl Audit {
    /// Returns whether no comment was ignored except for duplicates, which late writes leave.
    pub fn is_sound(&self) -> bool {
        let chain_is_sound = |reading: &ChainReading| {
            reading.newer.is_none() && reading.ignored.iter().all(|ignored| !ignored.why.is_cause())
        };
        self.strays.iter().all(|stray| !stray.why.is_cause())
            && self.chains.iter().all(|(_, reading)| chain_is_sound(reading))
            && self.older.as_ref().is_none_or(|older| older.ignored.is_empty())
    }
}

/// Audits the thread of a subject, in which chains of these flows are expected.
pub fn audit(
    expected: &[FlowName],
    repository: &str,
    subject: &Subject,
    recorders: &[Login],
    comments: &[Posted<'_>],
) -> Audit {
    let mut reader = ThreadReader::default();
    reader.take_in(0, comments.iter().copied());
    let mut chains: BTreeSet<(FlowName, Subject)> =
        expected.iter().map(|flow| (flow.clone(), subject.clone())).collect();
    let here = reader.decoded().filter(|record| continues(subject, &record.subject));
    chains.extend(here.map(|record| (record.flow.clone(), record.subject.clone())));
    let read = chains.into_iter().map(|(flow, subject)| {
        let chain = Chain { repository: repository.to_owned(), flow, subject };
        let reading = reader.chain(&chain, recorders);
        (chain, reading)
    });
    let chains: Vec<(Chain, ChainReading)> = read.collect();
    let has_records = chains.iter().any(|(_, reading)| reading.records().next().is_some());
    let older = if has_records { None } else { legacy::read(OlderFlow::about(subject), recorders, comments) };
    Audit { chains, strays: reader.strays(subject), older }
}
