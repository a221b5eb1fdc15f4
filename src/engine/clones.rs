//! The clone of an agent: which one it is, and what it contains.

use crate::domain::access::Access;
use crate::domain::ids::CommitSha;
use crate::domain::roster::Participant;
use crate::domain::subject::Subject;
use crate::flow::ask::Ask;
use crate::ports::workspace::{CloneId, Layout};

/// Returns the agent of a turn.
pub(super) fn participant(ask: &Ask) -> Participant {
    Participant { role: ask.key.role, access: ask.access, label: ask.key.label.clone() }
}

/// Returns the clone of an agent: changes of an agent that edits are work, all others only read.
pub(super) fn clone_id(subject: &Subject, who: &Participant) -> CloneId {
    let (subject, role, label) = (subject.clone(), who.role, who.label.clone());
    match who.access {
        Access::Edit => CloneId::Author { subject, role, label },
        Access::Read | Access::ReadAndWeb | Access::Nothing => CloneId::Reader { subject, role, label },
    }
}

/// Returns the content of a clone. Reviewers get instructions only from us and from the base branch, never from the change.
pub(super) fn layout(ask: &Ask, from: &CommitSha, base: &CommitSha) -> Layout {
    let head = from.clone();
    match ask.access {
        Access::Read | Access::ReadAndWeb => Layout::Review { head, base: base.clone() },
        Access::Edit | Access::Nothing => {
            Layout::Work { head, branch: ask.brief.branch.clone(), unfinished: ask.unfinished.clone() }
        }
    }
}
