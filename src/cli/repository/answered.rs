//! What a person has said since a run stopped for one, and the command that follows.

use crate::domain::ending::{Ending, NeedsHuman};
use crate::domain::flow_name::FlowName;
use crate::domain::ids::IssueNumber;
use crate::flow::names;
use crate::ledger::codec;
use crate::ports::forge::{AuthorRole, Comment};
use crate::protocol::requirements;

/// Returns whether a person has added a requirement in these comments.
pub(super) fn has_requirement(comments: &[&Comment]) -> bool {
    let requires = |text: &Comment| requirements::in_text(&text.author, &text.body).is_some();
    comments.iter().any(|comment| may_decide(comment) && requires(comment))
}

/// Returns the command that continues a run on an issue, if somebody has answered it in these later comments.
pub(super) fn next(
    number: IssueNumber,
    flow: &FlowName,
    ending: &Ending,
    later: &[&Comment],
) -> Option<String> {
    if !later.iter().any(|comment| may_decide(comment) && !codec::claims(&comment.body)) {
        return None;
    }
    let question = [NeedsHuman::Clarification, NeedsHuman::Dispute];
    let is_asked = question.into_iter().any(|reason| *ending == Ending::NeedsHuman { reason });
    if *ending == Ending::Deadlock {
        Some(format!("agent-loop discuss {number}"))
    } else if is_asked && *flow == names::PLANNING {
        Some(format!("agent-loop resume issue/{number}"))
    } else {
        is_asked.then(|| format!("agent-loop issue {number}"))
    }
}

/// Returns whether the author of a comment has write access.
fn may_decide(comment: &Comment) -> bool {
    match comment.role {
        AuthorRole::Owner | AuthorRole::Member => true,
        AuthorRole::Stranger => false,
    }
}
