//! The next step of a planning: one decision per function, in the order in which they are taken.

use std::convert::Infallible;
use std::ops::ControlFlow;

use crate::domain::ending::{Blocked, Ending, Refused};
use crate::domain::execution::{Execution, ExecutionMode};
use crate::domain::ids::IssueNumber;
use crate::domain::phase::PlannedPhase;
use crate::domain::policy::Followups;
use crate::domain::pull_request::PullRequestState;
use crate::domain::subject::Subject;
use crate::ledger::envelope::Draft;

use super::super::approval::Unanimous;
use super::super::conclusion::Conclusion;
use super::super::context::FlowContext;
use super::super::facts::IssueFacts;
use super::super::followups::{self, HandledFollowups, ReviewedThread};
use super::super::machine::draft;
use super::super::names;
use super::super::review_pass::AfterPass;
use super::super::rounds::{EarlierVotes, RoundAt};
use super::super::step::{Decision, HandOver, Step, first, refuse};
use super::super::terms::Terms;
use super::super::view::Records;
use super::records::{PlanApproved, PlanningEntry, PlanningOpened};
use super::seen::{OpenPlanning, PlanAt, PlanSummary, issue};
use super::state::{CurrentPlan, PlanningRun, PlanningState};
use super::{phases, planner, reviewers, stages};

/// Returns the next step of a planning.
pub(super) fn next(state: &PlanningState, cx: &FlowContext<'_>) -> Decision<Infallible> {
    let issue = issue(state, cx)?;
    let request = cx.request.for_planning();
    let terms = cx.terms(&request, state.recorded())?;
    let execution = cx.request.execution(state.run.as_ref().map(|run| (&run.state, &run.execution)));
    stages::check_named(state, cx, &execution)?;
    let run = opened(state, cx, &issue, terms, execution)?;
    let seen = OpenPlanning { cx, state, run, issue: &issue };
    let Some(plan) = &state.plan else { return planner::first_plan(&seen) };
    if state.rounds.is_stuck() {
        let message = "the coder did not change the plan in two turns in a row, and findings are still open. Decide in a comment with a \
             last line `-- Human Reviewer`, or name another coder with `--coder`, then run the same command again";
        return first(seen.end(Conclusion::blocked(Blocked::NoChange, message)));
    }
    reviews(&seen, &RoundAt { round: state.rounds.round(), head: plan.hash.clone() }, plan)
}

/// Returns the open run with these terms. Opening it, or publishing new terms, comes first.
fn opened<'now>(
    state: &'now PlanningState,
    cx: &FlowContext<'_>,
    issue: &IssueFacts,
    terms: Terms,
    execution: Execution,
) -> Decision<&'now PlanningRun> {
    let is_whole = state.records == Records::Whole;
    let same = |run: &&PlanningRun| run.terms == terms && run.execution == execution && is_whole;
    if let Some(run) = state.run.as_ref().filter(same) {
        let open = OpenPlanning { cx, state, run, issue };
        match &run.state.ending {
            _ if run.state.is_open() => return ControlFlow::Continue(run),
            Some(ending @ (Ending::Planned | Ending::Decomposed)) if is_settled(&open) => {
                let again = |message| Conclusion::again(ending, message);
                return first(Step::Stop(summary_of(&open)?.conclusion(again)));
            }
            Some(_) | None => {}
        }
    }
    let kept = state.run.as_ref().filter(|run| run.state.is_open());
    match execution.mode {
        ExecutionMode::DecomposeOnly | ExecutionMode::ImplementByPhase if kept.is_none() => {
            undelivered(state, cx)?;
        }
        ExecutionMode::DecomposeOnly
        | ExecutionMode::ImplementByPhase
        | ExecutionMode::PlanOnly
        | ExecutionMode::ImplementOneShot => {}
    }
    let base_ref = kept.map_or(cx.base_ref, |run| &run.base_ref);
    let base = match (kept, cx.tip(base_ref)?) {
        (Some(run), _) => run.base.clone(),
        (None, _) => cx.base_tip(base_ref)?.clone(),
    };
    let carried = match &state.run {
        None => cx.older()?.cloned(),
        Some(_) => None,
    };
    let participants = terms.roster.participants();
    let record = PlanningEntry::Opened(Box::new(PlanningOpened {
        base_ref: base_ref.clone(),
        base,
        roster: terms.roster,
        policy: terms.policy,
        execution,
        votes: if is_whole { EarlierVotes::Stand } else { EarlierVotes::AskedAnew },
        carried,
    }));
    let run = kept.map_or(cx.fresh_run, |run| &run.state.id);
    let draft = draft::<PlanningState>(run, state.rounds.round(), &record);
    first(Step::Publish(Box::new(Draft { participants, ..draft })))
}

/// Refuses to divide an issue whose change has a pull request already.
fn undelivered(state: &PlanningState, cx: &FlowContext<'_>) -> Decision<()> {
    let delivery = cx.delivery(&Subject::Issue(state.number))?;
    let Some(pull) = delivery.and_then(|delivery| delivery.pull_request) else {
        return ControlFlow::Continue(());
    };
    if cx.pull_request(pull)?.state == PullRequestState::Closed {
        return ControlFlow::Continue(());
    }
    let message = format!(
        "issue {} has the pull request {pull} already; to divide the issue, close that first",
        state.number
    );
    refuse(Refused::Usage, message)
}

/// Returns whether every vote of the approved plan knows the current requirements.
fn is_settled(seen: &OpenPlanning<'_>) -> bool {
    seen.state.approval().is_some_and(|(plan, _)| {
        let at = RoundAt { round: seen.state.rounds.round(), head: plan.hash.clone() };
        seen.pass().unanimous(&at).is_some()
    })
}

fn summary_of(seen: &OpenPlanning<'_>) -> Decision<PlanSummary> {
    match (seen.state.approval(), seen.run.execution.mode) {
        (Some((plan, _)), ExecutionMode::PlanOnly) => planned(seen, plan),
        (Some((plan, _)), ExecutionMode::ImplementOneShot) => {
            let Some(stage) = stages::covered(seen, plan)? else { return planned(seen, plan) };
            let reopened = || PlanSummary {
                message: format!("stage #{stage} is open again"),
                next: Some(format!("agent-loop issue {stage}")),
            };
            stages::after(seen, stage).map_continue(|summary| summary.unwrap_or_else(reopened))
        }
        (Some((plan, _)), ExecutionMode::DecomposeOnly | ExecutionMode::ImplementByPhase) => {
            divided(seen, plan, &phases::planned(seen.state))
        }
        (None, _) => ControlFlow::Continue(PlanSummary { message: "planned already".to_owned(), next: None }),
    }
}

/// Returns the command that follows in this state.
pub(super) fn command(state: &PlanningState) -> String {
    let (number, run) = (state.number, state.run.as_ref());
    let stops_with_the_plan = run.is_some_and(|run| run.execution.mode == ExecutionMode::PlanOnly);
    let is_divided = run.is_some_and(|run| run.state.ending == Some(Ending::Decomposed));
    match state.approval() {
        Some(_) if stops_with_the_plan => format!("agent-loop issue {number}"),
        Some(_) if is_divided || state.approved_phases().is_some() => {
            format!("agent-loop status issue/{number}")
        }
        Some(_) | None => format!("agent-loop resume issue/{number}"),
    }
}

fn divided(seen: &OpenPlanning<'_>, plan: &CurrentPlan, phases: &[PlannedPhase]) -> Decision<PlanSummary> {
    let summary = phases::summary(seen, phases)?;
    stages::warning(seen, plan).map_continue(|warning| summary.and(&warning))
}

fn planned(seen: &OpenPlanning<'_>, plan: &CurrentPlan) -> Decision<PlanSummary> {
    let number = seen.state.number;
    let warning = stages::warning(seen, plan)?;
    let message = format!(
        "the plan `{}` is approved by everyone. Implement it with `agent-loop issue {number}`, or divide it into issues with \
         `agent-loop issue {number} --plan-first --plan-execution-mode decompose-only`{warning}",
        plan.hash,
    );
    ControlFlow::Continue(PlanSummary { message, next: None })
}

fn reviews(seen: &OpenPlanning<'_>, at: &PlanAt, plan: &CurrentPlan) -> Decision<Infallible> {
    let failed = reviewers::poll(seen, at)?;
    let left = seen.pass().must_fix(at);
    match seen.unless_over(seen.pass().after(at, &failed, &left))? {
        AfterPass::Fix => planner::revise(seen, at),
        AfterPass::Approved(unanimous) => approved(seen, at, plan, &unanimous),
        AfterPass::AskAgain => {
            let message = "the maximum number of rounds is reached, and a person added a requirement since";
            let next = seen.unless_over(seen.pass().next_round(at, message))?;
            reviews(seen, &next, plan)
        }
    }
}

/// Handles an approved plan: its follow-ups, the stages that it leaves for later, then its execution.
fn approved(
    seen: &OpenPlanning<'_>,
    at: &PlanAt,
    plan: &CurrentPlan,
    unanimous: &Unanimous,
) -> Decision<Infallible> {
    follow_ups(seen, at, plan)?;
    stages::file(seen, at, plan)?;
    match seen.run.execution.mode {
        ExecutionMode::PlanOnly => {
            let summary = planned(seen, plan)?;
            first(seen.end(summary.conclusion(|message| Conclusion::planned(unanimous, message))))
        }
        ExecutionMode::DecomposeOnly => {
            let phases = phases::filed(seen, at, plan)?;
            let summary = divided(seen, plan, &phases)?;
            first(seen.end(summary.conclusion(|message| Conclusion::decomposed(unanimous, message))))
        }
        ExecutionMode::ImplementOneShot => {
            let Some(stage) = stages::covered(seen, plan)? else {
                return hand_over(seen, seen.state.number);
            };
            stages::start(seen, at, stage)?;
            match stages::after(seen, stage)? {
                Some(summary) => {
                    first(seen.end(summary.conclusion(|message| Conclusion::decomposed(unanimous, message))))
                }
                None => hand_over(seen, stage),
            }
        }
        ExecutionMode::ImplementByPhase => {
            let phases = phases::filed(seen, at, plan)?;
            let issue = phases::started(seen, at, &phases, unanimous)?;
            hand_over(seen, issue)
        }
    }
}

fn hand_over(seen: &OpenPlanning<'_>, issue: IssueNumber) -> Decision<Infallible> {
    let (subject, head) = (Subject::Issue(issue), seen.run.base.clone());
    first(Step::HandOver(HandOver { flow: names::DELIVERY, subject, head }))
}

/// Publishes the approval with its follow-ups. Only a plan that is implemented has issues for them; they are filed before the
/// implementation.
fn follow_ups(seen: &OpenPlanning<'_>, at: &PlanAt, plan: &CurrentPlan) -> Decision<()> {
    let policy = seen.run.terms.policy.followups;
    let mode = match policy {
        Followups::Issue | Followups::FixAndIssue if !seen.run.execution.mode.implements() => {
            Followups::Summarize
        }
        Followups::Ignore
        | Followups::Summarize
        | Followups::FixAndSummarize
        | Followups::Issue
        | Followups::FixAndIssue => policy,
    };
    if let Some((_, approved)) = seen.state.approval() {
        let is_filed = approved.followups.iter().any(|one| one.issue.is_some());
        let files = matches!(mode, Followups::Issue | Followups::FixAndIssue);
        if approved.followups.is_empty() || is_filed || !files {
            return ControlFlow::Continue(());
        }
    }
    let number = seen.state.number.0;
    let origin = format!("From the review of the plan for #{number}, approved as `{}`.", at.head);
    let thread = ReviewedThread { number, origin };
    let HandledFollowups { followups, skipped } =
        followups::handled(seen.cx, mode, &seen.state.rounds.items(), &thread)?;
    let unfiled = stages::unfiled(seen, plan)?;
    let record = PlanApproved { plan: at.head.clone(), mode, followups, skipped, unfiled };
    first(seen.publish(at.round, &PlanningEntry::PlanApproved(record)))
}
