//! Shows the state of a run on its pull request, beside the comments. Records alone hold the state: nothing is read back.

use crate::domain::commit_status::CommitStatus;
use crate::domain::subject::Subject;
use crate::flow::commit_status::commit_status;
use crate::flow::step::Step;
use crate::ledger::codec;
use crate::ports::World;
use crate::ports::forge::{Forge, RunDisplay};

use super::conclude;
use super::context::{JournalOf, RunContext};
use super::session::Session;

/// Shows the state before a step, or at the end. A display that fails is reported, and the run continues.
pub(super) async fn show<W: World>(
    cx: &RunContext<W>,
    session: &mut Session<JournalOf<W>>,
    next: Option<&Step>,
) {
    match cx.world.forge().display() {
        RunDisplay::Comments => {}
        RunDisplay::Status => show_status(cx, session, next).await,
    }
}

async fn show_status<W: World>(cx: &RunContext<W>, session: &mut Session<JournalOf<W>>, next: Option<&Step>) {
    let (Subject::PullRequest(number), Some(run)) = (&session.subject, session.machine.run()) else { return };
    let view = session.machine.view();
    let Some(status) = commit_status(run, &view, next, conclude::head(session).as_ref()) else { return };
    if session.emitted.status.as_ref() == Some(&status) {
        return;
    }
    let with_link = CommitStatus { comment: latest_record(cx, session), ..status.clone() };
    if let Err(error) = cx.world.forge().set_status(*number, &with_link).await {
        cx.warn(format!("the status of {} could not be set: {error}", status.head.short()));
    }
    session.emitted.status = Some(status);
}

/// Returns the comment with the latest record of ours.
fn latest_record<W: World>(cx: &RunContext<W>, session: &Session<JournalOf<W>>) -> Option<String> {
    let login = cx.world.forge().login();
    let mut comments = session.thread.comments.iter().rev();
    let found = comments.find(|comment| comment.author == login && codec::claims(&comment.body));
    found.map(|comment| comment.id.clone())
}
