//! Reads the records in the comments of a thread. Authors, versions and hashes decide which records are accepted; other
//! comments are ignored with a reason, and missing records leave a gap.

use std::collections::BTreeSet;
use std::panic;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::domain::flow_name::FlowName;
use crate::domain::ids::{ChainHash, Login, RecordId};
use crate::domain::subject::Subject;

use super::chain::Chain;
use super::codec::{self, Content, Decoded};
use super::envelope::Envelope;

/// The parts of a comment that the ledger reads.
#[derive(Debug, Clone, Copy)]
pub struct Posted<'thread> {
    /// The forge's id of the comment.
    pub id: &'thread str,
    pub author: &'thread Login,
    pub body: &'thread str,
    pub history: History,
}

/// Whether a comment was edited after it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum History {
    Unedited,
    Edited,
}

/// A comment that claims to hold a record and is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoredComment {
    /// The forge's id of the comment.
    pub comment: String,
    pub why: IgnoreReason,
}

/// The reason why a record is ignored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IgnoreReason {
    #[error("its author {0} may not write records")]
    Author(Login),
    /// The comment was edited, and no later record names its hash.
    #[error("it was edited")]
    Edited,
    #[error("it cannot be read: {0}")]
    Damaged(String),
    #[error("it repeats record {0}")]
    Duplicate(RecordId),
    #[error("an earlier comment already follows the same record")]
    Superseded,
    #[error("the record before it is missing")]
    Unlinked,
    #[error("it belongs to the {0} of {1}")]
    OtherThread(FlowName, Subject),
    /// The line of a record in the middle of a comment or in code.
    #[error("it only quotes a record")]
    Quoted,
    /// Reviews and descriptions can be edited without a trace.
    #[error("records are comments, and it is none")]
    NoComment,
}

impl IgnoreReason {
    /// Returns whether the comment indicates a fault: a duplicate does not, because late writes leave duplicates.
    pub fn is_cause(&self) -> bool {
        match self {
            Self::Duplicate(_) | Self::Quoted => false,
            Self::Author(_)
            | Self::Edited
            | Self::Damaged(_)
            | Self::Superseded
            | Self::Unlinked
            | Self::OtherThread(..)
            | Self::NoComment => true,
        }
    }
}

/// An element of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    Record(Arc<Envelope>),
    /// One or more records are missing.
    Gap,
    /// A record after a gap. Its content is ignored, but the ids that it assigned are not reused.
    Unlinked(Arc<Envelope>),
}

impl Link {
    /// Returns the record, if it is accepted.
    pub fn record(&self) -> Option<&Arc<Envelope>> {
        match self {
            Self::Record(record) => Some(record),
            Self::Gap | Self::Unlinked(_) => None,
        }
    }
}

/// The accepted records of one chain of a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainReading {
    pub links: Vec<Link>,
    /// The `prev` of the next record.
    pub tail: ChainHash,
    /// The number of comments up to the last accepted record.
    pub position: usize,
    pub ignored: Vec<IgnoredComment>,
    /// The version of a trusted record that is newer than this program.
    pub newer: Option<u64>,
}

impl ChainReading {
    /// Returns the accepted records in order.
    pub fn records(&self) -> impl Iterator<Item = &Arc<Envelope>> {
        self.links.iter().filter_map(Link::record)
    }
}

/// The comments of one thread, each decoded once: only new comments are decoded when the thread is read again.
#[derive(Debug, Default)]
pub struct ThreadReader {
    comments: Vec<DecodedComment>,
    /// The chain that was read last, up to some comment.
    linked: Mutex<Option<Linker>>,
}

#[derive(Debug)]
struct DecodedComment {
    id: String,
    author: Login,
    history: History,
    content: Content,
}

/// The number of comments from which two threads decode them: starting a thread takes longer than decoding a few.
const SHARED: usize = 500;

fn decode<'thread>(all: &'thread [Posted<'thread>]) -> impl Iterator<Item = DecodedComment> + 'thread {
    all.iter().map(|posted| DecodedComment {
        id: posted.id.to_owned(),
        author: posted.author.clone(),
        history: posted.history,
        content: codec::read(posted.body),
    })
}

impl ThreadReader {
    /// Updates the comments from a thread in forge order, whose first comments are unchanged: only the rest is decoded.
    pub fn take_in<'thread>(&mut self, unchanged: usize, rest: impl IntoIterator<Item = Posted<'thread>>) {
        self.truncate(unchanged);
        let rest: Vec<Posted<'_>> = rest.into_iter().collect();
        if rest.len() < SHARED {
            self.comments.extend(decode(&rest));
            return;
        }
        let (older, newer) = rest.split_at(rest.len() / 2);
        thread::scope(|scope| {
            let newer = scope.spawn(|| decode(newer).collect::<Vec<_>>());
            self.comments.extend(decode(older));
            self.comments.extend(newer.join().unwrap_or_else(|panic| panic::resume_unwind(panic)));
        });
    }

    /// Forgets the comments from an index on, and the chain if it includes one of them.
    fn truncate(&mut self, count: usize) {
        self.comments.truncate(count);
        let linked = self.linked.get_mut().unwrap_or_else(PoisonError::into_inner);
        linked.take_if(|linked| linked.count > count);
    }

    /// Reads one chain of the thread. Only new comments are linked when the same chain is read again.
    pub fn chain(&self, chain: &Chain, trusted: &[Login]) -> ChainReading {
        let mut last = self.linked.lock().unwrap_or_else(PoisonError::into_inner);
        let known = last.take().filter(|linked| linked.chain == *chain && linked.trusted == trusted);
        let mut links = known.unwrap_or_else(|| Linker::new(chain, trusted));
        for comment in self.comments.iter().skip(links.count) {
            self.link(comment, &mut links);
            links.count = links.count.saturating_add(1);
        }
        let reading = links.reading.clone();
        // A later record may name the hash of an edited one.
        *last = (!links.has_edited).then_some(links);
        reading
    }

    fn link(&self, comment: &DecodedComment, links: &mut Linker) {
        match &comment.content {
            Content::NoRecord | Content::Quoted => {}
            Content::Record(decoded) if !belongs(&links.chain, &decoded.record) => {}
            Content::Record(_) | Content::Newer(_) | Content::Damaged(_)
                if !links.trusted.contains(&comment.author) =>
            {
                links.ignore(comment, IgnoreReason::Author(comment.author.clone()));
            }
            Content::Newer(version) => {
                links.reading.newer = links.reading.newer.max(Some(*version));
            }
            Content::Damaged(what) => {
                links.ignore(comment, IgnoreReason::Damaged(what.clone()));
                links.gap();
            }
            Content::Record(decoded) => {
                let was_edited = comment.history == History::Edited;
                links.has_edited |= was_edited;
                let objects = was_edited && !self.is_named(&decoded.hash, &links.trusted);
                links.take(comment, decoded, objects.then_some(IgnoreReason::Edited));
            }
        }
    }

    /// Returns whether a trusted record names a hash as that of the record before it.
    fn is_named(&self, hash: &ChainHash, trusted: &[Login]) -> bool {
        let is_next = |comment: &DecodedComment| match &comment.content {
            Content::Record(decoded) => decoded.record.prev == *hash,
            Content::NoRecord | Content::Newer(_) | Content::Damaged(_) | Content::Quoted => false,
        };
        self.comments.iter().any(|comment| is_next(comment) && trusted.contains(&comment.author))
    }

    /// Returns for each comment of the thread whether it is one of a person: it does not claim to be a record.
    pub fn are_of_people(&self) -> impl Iterator<Item = bool> {
        self.comments.iter().map(|comment| match comment.content {
            Content::NoRecord | Content::Quoted => true,
            Content::Record(_) | Content::Newer(_) | Content::Damaged(_) => false,
        })
    }

    /// Returns the comments that have a record which belongs to no chain of this subject's thread.
    pub fn strays(&self, subject: &Subject) -> Vec<IgnoredComment> {
        let why = |comment: &DecodedComment| match &comment.content {
            Content::Quoted => Some(IgnoreReason::Quoted),
            Content::Record(decoded) if !continues(subject, &decoded.record.subject) => {
                let Envelope { flow, subject, .. } = &*decoded.record;
                Some(IgnoreReason::OtherThread(flow.clone(), subject.clone()))
            }
            Content::NoRecord | Content::Record(_) | Content::Newer(_) | Content::Damaged(_) => None,
        };
        let stray = |comment: &DecodedComment| {
            Some(IgnoredComment { comment: comment.id.clone(), why: why(comment)? })
        };
        self.comments.iter().filter_map(stray).collect()
    }

    /// Returns all records of the thread, regardless of their author.
    pub(super) fn decoded(&self) -> impl Iterator<Item = &Envelope> {
        self.comments.iter().filter_map(|comment| match &comment.content {
            Content::Record(decoded) => Some(&*decoded.record),
            Content::NoRecord | Content::Newer(_) | Content::Damaged(_) | Content::Quoted => None,
        })
    }
}

/// Reads one chain from a thread's comments in forge order.
pub fn read(chain: &Chain, trusted: &[Login], thread: &[Posted<'_>]) -> ChainReading {
    let mut reader = ThreadReader::default();
    reader.take_in(0, thread.iter().copied());
    reader.chain(chain, trusted)
}

/// Returns whether a chain belongs in a thread. The chain of a task continues in the thread of its pull request.
pub(super) fn continues(thread: &Subject, named: &Subject) -> bool {
    match (thread, named) {
        (Subject::PullRequest(_), Subject::Task(_)) => true,
        (Subject::PullRequest(_) | Subject::Issue(_) | Subject::Task(_), _) => thread == named,
    }
}

fn belongs(chain: &Chain, record: &Envelope) -> bool {
    record.flow == chain.flow && record.subject == chain.subject
}

/// Links records to a chain, comment by comment.
#[derive(Debug)]
struct Linker {
    chain: Chain,
    trusted: Vec<Login>,
    /// The number of comments that were linked.
    count: usize,
    has_edited: bool,
    reading: ChainReading,
    /// Former tails of the chain: a record whose `prev` is one of them came too late.
    passed: BTreeSet<ChainHash>,
    ids: BTreeSet<RecordId>,
}

impl Linker {
    fn new(chain: &Chain, trusted: &[Login]) -> Self {
        let (links, tail, ignored) = (Vec::new(), chain.start(), Vec::new());
        let reading = ChainReading { links, tail, position: 0, ignored, newer: None };
        Self {
            chain: chain.clone(),
            trusted: trusted.to_vec(),
            count: 0,
            has_edited: false,
            reading,
            passed: BTreeSet::new(),
            ids: BTreeSet::new(),
        }
    }

    fn ignore(&mut self, comment: &DecodedComment, why: IgnoreReason) {
        self.reading.ignored.push(IgnoredComment { comment: comment.id.clone(), why });
    }

    fn gap(&mut self) {
        if !matches!(self.reading.links.last(), Some(Link::Gap | Link::Unlinked(_))) {
            self.reading.links.push(Link::Gap);
        }
    }

    fn unlinked(&mut self, comment: &DecodedComment, record: &Arc<Envelope>, why: IgnoreReason) {
        self.ignore(comment, why);
        self.gap();
        self.reading.links.push(Link::Unlinked(Arc::clone(record)));
    }

    fn take(&mut self, comment: &DecodedComment, decoded: &Decoded, objection: Option<IgnoreReason>) {
        let record = &decoded.record;
        if self.ids.contains(&record.id) {
            self.ignore(comment, IgnoreReason::Duplicate(record.id.clone()));
        } else if self.passed.contains(&record.prev) {
            self.ignore(comment, IgnoreReason::Superseded);
        } else if record.prev != self.reading.tail {
            self.unlinked(comment, record, IgnoreReason::Unlinked);
        } else if let Some(why) = objection {
            self.unlinked(comment, record, why);
        } else {
            self.accept(decoded);
        }
    }

    fn accept(&mut self, decoded: &Decoded) {
        self.passed.insert(std::mem::replace(&mut self.reading.tail, decoded.hash.clone()));
        self.ids.insert(decoded.record.id.clone());
        self.reading.links.push(Link::Record(Arc::clone(&decoded.record)));
        self.reading.position = self.count.saturating_add(1);
    }
}
