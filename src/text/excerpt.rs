//! Excerpts of an issue, a task or a pull request for prompts: the text and the newest comments, within limits.

use serde::Serialize;

use crate::protocol::context::{ContextComment, ContextSubject};

/// The maximum length of a description in a prompt, in characters.
const DESCRIPTION: usize = 40_000;

/// The maximum length of comments in a prompt, in characters: the same as for signed requirements.
const COMMENTS: usize = 12_000;

/// The length of the lines around a comment, in characters.
const AROUND: usize = 100;

/// Whether an excerpt is the whole text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Shown {
    Whole,
    Beginning,
}

/// An excerpt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Excerpt<'subject> {
    kind: &'subject str,
    number: Option<u64>,
    /// A task has only a text.
    title: Option<&'subject str>,
    body: &'subject str,
    extent: Shown,
    comments: Vec<ShownComment<'subject>>,
    /// The number of comments that were left out or shortened.
    omitted: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct ShownComment<'subject> {
    author: &'subject str,
    body: &'subject str,
}

impl<'subject> Excerpt<'subject> {
    /// Creates an excerpt with a text and comments.
    pub(super) fn with_comments(subject: &'subject ContextSubject) -> Self {
        let (comments, omitted) = newest(&subject.comments);
        Self { comments, omitted, ..Self::without_comments(subject) }
    }

    /// Creates an excerpt with only a text.
    pub(super) fn without_comments(subject: &'subject ContextSubject) -> Self {
        let (body, extent) = beginning(&subject.body, DESCRIPTION);
        Self {
            kind: &subject.kind,
            number: subject.number,
            title: subject.number.map(|_| subject.title.as_str()),
            body,
            extent,
            comments: Vec::new(),
            omitted: 0,
        }
    }
}

/// Returns the newest comments that fit, oldest first, and the number of those that were left out or shortened.
fn newest(comments: &[ContextComment]) -> (Vec<ShownComment<'_>>, usize) {
    let mut room = COMMENTS;
    let mut shown = Vec::new();
    let mut omitted = 0;
    for comment in comments.iter().rev() {
        let needed = comment.body.chars().count().saturating_add(AROUND);
        let (author, body) = (comment.author.as_str(), &*comment.body);
        if needed > room && !shown.is_empty() {
            omitted += comments.len() - shown.len();
            break;
        }
        let (body, extent) = beginning(body, room - AROUND);
        omitted += usize::from(extent == Shown::Beginning);
        room = room.saturating_sub(needed);
        shown.push(ShownComment { author, body });
    }
    shown.reverse();
    (shown, omitted)
}

fn beginning(text: &str, room: usize) -> (&str, Shown) {
    let end = text.char_indices().nth(room).map(|(end, _)| end);
    end.and_then(|end| text.get(..end)).map_or((text, Shown::Whole), |start| (start, Shown::Beginning))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn comments(bodies: &[String]) -> Vec<ContextComment> {
        bodies
            .iter()
            .map(|body| ContextComment { author: "ada".to_owned(), body: body.as_str().into() })
            .collect()
    }

    #[test]
    fn a_long_newest_comment_is_cut() {
        let all = comments(&["short".to_owned(), "ä".repeat(20_000)]);
        let (shown, omitted) = newest(&all);
        assert_eq!((shown.len(), omitted), (1, 2));
        assert_eq!(shown[0].body.chars().count(), COMMENTS - AROUND);
    }

    proptest! {
        #[test]
        fn newest_comments_are_shown_in_order(
            lengths in proptest::collection::vec(0_usize..9_000, 0..12)
        ) {
            let bodies: Vec<String> =
                (0..).zip(&lengths).map(|(number, length)| format!("{number}{}", "x".repeat(*length))).collect();
            let all = comments(&bodies);
            let (shown, omitted) = newest(&all);
            prop_assert_eq!(shown.is_empty(), all.is_empty());
            prop_assert_eq!(shown.len() + omitted, all.len());
            let told: Vec<&str> = shown.iter().map(|said| said.body).collect();
            let newest: Vec<&str> = bodies.iter().skip(omitted).map(String::as_str).collect();
            prop_assert_eq!(told, newest);
            let room: usize = shown.iter().map(|said| said.body.chars().count() + AROUND).sum();
            prop_assert!(room <= COMMENTS);
        }

        #[test]
        fn descriptions_are_cut_at_their_bound(length in 39_900_usize..40_100) {
            let text = "é".repeat(length);
            let (start, extent) = beginning(&text, DESCRIPTION);
            prop_assert_eq!(start.chars().count(), length.min(DESCRIPTION));
            prop_assert_eq!(extent == Shown::Whole, length <= DESCRIPTION);
        }
    }
}
