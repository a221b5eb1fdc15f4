//! The approved plan of a delivery: that of its issue, or that of the parent whose phase or stage the issue is.

use std::ops::ControlFlow;

use crate::domain::ending::{NeedsHuman, Refused};
use crate::domain::execution::ExecutionMode;
use crate::domain::ids::{IssueNumber, RunId};
use crate::domain::phase::{Automation, PlannedPhase};
use crate::domain::plan::PlanReference;
use crate::domain::pull_request::Closing;
use crate::domain::subject::Subject;
use crate::domain::usage::Usage;
use crate::protocol::markers;

use super::super::conclusion::Conclusion;
use super::super::context::FlowContext;
use super::super::facts::Workable;
use super::super::names;
use super::super::step::{Decision, first, refuse};
use super::super::terms::Terms;
use super::super::view::{FlowOutput, PlanExtent, PlanOutput};

/// The place of an issue in an approved plan.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    /// The plan of the change; a stage that a plan only mentions has none.
    pub(super) plan: Option<PlanReference>,
    pub(super) terms: Terms,
    /// The issue of the plan, if it is another one.
    pub(super) parent: Option<IssueNumber>,
    pub(super) closing: Closing,
    /// The run of the plan that goes on here, and its cost so far.
    pub(super) continues: Option<(RunId, Usage)>,
}

/// Returns the plan for an issue, if there is one. An issue that cannot be implemented now is refused.
pub(super) fn planned(cx: &FlowContext<'_>, number: IssueNumber, body: &str) -> Decision<Option<Planned>> {
    if let Some(output) = output(cx, number)? {
        return own(number, output).map_continue(Some);
    }
    let Some(parent) = parent(body).filter(|parent| *parent != number) else {
        return ControlFlow::Continue(None);
    };
    let Some(output) = output(cx, parent)? else { return ControlFlow::Continue(None) };
    // Anyone can write a marker: only the records of the parent say what its children are.
    let phase = output.phases.iter().find(|phase| phase.issue == number);
    let is_covered = output.covered.contains(&number);
    if phase.is_none() && !is_covered && !output.deferred.contains(&number) {
        return ControlFlow::Continue(None);
    }
    let closing = match phase {
        Some(phase) => {
            may_start(cx, phase, parent)?;
            match phase.automation {
                Automation::AgentPr | Automation::HumanAction => Closing::Closes,
                Automation::ManualClose => Closing::Refers,
            }
        }
        None => Closing::Closes,
    };
    ControlFlow::Continue(Some(Planned {
        plan: (phase.is_some() || is_covered).then(|| output.reference(number)),
        terms: output.terms.clone(),
        parent: Some(parent),
        closing,
        continues: None,
    }))
}

fn output<'now>(cx: &FlowContext<'now>, number: IssueNumber) -> Decision<Option<&'now PlanOutput>> {
    let output = cx.output(names::PLANNING, &Subject::Issue(number))?;
    ControlFlow::Continue(match output {
        Some(FlowOutput::Plan(output)) => Some(&**output),
        Some(FlowOutput::Delivery(_) | FlowOutput::Discussion { .. }) | None => None,
    })
}

fn own(number: IssueNumber, output: &PlanOutput) -> Decision<Planned> {
    let is_divided = match output.mode {
        ExecutionMode::DecomposeOnly | ExecutionMode::ImplementByPhase => !output.phases.is_empty(),
        ExecutionMode::PlanOnly | ExecutionMode::ImplementOneShot => false,
    };
    if is_divided {
        let issues: Vec<String> = output.phases.iter().map(|phase| format!("#{}", phase.issue)).collect();
        let message = format!(
            "issue {number} is divided into {}; continue with `agent-loop resume issue/{number}`, or name one of them",
            issues.join(", ")
        );
        return refuse(Refused::Usage, message);
    }
    ControlFlow::Continue(Planned {
        plan: Some(output.plan.clone()),
        terms: output.terms.clone(),
        parent: None,
        closing: match output.extent {
            PlanExtent::Whole => Closing::Closes,
            PlanExtent::Part => Closing::Refers,
        },
        continues: output.open_run.clone(),
    })
}

/// Returns the parent in the marker of an issue that this program filed.
fn parent(body: &str) -> Option<IssueNumber> {
    let markers = markers::standing(body);
    let value = &markers.iter().find(|marker| marker.name == "AGENT_LOOP_CHILD")?.value;
    let number = value.split_whitespace().find_map(|word| word.strip_prefix("parent="))?;
    number.parse().ok().map(IssueNumber)
}

/// Refuses a phase for a person, and one with an open dependency.
fn may_start(cx: &FlowContext<'_>, phase: &PlannedPhase, parent: IssueNumber) -> Decision<()> {
    match phase.automation {
        Automation::AgentPr | Automation::ManualClose => {}
        Automation::HumanAction => {
            let message = format!(
                "{} is for a person: {}, then run `agent-loop resume issue/{parent}`",
                phase.named(),
                phase.advice()
            );
            return first(Conclusion::needs_human(NeedsHuman::Phase, message));
        }
    }
    for issue in &phase.after {
        let people = cx.people(&Subject::Issue(*issue))?;
        let message = match people.issue.as_ref().map(|found| found.state) {
            Some(Workable::Closed) => continue,
            Some(Workable::Open) => {
                format!(
                    "{} depends on #{issue}, which is open; run `agent-loop issue {issue}` first",
                    phase.named()
                )
            }
            Some(Workable::Dropped) | None => format!(
                "{} depends on #{issue}, which will not be done; reopen #{issue}, or close it as completed if the phase does not \
                 need it",
                phase.named()
            ),
        };
        return refuse(Refused::Usage, message);
    }
    ControlFlow::Continue(())
}
