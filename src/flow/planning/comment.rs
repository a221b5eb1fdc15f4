//! Renders the visible part of each record of a planning. It is never read back: the record has all data.

use std::fmt::Write;

use crate::domain::execution::{DeferredWork, ExecutionMode};
use crate::domain::item::Item;
use crate::domain::item_status::{Disposition, Scope};
use crate::domain::plan::Plan;
use crate::domain::policy::Followups;
use crate::domain::revision::RevisionKind;
use crate::protocol::kinds::shared::ItemDisposition;
use crate::text::markdown::{count, hanging, section};
use crate::text::sanitize::{neutral, one_line, unmarked};

use super::super::comment::{cell, concluded, participants, signature};
use super::super::followups::HandledFollowups;
use super::super::machine::At;
use super::super::review_comment::{self, ShownReview};
use super::super::rounds::EarlierVotes;
use super::records::{
    Decomposed, PhaseStarted, PlanAnswer, PlanApproved, PlanRecord, PlanReviewRecord, PlanningEntry,
    PlanningOpened, SplitRecord,
};
use super::state::PlanningState;

/// Renders the visible part of a record; `state` is the state before it.
pub(super) fn render(state: &PlanningState, at: At<'_>, record: &PlanningEntry) -> String {
    let items = state.rounds.items();
    match record {
        PlanningEntry::Opened(opened) => opened_text(state, at, opened),
        PlanningEntry::Plan(record) => plan_text(at, record, &items),
        PlanningEntry::PlanReview(review) => review_text(at, review, &items),
        PlanningEntry::PlanApproved(record) => approved_text(state, record, &items),
        PlanningEntry::Decomposed(record) => decomposed_text(record),
        PlanningEntry::PhaseStarted(record) => started_text(state, record),
        PlanningEntry::Split(record) => split_text(state, record),
        PlanningEntry::Concluded(record) => concluded(record, RevisionKind::Plan, &[]),
    }
}

fn opened_text(state: &PlanningState, at: At<'_>, opened: &PlanningOpened) -> String {
    let then = match opened.execution.mode {
        ExecutionMode::PlanOnly => "then the run stops",
        ExecutionMode::DecomposeOnly => "then each phase of the plan becomes an issue",
        ExecutionMode::ImplementOneShot => "then the plan is implemented",
        ExecutionMode::ImplementByPhase => {
            "then each phase of the plan becomes an issue, and the first one is implemented"
        }
    };
    let begins = match state.approval() {
        Some((plan, _)) => format!("continues with the approved plan `{}`", plan.hash),
        None => format!("plans this issue for `{}` at `{}`", opened.base_ref, opened.base.short()),
    };
    let mut text = format!(
        "**agent-loop** {begins}: {}, at most {}; {then}.",
        participants(&opened.roster),
        count(opened.policy.max_rounds, "round")
    );
    if let Some(coder) = &opened.execution.coder {
        let _ = write!(text, " `{}` implements it.", coder.label);
    }
    match opened.execution.stages {
        DeferredWork::Listed => {}
        DeferredWork::Filed => text.push_str(" Stages that the plan leaves for later become issues."),
    }
    if opened.votes == EarlierVotes::AskedAnew {
        text.push_str("\n\nRecords are missing from this thread, so every reviewer votes again.");
    }
    let _ = write!(text, "\n\n<sub>run `{}`</sub>", at.run);
    text
}

fn plan_text(at: At<'_>, record: &PlanRecord, items: &[Item]) -> String {
    let (agent, hash) = (&record.given.agent, &record.plan);
    let mut text = match &record.response {
        PlanAnswer::First(_) => format!("**{agent}** wrote the plan `{hash}`"),
        PlanAnswer::Revised(_) => format!("**{agent}** revised the plan: `{hash}` · round {}", at.round),
    };
    let _ = writeln!(text, "\n\n{}", neutral(record.response.summary()));
    text.push_str(&plan(&record.response.plan()));
    if let PlanAnswer::Revised(answer) = &record.response {
        let given = answer.prior_plan_item_dispositions.iter().map(ItemDisposition::given);
        let said = given.filter_map(|given| {
            let note = given.note.map(|note| note.as_str().to_owned());
            Some(Disposition { item: given.item_id.parse().ok()?, status: given.status, note })
        });
        let lines: Vec<String> =
            said.map(|said| review_comment::disposition(&said, Scope::Plan, items)).collect();
        section(&mut text, "Findings", &lines);
    }
    text.push_str(&signature(record.given.model.as_deref(), record.given.usage));
    text
}

fn plan(plan: &Plan) -> String {
    let mut text = "\n### Plan\n\n".to_owned();
    for (number, step) in (1..).zip(&plan.steps) {
        let _ = writeln!(text, "{number}. {}", hanging(&unmarked(step), 3));
    }
    let stage = |title: &str, summary: &str| format!("**{}**: {}", unmarked(title), unmarked(summary));
    let deferred: Vec<String> =
        plan.deferred.iter().map(|one| stage(&one_line(&one.title, 120), &one.summary)).collect();
    section(&mut text, "Left for later", &deferred);
    text
}

fn review_text(at: At<'_>, review: &PlanReviewRecord, items: &[Item]) -> String {
    let parts = ShownReview {
        scope: Scope::Plan,
        verdict: review.response.state,
        revision: review.plan.as_str(),
        round: at.round,
        summary: review.response.summary.as_str(),
        unreviewed: &[],
        findings: &review.findings,
        given: &review.given,
    };
    review_comment::review(parts, items)
}

fn approved_text(state: &PlanningState, record: &PlanApproved, items: &[Item]) -> String {
    let mut text = format!("**Plan approved**: `{}`\n", record.plan);
    if let Some(current) = state.plan.as_ref().filter(|current| current.hash == record.plan) {
        text.push_str(&plan(&current.plan));
    }
    if !record.followups.is_empty() {
        let handled = HandledFollowups { followups: record.followups.clone(), skipped: record.skipped };
        let _ = write!(text, "\n{}", review_comment::followups(record.plan.as_str(), &handled, items));
    }
    let is_listed = matches!(record.mode, Followups::Summarize | Followups::FixAndSummarize);
    if is_listed && !record.followups.is_empty() {
        text.push_str("\nThese follow-ups are not carried into the review of the pull request.\n");
    }
    if !record.unfiled.is_empty() {
        let titles: Vec<String> = record.unfiled.iter().map(|title| format!("“{}”", cell(title))).collect();
        let titles = titles.join(", ");
        let _ = writeln!(text, "\nNo issue is filed for {titles}: `--materialize-split-issues` files them.");
    }
    text
}

fn decomposed_text(record: &Decomposed) -> String {
    let hash = &record.plan;
    if record.phases.iter().any(|phase| phase.issue.is_none()) {
        let signature = signature(record.given.model.as_deref(), record.given.usage);
        let phases = count(record.phases.len(), "phase");
        return format!(
            "**{}** divides the plan `{hash}` into {phases}; their issues follow.\n{signature}",
            record.given.agent
        );
    }
    let mut text = format!(
        "**Phases** of the plan `{hash}`\n\n| | phase | issue | done by | after |\n|---|---|---|---|---|\n"
    );
    for (number, filed) in (1..).zip(&record.phases) {
        let title = one_line(&unmarked(filed.phase.title.as_str()), 120).replace('|', "\\|");
        let issue = filed.issue.map_or_else(String::new, |issue| format!("#{issue}"));
        let after: Vec<String> = filed.after.iter().map(|index| (index + 1).to_string()).collect();
        let _ = writeln!(
            text,
            "| {number} | {title} | {issue} | {} | {} |",
            filed.phase.automation.name(),
            after.join(", ")
        );
    }
    text
}

fn started_text(state: &PlanningState, record: &PhaseStarted) -> String {
    let part = if state.approved_phases().is_some() { "Phase" } else { "Stage" };
    format!(
        "**{part} {}** is handed over to #{issue}. Continue it with `agent-loop issue {issue}`.",
        record.phase,
        issue = record.issue
    )
}

fn split_text(state: &PlanningState, record: &SplitRecord) -> String {
    let plan = state.plan.as_ref().filter(|current| current.hash == record.plan);
    let mut text = if plan.is_some_and(|plan| record.stages.iter().all(|stage| plan.defers(&stage.title))) {
        format!("**Stages** that the plan `{}` leaves for later\n", record.plan)
    } else {
        format!("**Stages** of this issue, from its debate and the plan `{}`\n", record.plan)
    };
    let line = |title: &str| one_line(&unmarked(title), 120);
    let lines: Vec<String> =
        record.stages.iter().map(|stage| format!("#{} {}", stage.issue, line(&stage.title))).collect();
    section(&mut text, "Issues", &lines);
    text
}
