//! The next step of a delivery. Branch, pull request and record are looked up before they are made.

use std::convert::Infallible;
use std::ops::ControlFlow;

use crate::domain::branch_names;
use crate::domain::ending::{Blocked, Failed, NeedsHuman, Refused};
use crate::domain::ids::BranchName;
use crate::domain::plan::PlanReference;
use crate::domain::pull_request::{Closing, PullRequest, PullRequestPurpose, PullRequestState};
use crate::domain::requirement::Requirements;
use crate::domain::subject::Subject;
use crate::ledger::envelope::Draft;
use crate::protocol::context::ContextSubject;

use super::super::ask::Against;
use super::super::conclusion::Conclusion;
use super::super::context::FlowContext;
use super::super::facts::{IssueFacts, Workable};
use super::super::given::Given;
use super::super::machine::draft;
use super::super::names;
use super::super::step::{
    Decision, Effect, HandOver, PullRequestOrder, PushOrder, Step, first, refuse, refuse_closed,
};
use super::super::terms::{RecordedTerms, Terms};
use super::coder::{self, Made, OpenDelivery};
use super::plan::{self, Planned};
use super::records::{Delivered, DeliveryEntry, Started};
use super::state::{DeliveryRun, DeliveryState};

/// The branch of a delivery, with the pull request from it that is not closed.
struct Branch<'now> {
    name: BranchName,
    pull: Option<&'now PullRequest>,
}

/// Returns the next step of a delivery.
pub(super) fn next(state: &DeliveryState, cx: &FlowContext<'_>) -> Decision<Infallible> {
    let wanted = wanted(&state.subject, cx)?;
    let branch = branch(&state.subject, cx)?;
    if let Some(pull) = branch.pull {
        return delivered(state, cx, &wanted, pull);
    }
    if wanted.state != Workable::Open {
        return refuse_closed();
    }
    can_be_made(cx, &branch.name)?;
    let planned = match &state.subject {
        Subject::Issue(number) => plan::planned(cx, *number, &wanted.subject.body)?,
        Subject::Task(_) | Subject::PullRequest(_) => None,
    };
    let planned = planned.as_ref();
    let known = state.run.as_ref().map(|run| RecordedTerms { run: &run.state, terms: &run.terms });
    let of_the_plan = planned.and_then(|planned| planned.terms.as_ref());
    let terms = match of_the_plan.filter(|_| known.is_none_or(|known| !known.run.is_open())) {
        Some(terms) => cx.terms(&cx.request.bound_to(terms), known)?,
        None => cx.terms(cx.request, known)?,
    };
    let run = started(state, cx, &branch, terms, planned)?;
    let tip = cx.tip(&run.branch)?;
    let plan = planned.and_then(|planned| planned.plan.clone());
    let work =
        OpenDelivery { cx, run, subject: wanted.subject, requirements: wanted.requirements, plan, tip };
    let made = coder::work(&work, &state.subject)?;
    let subject = state.subject.clone();
    let purpose = PullRequestPurpose {
        subject,
        closing: planned.map_or(Closing::Closes, |planned| planned.closing),
        parent: planned.and_then(|planned| planned.parent),
        plan: run.plan.clone(),
    };
    deliver(&work, purpose, made)
}

/// Checks that the branch can be created: git allows no branch `a/b` beside a branch `a`.
fn can_be_made(cx: &FlowContext<'_>, branch: &BranchName) -> Decision<()> {
    let above = branch.as_str().match_indices('/').filter_map(|(end, _)| branch.as_str().get(..end));
    for name in above.filter_map(|name| name.parse::<BranchName>().ok()) {
        if cx.tip(&name)?.is_some() {
            let rename = format!("git branch -m {name} {name}-old");
            let message = format!(
                "the branch `{branch}` cannot be created beside the branch `{name}`; rename that one: `{rename}`"
            );
            return first(Step::Stop(Conclusion::refused(Refused::Usage, message).with_next(rename)));
        }
    }
    ControlFlow::Continue(())
}

fn wanted(subject: &Subject, cx: &FlowContext<'_>) -> Decision<IssueFacts> {
    match (subject, cx.task) {
        (Subject::Issue(number), _) => cx.issue(*number),
        (Subject::Task(_), Some(task)) => ControlFlow::Continue(IssueFacts {
            subject: task.clone(),
            requirements: Requirements::default(),
            state: Workable::Open,
        }),
        (Subject::Task(_) | Subject::PullRequest(_), _) => {
            refuse(Refused::Usage, "this machine does not know the text of the task")
        }
    }
}

/// Returns the branch of the delivery. After a closed pull request the next name is used.
fn branch<'now>(subject: &Subject, cx: &FlowContext<'now>) -> Decision<Branch<'now>> {
    let stem = match subject {
        Subject::Issue(number) => branch_names::of_issue(*number),
        Subject::Task(key) => branch_names::of_task(key),
        Subject::PullRequest(number) => {
            return refuse(Refused::Usage, format!("pull request {number} is delivered already"));
        }
    };
    for number in 1_u32.. {
        let name = if number == 1 { stem.clone() } else { format!("{stem}-{number}") };
        let name: BranchName = match name.parse() {
            Ok(name) => name,
            Err(error) => return refuse(Refused::Usage, format!("{error}")),
        };
        let found = cx.pull_requests_from(&name)?;
        let pull = found.iter().rev().find(|one| one.state != PullRequestState::Closed);
        if pull.is_some() || found.is_empty() {
            return ControlFlow::Continue(Branch { name, pull });
        }
    }
    first(Conclusion::failed(Failed::Error, "no branch name is left"))
}

/// Publishes the record of the open pull request once, then hands over to the review.
fn delivered(
    state: &DeliveryState,
    cx: &FlowContext<'_>,
    wanted: &IssueFacts,
    pull: &PullRequest,
) -> Decision<Infallible> {
    let thread = Subject::PullRequest(pull.number);
    let is_recorded = state.delivered.as_ref().is_some_and(|delivered| delivered.pull_request == pull.number)
        || match &state.subject {
            Subject::Task(_) => cx.announced(&thread)?,
            Subject::Issue(_) | Subject::PullRequest(_) => false,
        };
    if is_recorded {
        let head = pull.head.clone();
        return first(Step::HandOver(HandOver { flow: names::REVIEW, subject: thread, head }));
    }
    let answer = match &state.run {
        Some(run) => answer(&state.subject, cx, wanted, run)?,
        None => None,
    };
    let (branch, head) = (pull.head_ref.clone(), pull.head.clone());
    let record = DeliveryEntry::Delivered(Delivered { branch, head, pull_request: pull.number, answer });
    let run = state.run.as_ref().map_or(cx.fresh_run, |run| &run.state.id);
    let thread = match &state.subject {
        Subject::Task(_) => Some(thread),
        Subject::Issue(_) | Subject::PullRequest(_) => None,
    };
    first(Step::Publish(Box::new(Draft { thread, ..draft::<DeliveryState>(run, 0, &record) })))
}

/// Returns how the coder's answer was read, if this machine has the answer.
fn answer(
    subject_of: &Subject,
    cx: &FlowContext<'_>,
    wanted: &IssueFacts,
    run: &DeliveryRun,
) -> Decision<Option<Given>> {
    let tip = cx.tip(&run.branch)?;
    let (subject, requirements) = (wanted.subject.clone(), wanted.requirements.clone());
    let work = OpenDelivery { cx, run, subject, requirements, plan: None, tip };
    ControlFlow::Continue(match coder::work(&work, subject_of) {
        ControlFlow::Continue(made) => Some(made.answer),
        ControlFlow::Break(_) => None,
    })
}

/// Returns the open run on this branch with these terms. Starting it, or publishing new terms, comes first.
fn started<'now>(
    state: &'now DeliveryState,
    cx: &FlowContext<'_>,
    branch: &Branch<'_>,
    terms: Terms,
    planned: Option<&Planned>,
) -> Decision<&'now DeliveryRun> {
    let plan = planned.and_then(|planned| planned.plan.as_ref()).map(PlanReference::bound);
    // A run for another plan is not continued: its answers are to another question.
    let on_this_branch =
        |run: &&DeliveryRun| run.state.is_open() && run.branch == branch.name && run.plan == plan;
    let open = state.run.as_ref().filter(on_this_branch);
    if let Some(run) = open.filter(|run| run.terms == terms) {
        return ControlFlow::Continue(run);
    }
    let still_open = state.run.as_ref().filter(|run| run.state.is_open());
    let base_ref = still_open.map_or(cx.base_ref, |run| &run.base_ref);
    let tip = cx.base_tip(base_ref)?;
    let participants = terms.roster.participants();
    let continues = planned.and_then(|planned| planned.continues.as_ref());
    let record = DeliveryEntry::Started(Box::new(Started {
        base_ref: base_ref.clone(),
        base: open.map_or_else(|| tip.clone(), |run| run.base.clone()),
        branch: branch.name.clone(),
        roster: terms.roster,
        policy: terms.policy,
        plan,
        spent: continues.filter(|_| open.is_none()).map(|(_, spent)| *spent).filter(|spent| spent.calls > 0),
    }));
    let fresh = continues.map_or(cx.fresh_run, |(run, _)| run);
    let run = open.map_or(fresh, |run| &run.state.id);
    first(Step::Publish(Box::new(Draft { participants, ..draft::<DeliveryState>(run, 0, &record) })))
}

/// Pushes the branch, then opens its pull request.
fn deliver(work: &OpenDelivery<'_>, purpose: PullRequestPurpose, made: Made) -> Decision<Infallible> {
    let OpenDelivery { cx, run, tip, .. } = work;
    let Made { before, title, body, commit, answer: _ } = made;
    let head = commit.unwrap_or_else(|| before.clone());
    if !cx.changes(Against::Commit(run.base.clone()), &head)? {
        return first(Conclusion::blocked(Blocked::NoChange, nothing_changed(&work.subject)));
    }
    let branch = run.branch.clone();
    if *tip == Some(&head) {
        let base_ref = run.base_ref.clone();
        let order = PullRequestOrder { branch, base_ref, title, body, purpose };
        return first(Step::Effect(Effect::OpenPullRequest(order)));
    }
    if tip.is_some_and(|tip| *tip != before) {
        let message = format!(
            "the branch {branch} was moved by someone else; inspect it, then delete it or open a pull request for it"
        );
        return first(Conclusion::needs_human(NeedsHuman::Rewritten, message));
    }
    cx.push(PushOrder { branch, commit: head, expected: tip.cloned() })
}

/// Returns why there is nothing to review, and what must change before the coder is asked again.
fn nothing_changed(subject: &ContextSubject) -> String {
    let change = match subject.number {
        Some(_) => "add what is missing in a comment on the issue",
        None => "describe the task in other words",
    };
    format!(
        "the coder changed no file, so there is nothing to review. Its log has the reason; {change}, or name another coder with \
         `--coder`"
    )
}
