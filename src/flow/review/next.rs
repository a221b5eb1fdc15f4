//! The next step of a review: one decision per function, in the order in which they are taken.

use std::convert::Infallible;
use std::ops::ControlFlow;

use crate::domain::agent::Role;
use crate::domain::ending::{Blocked, Ending, NeedsHuman, Refused};
use crate::domain::ids::PullRequestNumber;
use crate::domain::item::listed;
use crate::domain::policy::{AfterApproval, Followups};
use crate::domain::pull_request::{PullRequest, PullRequestState};
use crate::ledger::envelope::Draft;

use super::super::approval::{Approval, GatesHold, Unanimous};
use super::super::ask::Against;
use super::super::conclusion::Conclusion;
use super::super::context::{FlowContext, Obstacle};
use super::super::followups::{self, HandledFollowups, ReviewedThread};
use super::super::items;
use super::super::machine::draft;
use super::super::panel::{Asking, FailedSeat};
use super::super::request::Request;
use super::super::results::{Turn, TurnEnd};
use super::super::review_pass::AfterPass;
use super::super::rounds::{EarlierVotes, Gating, RoundAt};
use super::super::step::{Decision, Effect, Step, first, refuse};
use super::super::terms::Terms;
use super::super::view::Records;
use super::records::{FollowedUp, Opened, ReviewEntry};
use super::seen::{Observed, OpenReview, ReviewAt, observe};
use super::state::{ReviewRun, ReviewState};
use super::{checks, coder, conflicts, queue, reviewers, tests_first};

/// Returns the next step of a review.
pub(super) fn next(state: &ReviewState, cx: &FlowContext<'_>) -> Decision<Infallible> {
    let observed = observe(state, cx)?;
    changeable(state, cx, &observed)?;
    changes_something(state, cx, &observed)?;
    let terms = terms(state, cx, &observed)?;
    let run = opened(state, cx, &observed, terms)?;
    let seen = OpenReview { cx, state, run, observed: &observed };
    pushed(&seen)?;
    let here = seen.here();
    if state.rounds.head() == Some(&here.head) {
        at_known_head(&seen, &here)
    } else {
        at_moved_head(&seen, &here)
    }
}

/// Ends the run of a merged or closed pull request. A merged one always ends as merged, whoever merged it.
fn changeable(state: &ReviewState, cx: &FlowContext<'_>, observed: &Observed<'_>) -> Decision<()> {
    let number = state.number;
    let commit = match &observed.pull.state {
        PullRequestState::Open => return has_branches(cx, observed.pull),
        PullRequestState::Closed => {
            return refuse(Refused::ClosedSubject, closed(number));
        }
        PullRequestState::Merged { commit } => commit,
    };
    let merged = Ending::Merged { commit: commit.clone() };
    let already = |how: &str| {
        let message = format!(
            "pull request {number} is merged already. {how}For a further change, describe it in a new issue, or in a task with other \
             words"
        );
        first(Step::Stop(Conclusion::again(&merged, message)))
    };
    let Some(run) = &state.run else { return already("No run has approved it. ") };
    let seen = OpenReview { cx, state, run, observed };
    if run.state.ending.as_ref() == Some(&merged) {
        return already("");
    }
    let ours = run.state.is_open() && run.terms.policy.after_approval == AfterApproval::Merge;
    match approval(&seen, &seen.here()).filter(|_| ours) {
        Some(approval) => {
            let message = format!("approved by everyone and merged as {}", commit.short());
            let conclusion = Conclusion::merged(&approval, commit.clone(), message);
            first(seen.end(observed.plan.with_next_phase(conclusion)))
        }
        None => already(before_the_merge(&seen)),
    }
}

/// Returns why the last run on a merged pull request did not approve the merged head; an empty text if it did.
fn before_the_merge(seen: &OpenReview<'_>) -> &'static str {
    let has_approved = match &seen.run.state.ending {
        Some(
            Ending::Approved | Ending::ApprovedCiPending | Ending::NeedsHuman { reason: NeedsHuman::Merge },
        ) => true,
        Some(_) | None => false,
    };
    if !has_approved {
        "Its last run has not approved it. "
    } else if !is_of_the_head(seen) {
        "Its last run approved an older head. "
    } else if !covers_requirements(seen) {
        "A person added a requirement after its last run had approved it. "
    } else {
        ""
    }
}

/// Returns the refusal of a closed pull request.
pub(super) fn closed(number: PullRequestNumber) -> String {
    format!("pull request {number} is closed; reopen it, then run the same command again")
}

/// Refuses a pull request without its branches: the forge may still report the head of a deleted branch.
fn has_branches(cx: &FlowContext<'_>, pull: &PullRequest) -> Decision<()> {
    let number = pull.number;
    if cx.tip(&pull.head_ref)?.is_none() {
        let message = format!(
            "the branch `{}` of pull request {number} was deleted; {}, or close the pull request",
            pull.head_ref, pull.restoring
        );
        let conclusion = Conclusion::refused(Refused::ClosedSubject, message);
        return first(Step::Stop(conclusion.with_next("agent-loop status".to_owned())));
    }
    if cx.tip(&pull.base_ref)?.is_none() {
        let base = &pull.base_ref;
        let message = format!(
            "the base branch `{base}` of pull request {number} does not exist any more; create the branch again, or close the \
             pull request"
        );
        return first(Step::Stop(Conclusion::refused(Refused::ClosedSubject, message).with_closing()));
    }
    ControlFlow::Continue(())
}

/// Refuses a pull request without any difference to its base, however many commits it has. The exception is an approved head
/// whose merge by us was interrupted.
fn changes_something(state: &ReviewState, cx: &FlowContext<'_>, observed: &Observed<'_>) -> Decision<()> {
    let PullRequest { number, head, base_ref, .. } = observed.pull;
    if cx.changes(Against::Branch(base_ref.clone()), head)? {
        return ControlFlow::Continue(());
    }
    let message = format!(
        "pull request {number} changes no file: its head {} has the same files as `{base_ref}`",
        head.short()
    );
    match state.run.as_ref().filter(|run| run.state.is_open()) {
        Some(run) => {
            let seen = OpenReview { cx, state, run, observed };
            let merges = run.terms.policy.after_approval == AfterApproval::Merge;
            if merges && approval(&seen, &seen.here()).is_some() {
                return ControlFlow::Continue(());
            }
            first(seen.end(Conclusion::blocked(Blocked::NoChange, message)))
        }
        None => refuse(Refused::NoChange, message),
    }
}

/// Returns the proof that this point fulfils all conditions of an approval.
fn approval(seen: &OpenReview<'_>, at: &ReviewAt) -> Option<Approval> {
    let state = seen.state;
    if state.rounds.head() != Some(&at.head) || !seen.must_fix(at).is_empty() {
        return None;
    }
    Some(Approval::of(seen.unanimous(at)?, gates_hold(seen, at)?))
}

fn gates_hold(seen: &OpenReview<'_>, at: &ReviewAt) -> Option<GatesHold> {
    GatesHold::on(&seen.run.terms.policy.required_gates, &seen.state.measured.all(), &at.head)
}

/// Returns the terms of the run. A run that was handed over keeps its terms; a new run also requires the gates whose items are
/// open.
fn terms(state: &ReviewState, cx: &FlowContext<'_>, observed: &Observed<'_>) -> Decision<Terms> {
    match (&state.run, &observed.delivery) {
        (None, Some((_, delivery))) => cx.terms(&cx.request.bound_to(&delivery.terms), None),
        (run, _) => cx.terms(&with_red_gates(state, cx), run.as_ref().map(ReviewRun::recorded)),
    }
}

/// Returns the request with the gates whose items are open.
pub(super) fn with_red_gates(state: &ReviewState, cx: &FlowContext<'_>) -> Request {
    cx.request.with_red(items::red_gates(&state.rounds.items()))
}

/// Returns the open run with these terms. Opening it, or publishing new terms, comes first. If this head is approved already,
/// no run is opened.
fn opened<'now>(
    state: &'now ReviewState,
    cx: &FlowContext<'_>,
    observed: &Observed<'_>,
    terms: Terms,
) -> Decision<&'now ReviewRun> {
    let is_whole = state.records == Records::Whole;
    match &state.run {
        Some(run) if run.state.is_open() && run.terms == terms && is_whole => {
            return ControlFlow::Continue(run);
        }
        Some(run)
            if run.terms == terms && is_whole && is_settled(&OpenReview { cx, state, run, observed }) =>
        {
            let message = format!("approved already, at {}", observed.pull.head.short());
            let conclusion = Conclusion::again(&Ending::Approved, observed.plan.with_warning(message));
            let seen = OpenReview { cx, state, run, observed };
            return first(Step::Stop(conflicts::noted(&seen, &observed.pull.head, conclusion)?));
        }
        Some(_) | None => {}
    }
    let carried = match &state.run {
        None => cx.older()?.cloned(),
        Some(_) => None,
    };
    let handed_over = observed.delivery.as_ref().filter(|_| state.run.is_none());
    let delivery = handed_over.map(|(_, delivery)| *delivery);
    let run = state.run.as_ref().filter(|run| run.state.is_open()).map(|run| &run.state.id);
    let pull = observed.pull;
    // A run that was handed over is opened at once, and waits for the folders later.
    let participants = if handed_over.is_some() { Vec::new() } else { terms.roster.participants() };
    let record = ReviewEntry::Opened(Box::new(Opened {
        base_ref: pull.base_ref.clone(),
        head: pull.head.clone(),
        delivered: delivery.and_then(|one| one.head.clone()).filter(|head| *head == pull.head),
        roster: terms.roster,
        policy: terms.policy,
        votes: if is_whole { EarlierVotes::Stand } else { EarlierVotes::AskedAnew },
        carried,
        spent: delivery.map(|one| one.spent).filter(|spent| spent.calls > 0),
        plan: delivery.and_then(|one| one.plan.clone()),
    }));
    let run = run.or(delivery.map(|one| &one.run)).unwrap_or(cx.fresh_run);
    let draft = draft::<ReviewState>(run, state.rounds.round().max(1), &record);
    let continues = handed_over.map(|(subject, _)| subject.clone());
    first(Step::Publish(Box::new(Draft { continues, participants, ..draft })))
}

fn is_settled(seen: &OpenReview<'_>) -> bool {
    seen.run.state.ending == Some(Ending::Approved) && is_of_the_head(seen) && covers_requirements(seen)
}

fn is_of_the_head(seen: &OpenReview<'_>) -> bool {
    seen.state.rounds.head() == Some(&seen.observed.pull.head)
}

fn covers_requirements(seen: &OpenReview<'_>) -> bool {
    let required = seen.required();
    seen.state.votes().iter().all(|vote| required.iter().all(|id| vote.requirements.contains(id)))
}

/// Publishes the coder's answer if the head equals a commit in the journal.
fn pushed(seen: &OpenReview<'_>) -> Decision<()> {
    let head = &seen.observed.pull.head;
    let round = seen.run.state.at(seen.state.rounds.round());
    let made = |turn: &Turn| match &turn.end {
        TurnEnd::Answered { commit, .. } => commit.as_ref() == Some(head),
        TurnEnd::Failed { .. } => false,
    };
    let coders = seen.cx.results.of_round(&round).filter(|(key, turn)| key.role == Role::Coder && made(turn));
    match coders.last() {
        Some((key, _)) => match coder::finish(seen, key.clone())? {},
        None => ControlFlow::Continue(()),
    }
}

fn at_known_head(seen: &OpenReview<'_>, here: &ReviewAt) -> Decision<Infallible> {
    let rounds = &seen.state.rounds;
    if rounds.is_stuck() {
        let message = "the coder changed nothing in two turns in a row, and findings are still open. Decide in a comment with a last line \
             `-- Human Reviewer`, or name another coder with `--coder`, then run the same command again";
        return first(seen.end(Conclusion::blocked(Blocked::NoChange, message)));
    }
    match (rounds.has_begun(), rounds.gating()) {
        (false, _) => fresh_round(seen, here),
        // Items of a gate that was turned off since are nobody's work.
        (true, Gating::Red) if !seen.left_to_fix(here).is_empty() => coder::turn(seen, here),
        (true, Gating::Red | Gating::Open) => reviews(seen, here),
    }
}

/// Starts a round without records: the gates that are due, then the reviewers.
fn fresh_round(seen: &OpenReview<'_>, at: &ReviewAt) -> Decision<Infallible> {
    tests_first::measure(seen, at)?;
    reviews(seen, at)
}

/// After a foreign push: publishes the answers on the old head, then continues the round with the new head.
fn at_moved_head(seen: &OpenReview<'_>, here: &ReviewAt) -> Decision<Infallible> {
    intact(seen)?;
    if let Some(old) = seen.state.rounds.head() {
        let _: Vec<FailedSeat> =
            reviewers::poll(seen, &RoundAt { round: here.round, head: old.clone() }, Asking::Draining)?;
    }
    if !seen.state.rounds.has_begun() {
        return fresh_round(seen, here);
    }
    if !seen.left_to_fix(here).is_empty() {
        return coder::turn(seen, here);
    }
    let message = "the maximum number of rounds is reached, and the head has moved again";
    fresh_round(seen, &next_round(seen, here, message)?)
}

/// Checks that the head still contains the last commit of our coder.
fn intact(seen: &OpenReview<'_>) -> Decision<()> {
    let intact = match &seen.state.ours {
        Some(ours) => seen.cx.contains(&seen.observed.pull.head, ours)?,
        None => true,
    };
    if intact {
        return ControlFlow::Continue(());
    }
    let message = "the branch no longer contains the commits of this run; they are kept as saved work (see `agent-loop status`). \
         Check the branch, then run the same command again to review its present state";
    first(seen.end(Conclusion::needs_human(NeedsHuman::Rewritten, message)))
}

fn next_round(seen: &OpenReview<'_>, at: &ReviewAt, at_most: &str) -> Decision<ReviewAt> {
    seen.unless_over(seen.pass().next_round(at, at_most))
}

fn reviews(seen: &OpenReview<'_>, at: &ReviewAt) -> Decision<Infallible> {
    let failed = reviewers::poll(seen, at, Asking::Allowed)?;
    let left = seen.left_to_fix(at);
    match seen.unless_over(seen.pass().after(at, &failed, &left))? {
        AfterPass::Fix => coder::turn(seen, at),
        AfterPass::Approved(unanimous) => approved(seen, at, &unanimous),
        AfterPass::AskAgain => {
            let message = "the maximum number of rounds is reached, and a person added a requirement since";
            reviews(seen, &next_round(seen, at, message)?)
        }
    }
}

/// Handles a unanimous approval: the gates on this head, then the follow-ups, then the forge's checks, then the end.
fn approved(seen: &OpenReview<'_>, at: &ReviewAt, unanimous: &Unanimous) -> Decision<Infallible> {
    let against = seen.against();
    let planned = seen.run.terms.policy.gates();
    let record = |round, record| seen.gates_record(round, record);
    seen.gates(&against).hold(seen.cx, &planned, at, record)?;
    conflicts::none(seen, at)?;
    checks::red(seen, at)?;
    follow_ups(seen, at)?;
    checks::finished(seen, at, unanimous)?;
    if seen.cx.obstacle == Some(&Obstacle::Queued) {
        queue::awaited(seen, unanimous)?;
    }
    let Some(approval) = approval(seen, at) else { return first(seen.end(unapproved(seen, at))) };
    let head = at.head.clone();
    match (seen.run.terms.policy.after_approval, seen.cx.obstacle) {
        (AfterApproval::Merge, Some(Obstacle::NotMerged(detail))) => {
            let message = format!("approved by everyone, but the merge needs a person: {detail}");
            first(seen.end(Conclusion::needs_human(NeedsHuman::Merge, message)))
        }
        (AfterApproval::Merge, Some(Obstacle::PushRefused(_) | Obstacle::Queued) | None) => {
            first(Step::Effect(Effect::Merge { number: seen.state.number, head, approval }))
        }
        (AfterApproval::Leave, _) => {
            let message = format!("approved by everyone, at {}", head.short());
            let conclusion = Conclusion::approved(&approval, message);
            first(seen.end(conflicts::noted(seen, &head, conclusion)?))
        }
    }
}

/// Returns why a head that everyone approves is not approved: it has items that no gate of the run can resolve.
fn unapproved(seen: &OpenReview<'_>, at: &ReviewAt) -> Conclusion {
    let left = seen.must_fix(at);
    let ids: Vec<&str> = left.iter().map(|item| item.id.as_str()).collect();
    let gates: Vec<String> =
        items::red_gates(&left).iter().map(|gate| format!("`--no-gate {gate}`")).collect();
    let message = format!(
        "approved by everyone, but this run has no gate that can resolve {}; measure the gate again in a new run, or \
         drop it with {}",
        listed(&ids),
        gates.join(" and ")
    );
    Conclusion::blocked(Blocked::Gate, message)
}

/// Handles the follow-ups of an approved head, unless a record shows that it was done.
fn follow_ups(seen: &OpenReview<'_>, at: &ReviewAt) -> Decision<()> {
    let mode = seen.run.terms.policy.followups;
    if seen.state.has_followed_up(&at.head, mode) || mode == Followups::Ignore {
        return ControlFlow::Continue(());
    }
    let number = seen.state.number.0;
    let origin = format!("From the review of #{number}, approved at `{}`.", at.head.short());
    let thread = ReviewedThread { number, origin };
    let HandledFollowups { followups, skipped } =
        followups::handled(seen.cx, mode, &seen.state.rounds.items(), &thread)?;
    if followups.is_empty() {
        return ControlFlow::Continue(());
    }
    let record = FollowedUp { head: at.head.clone(), mode, followups, skipped };
    first(seen.publish(at.round, &ReviewEntry::FollowedUp(record)))
}
