//! Makes the outcome of a run from its end and the state of the flow.

use crate::domain::ids::{CommitSha, PullRequestNumber};
use crate::domain::subject::Subject;
use crate::domain::usage::Usage;
use crate::flow::commands;
use crate::flow::conclusion::{AfterConclusion, Conclusion};
use crate::flow::view::View;
use crate::ports::forge::Thread;

use super::context::RunContext;
use super::outcome::Outcome;
use super::session::Session;

/// Returns the outcome of a run with this ending.
pub(super) async fn of(cx: &RunContext, session: &Session, conclusion: &Conclusion) -> Outcome {
    let bare =
        Outcome::bare(session.subject.clone(), conclusion.ending().clone(), conclusion.message().to_owned());
    let mut outcome = seen(cx, session, bare);
    outcome.next = next_command(cx, session, conclusion);
    outcome.next_after = match conclusion.next() {
        Some(AfterConclusion::OnceClosed { issue, .. }) => Some(*issue),
        Some(AfterConclusion::Command(_) | AfterConclusion::Closing | AfterConclusion::Correction(_))
        | None => None,
    };
    outcome.reached = conclusion.reached();
    if let (Some(against), Some(head)) = (session.machine.view().against, &outcome.view.head) {
        // An outcome without a merge base is better than none.
        outcome.base = cx.base(&against, head).await.ok();
    }
    outcome
}

/// Returns the command that follows a conclusion, if it is not that of every such end.
pub(super) fn next_command(cx: &RunContext, session: &Session, conclusion: &Conclusion) -> Option<String> {
    match conclusion.next()? {
        AfterConclusion::Command(command) | AfterConclusion::OnceClosed { command, .. } => {
            Some(command.clone())
        }
        AfterConclusion::Correction(correction) => Some(commands::correction(correction, &session.subject)),
        AfterConclusion::Closing => {
            let number = session.machine.view().pull_request;
            thread(&session.subject, number.as_ref()).map(|thread| cx.world.forge.closing(thread))
        }
    }
}

/// Returns an outcome with the state of the flow.
pub(super) fn seen(cx: &RunContext, session: &Session, bare: Outcome) -> Outcome {
    let view = View { head: head(session), ..session.machine.view() };
    let run = session.machine.run();
    Outcome {
        commands: view.pull_request.map(|number| cx.world.forge.commands(number)),
        issue_commands: match session.subject {
            Subject::Issue(number) => Some(cx.world.forge.issue_commands(number)),
            Subject::PullRequest(_) | Subject::Task(_) => None,
        },
        reopening: thread(&session.subject, view.pull_request.as_ref())
            .map(|thread| cx.world.forge.reopening(thread)),
        run: run.map(|run| run.id.clone()),
        usage: run.map_or_else(Usage::default, |run| run.usage),
        view,
        ..bare
    }
}

/// Returns the thread of the pull request, if there is one, else that of the issue.
fn thread(subject: &Subject, pull_request: Option<&PullRequestNumber>) -> Option<Thread> {
    match (subject, pull_request) {
        (_, Some(number)) | (Subject::PullRequest(number), None) => Some(Thread::PullRequest(*number)),
        (Subject::Issue(number), None) => Some(Thread::Issue(*number)),
        (Subject::Task(_), None) => None,
    }
}

/// Returns the last known head of the pull request, else that of the latest record.
pub(super) fn head(session: &Session) -> Option<CommitSha> {
    let view = session.machine.view();
    let seen = view.pull_request.and_then(|number| session.facts.pull_requests.get(&number));
    seen.map(|pull_request| pull_request.head.clone()).or(view.head)
}
