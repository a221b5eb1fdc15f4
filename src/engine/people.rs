//! The comments of people in a thread: the discussion, and the requirements of people with write access. Texts of strangers
//! are only data.

use std::fmt::Display;
use std::sync::Arc;

use crate::domain::ids::Login;
use crate::domain::requirement::Requirement;
use crate::domain::trust::Trust;
use crate::flow::facts::{IssueText, People, Workable};
use crate::ledger::codec::{self, Content};
use crate::ledger::thread::{IgnoreReason, IgnoredComment};
use crate::ports::forge::{AuthorRole, Comment, Issue, IssueState, Remarks};
use crate::protocol::context::ContextComment;
use crate::protocol::markers::SIGNATURE;
use crate::protocol::requirements;

/// Returns the comments of people in an issue and in a pull request, without remarks that claim to be records.
pub(super) fn listen<'thread>(
    trust: &Trust,
    issue: Option<&Issue>,
    comments: impl Iterator<Item = &'thread Comment>,
    remarks: &'thread Remarks,
) -> People {
    let own = issue.and_then(|issue| requirement(trust, issue.role, &issue.author, &issue.body));
    let described = remarks.description.iter();
    let reviews = remarks.reviews.iter().filter(|review| !codec::claims(&review.body));
    let mut said: Vec<&Comment> = comments.chain(reviews).collect();
    said.sort_by_key(|comment| comment.created_at);
    let trusted = said.iter().filter(|comment| counts(trust, comment));
    let required = required(trust, described.chain(said.iter().copied()));
    let context = |comment: &&Comment| ContextComment {
        author: comment.author.to_string(),
        body: Arc::clone(&comment.body),
    };
    People {
        issue: issue.map(text),
        trusted: trusted.map(context).collect(),
        comments: said.iter().map(context).collect(),
        requirements: own.into_iter().chain(required).collect(),
    }
}

/// Returns the requirements in comments of people.
pub fn required<'thread>(
    trust: &Trust,
    comments: impl Iterator<Item = &'thread Comment>,
) -> Vec<Requirement> {
    comments.filter_map(|comment| requirement(trust, comment.role, &comment.author, &comment.body)).collect()
}

/// Returns the remarks that claim to be records.
pub(super) fn claims(remarks: &Remarks) -> Vec<IgnoredComment> {
    let all = remarks.description.iter().chain(&remarks.reviews);
    let claiming = all.filter(|remark| !matches!(codec::read(&remark.body), Content::NoRecord));
    claiming
        .map(|remark| IgnoredComment { comment: remark.id.clone(), why: IgnoreReason::NoComment })
        .collect()
}

/// Returns the ids of the comments that probably were meant as requirements and are none, unless their author has written the
/// same text with the signature since.
pub fn nearly_signed<'thread>(comments: impl Iterator<Item = &'thread Comment>) -> Vec<String> {
    let mut found: Vec<&Comment> = Vec::new();
    for comment in comments {
        if let Some(requirement) = requirements::in_text(&comment.author, &comment.body) {
            found.retain(|earlier| earlier.author != comment.author || !repeats(&requirement, &earlier.body));
        } else if requirements::is_nearly_signed(&comment.body) {
            found.push(comment);
        }
    }
    found.into_iter().map(|comment| comment.id.clone()).collect()
}

/// Returns whether a requirement has the text of a nearly signed comment, without the last line or the signature at its end.
fn repeats(requirement: &Requirement, body: &str) -> bool {
    let body = body.trim_end();
    let text = body.strip_suffix(SIGNATURE).or_else(|| body.rsplit_once('\n').map(|(text, _)| text));
    text.is_some_and(|text| text.trim() == requirement.text)
}

/// Warns that a comment probably was meant as a requirement and is none.
pub fn unsigned(comment: &str, place: impl Display) -> String {
    format!(
        "comment {comment} on {place} is not a requirement: its last line differs from the signature `{SIGNATURE}`"
    )
}

fn text(issue: &Issue) -> IssueText {
    let state = match issue.state {
        IssueState::Open => Workable::Open,
        IssueState::Closed => Workable::Closed,
        IssueState::NotPlanned => Workable::Dropped,
    };
    IssueText { state, title: issue.title.clone(), body: issue.body.clone() }
}

fn requirement(trust: &Trust, role: AuthorRole, author: &Login, body: &str) -> Option<Requirement> {
    if may_require(trust, role, author) { requirements::in_text(author, body) } else { None }
}

/// Returns whether requirements and answers of the author of a comment count.
pub fn counts(trust: &Trust, comment: &Comment) -> bool {
    may_require(trust, comment.role, &comment.author)
}

fn may_require(trust: &Trust, role: AuthorRole, author: &Login) -> bool {
    match role {
        AuthorRole::Owner | AuthorRole::Member => true,
        AuthorRole::Stranger => trust.humans.contains(author),
    }
}
