//! Shows the state of a run on its pull request, beside the comments. Records alone hold the state: nothing is read back.

use std::collections::BTreeSet;

use crate::domain::announcement::Announcement;
use crate::domain::commit_status::CommitStatus;
use crate::domain::forge_review::ForgeReview;
use crate::domain::ids::{CommitSha, ItemId, PullRequestNumber};
use crate::domain::item::Item;
use crate::domain::item_status::ItemStatus;
use crate::domain::pull_request::CheckState;
use crate::domain::subject::Subject;
use crate::flow::commit_status::commit_status;
use crate::flow::step::Step;
use crate::flow::view::FlowOutput;
use crate::ledger::codec;
use crate::ledger::envelope::Envelope;
use crate::ports::forge::RunDisplay;
use crate::text::diff_lines::DiffLines;
use crate::text::native_review::{self, ReviewParts};
use crate::text::places::{linked, places};

use super::conclude;
use super::context::RunContext;
use super::session::Session;

/// How much of a diff is read to find the lines that findings name, in bytes.
const MOST_DIFF: usize = 4_000_000;

/// Shows the state before a step, or at the end. A display that fails is reported, and the run continues.
pub(super) async fn show(cx: &RunContext, session: &mut Session, next: Option<&Step>) {
    let Subject::PullRequest(number) = session.subject else { return };
    match cx.config.display.min(cx.world.forge.display()) {
        RunDisplay::Comments => {}
        RunDisplay::Status => {
            show_status(cx, session, number, next).await;
        }
        RunDisplay::Reviews => {
            show_reviews(cx, session, number).await;
            resolve(cx, session, number).await;
            if let Some(status) = show_status(cx, session, number, next).await {
                approve(cx, session, number, &status).await;
            }
        }
    }
}

/// Sets the status, and returns it if it has changed.
async fn show_status(
    cx: &RunContext,
    session: &mut Session,
    number: PullRequestNumber,
    next: Option<&Step>,
) -> Option<CommitStatus> {
    let status = commit_status(
        session.machine.run()?,
        &session.machine.view(),
        next,
        conclude::head(session).as_ref(),
    )?;
    if session.emitted.status.as_ref() == Some(&status) {
        return None;
    }
    let with_link = CommitStatus { comment: latest_record(cx, session), ..status.clone() };
    if let Err(error) = cx.world.forge.set_status(number, &with_link).await {
        cx.warn(format!("the status of {} could not be set: {error}", status.head.short()));
    }
    session.emitted.status = Some(status.clone());
    Some(status)
}

/// Returns the comment with the latest record of ours.
fn latest_record(cx: &RunContext, session: &Session) -> Option<String> {
    let login = cx.world.forge.login();
    let mut comments = session.thread.comments.iter().rev();
    let found = comments.find(|comment| comment.author == login && codec::claims(&comment.body));
    found.map(|comment| comment.id.clone())
}

/// Publishes each review of the run that this process has not published yet.
async fn show_reviews(cx: &RunContext, session: &mut Session, number: PullRequestNumber) {
    for record in session.unshown_records() {
        let Some(review) = review(cx, session, &record).await else { continue };
        publish(cx, number, &review).await;
    }
}

async fn publish(cx: &RunContext, number: PullRequestNumber, review: &ForgeReview) {
    if let Err(error) = cx.world.forge.publish_review(number, review).await {
        cx.warn(format!(
            "a review of {} could not be published as a native review, only as a comment: {error}",
            review.head.short()
        ));
    }
}

async fn review(cx: &RunContext, session: &Session, record: &Envelope) -> Option<ForgeReview> {
    let Ok(Announcement::Reviewed { round, agent, head, state, summary, items, .. }) =
        session.machine.announce(record)
    else {
        return None;
    };
    let lines = diff_lines(cx, session, &head).await;
    let (summary, record) = (summary.as_str(), &record.id);
    let parts = ReviewParts { record, head: &head, agent: &agent, round, state, summary, items: &items };
    Some(native_review::review(&parts, &lines, &own_numbers(session)))
}

/// Approves on behalf of the whole run: one reviewer's approval would count for the forge as that of all.
async fn approve(cx: &RunContext, session: &Session, number: PullRequestNumber, status: &CommitStatus) {
    if let (CheckState::Success, Some(run)) = (status.state, session.machine.run()) {
        publish(cx, number, &native_review::approval(&run.id, &status.head, &status.sentence)).await;
    }
}

/// Resolves the conversations about findings that are resolved.
async fn resolve(cx: &RunContext, session: &mut Session, number: PullRequestNumber) {
    let items = session.machine.view().items.into_iter().filter(|item| item.status == ItemStatus::Resolved);
    let ids = items.filter(Item::is_reviewers).map(|item| item.id);
    let new: Vec<ItemId> = ids.filter(|id| session.emitted.resolved.insert(id.clone())).collect();
    if new.is_empty() {
        return;
    }
    if let Err(error) = cx.world.forge.resolve(number, &new).await {
        cx.warn(format!("the conversations about resolved findings could not be resolved: {error}"));
    }
}

/// Returns the numbers of the issues and pull requests of this run, which its comments may link.
pub(super) fn own_numbers(session: &Session) -> BTreeSet<u64> {
    let filed = session.results.filed.values().map(|number| number.0);
    let opened = session.facts.pull_requests.keys().map(|number| number.0);
    let found = session.facts.pull_requests_from.values().flatten().map(|found| found.number.0);
    let parts = session.machine.view().parts.into_iter().map(|part| part.issue.0);
    let of_others = session.facts.outputs.values().flatten().flat_map(FlowOutput::parts).map(|one| one.0);
    filed.chain(opened).chain(found).chain(parts).chain(of_others).collect()
}

/// Turns the places in a comment that are lines of the change into links, if it stays within a number of bytes.
pub(super) async fn with_links(
    cx: &RunContext,
    session: &Session,
    record: &Envelope,
    text: String,
    room: usize,
) -> String {
    let announced = session.machine.announce(record).ok();
    let Some(head) = announced.as_ref().and_then(Announcement::head) else { return text };
    if cx.world.forge.line_url(head, "", 1).is_none() || places(&text).is_empty() {
        return text;
    }
    let lines = diff_lines(cx, session, head).await;
    let with_links = linked(&text, |place| {
        let is_changed = lines.has_file(&place.path);
        cx.world.forge.line_url(head, &place.path, place.line).filter(|_| is_changed)
    });
    if with_links.len() > room { text } else { with_links }
}

/// Returns the lines of a change; none, if git does not have both of its ends any more.
async fn diff_lines(cx: &RunContext, session: &Session, head: &CommitSha) -> DiffLines {
    let Some(against) = session.machine.view().against else { return DiffLines::default() };
    let Ok(base) = cx.base(&against, head).await else { return DiffLines::default() };
    let difference = cx.world.workspace.difference(&base, head, MOST_DIFF).await;
    difference.map_or_else(|_| DiffLines::default(), |difference| DiffLines::of(&difference.excerpt))
}
