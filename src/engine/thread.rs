//! Reads threads: converts comments for the ledger, and keeps what was decoded.

use std::borrow::Borrow;
use std::sync::Arc;

use crate::domain::ids::Login;
use crate::domain::subject::Subject;
use crate::ledger::chain::Chain;
use crate::ledger::codec::{self, Content};
use crate::ledger::legacy::{self, Older, OlderFlow};
use crate::ledger::thread::{
    self, ChainReading, History, IgnoreReason, IgnoredComment, Posted, ThreadReader,
};
use crate::ports::World;
use crate::ports::forge::{AuthorRole, Comment, ForgeError, Issue};

/// A thread with its decoded comments.
#[derive(Debug, Default)]
pub(super) struct CachedThread {
    /// The issue, if the thread belongs to one, without its comments.
    pub(super) issue: Option<Issue>,
    /// Shared with the forge, because threads are long and are read again before every decision.
    pub(super) comments: Vec<Arc<Comment>>,
    reader: ThreadReader,
}

impl CachedThread {
    /// Reads the thread of an issue or a pull request. A task has none.
    pub(super) async fn read_on(&mut self, world: &World, subject: &Subject) -> Result<(), ForgeError> {
        let comments = match subject {
            Subject::Issue(number) => {
                let mut issue = world.forge.issue(*number).await?;
                let comments = std::mem::take(&mut issue.comments);
                self.issue = Some(issue);
                comments
            }
            Subject::PullRequest(number) => world.forge.comments(*number).await?,
            Subject::Task(_) => return Ok(()),
        };
        let both = self.comments.iter().zip(&comments);
        let unchanged = both.take_while(|(known, comment)| known == comment).count();
        self.comments = comments;
        self.reader
            .take_in(unchanged, self.comments.iter().skip(unchanged).map(|comment| posted_comment(comment)));
        Ok(())
    }

    pub(super) fn chain(&self, chain: &Chain, recorders: &[Login]) -> ChainReading {
        self.reader.chain(chain, recorders)
    }

    /// Returns the comments that do not claim to be records.
    pub(super) fn of_people(&self) -> impl Iterator<Item = &Comment> {
        let marked = self.comments.iter().zip(self.reader.are_of_people());
        marked.filter(|(_, is_of_a_person)| *is_of_a_person).map(|(comment, _)| &**comment)
    }

    /// Returns the comments with a record of another thread, or with a quoted one.
    pub(super) fn strays(&self, subject: &Subject) -> Vec<IgnoredComment> {
        self.reader.strays(subject)
    }
}

/// Decodes the comments of a thread, which may have several chains.
pub fn decoded(comments: &[impl Borrow<Comment>]) -> ThreadReader {
    let mut reader = ThreadReader::default();
    reader.take_in(0, comments.iter().map(|comment| posted_comment(comment.borrow())));
    reader
}

/// Reads the records in a journal.
pub fn read_local(chain: &Chain, ours: &Login, bodies: &[impl AsRef<str>]) -> ChainReading {
    let posted: Vec<Posted<'_>> = bodies
        .iter()
        .map(|body| Posted { id: "journal", author: ours, body: body.as_ref(), history: History::Unedited })
        .collect();
    thread::read(chain, std::slice::from_ref(ours), &posted)
}

/// Reads the data of an older tool from a thread without a record of ours.
pub fn read_older(subject: &Subject, recorders: &[Login], comments: &[Arc<Comment>]) -> Option<Older> {
    legacy::read(OlderFlow::about(subject), recorders, &posted(comments))
}

/// Converts comments for the ledger.
pub fn posted(comments: &[Arc<Comment>]) -> Vec<Posted<'_>> {
    comments.iter().map(|comment| posted_comment(comment)).collect()
}

fn posted_comment(comment: &Comment) -> Posted<'_> {
    let is_unedited = comment.created_at == comment.updated_at;
    let history = if is_unedited { History::Unedited } else { History::Edited };
    Posted { id: &comment.id, author: &comment.author, body: &comment.body, history }
}

/// Returns a login with write access that started the chain of a thread in which no other login has a record: a colleague
/// whose records we would have to ignore.
pub(super) fn other_recorder(
    reading: &ChainReading,
    chain: &Chain,
    comments: &[Arc<Comment>],
) -> Option<Login> {
    if reading.records().next().is_some() {
        return None;
    }
    let begins = |body: &str| match codec::read(body) {
        Content::Record(decoded) => decoded.record.prev == chain.start(),
        Content::NoRecord | Content::Newer(_) | Content::Damaged(_) | Content::Quoted => false,
    };
    let may_write = |comment: &&Arc<Comment>| match comment.role {
        AuthorRole::Owner | AuthorRole::Member => true,
        AuthorRole::Stranger => false,
    };
    let is_ignored = |comment: &&Arc<Comment>| {
        reading
            .ignored
            .iter()
            .any(|one| one.comment == comment.id && matches!(one.why, IgnoreReason::Author(_)))
    };
    let found = comments.iter().filter(is_ignored).filter(may_write).find(|comment| begins(&comment.body));
    found.map(|comment| comment.author.clone())
}
