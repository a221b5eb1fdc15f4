//! The result of a debate: merged proposals of a split, how its outcome reads in one line, and which command follows.

use std::fmt::Write;

use crate::domain::debate::DebateResult;
use crate::domain::ids::{IssueNumber, Label};
use crate::domain::vote::{Ballot, Vote};
use crate::protocol::context::ContextComment;
use crate::protocol::kinds::discuss_review::DebateOutcome;

use super::super::view::FollowingCommand;
use super::state::{DebateRound, DebateState, DiscussState};

/// The maximum length of a debater's reason in the decision for those who make the change, in characters.
const LONGEST_REASON: usize = 2_000;

/// Returns the proposals of all debaters, each once, in first-seen order.
pub(super) fn merged_proposals(round: &DebateRound) -> Vec<String> {
    let mut merged: Vec<String> = Vec::new();
    for proposal in
        round.positions.iter().flat_map(|position| position.response.split_proposals.iter().flatten())
    {
        let text = proposal.as_str();
        if !merged.iter().any(|known| folded(known) == folded(text)) {
            merged.push(text.to_owned());
        }
    }
    merged
}

/// Returns a proposal without differences of case, space and final punctuation.
fn folded(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    words.trim_end_matches(['.', '!', ';', ',']).to_owned()
}

/// Converts a vote.
pub(super) fn ballot(outcome: DebateOutcome) -> Ballot {
    match outcome {
        DebateOutcome::Implement => Ballot::Implement,
        DebateOutcome::DoNotImplement => Ballot::DoNotImplement,
        DebateOutcome::NeedsHuman => Ballot::NeedsHuman,
        DebateOutcome::Split => Ballot::Split,
    }
}

/// Returns the votes of the latest round with positions.
pub(super) fn votes(debate: &DebateState) -> Vec<Vote> {
    let positions = last_round(debate).into_iter().flat_map(|round| &round.positions);
    let vote = |(agent, outcome): (&Label, DebateOutcome)| Vote {
        agent: agent.clone(),
        state: ballot(outcome),
        head: debate.topic.clone(),
        requirements: Vec::new(),
    };
    positions.map(|position| vote((&position.given.agent, position.response.outcome))).collect()
}

/// Returns the round that decided the debate, else the latest round with positions.
pub(super) fn last_round(debate: &DebateState) -> Option<&DebateRound> {
    let decided = debate.end.as_ref().and_then(|(round, _)| usize::try_from(*round).ok()?.checked_sub(1));
    decided.and_then(|place| debate.rounds.get(place)).or(debate.rounds.last())
}

/// Returns how the debaters agreed, with a comma. One debater has nobody to agree with.
fn how(result: DebateResult, round: &DebateRound) -> String {
    if round.positions.len() == 1 { String::new() } else { format!("{result}, ") }
}

/// Returns the result of a debate for people, and how to debate again after a deadlock.
pub(super) fn message(debate: &DebateState) -> String {
    let result = result(debate);
    if is_deadlock(debate) {
        return format!("{result}. Comment on the issue before you debate it again");
    }
    result
}

fn is_deadlock(debate: &DebateState) -> bool {
    debate.verdict().is_some_and(|verdict| verdict.result == DebateResult::Deadlock)
}

/// Returns the result of a debate for people.
fn result(debate: &DebateState) -> String {
    let (Some(verdict), Some(round)) = (debate.verdict(), last_round(debate)) else {
        return "the debate goes on".to_owned();
    };
    let number = debate.end.as_ref().map_or(0, |(number, _)| *number);
    let outcome = verdict.outcome.name();
    match verdict.result {
        DebateResult::Unanimous | DebateResult::Converged => {
            let who = match round.positions.len() {
                1 => "the only debater votes".to_owned(),
                2 => "both debaters vote".to_owned(),
                count => format!("all {count} debaters vote"),
            };
            let how = how(verdict.result, round);
            let stages = match (&debate.stages, verdict.split_proposals.len()) {
                (_, 0) => String::new(),
                (Some(filed), _) => {
                    let numbers = filed.stages.iter().map(|stage| format!("#{}", stage.issue));
                    format!("; filed as {}", numbers.collect::<Vec<_>>().join(", "))
                }
                (None, count) => {
                    format!("; {count} proposed issues are not filed (--materialize-split-issues files them)")
                }
            };
            format!("{who} `{outcome}` ({how}round {number}){stages}")
        }
        DebateResult::Deadlock => {
            let each = round.positions.iter();
            let each = each
                .map(|position| format!("`{}` {}", position.given.agent, position.response.outcome.name()));
            let each = each.collect::<Vec<_>>().join(", ");
            format!("no agreement after round {number}: {each}; a person must decide")
        }
    }
}

/// Returns the result of a debate that another command began: who decided it, and how to debate again.
pub(super) fn earlier(debate: &DebateState) -> String {
    let who: Vec<String> = votes(debate).iter().map(|vote| format!("`{}`", vote.agent)).collect();
    let (who, message) = (who.join(", "), message(debate));
    match debate.verdict().map(|verdict| verdict.result) {
        Some(DebateResult::Unanimous | DebateResult::Converged) => {
            format!("decided by {who}: {message}. Comment on the issue before you debate it again")
        }
        // The message says how to debate again.
        Some(DebateResult::Deadlock) | None => format!("debated by {who}: {message}"),
    }
}

/// Returns the command that follows.
pub(super) fn next_command(state: &DiscussState) -> Option<FollowingCommand> {
    let debate = state.debate.as_ref()?;
    let number = debate.subject.number?;
    let discuss = format!("agent-loop discuss {number}");
    let Some(verdict) = debate.verdict() else { return Some(FollowingCommand::Other(discuss)) };
    if verdict.result == DebateResult::Deadlock {
        return Some(FollowingCommand::Decide);
    }
    match verdict.outcome {
        DebateOutcome::Implement => Some(FollowingCommand::Change(IssueNumber(number))),
        DebateOutcome::Split => match &debate.stages {
            None => Some(FollowingCommand::Other(format!("{discuss} --materialize-split-issues"))),
            Some(filed) => Some(FollowingCommand::Change(filed.stages.first()?.issue)),
        },
        DebateOutcome::DoNotImplement => Some(FollowingCommand::Decline),
        DebateOutcome::NeedsHuman => Some(FollowingCommand::Decide),
    }
}

/// Returns the result for people who have the issue implemented, unless the debaters agree that it should be.
pub(super) fn objection(state: &DiscussState, debate: &DebateState) -> Option<String> {
    match debate.verdict()?.outcome {
        DebateOutcome::Implement | DebateOutcome::Split => None,
        DebateOutcome::DoNotImplement | DebateOutcome::NeedsHuman => {
            let (subject, result) = (&state.subject, result(debate));
            Some(format!("in the debate of {subject}, {result}; this run goes on nevertheless"))
        }
    }
}

/// Returns the result for those who make the change; `None` while the debate is open.
pub(super) fn summary(debate: &DebateState) -> Option<ContextComment> {
    let verdict = debate.verdict()?;
    let outcome = verdict.outcome.name();
    let mut body = match verdict.result {
        DebateResult::Unanimous | DebateResult::Converged => format!(
            "Before any code was written, agents debated this issue and agreed on `{outcome}`. Keep the constraints that they \
             name, unless the issue or a newer comment says otherwise."
        ),
        DebateResult::Deadlock => "Before any code was written, agents debated this issue and did not agree, so a person decides. \
                                   The issue and newer comments count; these positions are only for information."
            .to_owned(),
    };
    for position in &last_round(debate)?.positions {
        let why: String = position.response.rationale.as_str().chars().take(LONGEST_REASON).collect();
        let vote = match verdict.result {
            DebateResult::Unanimous | DebateResult::Converged => String::new(),
            DebateResult::Deadlock => format!(" (`{}`)", position.response.outcome.name()),
        };
        let _ = write!(body, "\n\n{}{vote}: {why}", position.given.agent);
    }
    Some(ContextComment { author: "agent-loop".to_owned(), body: body.into() })
}
