//! What people say about a subject: their discussion, and what those who may write to the repository require. Texts of
//! strangers are only ever data.

use crate::domain::requirement::{Requirement, Requirements};
use crate::domain::trust::Trust;
use crate::ledger::codec;
use crate::ports::forge::{AuthorRole, Comment, Issue};
use crate::protocol::context::ContextComment;
use crate::protocol::requirements;

/// What people said, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct People {
    /// Their comments on the issue, without records.
    pub(super) of_the_issue: Vec<ContextComment>,
    /// Their other comments, without records.
    pub(super) discussion: Vec<ContextComment>,
    pub(super) requirements: Requirements,
}

/// Listens to an issue, if there is one, and to comments.
pub(super) fn listen(trust: &Trust, issue: Option<&Issue>, comments: &[Comment]) -> People {
    let mut all: Vec<Requirement> = Vec::new();
    if let Some(issue) = issue {
        all.extend(wish(trust, issue.standing, &issue.author, &issue.body));
    }
    let mut said = |comments: &[Comment]| {
        let people = comments.iter().filter(|comment| !codec::claims(&comment.body));
        let heard = people.map(|comment| {
            all.extend(wish(trust, comment.standing, &comment.author, &comment.body));
            ContextComment { author: comment.author.to_string(), body: comment.body.clone() }
        });
        heard.collect::<Vec<_>>()
    };
    let of_the_issue = issue.map_or_else(Vec::new, |issue| said(&issue.comments));
    let discussion = said(comments);
    People { of_the_issue, discussion, requirements: requirements::surfaced(all) }
}

fn wish(
    trust: &Trust,
    standing: AuthorRole,
    author: &crate::domain::ids::Login,
    body: &str,
) -> Option<Requirement> {
    let counts = match standing {
        AuthorRole::Owner | AuthorRole::Member => true,
        AuthorRole::Stranger => trust.humans.contains(author),
    };
    if counts { requirements::in_text(author, body) } else { None }
}
