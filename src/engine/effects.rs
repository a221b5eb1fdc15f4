//! The match over effects: each arm changes one thing on the forge. The next read shows whether it happened.

use crate::domain::ids::{CommitSha, PullRequestNumber};
use crate::flow::context::Obstacle;
use crate::flow::step::{Effect, IssueOrder, PullRequestOrder, PushOrder};
use crate::ports::World;
use crate::ports::cancellation::Urgency;
use crate::ports::forge::{Forge, ForgeError, Merge, NewIssue, NewPullRequest};
use crate::ports::run_event::RunEvent;
use crate::ports::workspace::{Push, Workspace};
use crate::text::sanitize::{one_line, unmarked};
use crate::text::{followup, inert, pull_request};

use super::context::{JournalOf, RunContext};
use super::outcome::RunError;
use super::session::Session;
use super::telling;

/// Changes something on the forge.
pub(super) async fn perform<W: World>(
    cx: &RunContext<W>,
    session: &mut Session<JournalOf<W>>,
    effect: Effect,
) -> Result<(), RunError> {
    match effect {
        Effect::Push(order) => push(cx, session, order).await,
        Effect::OpenPullRequest(order) => open_pull_request(cx, session, order).await,
        Effect::FileIssue(order) => file_issue(cx, session, order).await,
        Effect::Merge { number, head, approval: _ } => merge(cx, session, number, &head).await,
    }
}

/// Moves a branch. If another process moved the branch, its tip is read again and the commit is salvaged.
async fn push<W: World>(
    cx: &RunContext<W>,
    session: &mut Session<JournalOf<W>>,
    order: PushOrder,
) -> Result<(), RunError> {
    let PushOrder { branch, commit, expected } = order;
    // A push is short unless another process blocks it: only an immediate stop interrupts it.
    let push = cx.world.workspace().push(&branch, &commit, expected.as_ref());
    match cx.unless(Urgency::Kill, push).await? {
        Ok(Push::Done) => {
            session.obstacle = None;
            session.waiting_since = None;
            session.mirrored = Some(commit.clone());
            cx.tell(&RunEvent::Pushed { branch, head: commit });
            Ok(())
        }
        Ok(Push::Moved(_)) => {
            let salvage = cx.world.workspace().keep(&session.subject, &commit).await?;
            telling::salvage(&*cx.world, &salvage);
            Ok(())
        }
        Ok(Push::Refused(why)) => {
            session.obstacle = Some(Obstacle::PushRefused(why));
            Ok(())
        }
        Err(error) => {
            // The next read shows whether the write happened; if it did not, the error is used.
            if cx.world.workspace().tip(&branch).await?.as_ref() == Some(&commit) {
                Ok(())
            } else {
                Err(error.into())
            }
        }
    }
}

async fn open_pull_request<W: World>(
    cx: &RunContext<W>,
    session: &mut Session<JournalOf<W>>,
    order: PullRequestOrder,
) -> Result<(), RunError> {
    let PullRequestOrder { branch, base_ref, title, body, subject } = order;
    let body = cx.guard.words(&pull_request::body(&cx.guard.words(&body)?, &subject))?;
    let words = one_line(&inert::plain(&cx.guard.words(&unmarked(&title))?), 120);
    // The title consists of invisible characters only.
    let title = if words.trim().is_empty() { branch.to_string() } else { words };
    let new = NewPullRequest { head_ref: branch.clone(), base_ref, title, body };
    let number = match cx.world.forge().open_pull_request(&new).await {
        Ok(number) => number,
        // A search for a pull request from the branch shows whether the write happened.
        Err(error) => return session.write_failed(&format!("open a pull request from {branch}"), error),
    };
    session.unanswered = 0;
    cx.tell(&RunEvent::PullRequestOpened { number, branch });
    Ok(())
}

/// Finds an issue that was filed before, by its marker or its title; else files it, and finds it the next time.
async fn file_issue<W: World>(
    cx: &RunContext<W>,
    session: &mut Session<JournalOf<W>>,
    order: IssueOrder,
) -> Result<(), RunError> {
    let IssueOrder { key, parent, head, title, text, notes } = order;
    let title = followup::title(&cx.guard.words(&unmarked(&title))?);
    let text = cx.guard.words(&unmarked(&text))?;
    let notes: Vec<String> =
        notes.iter().map(|note| cx.guard.words(&unmarked(note))).collect::<Result<_, _>>()?;
    let forge = cx.world.forge();
    let mut known = forge.own_issues(key.as_str()).await?;
    known.extend(forge.own_issues(&title).await?);
    let found = known.iter().find(|one| followup::is_it(&one.title, &one.body, parent, &key, &title));
    if let Some(found) = found {
        session.results.filed.insert(key, found.number);
        return Ok(());
    }
    let body =
        followup::body(followup::IssueParts { key: &key, parent, head: &head, text: &text, notes: &notes });
    match forge.file_issue(&NewIssue { title, body }).await {
        Ok(number) => {
            session.unanswered = 0;
            cx.tell(&RunEvent::IssueFiled { number });
            session.results.filed.insert(key, number);
            Ok(())
        }
        // A search shows whether the write happened.
        Err(error) => session.write_failed("file an issue for a follow-up", error),
    }
}

async fn merge<W: World>(
    cx: &RunContext<W>,
    session: &mut Session<JournalOf<W>>,
    number: PullRequestNumber,
    head: &CommitSha,
) -> Result<(), RunError> {
    match cx.unless(Urgency::Kill, cx.world.forge().merge(number, head)).await? {
        Ok(Merge::Merged(commit)) => cx.tell(&RunEvent::Merged { number, commit }),
        Ok(Merge::HeadMoved(_)) => {}
        Ok(Merge::Queued) => session.obstacle = Some(Obstacle::Queued),
        Ok(Merge::NotMerged(detail)) | Err(ForgeError::Refused(detail)) => {
            session.obstacle = Some(Obstacle::NotMerged(detail));
        }
        Err(error) => session.write_failed(&format!("merge pull request {number}"), error)?,
    }
    Ok(())
}
