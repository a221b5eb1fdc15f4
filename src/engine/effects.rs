//! The match over effects: each arm changes one thing on the forge. The next read shows whether it happened.

use crate::domain::child_issue::{ChildIssue, ChildSection, SectionContent};
use crate::domain::ids::{CommitSha, IssueNumber, PullRequestNumber};
use crate::flow::context::Obstacle;
use crate::flow::step::{Effect, PullRequestOrder, PushOrder};
use crate::ports::cancellation::Urgency;
use crate::ports::forge::{ForgeError, Merge, NewIssue, NewPullRequest};
use crate::ports::run_event::RunEvent;
use crate::ports::workspace::Push;
use crate::text::sanitize::{one_line, unmarked};
use crate::text::{child_issue, inert, pull_request};

use super::context::RunContext;
use super::outcome::RunError;
use super::session::Session;
use super::telling;

/// Changes something on the forge.
pub(super) async fn perform(cx: &RunContext, session: &mut Session, effect: Effect) -> Result<(), RunError> {
    match effect {
        Effect::Push(order) => push(cx, session, order).await,
        Effect::OpenPullRequest(order) => open_pull_request(cx, session, order).await,
        Effect::FileIssue(issue) => file_issue(cx, session, &issue).await,
        Effect::Merge { number, head, approval: _ } => merge(cx, session, number, &head).await,
    }
}

/// Moves a branch. If another process moved the branch, its tip is read again and the commit is salvaged.
async fn push(cx: &RunContext, session: &mut Session, order: PushOrder) -> Result<(), RunError> {
    let PushOrder { branch, commit, expected } = order;
    // A push is short unless another process blocks it: only an immediate stop interrupts it.
    let push = cx.world.workspace.push(&branch, &commit, expected.as_ref());
    match cx.unless(Urgency::Kill, push).await? {
        Ok(Push::Moved(_)) => {
            let salvage = cx.world.workspace.keep(&session.subject, &commit).await?;
            telling::salvage(&cx.world, &salvage);
            return Ok(());
        }
        Ok(Push::Refused(why)) => {
            session.obstacle = Some(Obstacle::PushRefused(why));
            return Ok(());
        }
        // The branch shows whether the write happened; if it did not, the error is used.
        Err(error) if cx.world.workspace.tip(&branch).await?.as_ref() != Some(&commit) => {
            return Err(error.into());
        }
        Ok(Push::Done) | Err(_) => {}
    }
    session.obstacle = None;
    session.waiting_since = None;
    session.mirrored = Some(commit.clone());
    cx.tell(&RunEvent::Pushed { branch, head: commit });
    Ok(())
}

async fn open_pull_request(
    cx: &RunContext,
    session: &mut Session,
    order: PullRequestOrder,
) -> Result<(), RunError> {
    let PullRequestOrder { branch, base_ref, title, body, purpose } = order;
    let body = cx.guard.words(&pull_request::body(&cx.guard.words(&body)?, &purpose))?;
    let words = one_line(&inert::plain(&cx.guard.words(&unmarked(&title))?), 120);
    // The title consists of invisible characters only.
    let title = if words.trim().is_empty() { branch.to_string() } else { words };
    let new = NewPullRequest { head_ref: branch.clone(), base_ref, title, body };
    let number = match cx.world.forge.open_pull_request(&new).await {
        Ok(number) => number,
        // A search for a pull request from the branch shows whether the write happened.
        Err(error) => return session.write_failed(&format!("open a pull request from {branch}"), error),
    };
    session.unanswered = 0;
    cx.tell(&RunEvent::PullRequestOpened { number, branch });
    Ok(())
}

/// Finds an issue that was filed before, by its marker or its title; else files it, and finds it the next time.
async fn file_issue(cx: &RunContext, session: &mut Session, issue: &ChildIssue) -> Result<(), RunError> {
    let issue = guarded(cx, issue)?;
    let title = child_issue::title(&issue.title);
    let forge = &cx.world.forge;
    let known = forge.own_issues(issue.key.as_str(), &title).await?;
    let filed = &session.results.filed;
    let is_free =
        |number: IssueNumber| number.0 != issue.parent && filed.values().all(|taken| *taken != number);
    let mut found = known.iter().filter(|one| child_issue::is_same_issue(&one.title, &one.body, &issue));
    if let Some(found) = found.find(|one| is_free(one.number)) {
        session.results.filed.insert(issue.key, found.number);
        return Ok(());
    }
    let body = child_issue::body(&issue);
    match forge.file_issue(&NewIssue { title, body }).await {
        Ok(number) => {
            session.unanswered = 0;
            cx.tell(&RunEvent::IssueFiled { number });
            session.results.filed.insert(issue.key, number);
            Ok(())
        }
        // A search shows whether the write happened.
        Err(error) => session.write_failed(&format!("file the issue “{}”", issue.title), error),
    }
}

/// Returns an issue without secrets and without markers.
fn guarded(cx: &RunContext, issue: &ChildIssue) -> Result<ChildIssue, RunError> {
    let words = |text: &String| cx.guard.words(&unmarked(text));
    let section = |section: &ChildSection| {
        let content = match &section.content {
            SectionContent::Text(text) => SectionContent::Text(words(text)?),
            SectionContent::List(lines) => {
                SectionContent::List(lines.iter().map(words).collect::<Result<_, _>>()?)
            }
        };
        Ok(ChildSection { content, ..*section })
    };
    Ok(ChildIssue {
        title: words(&issue.title)?,
        text: words(&issue.text)?,
        sections: issue.sections.iter().map(section).collect::<Result<_, RunError>>()?,
        ..issue.clone()
    })
}

async fn merge(
    cx: &RunContext,
    session: &mut Session,
    number: PullRequestNumber,
    head: &CommitSha,
) -> Result<(), RunError> {
    match cx.unless(Urgency::Kill, cx.world.forge.merge(number, head)).await? {
        Ok(Merge::Merged(commit)) => cx.tell(&RunEvent::Merged { number, commit }),
        Ok(Merge::HeadMoved(_)) => {}
        Ok(Merge::Queued) => session.obstacle = Some(Obstacle::Queued),
        Ok(Merge::Conflict(conflict)) => session.obstacle = Some(Obstacle::NotMerged(conflict.to_string())),
        Ok(Merge::NotMerged(detail)) | Err(ForgeError::Refused(detail)) => {
            session.obstacle = Some(Obstacle::NotMerged(detail));
        }
        Err(error) => session.write_failed(&format!("merge pull request {number}"), error)?,
    }
    Ok(())
}
