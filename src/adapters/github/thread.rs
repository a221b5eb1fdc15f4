//! The known comments of one thread, updated with those that are new or were edited.

use jiff::{SignedDuration, Timestamp};

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
    /// From when on the thread is to be read; from the beginning, if that is absent.
    pub(super) fn since(&self) -> Option<Timestamp> {
        let last = self.comments.iter().map(|comment| comment.updated_at).max();
        match self.extent {
            KnownExtent::Nothing => None,
            KnownExtent::Beginning => last.map(|last| last.checked_sub(LAG).unwrap_or(last)),
        }
    }

    /// Takes in the comments that were read from [`Self::since`] on.
    pub(super) fn take_in(&mut self, read: Vec<CommentJson>, now: Timestamp) {
        if self.extent == KnownExtent::Nothing {
            self.comments.clear();
        }
        self.written.retain(|(at, _)| now.duration_since(*at) < LAG);
        let ours = self.written.iter().map(|(_, comment)| comment.clone());
        for comment in ours.chain(read) {
            match self.comments.iter_mut().find(|known| known.id == comment.id) {
                Some(known) => *known = comment,
                None => self.comments.push(comment),
            }
        }
        self.comments.sort_by_key(|comment| comment.id);
        self.extent = KnownExtent::Beginning;
    }

    /// Remembers a comment that was just written.
    pub(super) fn wrote(&mut self, comment: CommentJson, now: Timestamp) {
        self.written.push((now, comment));
    }

    /// Reads the whole thread the next time if the server counts fewer comments: one was deleted.
    pub(super) fn count(&mut self, counted: usize) {
        if counted < self.comments.len() {
            self.extent = KnownExtent::Nothing;
        }
    }

    /// The comments, oldest first.
    pub(super) fn comments(&self) -> &[CommentJson] {
        &self.comments
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
    fn a_deleted_comment_is_missed() {
        let mut thread = KnownThread::default();
        thread.take_in(vec![comment(1, "a", 100), comment(2, "b", 100)], at(100));
        thread.count(1);
        assert_eq!(thread.since(), None);
        thread.take_in(vec![comment(2, "b", 100)], at(300));
        assert_eq!(ids(&thread), [2]);
    }
}
