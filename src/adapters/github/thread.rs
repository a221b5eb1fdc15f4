//! The known comments of one thread, updated with those that are new or were edited.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::ledger::codec;

use super::edits::KnownEdit;
use super::shapes::CommentJson;

/// What was written or edited shortly before the last comment may have been missing when it was read: copies of the
/// database lag behind.
const LAG: SignedDuration = SignedDuration::from_secs(60);

/// The comments of a thread.
#[derive(Debug, Clone, Default)]
pub(super) struct KnownThread {
    comments: Vec<CommentJson>,
    /// What this process has written, with the instant: a list that does not hold it yet is an old one.
    written: Vec<(Timestamp, CommentJson)>,
    extent: KnownExtent,
    /// How many comments the server counted, and when; compared once.
    counted: Option<(Timestamp, usize)>,
    /// The times of the last edits of records, by id and by the time that REST has for it.
    edits: BTreeMap<(u64, Timestamp), Timestamp>,
}

/// What reading on did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TakenIn {
    Unchanged,
    Changed,
    /// A comment was deleted: the thread must be read from the beginning.
    Outdated,
}

/// How much of a thread is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum KnownExtent {
    /// The whole thread must be read.
    #[default]
    Nothing,
    /// Everything up to the last comment.
    Beginning,
}

impl KnownThread {
    /// Creates a thread that was read by an earlier command.
    pub(super) fn kept(comments: Vec<CommentJson>) -> Self {
        let edits = comments.iter().map(|one| ((one.id, one.updated_at), one.updated_at)).collect();
        Self { comments, extent: KnownExtent::Beginning, edits, ..Self::default() }
    }

    /// Returns the time from which the thread is to be read; from the beginning, if that is absent.
    pub(super) fn since(&self) -> Option<Timestamp> {
        let last = self.comments.iter().map(|comment| comment.updated_at).max();
        match self.extent {
            KnownExtent::Nothing => None,
            KnownExtent::Beginning => last.map(|last| last.checked_sub(LAG).unwrap_or(last)),
        }
    }

    /// Takes in the comments that were read from [`Self::since`] on.
    pub(super) fn take_in(&mut self, read: Vec<CommentJson>, now: Timestamp) -> TakenIn {
        let before = self.comments.clone();
        if self.extent == KnownExtent::Nothing {
            self.comments.clear();
        }
        self.written.retain(|(at, _)| now.duration_since(*at) < LAG);
        let mut all: BTreeMap<u64, CommentJson> =
            self.comments.drain(..).map(|comment| (comment.id, comment)).collect();
        for (_, ours) in &self.written {
            all.entry(ours.id).or_insert_with(|| ours.clone());
        }
        for comment in read {
            let comment = match all.get(&comment.id) {
                Some(known) => comment.after(known),
                None => comment,
            };
            all.insert(comment.id, comment);
        }
        self.comments = all.into_values().collect();
        self.extent = KnownExtent::Beginning;
        if self.has_too_many() {
            self.extent = KnownExtent::Nothing;
            TakenIn::Outdated
        } else if self.comments == before {
            TakenIn::Unchanged
        } else {
            TakenIn::Changed
        }
    }

    /// Returns whether more comments are known than the server had when it counted them.
    fn has_too_many(&mut self) -> bool {
        let Some((at, counted)) = self.counted.take() else { return false };
        let was_counted = |comment: &&CommentJson| {
            comment.created_at <= at && self.written.iter().all(|(_, ours)| ours.id != comment.id)
        };
        self.comments.iter().filter(was_counted).count() > counted
    }

    /// Remembers a comment that was just written.
    pub(super) fn wrote(&mut self, comment: CommentJson, now: Timestamp) {
        self.edits.insert((comment.id, comment.updated_at), comment.updated_at);
        self.written.push((now, comment));
    }

    /// Remembers how many comments the server counts: if it has fewer than are known, one was deleted.
    pub(super) fn count(&mut self, counted: usize, now: Timestamp) {
        self.counted = Some((now, counted));
    }

    /// Returns the records whose edits are unknown: they may have been edited within the second of the writing.
    pub(super) fn unsure(&self) -> Vec<CommentJson> {
        let is_unsure = |one: &&CommentJson| !self.edits.contains_key(&(one.id, one.updated_at));
        let is_record = |one: &&CommentJson| one.body.as_deref().is_some_and(codec::claims);
        self.comments.iter().filter(is_unsure).filter(is_record).cloned().collect()
    }

    /// Learns the last edits of comments.
    pub(super) fn learn(&mut self, edits: Vec<KnownEdit>) {
        let all = edits.into_iter().map(|KnownEdit { comment, at }| ((comment.id, comment.updated_at), at));
        self.edits.extend(all);
    }

    /// Returns the comments, oldest first, with the times of their last edits.
    pub(super) fn comments(&self) -> Vec<CommentJson> {
        let exact = |one: &CommentJson| {
            let known = self.edits.get(&(one.id, one.updated_at)).copied();
            CommentJson { updated_at: known.unwrap_or(one.updated_at), ..one.clone() }
        };
        self.comments.iter().map(exact).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn comment(id: u64, body: &str, second: i64) -> CommentJson {
        CommentJson {
            id,
            node_id: String::new(),
            user: None,
            body: Some(body.to_owned()),
            created_at: at(second),
            updated_at: at(second),
        }
    }

    fn ids(thread: &KnownThread) -> Vec<u64> {
        thread.comments().iter().map(|comment| comment.id).collect()
    }

    #[test]
    fn reading_on_merges_by_id() {
        let mut thread = KnownThread::default();
        assert_eq!(thread.since(), None);
        thread.take_in(vec![comment(1, "a", 100), comment(2, "b", 200)], at(200));
        assert_eq!(thread.since(), Some(at(140)));
        thread.take_in(vec![comment(3, "c", 200), comment(2, "edited", 210)], at(210));
        assert_eq!((ids(&thread), thread.comments()[1].body.as_deref()), (vec![1, 2, 3], Some("edited")));
    }

    #[test]
    fn a_lagging_list_loses_nothing() {
        let mut thread = KnownThread::default();
        thread.take_in(vec![comment(1, "a", 100)], at(100));
        thread.wrote(comment(2, "ours", 101), at(101));
        thread.take_in(Vec::new(), at(102));
        assert_eq!(ids(&thread), [1, 2]);
    }

    #[test]
    fn an_edit_within_a_second_counts() {
        let mut thread = KnownThread::default();
        thread.wrote(comment(1, "ours", 100), at(100));
        thread.take_in(vec![comment(1, "theirs", 100)], at(100));
        for _ in 0..2 {
            let known = &thread.comments()[0];
            assert!(known.updated_at > known.created_at && known.body.as_deref() == Some("theirs"));
            thread.take_in(vec![comment(1, "theirs", 100)], at(101));
        }
    }

    #[test]
    fn a_deleted_comment_is_missed() {
        let mut thread = KnownThread::default();
        thread.take_in(vec![comment(1, "a", 100), comment(2, "b", 100)], at(100));
        thread.count(2, at(200));
        assert_eq!(
            thread.take_in(vec![comment(3, "c", 190)], at(200)),
            TakenIn::Outdated,
            "one is new, one is gone"
        );
        assert_eq!(thread.since(), None);
        assert_eq!(
            thread.take_in(vec![comment(2, "b", 100), comment(3, "c", 190)], at(201)),
            TakenIn::Changed
        );
        assert_eq!(ids(&thread), [2, 3]);
        // What was written after the count is not missing in it.
        thread.count(2, at(300));
        thread.wrote(comment(4, "ours", 300), at(300));
        assert_eq!(thread.take_in(vec![comment(5, "d", 301)], at(301)), TakenIn::Changed);
    }
}
