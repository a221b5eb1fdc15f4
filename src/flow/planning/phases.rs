//! The phases of an approved plan: their issues, each filed once, and the handover of the phase that can start.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::domain::child_issue::{ChildIssue, ChildPurpose, ChildSection, SectionContent};
use crate::domain::ending::NeedsHuman;
use crate::domain::ids::IssueNumber;
use crate::domain::phase::{Automation, ChildState, PartKind, PhaseProgress, PlannedPhase};
use crate::domain::plan::folded_title;
use crate::domain::pull_request::PullRequestState;
use crate::domain::subject::Subject;
use crate::ledger::chain::child_key;
use crate::protocol::kinds::plan_decomposition::Phase;

use super::super::approval::Unanimous;
use super::super::conclusion::Conclusion;
use super::super::facts::Workable;
use super::super::filing;
use super::super::step::{Decision, first};
use super::planner;
use super::records::{Decomposed, FiledPhase, PhaseStarted, PlanningEntry};
use super::seen::{OpenPlanning, PlanAt, PlanSummary};
use super::state::{CurrentPlan, PlanningState};

/// Returns the phases of the approved plan. Dividing the plan, and filing an issue for each phase, come first.
pub(super) fn filed(seen: &OpenPlanning<'_>, at: &PlanAt, plan: &CurrentPlan) -> Decision<Vec<PlannedPhase>> {
    let Some(decomposed) = seen.state.approved_phases() else {
        return planner::decompose(seen, at, plan).map_continue(|never| match never {});
    };
    let mut phases = Vec::new();
    for phase in &decomposed.phases {
        let issue = match phase.issue {
            Some(issue) => issue,
            None => filing::filed(seen.cx, child(seen, decomposed, &phases))?,
        };
        phases.push(FiledPhase { issue: Some(issue), ..phase.clone() });
    }
    if phases == decomposed.phases {
        return ControlFlow::Continue(planned(seen.state));
    }
    let record = Decomposed { phases, ..decomposed.clone() };
    first(seen.publish(at.round, &PlanningEntry::Decomposed(Box::new(record))))
}

/// Returns the phases that have issues.
pub(super) fn planned(state: &PlanningState) -> Vec<PlannedPhase> {
    let Some(decomposed) = state.approved_phases() else { return Vec::new() };
    let issue = |index: &usize| decomposed.phases.get(*index).and_then(|phase| phase.issue);
    let planned = |(number, filed): (usize, &FiledPhase)| {
        let own = filed.issue?;
        Some(PlannedPhase {
            kind: PartKind::Phase,
            number,
            issue: own,
            title: filed.phase.title.as_str().to_owned(),
            automation: filed.phase.automation,
            after: filed.after.iter().filter_map(issue).collect(),
            handoff: state.handoff(own),
            text: text(&filed.phase),
        })
    };
    (1..).zip(&decomposed.phases).filter_map(planned).collect()
}

/// Returns the content of a phase, for agents.
fn text(phase: &Phase) -> String {
    let parts = [
        ("Scope", &phase.scope),
        ("Not in this phase", &phase.non_goals),
        ("Dependencies", &phase.dependency_notes),
        ("Risk", &phase.rollout_risk),
        ("Validation", &phase.validation),
        ("From the whole plan", &phase.parent_context),
    ];
    let parts: Vec<String> =
        parts.iter().map(|(heading, text)| format!("{heading}: {}", text.as_str())).collect();
    parts.join("\n\n")
}

/// Creates the issue of the phase after these.
fn child(seen: &OpenPlanning<'_>, decomposed: &Decomposed, earlier: &[FiledPhase]) -> ChildIssue {
    let parent = seen.state.number.0;
    let count = decomposed.phases.len();
    let place = earlier.len().min(count.saturating_sub(1));
    let mut links = Vec::new();
    let mut sections = Vec::new();
    let (mut title, mut scope) = (String::new(), String::new());
    if let Some(FiledPhase { phase, after, .. }) = decomposed.phases.get(place) {
        (title, scope) = (phase.title.as_str().to_owned(), phase.scope.as_str().to_owned());
        let blockers = after.iter().filter_map(|index| Some((*index, earlier.get(*index)?.issue?)));
        let mut dependencies = vec![phase.dependency_notes.as_str().to_owned()];
        for (index, issue) in blockers {
            links.push(issue.0);
            dependencies.push(format!("Blocked by phase {}: #{issue}", index + 1));
        }
        let list = SectionContent::List;
        let text = |words: &str| SectionContent::Text(words.to_owned());
        let all = [
            ("Not in this phase", text(phase.non_goals.as_str())),
            ("From the approved plan", text(phase.parent_context.as_str())),
            ("Constraints and invariants", list(constraints(seen, decomposed))),
            ("Dependencies", list(dependencies)),
            ("Rollout risk", text(phase.rollout_risk.as_str())),
            ("Validation", text(phase.validation.as_str())),
            ("Who does it", text(&instructions(phase.automation, parent))),
        ];
        sections.extend(all.map(|(heading, content)| ChildSection { heading, content }));
    }
    ChildIssue {
        key: child_key(ChildPurpose::Phase, parent, &folded_title(&title)),
        parent,
        origin: format!("Refs #{parent}. Phase {} of {count} of the plan `{}`.", place + 1, decomposed.plan),
        title,
        text: scope,
        sections,
        links,
    }
}

fn constraints(seen: &OpenPlanning<'_>, decomposed: &Decomposed) -> Vec<String> {
    let plan = format!("The approved plan `{}` applies; a deviation from it is a finding.", decomposed.plan);
    let others = "Behaviour that this phase does not name stays as it is.".to_owned();
    let required = seen.issue.requirements.shown.iter();
    let required = required.map(|one| format!("{} requires ({}): {}", one.author, one.id, one.text));
    [plan, others].into_iter().chain(required).collect()
}

fn instructions(automation: Automation, parent: u64) -> String {
    let name = automation.name();
    match automation {
        Automation::AgentPr => {
            format!("`{name}`: run `agent-loop issue` with the number of this issue.")
        }
        Automation::HumanAction => format!(
            "`{name}`: a person does the work, says so in a comment, and closes this issue. Then \
             `agent-loop resume issue/{parent}` starts the next phase."
        ),
        Automation::ManualClose => format!(
            "`{name}`: a person does the work, or runs `agent-loop issue` with the number of this issue, and closes it after \
             the validation. Then `agent-loop resume issue/{parent}` starts the next phase."
        ),
    }
}

/// Returns the issue of the phase that is handed over. Its start is recorded first, once.
pub(super) fn started(
    seen: &OpenPlanning<'_>,
    at: &PlanAt,
    phases: &[PlannedPhase],
    unanimous: &Unanimous,
) -> Decision<IssueNumber> {
    let progress = progress(seen, phases)?;
    let of =
        |wanted: PhaseProgress| progress.iter().find(move |(_, one)| *one == wanted).map(|(phase, _)| *phase);
    let number = seen.state.number;
    let stop = |message| Conclusion::needs_human(NeedsHuman::Phase, message);
    if let Some(phase) = of(PhaseProgress::InProgress) {
        // Without a record of its own the handover was interrupted.
        let Some(delivery) = seen.cx.delivery(&Subject::Issue(phase.issue))? else {
            return ControlFlow::Continue(phase.issue);
        };
        if let Some(number) = delivery.pull_request
            && seen.cx.pull_request(number)?.state == PullRequestState::Open
        {
            let next = format!("agent-loop pr {number}");
            let message = format!(
                "{} is pull request {number}, which is not merged yet; continue with `{next}`",
                phase.named()
            );
            return first(seen.end(stop(message).with_next(next)));
        }
        let next = phase.command().unwrap_or_else(|| format!("agent-loop status issue/{number}"));
        let message = format!("{} was handed over; continue with {}", phase.named(), phase.advice());
        return first(seen.end(stop(message).with_next(next)));
    }
    let is_new = progress.iter().all(|(_, one)| *one != PhaseProgress::Done);
    let for_person = of(PhaseProgress::ForPerson);
    let blocked = progress.iter().find(|(_, one)| matches!(one, PhaseProgress::Blocked(_)));
    match (of(PhaseProgress::Ready), for_person, blocked) {
        (Some(phase), person, _) if person.is_none_or(|person| !is_new || phase.number < person.number) => {
            let (plan, issue) = (at.head.clone(), phase.issue);
            let record = PhaseStarted { plan, phase: phase.number, issue };
            first(seen.publish(at.round, &PlanningEntry::PhaseStarted(record)))
        }
        (_, Some(phase), _) => {
            let next = format!("agent-loop resume issue/{number}");
            let message = format!("{} is for a person: {}. Then run `{next}`", phase.named(), phase.advice());
            first(seen.end(stop(message).with_next_after(phase.issue, next)))
        }
        (_, None, Some((phase, blocked))) => {
            let message = format!("no phase can start: {} {}", phase.named(), blocked.words());
            first(seen.end(stop(message).with_next(format!("agent-loop status issue/{number}"))))
        }
        (_, None, None) => {
            let message = format!("every phase is done; close issue {number}");
            first(seen.end(Conclusion::decomposed(unanimous, message).with_closing()))
        }
    }
}

fn progress<'phases>(
    seen: &OpenPlanning<'_>,
    phases: &'phases [PlannedPhase],
) -> Decision<Vec<(&'phases PlannedPhase, PhaseProgress)>> {
    let mut states = BTreeMap::new();
    for phase in phases {
        let people = seen.cx.people(&Subject::Issue(phase.issue))?;
        states.insert(phase.issue, child_state(people.issue.as_ref().map(|issue| issue.state)));
    }
    let state_of = |issue| states.get(&issue).copied().unwrap_or(ChildState::Dropped);
    ControlFlow::Continue(phases.iter().map(|phase| (phase, phase.progress(state_of))).collect())
}

/// Returns the state of a child; one that the forge no longer has was dropped.
fn child_state(state: Option<Workable>) -> ChildState {
    match state {
        Some(Workable::Open) => ChildState::Open,
        Some(Workable::Closed) => ChildState::Done,
        Some(Workable::Dropped) | None => ChildState::Dropped,
    }
}

/// Describes the issues of a plan, and what follows: a command, or the work of a person.
pub(super) fn summary(seen: &OpenPlanning<'_>, phases: &[PlannedPhase]) -> Decision<PlanSummary> {
    let progress = progress(seen, phases)?;
    let left = progress.iter().find(|(_, one)| !matches!(one, PhaseProgress::Done | PhaseProgress::Dropped));
    let next = left.and_then(|(phase, _)| phase.command());
    let by_person = left.filter(|_| next.is_none()).map(|(phase, _)| format!(". Next: {}", phase.advice()));
    let issues: Vec<String> = phases.iter().map(|phase| format!("#{}", phase.issue)).collect();
    let message = format!(
        "the plan is divided into {}: {}{}",
        count(phases),
        issues.join(", "),
        by_person.unwrap_or_default()
    );
    ControlFlow::Continue(PlanSummary { message, next })
}

fn count(phases: &[PlannedPhase]) -> String {
    let plural = if phases.len() == 1 { "" } else { "s" };
    format!("{} issue{plural}", phases.len())
}
