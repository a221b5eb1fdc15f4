//! The comments of people in a thread: the discussion, and the requirements of people with write access. Texts of strangers
//! are only data.

use crate::domain::ids::Login;
use crate::domain::requirement::Requirement;
use crate::domain::trust::Trust;
use crate::flow::facts::{IssueText, People, Workable};
use crate::ledger::codec;
use crate::ports::forge::{AuthorRole, Comment, Issue, IssueState};
use crate::protocol::context::ContextComment;
use crate::protocol::requirements;

/// Returns the comments of people in an issue and in a pull request, without records.
pub(super) fn listen(trust: &Trust, issue: Option<&Issue>, comments: &[Comment]) -> People {
    let own = issue.and_then(|issue| requirement(trust, issue.role, &issue.author, &issue.body));
    let people = || comments.iter().filter(|comment| !codec::claims(&comment.body));
    let required =
        people().filter_map(|comment| requirement(trust, comment.role, &comment.author, &comment.body));
    let said =
        |comment: &Comment| ContextComment { author: comment.author.to_string(), body: comment.body.clone() };
    People {
        issue: issue.map(text),
        comments: people().map(said).collect(),
        requirements: own.into_iter().chain(required).collect(),
    }
}

fn text(issue: &Issue) -> IssueText {
    let state = match issue.state {
        IssueState::Open => Workable::Open,
        IssueState::Closed => Workable::Closed,
    };
    IssueText { state, title: issue.title.clone(), body: issue.body.clone() }
}

fn requirement(trust: &Trust, role: AuthorRole, author: &Login, body: &str) -> Option<Requirement> {
    let counts = match role {
        AuthorRole::Owner | AuthorRole::Member => true,
        AuthorRole::Stranger => trust.humans.contains(author),
    };
    if counts { requirements::in_text(author, body) } else { None }
}
