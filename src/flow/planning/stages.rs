//! The stages of an issue, from a debate or left for later by its plan: each is filed once, and the plan is implemented on the
//! issue of the stage that it covers.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use crate::domain::child_issue::{ChildIssue, ChildPurpose, ChildSection, SectionContent};
use crate::domain::ending::Refused;
use crate::domain::execution::{DeferredWork, Execution};
use crate::domain::ids::IssueNumber;
use crate::domain::phase::PlannedPhase;
use crate::domain::plan::{Stage, folded_title};
use crate::domain::subject::Subject;
use crate::ledger::chain::child_key;

use super::super::context::FlowContext;
use super::super::facts::Workable;
use super::super::filing;
use super::super::step::{Decision, first, refuse};
use super::super::view::ProposedStage;
use super::phases;
use super::records::{PhaseStarted, PlannedStage, PlanningEntry, SplitRecord};
use super::seen::{OpenPlanning, PlanAt, PlanSummary};
use super::state::{CurrentPlan, PlanningState};

/// Publishes the stages that no record lists, each with its issue. Without `--materialize-split-issues` these are only the stages
/// that a debate filed.
pub(super) fn file(seen: &OpenPlanning<'_>, at: &PlanAt, plan: &CurrentPlan) -> Decision<()> {
    let mut stages = Vec::new();
    for ProposedStage { child, issue } in unlisted(seen, plan)? {
        let (title, summary) = (child.title.clone(), child.text.clone());
        let issue = match (issue, seen.run.execution.stages) {
            (Some(issue), _) => issue,
            (None, DeferredWork::Filed) => filing::filed(seen.cx, child)?,
            (None, DeferredWork::Listed) => continue,
        };
        stages.push(PlannedStage { title, summary, issue });
    }
    if stages.is_empty() {
        return ControlFlow::Continue(());
    }
    let record = SplitRecord { plan: plan.hash.clone(), stages };
    first(seen.publish(at.round, &PlanningEntry::Split(record)))
}

/// Returns the stages of the debate about the issue, and those that the plan leaves for later, without those in a record.
fn unlisted(seen: &OpenPlanning<'_>, plan: &CurrentPlan) -> Decision<Vec<ProposedStage>> {
    let debate = seen.cx.debate(&Subject::Issue(seen.state.number))?;
    let debated = debate.into_iter().flat_map(|debate| debate.stages.clone());
    let deferred = plan.plan.deferred.iter().map(|stage| child(seen.state.number, plan, stage));
    let mut known: BTreeSet<String> =
        seen.state.stages.iter().map(|stage| folded_title(&stage.title)).collect();
    let all = debated.chain(deferred.map(|child| ProposedStage { child, issue: None }));
    ControlFlow::Continue(all.filter(|stage| known.insert(folded_title(&stage.child.title))).collect())
}

fn child(IssueNumber(parent): IssueNumber, plan: &CurrentPlan, stage: &Stage) -> ChildIssue {
    ChildIssue {
        key: child_key(ChildPurpose::Stage, parent, &folded_title(&stage.title)),
        parent,
        title: stage.title.clone(),
        origin: format!("Refs #{parent}. The plan `{}` leaves this stage for later.", plan.hash),
        text: stage.summary.clone(),
        sections: vec![ChildSection {
            heading: "The plan before this stage",
            content: SectionContent::Text(plan.plan.text()),
        }],
        links: Vec::new(),
    }
}

/// Returns the titles of the stages for which this run files no issue.
pub(super) fn unfiled(seen: &OpenPlanning<'_>, plan: &CurrentPlan) -> Decision<Vec<String>> {
    let stages = unlisted(seen, plan)?.into_iter().filter(|stage| stage.issue.is_none());
    ControlFlow::Continue(match seen.run.execution.stages {
        DeferredWork::Listed => stages.map(|stage| stage.child.title).collect(),
        DeferredWork::Filed => Vec::new(),
    })
}

/// Returns a last sentence about stages without an issue; empty if all are filed.
pub(super) fn warning(seen: &OpenPlanning<'_>, plan: &CurrentPlan) -> Decision<String> {
    let titles: Vec<String> = unfiled(seen, plan)?.into_iter().map(|title| format!("“{title}”")).collect();
    let all = titles.join(", ");
    ControlFlow::Continue(if titles.is_empty() {
        String::new()
    } else {
        format!(". No issue is filed for {all}; add --materialize-split-issues to file one for each stage")
    })
}

/// Publishes once that a stage was handed over to its issue.
pub(super) fn start(seen: &OpenPlanning<'_>, at: &PlanAt, issue: IssueNumber) -> Decision<()> {
    if seen.state.started.contains(&issue) {
        return ControlFlow::Continue(());
    }
    let place = seen.state.stages.iter().position(|stage| stage.issue == issue).unwrap_or_default();
    let record = PhaseStarted { plan: at.head.clone(), phase: place + 1, issue };
    first(seen.publish(at.round, &PlanningEntry::PhaseStarted(record)))
}

/// Returns what follows once the issue of the covered stage is closed.
pub(super) fn after(seen: &OpenPlanning<'_>, covered: IssueNumber) -> Decision<Option<PlanSummary>> {
    let mut open = Vec::new();
    for PlannedStage { issue, .. } in &seen.state.stages {
        let people = seen.cx.people(&Subject::Issue(*issue))?;
        if people.issue.as_ref().is_some_and(|found| found.state == Workable::Open) {
            open.push(*issue);
        }
    }
    ControlFlow::Continue(match open.first() {
        _ if open.contains(&covered) => None,
        Some(next) => Some(PlanSummary {
            message: format!("stage #{covered} is closed"),
            next: Some(format!("agent-loop issue {next}")),
        }),
        None => {
            let message = format!("every stage is closed; close issue {}", seen.state.number);
            Some(PlanSummary { message, next: None })
        }
    })
}

/// Returns the phases of the approved plan; without phases, the stages of the issue, once the run has ended or handed one over.
pub(super) fn parts(state: &PlanningState) -> Vec<PlannedPhase> {
    let phases = phases::planned(state);
    let is_open = state.run.as_ref().is_some_and(|run| run.state.is_open());
    if !phases.is_empty() || (is_open && state.started.is_empty()) {
        return phases;
    }
    let part = |(number, one): (usize, &PlannedStage)| {
        let handoff = state.handoff(one.issue);
        PlannedPhase { handoff, ..PlannedPhase::stage(number, one.issue, &one.title) }
    };
    (1..).zip(&state.stages).map(part).collect()
}

/// Refuses `--split-stage` with an issue that was not filed for a stage, before the plan costs anything.
pub(super) fn check_named(
    state: &PlanningState,
    cx: &FlowContext<'_>,
    execution: &Execution,
) -> Decision<()> {
    let Some(named) = execution.stage else { return ControlFlow::Continue(()) };
    let debate = cx.debate(&Subject::Issue(state.number))?;
    let proposed = debate.into_iter().flat_map(|debate| &debate.stages);
    let filed = proposed.filter_map(|one| Some((one.issue?, one.child.title.as_str())));
    let listed = state.stages.iter().map(|one| (one.issue, one.title.as_str()));
    let known: BTreeMap<IssueNumber, &str> = filed.chain(listed).collect();
    if known.contains_key(&named) {
        return ControlFlow::Continue(());
    }
    let all: Vec<String> = known.iter().map(|(issue, title)| format!("{issue} “{title}”")).collect();
    let all = if all.is_empty() { "no stage was filed".to_owned() } else { all.join(", ") };
    refuse(Refused::Usage, format!("--split-stage {named} is not a stage of issue {}: {all}", state.number))
}

/// Returns the issue of the stage that the plan covers; `None` if it is the parent's own.
pub(super) fn covered(seen: &OpenPlanning<'_>, plan: &CurrentPlan) -> Decision<Option<IssueNumber>> {
    if let Some(named) = seen.run.execution.stage {
        return ControlFlow::Continue(Some(named));
    }
    let is_open = |stage: &&PlannedStage| !plan.defers(&stage.title);
    let open: Vec<&PlannedStage> = seen.state.stages.iter().filter(is_open).collect();
    let text = folded_title(&format!("{} {}", plan.summary, plan.plan.steps.join(" ")));
    let named: Vec<&PlannedStage> =
        open.iter().copied().filter(|stage| text.contains(&folded_title(&stage.title))).collect();
    match (open.as_slice(), named.as_slice()) {
        ([], _) => ControlFlow::Continue(None),
        ([one], _) | (_, [one]) => ControlFlow::Continue(Some(one.issue)),
        (several, _) => {
            let all: Vec<String> =
                several.iter().map(|stage| format!("{} “{}”", stage.issue, stage.title)).collect();
            let message = format!(
                "it is not clear which stage the plan covers: {}; name one with --split-stage",
                all.join(", ")
            );
            refuse(Refused::Usage, message)
        }
    }
}
