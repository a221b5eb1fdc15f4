//! What a person has said since a run stopped for one, and the command that follows.

use crate::domain::ending::{Ending, NeedsHuman};
use crate::domain::flow_name::FlowName;
use crate::domain::ids::IssueNumber;
use crate::flow::machine::Machine;
use crate::flow::names;
use crate::flow::view::FollowingCommand;
use crate::ledger::codec;
use crate::ports::forge::Comment;

/// Returns the command that continues a run on an issue, if one of these later comments, of people who may decide, answers it.
pub(super) fn next(
    number: IssueNumber,
    flow: &FlowName,
    machine: &dyn Machine,
    later: &[&Comment],
) -> Option<String> {
    let ending = machine.run()?.ending.as_ref()?;
    if later.iter().all(|comment| codec::claims(&comment.body)) {
        return None;
    }
    let question = [NeedsHuman::Clarification, NeedsHuman::Dispute];
    let is_asked = question.into_iter().any(|reason| *ending == Ending::NeedsHuman { reason });
    if machine.view().next_command == Some(FollowingCommand::Decide) {
        Some(format!("agent-loop discuss {number}"))
    } else if is_asked && *flow == names::PLANNING {
        Some(format!("agent-loop resume issue/{number}"))
    } else {
        is_asked.then(|| format!("agent-loop issue {number}"))
    }
}
