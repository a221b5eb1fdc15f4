//! The approved plan of a delivery: that of its issue, or that of the parent of which the issue is a phase or a stage.

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
use super::super::step::{Decision, first, refuse};
use super::super::terms::Terms;
use super::super::view::{PlanExtent, PlanOutput};

/// The place of an issue in an approved plan.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    /// The plan of the change; a stage that a plan only mentions has none.
    pub(super) plan: Option<PlanReference>,
    /// The terms of the plan; a stage that was only debated has none.
    pub(super) terms: Option<Terms>,
    /// The issue of the plan or debate, if it is another one.
    pub(super) parent: Option<IssueNumber>,
    pub(super) closing: Closing,
    /// The run of the plan that goes on here, and its cost so far.
    pub(super) continues: Option<(RunId, Usage)>,
}

/// Returns the plan for an issue, if there is one. An issue that cannot be implemented now is refused.
pub(super) fn planned(cx: &FlowContext<'_>, number: IssueNumber, body: &str) -> Decision<Option<Planned>> {
    if let Some(output) = cx.plan(&Subject::Issue(number))? {
        return own(number, output).map_continue(Some);
    }
    let Some(parent) = parent(body).filter(|parent| *parent != number) else {
        return ControlFlow::Continue(None);
    };
    let stage =
        Planned { plan: None, terms: None, parent: Some(parent), closing: Closing::Closes, continues: None };
    // Anyone can write a marker: only the records of the parent say what its children are.
    let of_the_parent = Subject::Issue(parent);
    let Some(output) = cx.plan(&of_the_parent)?.filter(|output| output.has(number)) else {
        let debate = cx.debate(&of_the_parent)?;
        let is_debated = debate.is_some_and(|debate| debate.has(number));
        return ControlFlow::Continue(Some(stage).filter(|_| is_debated));
    };
    let closing = match output.phases.iter().find(|phase| phase.issue == number) {
        Some(phase) => {
            may_start(cx, phase, parent)?;
            match phase.automation {
                Automation::AgentPr | Automation::HumanAction => Closing::Closes,
                Automation::ManualClose => Closing::Refers,
            }
        }
        None => Closing::Closes,
    };
    let plan = Some(output.reference(number)).filter(|_| !output.deferred.contains(&number));
    ControlFlow::Continue(Some(Planned { plan, terms: Some(output.terms.clone()), closing, ..stage }))
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
        terms: Some(output.terms.clone()),
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
                "{} is for a person: {}. Then run `agent-loop resume issue/{parent}`",
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
