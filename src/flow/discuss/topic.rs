//! The topic of a debate: an issue with the comments of people with write access, as the command found it.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::domain::ending::Refused;
use crate::domain::revision::Revision;
use crate::domain::subject::Subject;
use crate::ledger::body::Body;
use crate::ledger::chain;
use crate::ledger::codec;
use crate::protocol::context::{ContextComment, ContextSubject};

use super::super::context::FlowContext;
use super::super::facts::{People, Workable};
use super::super::step::{Decision, refuse};
use super::records::{DebateOpened, DiscussEntry};

/// The maximum length of the description in the record, in characters: prompts show no more.
const DESCRIPTION: usize = 40_000;
/// The maximum length of the comments in the record, in characters: prompts show no more.
const COMMENTS: usize = 12_000;

const CUT: &str = "\n\n[… the rest is left out]";

/// The topic of a debate.
#[derive(Debug, Clone)]
pub(super) struct Topic {
    /// The hash of the whole text.
    pub(super) revision: Revision,
    pub(super) subject: ContextSubject,
    pub(super) state: Workable,
}

/// Returns the topic as the command found it.
pub(super) fn topic(subject: &Subject, cx: &FlowContext<'_>) -> Decision<Topic> {
    let People { issue, trusted, .. } = cx.found()?;
    let (Some(issue), Subject::Issue(number)) = (issue, subject) else {
        return refuse(Refused::Usage, format!("{subject} does not exist"));
    };
    let said = trusted.iter().flat_map(|comment| [comment.author.as_str(), &comment.body]);
    ControlFlow::Continue(Topic {
        revision: chain::topic([issue.title.as_str(), issue.body.as_str()].into_iter().chain(said)),
        subject: ContextSubject {
            kind: "issue".to_owned(),
            number: Some(number.0),
            title: issue.title.clone(),
            body: issue.body.clone(),
            comments: Arc::clone(trusted),
        },
        state: issue.state,
    })
}

/// Shortens the text of a topic until its record fits into a comment.
pub(super) fn recorded(opened: &DebateOpened) -> DebateOpened {
    let (mut description, mut comments) = (DESCRIPTION, COMMENTS);
    loop {
        let subject = shortened(&opened.subject, description, comments);
        let shorter = DebateOpened { subject, ..opened.clone() };
        let body = Body::of(&DiscussEntry::Opened(Box::new(shorter.clone())));
        if codec::fits(&body).is_ok() || description < 100 {
            return shorter;
        }
        (description, comments) = (description / 2, comments / 2);
    }
}

fn shortened(subject: &ContextSubject, description: usize, comments: usize) -> ContextSubject {
    let mut room = comments;
    let mut newest: Vec<ContextComment> = Vec::new();
    for comment in subject.comments.iter().rev() {
        if room == 0 {
            break;
        }
        let body = beginning(&comment.body, room).into();
        room = room.saturating_sub(comment.body.chars().count().max(1));
        newest.push(ContextComment { author: comment.author.clone(), body });
    }
    newest.reverse();
    ContextSubject { body: beginning(&subject.body, description), comments: newest.into(), ..subject.clone() }
}

fn beginning(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some((end, _)) => format!("{}{CUT}", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
