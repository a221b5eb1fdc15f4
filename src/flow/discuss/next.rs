//! The next step of a debate: one decision per function, in the order in which they are taken.

use std::convert::Infallible;
use std::ops::ControlFlow;

use crate::domain::agent::Role;
use crate::domain::debate::{DebatePolicy, DebateResult, OnDebaterFailure};
use crate::domain::ending::{Ending, Failed};
use crate::domain::execution::DeferredWork;
use crate::domain::ids::CommitSha;
use crate::ledger::envelope::Draft;
use crate::protocol::kinds::discuss_review::DebateOutcome;

use super::super::conclusion::Conclusion;
use super::super::context::FlowContext;
use super::super::facts::Workable;
use super::super::machine::draft;
use super::super::panel::{FailedSeat, TOO_FEW_VOTES};
use super::super::run_effect::{self, Who};
use super::super::step::{Decision, Next, Step, first, refuse_closed};
use super::analyzer::{self, Agenda};
use super::choice;
use super::debaters;
use super::open::OpenDebate;
use super::records::{DebateOpened, DebateRoster, DebateVerdict, DiscussEntry, RoundSummary, SeatFailure};
use super::stages;
use super::state::{DebateRound, DebateState, DiscussState};
use super::terms::DebateTerms;
use super::topic::{self, Topic};
use super::verdict;

/// Returns the next step of a debate.
pub(super) fn next(state: &DiscussState, cx: &FlowContext<'_>) -> Decision<Infallible> {
    let topic = topic::topic(&state.subject, cx)?;
    decided(state, cx, &topic)?;
    if topic.state == Workable::Closed {
        return refuse_closed();
    }
    let head = cx.base_tip(cx.base_ref)?.clone();
    let terms = choice::choose(state, cx)?;
    let open = opened(state, cx, topic, terms, head)?;
    shortened(&open)?;
    let failed = debaters::poll(&open)?;
    available(&open, &failed)?;
    end_of_round(&open, &failed)
}

/// Ends the run if this topic is decided already.
fn decided(state: &DiscussState, cx: &FlowContext<'_>, topic: &Topic) -> Decision<()> {
    let Some(debate) = state.debate.as_ref().filter(|debate| debate.topic == topic.revision) else {
        return ControlFlow::Continue(());
    };
    match &debate.end {
        Some((_, RoundSummary { ending: Some(ending), .. })) => {
            stages::file(state, cx, debate)?;
            let is_of_this_command = state
                .run
                .as_ref()
                .is_some_and(|run| [Some(cx.fresh_run), cx.resumed_run].contains(&Some(&run.id)));
            first(Step::Stop(if is_of_this_command {
                Conclusion::recorded(ending, verdict::message(debate))
            } else {
                Conclusion::again(ending, verdict::earlier(debate))
            }))
        }
        Some((_, RoundSummary { ending: None, .. })) | None => ControlFlow::Continue(()),
    }
}

/// Returns the open debate about this topic with these terms. Opening it, or publishing new terms, comes first.
fn opened<'now>(
    state: &'now DiscussState,
    cx: &'now FlowContext<'now>,
    topic: Topic,
    terms: DebateTerms,
    tip: CommitSha,
) -> Decision<OpenDebate<'now>> {
    let same_topic = state.debate.as_ref().filter(|debate| debate.topic == topic.revision);
    let open = state.run.as_ref().filter(|run| run.is_open() && same_topic.is_some());
    if let (Some(run), Some(debate)) = (open, same_topic) {
        // The command that wants issues for a split needs no record for it.
        let policy = DebatePolicy { stages: terms.policy.stages, ..debate.terms.policy };
        let known = DebateTerms { policy, ..debate.terms.clone() };
        if known == terms {
            return ControlFlow::Continue(OpenDebate { cx, state, run, debate });
        }
    }
    let participants = terms.participants();
    let record = topic::recorded(&DebateOpened {
        topic: topic.revision,
        subject: same_topic.map_or(topic.subject, |debate| debate.subject.clone()),
        head: same_topic.map_or(tip, |debate| debate.head.clone()),
        roster: DebateRoster { coder: None, reviewers: terms.debaters },
        analyzer: terms.analyzer,
        policy: terms.policy,
    });
    let run = open.map_or(cx.fresh_run, |run| &run.id);
    let round = same_topic.map_or(1, DebateState::round);
    let draft = draft::<DiscussState>(run, round, &DiscussEntry::Opened(Box::new(record)));
    first(Step::Publish(Box::new(Draft { participants, ..draft })))
}

/// Ends a debate whose maximum of rounds was lowered below its current round, with the last complete round.
fn shortened(open: &OpenDebate<'_>) -> Decision<()> {
    let complete = open.debate.round().saturating_sub(1);
    let most = open.debate.terms.policy.rounds();
    match open.debate.complete() {
        Some(_) if complete >= most => first(deadlock(open, complete, Vec::new())),
        Some(_) | None => ControlFlow::Continue(()),
    }
}

/// Ends the run after failed turns, unless the policy continues with the votes of the others.
fn available(open: &OpenDebate<'_>, failed: &[FailedSeat]) -> Decision<()> {
    let who = |seat: &FailedSeat| Who { role: Role::Debater, label: seat.label.clone() };
    if let Some(conclusion) = failed.iter().find_map(|seat| run_effect::conclusion(&who(seat), &seat.failure))
    {
        return first(conclusion);
    }
    let votes = open.debate.current().map_or(0, |round| round.positions.len());
    let each: Vec<String> = failed.iter().map(|seat| format!("`{}` {}", seat.label, seat.failure)).collect();
    let each = each.join("; ");
    if failed.is_empty() {
        return ControlFlow::Continue(());
    }
    let message = match open.debate.terms.policy.on_failure {
        OnDebaterFailure::Partial if votes >= 2 => return ControlFlow::Continue(()),
        OnDebaterFailure::Partial => format!("{TOO_FEW_VOTES} and has {votes}: {each}"),
        OnDebaterFailure::Fail => each,
    };
    let correction = failed.iter().find_map(|seat| seat.failure.correction());
    first(Conclusion::failed(Failed::ReviewerUnavailable, message).corrected_by(correction))
}

/// Publishes the summary of a settled round. Only votes decide whether it is the last.
fn end_of_round(open: &OpenDebate<'_>, failed: &[FailedSeat]) -> Decision<Infallible> {
    let number = open.debate.round();
    let Some(round) = open.debate.current() else {
        return first(Conclusion::failed(Failed::Error, "a round has no votes"));
    };
    let failures: Vec<SeatFailure> =
        failed.iter().map(|seat| SeatFailure::new(&seat.label, &seat.failure)).collect();
    match round.agreed(&open.debate.terms.debaters).filter(|_| failures.is_empty()) {
        Some(outcome) => first(consensus(open, round, outcome)),
        None if number >= open.debate.terms.policy.rounds() => first(deadlock(open, number, failures)),
        None => {
            let Agenda { answer, failure, from } = analyzer::agenda(open, round)?;
            let summary =
                RoundSummary { agenda: answer, analyzer_failure: failure, failures, ..unfinished(open) };
            first(Step::Publish(Box::new(Draft { from, ..summarised(open, number, summary) })))
        }
    }
}

fn consensus(open: &OpenDebate<'_>, round: &DebateRound, outcome: DebateOutcome) -> Next {
    let number = open.debate.round();
    let result = if number == 1 { DebateResult::Unanimous } else { DebateResult::Converged };
    let split_proposals = match outcome {
        DebateOutcome::Split => verdict::merged_proposals(round),
        DebateOutcome::Implement | DebateOutcome::DoNotImplement | DebateOutcome::NeedsHuman => Vec::new(),
    };
    let verdict =
        DebateVerdict { result, outcome, split_proposals, stages: stages::wanted(open.cx, open.debate) };
    let summary = RoundSummary {
        is_final: true,
        verdict: Some(verdict),
        topic: Some(open.debate.topic.clone()),
        ending: Some(Ending::Consensus),
        ..unfinished(open)
    };
    Step::Publish(Box::new(summarised(open, number, summary))).into()
}

fn deadlock(open: &OpenDebate<'_>, number: u32, failures: Vec<SeatFailure>) -> Next {
    let (result, outcome) = (DebateResult::Deadlock, DebateOutcome::NeedsHuman);
    let verdict =
        DebateVerdict { result, outcome, split_proposals: Vec::new(), stages: DeferredWork::Listed };
    let summary = RoundSummary {
        is_final: true,
        verdict: Some(verdict),
        topic: Some(open.debate.topic.clone()),
        ending: Some(Ending::Deadlock),
        failures,
        ..unfinished(open)
    };
    Step::Publish(Box::new(summarised(open, number, summary))).into()
}

fn unfinished(open: &OpenDebate<'_>) -> RoundSummary {
    RoundSummary {
        is_final: false,
        verdict: None,
        ending: None,
        agenda: None,
        failures: Vec::new(),
        analyzer_failure: None,
        topic: None,
        usage: open.run.spent(open.cx.results),
    }
}

fn summarised(open: &OpenDebate<'_>, round: u32, summary: RoundSummary) -> Draft {
    draft::<DiscussState>(&open.run.id, round, &DiscussEntry::RoundSummary(Box::new(summary)))
}
