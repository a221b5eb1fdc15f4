//! Explains why a pull request is approved or not. Nothing is published, and no agent is asked.

use std::ops::ControlFlow;

use crate::domain::ending::Refused;
use crate::domain::ids::GateName;
use crate::domain::item::{Author, Item};
use crate::domain::pull_request::{MergeConflict, PullRequestState};
use crate::domain::revision::Revision;
use crate::domain::roster::Seat;
use crate::domain::usage::Usage;
use crate::domain::vote::{Ballot, Vote};

use super::super::approval;
use super::super::context::FlowContext;
use super::super::run::RunState;
use super::super::step::{Decision, refuse};
use super::seen::{OpenReview, ReviewAt, observe};
use super::state::{ReviewRun, ReviewState};
use super::{checks, conflicts, next};
use crate::domain::explanation::{Condition, ConditionKind, ConditionState, Explanation};

/// Returns the conditions of an approval of the present head. Gates without a measurement are measured.
pub(super) fn explain(state: &ReviewState, cx: &FlowContext<'_>) -> Decision<Explanation> {
    let observed = observe(state, cx)?;
    let pull = observed.pull;
    let is_over = match pull.state {
        PullRequestState::Open => None,
        PullRequestState::Closed => Some(next::closed(pull.number)),
        PullRequestState::Merged { .. } => {
            Some(format!("pull request {} is merged already, so it needs no approval", pull.number))
        }
    };
    if let Some(message) = is_over {
        return refuse(Refused::ClosedSubject, message);
    }
    let terms = match next::with_red_gates(state, cx).terms(state.run.as_ref().map(ReviewRun::recorded)) {
        Ok(terms) => terms,
        Err(error) => return refuse(Refused::Usage, error.to_string()),
    };
    let run = match &state.run {
        Some(run) => run.state.clone(),
        None => RunState::begun(cx.fresh_run.clone(), Usage::default()),
    };
    let run = ReviewRun { state: run, terms };
    let seen = OpenReview { cx, state, run: &run, observed: &observed };
    let at = seen.here();
    let mut conditions: Vec<Condition> =
        run.terms.roster.reviewers().iter().map(|seat| vote(&seen, &at, seat)).collect();
    conditions.extend(seen.must_fix(&at).iter().map(item));
    conditions.extend(requirements(&seen, &at));
    let against = seen.against();
    for (gate, plan) in run.terms.policy.gates() {
        let measured = match (state.measured.on(gate, &at.head), cx.abilities.unmeasurable(gate)) {
            (Some(measured), _) => measured,
            (None, Some(why)) => {
                conditions.push(Condition::unmeasurable(gate, why));
                continue;
            }
            (None, None) => seen.gates(&against).measurement(cx, gate, &at)?,
        };
        conditions.push(Condition::of_gate(measured, plan.weight));
    }
    conditions
        .extend(run.terms.policy.gates_not_run.iter().map(|(gate, why)| Condition::not_run(gate, *why)));
    conditions.extend(checks::condition(&seen, &at.head)?);
    if let Some((_, files @ [_, ..])) = conflicts::found(&seen, &at.head)? {
        conditions.push(conflict(&MergeConflict { base: pull.base_ref.clone(), files: files.to_vec() }));
    }
    ControlFlow::Continue(Explanation { head: at.head, conditions })
}

fn vote(seen: &OpenReview<'_>, at: &ReviewAt, seat: &Seat) -> Condition {
    let votes = seen.state.votes();
    let latest = votes.iter().find(|vote| vote.agent == seat.label);
    let revision = Revision::from(&at.head);
    let approves = latest.is_some_and(|vote| approval::approves(vote, seat, &revision, &seen.required()));
    let evidence = match latest {
        None => "has not voted".to_owned(),
        Some(Vote { state: Ballot::Approved, head, .. }) if *head != revision => {
            format!("approved an older head, {}", head.short())
        }
        Some(Vote { state, .. }) if *state == Ballot::Approved && !approves => {
            "approved before a person added a requirement".to_owned()
        }
        Some(Vote { state, head, .. }) => format!("{state} at {}", head.short()),
    };
    let (state, remedy) = if approves {
        (ConditionState::Met, None)
    } else {
        (ConditionState::Unmet, Some("an approval of this head: a run asks the reviewer"))
    };
    Condition {
        kind: ConditionKind::Vote,
        name: seat.label.to_string(),
        state,
        evidence,
        findings: Vec::new(),
        remedy,
    }
}

fn conflict(found: &MergeConflict) -> Condition {
    Condition {
        kind: ConditionKind::Gate,
        name: GateName::merge().to_string(),
        state: ConditionState::Unmet,
        evidence: found.to_string(),
        findings: Vec::new(),
        remedy: Some(
            "a merge of the base branch: a run with --auto-merge lets the coder resolve the conflict",
        ),
    }
}

fn item(item: &Item) -> Condition {
    let remedy = match &item.author {
        Author::Reviewer(_) => "a fix or an objection that the reviewer accepts",
        Author::Gate(_) => "a commit on which the gate no longer reports the finding",
    };
    Condition {
        kind: ConditionKind::Item,
        name: item.id.to_string(),
        state: ConditionState::Unmet,
        evidence: format!("{} by {}: {}", item.status.name(), item.author, item.text),
        findings: Vec::new(),
        remedy: Some(remedy),
    }
}

fn requirements(seen: &OpenReview<'_>, at: &ReviewAt) -> Vec<Condition> {
    let votes = seen.state.votes();
    let revision = Revision::from(&at.head);
    let seats = seen.run.terms.roster.reviewers();
    seen.observed
        .requirements
        .shown
        .iter()
        .map(|one| {
            let required = std::slice::from_ref(&one.id);
            let covers =
                |seat: &Seat| votes.iter().any(|vote| approval::approves(vote, seat, &revision, required));
            let (state, remedy) = if seats.iter().all(covers) {
                (ConditionState::Met, None)
            } else {
                (
                    ConditionState::Unmet,
                    Some("an approval by every reviewer, given with the requirement in the prompt"),
                )
            };
            let (kind, name) = (ConditionKind::Requirement, one.id.to_string());
            let evidence = format!("{}: {}", one.author, one.text);
            Condition { kind, name, state, evidence, findings: Vec::new(), remedy }
        })
        .collect()
}
