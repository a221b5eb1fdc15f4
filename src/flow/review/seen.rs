//! The inputs of the decisions of a review: the pull request, its comments, and an open run with its terms.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::domain::branch_names;
use crate::domain::ids::{CommitSha, RequirementId};
use crate::domain::item::{Author, Item};
use crate::domain::pull_request::PullRequest;
use crate::domain::requirement::Requirements;
use crate::domain::subject::Subject;
use crate::protocol::context::{ContextComment, ContextSubject};
use crate::protocol::requirements;

use super::super::approval::Unanimous;
use super::super::ask::Against;
use super::super::commands;
use super::super::conclusion::Conclusion;
use super::super::context::FlowContext;
use super::super::gates::{GateContext, GatesRecord};
use super::super::machine::draft;
use super::super::review_pass::ReviewPass;
use super::super::rounds::RoundAt;
use super::super::step::{Decision, Next, Step};
use super::super::view::DeliveryOutput;
use super::plan::{self, ObservedPlan};
use super::records::ReviewEntry;
use super::state::{ReviewRun, ReviewState};

/// A point in a review: one pass of the reviewers over one commit.
pub(super) type ReviewAt = RoundAt<CommitSha>;

/// The facts about the pull request.
#[derive(Debug, Clone)]
pub(super) struct Observed<'now> {
    pub(super) pull: &'now PullRequest,
    pub(super) requirements: Requirements,
    /// The issue or task of the pull request, if we know it from our own records.
    pub(super) origin: Option<ContextSubject>,
    pub(super) discussion: &'now Arc<[ContextComment]>,
    pub(super) delivery: Option<(Subject, &'now DeliveryOutput)>,
    pub(super) plan: ObservedPlan,
}

/// Fetches the pull request, its origin and its comments. Requirements in the issue apply, no matter who named the
/// branch.
pub(super) fn observe<'now>(state: &ReviewState, cx: &FlowContext<'now>) -> Decision<Observed<'now>> {
    let pull = cx.pull_request(state.number)?;
    let people = cx.people(&Subject::PullRequest(state.number))?;
    let provenance = &cx.results.provenance;
    let named = branch_names::subject_of(pull.head_ref.as_str());
    let source = provenance.source.clone().or(named);
    // The delivery is not needed once the run is open and this machine knows the origin.
    let is_looked_up = state.run.is_none() || provenance.source.is_none();
    let delivery = match source.as_ref().filter(|_| is_looked_up) {
        Some(subject) => delivery(cx, pull, subject)?,
        None => None,
    };
    let is_ours = provenance.source.is_some() || delivery.is_some();
    let of_the_issue = match &source {
        Some(issue @ Subject::Issue(number)) => Some((*number, issue, cx.people(issue)?)),
        Some(Subject::Task(_) | Subject::PullRequest(_)) | None => None,
    };
    let debated = match of_the_issue {
        Some((_, issue, _)) if is_ours => cx.debate(issue)?.map(|debate| &debate.summary),
        Some(_) | None => None,
    };
    let required = of_the_issue.iter().flat_map(|(_, _, people)| &people.requirements);
    let required = required.chain(&people.requirements).cloned().collect();
    let origin = match (&source, of_the_issue) {
        (_, Some((number, _, people))) => people.subject(number, debated).filter(|_| is_ours),
        (Some(Subject::Task(_)), None) => cx.task.cloned().filter(|_| is_ours),
        (Some(Subject::Issue(_) | Subject::PullRequest(_)) | None, None) => cx.task.cloned(),
    };
    let (requirements, discussion) = (requirements::surfaced(required), &people.comments);
    let delivered = delivery.as_ref().map(|(_, output)| *output);
    let plan = plan::observed(state, cx, source.as_ref(), delivered)?;
    ControlFlow::Continue(Observed { pull, requirements, origin, discussion, delivery, plan })
}

/// Returns the delivery of a subject, if its records name this pull request.
fn delivery<'now>(
    cx: &FlowContext<'now>,
    pull: &PullRequest,
    subject: &Subject,
) -> Decision<Option<(Subject, &'now DeliveryOutput)>> {
    let is_of_this_pull = |delivery: &&DeliveryOutput| {
        delivery.branch == pull.head_ref && delivery.pull_request.is_none_or(|number| number == pull.number)
    };
    let output = cx.delivery(subject)?.filter(is_of_this_pull);
    ControlFlow::Continue(output.map(|output| (subject.clone(), output)))
}

/// An open run with its terms and the inputs of its decisions.
pub(super) struct OpenReview<'now> {
    pub(super) cx: &'now FlowContext<'now>,
    pub(super) state: &'now ReviewState,
    pub(super) run: &'now ReviewRun,
    pub(super) observed: &'now Observed<'now>,
}

impl OpenReview<'_> {
    /// Returns the current point of the pull request.
    pub(super) fn here(&self) -> ReviewAt {
        RoundAt { round: self.state.rounds.round(), head: self.observed.pull.head.clone() }
    }

    /// Returns the requirements that an approval must include.
    pub(super) fn required(&self) -> Vec<RequirementId> {
        requirements::expected(&self.observed.requirements).ids
    }

    /// Returns the reviewers of the run.
    pub(super) fn pass(&self) -> ReviewPass<'_, CommitSha> {
        ReviewPass {
            terms: &self.run.terms,
            rounds: &self.state.rounds,
            required: self.required(),
            without_approval: commands::merging_without_approval(self.state.number),
        }
    }

    pub(super) fn must_fix(&self, at: &ReviewAt) -> Vec<Item> {
        self.pass().must_fix(at)
    }

    /// Returns the items that must be fixed, without those of gates that have not been measured on this head yet.
    pub(super) fn left_to_fix(&self, at: &ReviewAt) -> Vec<Item> {
        let measured_here = |item: &Item| match &item.author {
            Author::Reviewer(_) => true,
            Author::Gate(gate) => self.state.measured.on(gate, &at.head).is_some(),
        };
        self.must_fix(at).into_iter().filter(measured_here).collect()
    }

    /// Returns the proof that all reviewers approve this point, with the current requirements.
    pub(super) fn unanimous(&self, at: &ReviewAt) -> Option<Unanimous> {
        self.pass().unanimous(at)
    }

    pub(super) fn against(&self) -> Against {
        Against::Branch(self.observed.pull.base_ref.clone())
    }

    /// Returns the input of the run's gates.
    pub(super) fn gates<'now>(&'now self, against: &'now Against) -> GateContext<'now> {
        let (rounds, measured) = (&self.state.rounds, &self.state.measured);
        let task = self.observed.origin.as_ref();
        GateContext { run: &self.run.state, rounds, measured, against, task }
    }

    pub(super) fn publish(&self, round: u32, record: &ReviewEntry) -> Step {
        Step::Publish(Box::new(draft::<ReviewState>(&self.run.state.id, round, record)))
    }

    pub(super) fn gates_record(&self, round: u32, record: GatesRecord) -> Step {
        self.publish(round, &ReviewEntry::Gates(record))
    }

    /// Ends the run, with a note about voters of the coder's vendor.
    pub(super) fn end(&self, conclusion: Conclusion) -> Next {
        let message = |message| self.observed.plan.with_warning(self.pass().with_dependence(message));
        Next::End(conclusion.about(&self.observed.pull.head).reworded(message))
    }

    /// Continues with a result, or ends the run.
    pub(super) fn unless_over<T>(&self, result: Result<T, Conclusion>) -> Decision<T> {
        match result {
            Ok(value) => ControlFlow::Continue(value),
            Err(conclusion) => ControlFlow::Break(self.end(conclusion)),
        }
    }
}
