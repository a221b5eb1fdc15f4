//! The stages that a plan leaves for later: they are filed once, and implementation goes to the stage that the plan covers.

use std::ops::ControlFlow;

use crate::domain::child_issue::{ChildIssue, ChildPurpose, ChildSection, SectionContent};
use crate::domain::ending::Refused;
use crate::domain::execution::DeferredWork;
use crate::domain::ids::IssueNumber;
use crate::domain::plan::{Stage, folded_title};
use crate::ledger::chain::child_key;

use super::super::filing;
use super::super::step::{Decision, first, refuse};
use super::records::{PlannedStage, PlanningEntry, SplitRecord};
use super::seen::{OpenPlanning, PlanAt};
use super::state::{CurrentPlan, PlanningState};

/// Files an issue for each stage that an approved plan leaves for later, unless a record shows that it was done.
pub(super) fn file(seen: &OpenPlanning<'_>, at: &PlanAt, plan: &CurrentPlan) -> Decision<()> {
    let is_wanted = match seen.run.execution.stages {
        DeferredWork::Listed => false,
        DeferredWork::Filed => !plan.plan.deferred.is_empty(),
    };
    if !is_wanted || seen.state.split.contains(&plan.hash) {
        return ControlFlow::Continue(());
    }
    let mut stages = Vec::new();
    for Stage { title, summary } in &plan.plan.deferred {
        let issue = filing::filed(seen.cx, child(seen.state, plan, title, summary))?;
        stages.push(PlannedStage { title: title.clone(), summary: summary.clone(), issue });
    }
    let record = SplitRecord { plan: plan.hash.clone(), stages };
    first(seen.publish(at.round, &PlanningEntry::Split(record)))
}

fn child(state: &PlanningState, plan: &CurrentPlan, title: &str, summary: &str) -> ChildIssue {
    let parent = state.number.0;
    let text = |words: String| SectionContent::Text(words);
    ChildIssue {
        key: child_key(ChildPurpose::Stage, parent, &folded_title(title)),
        parent,
        title: title.to_owned(),
        origin: format!("Refs #{parent}. The plan `{}` leaves this stage for later.", plan.hash),
        text: summary.to_owned(),
        sections: vec![ChildSection {
            heading: "The plan before this stage",
            content: text(plan.plan.text()),
        }],
        links: Vec::new(),
    }
}

/// Returns a warning about stages without an issue.
pub(super) fn warning(state: &PlanningState, plan: &CurrentPlan) -> Option<String> {
    let deferred = &plan.plan.deferred;
    if deferred.is_empty() || state.split.contains(&plan.hash) {
        return None;
    }
    let titles: Vec<String> = deferred.iter().map(|stage| format!("“{}”", stage.title)).collect();
    Some(format!(
        "Not filed: the plan leaves {} for later; --materialize-split-issues files an issue for each of them",
        titles.join(", ")
    ))
}

/// Returns the issue of the stage that the plan covers; `None` if it is the parent's own.
pub(super) fn covered(seen: &OpenPlanning<'_>, plan: &CurrentPlan) -> Decision<Option<IssueNumber>> {
    let known = &seen.state.stages;
    let named = |stage: &PlannedStage| format!("{} “{}”", stage.issue, stage.title);
    let list = |stages: &[&PlannedStage]| stages.iter().copied().map(named).collect::<Vec<_>>().join(", ");
    if let Some(asked) = seen.run.execution.stage {
        if known.iter().any(|stage| stage.issue == asked) {
            return ControlFlow::Continue(Some(asked));
        }
        let all: Vec<&PlannedStage> = known.iter().collect();
        let known = if all.is_empty() { "no stage was filed".to_owned() } else { list(&all) };
        let message = format!("--split-stage {asked} is not a stage of issue {}: {known}", seen.state.number);
        return refuse(Refused::Usage, message);
    }
    let open: Vec<&PlannedStage> = known.iter().filter(|stage| !plan.defers(&stage.title)).collect();
    let text = folded_title(&format!("{} {}", plan.summary, plan.plan.steps.join(" ")));
    let named: Vec<&PlannedStage> =
        open.iter().copied().filter(|stage| text.contains(&folded_title(&stage.title))).collect();
    match (open.as_slice(), named.as_slice()) {
        ([], _) => ControlFlow::Continue(None),
        ([one], _) | (_, [one]) => ControlFlow::Continue(Some(one.issue)),
        (several, _) => {
            let message = format!(
                "it is not clear which stage the plan covers: {}; name one with --split-stage",
                list(several)
            );
            refuse(Refused::Usage, message)
        }
    }
}
