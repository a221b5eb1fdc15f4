//! The match over lookups: each arm fetches one fact, and changes nothing.

use crate::domain::flow_name::FlowName;
use crate::domain::ids::{BranchName, PullRequestNumber};
use crate::domain::item::CarriedItem;
use crate::domain::subject::Subject;
use crate::flow;
use crate::flow::facts::{Carried, People};
use crate::flow::step::Lookup;
use crate::flow::view::FlowOutput;
use crate::ledger::legacy::{Older, OlderIgnored};
use crate::ledger::thread::Link;
use crate::ports::forge::{ForgeError, Remarks};
use crate::ports::journal::Entry;
use crate::ports::workspace::MergeParents;

use super::brief::DIFF_EXCERPT;
use super::context::RunContext;
use super::observe;
use super::outcome::RunError;
use super::people;
use super::results::results;
use super::session::Session;
use super::thread;
use super::thread::CachedThread;

/// Fetches a fact.
pub(super) async fn look_up(cx: &RunContext, session: &mut Session, lookup: Lookup) -> Result<(), RunError> {
    match lookup {
        Lookup::People(subject) => {
            let people = people(cx, session, &subject).await?;
            session.facts.people.insert(subject, people);
        }
        Lookup::Found => {
            session.facts.found = Some(people(cx, session, &session.subject.clone()).await?);
        }
        Lookup::PullRequest(number) => pull_request(cx, session, number).await?,
        Lookup::PullRequestsFrom(branch) => {
            let found = cx.world.forge.pull_requests_from(&branch).await?;
            session.facts.pull_requests_from.insert(branch, found);
        }
        Lookup::Tip(branch) => tip(cx, session, branch).await?,
        Lookup::Checks(commit) => {
            let found = cx.world.forge.checks(&commit).await?;
            session.facts.checks.insert(commit, found);
        }
        Lookup::Conflicts(head, other) => {
            let found = conflicts(cx, &MergeParents { head: head.clone(), other: other.clone() }).await?;
            session.facts.conflicts.insert((head, other), found);
        }
        Lookup::Queue(number) => {
            let found = cx.world.forge.queue_place(number).await?;
            session.facts.queue.insert(number, found);
        }
        Lookup::Rules(branch) => {
            let found = cx.world.forge.branch_rules(&branch).await?;
            session.facts.rules.insert(branch, found);
        }
        Lookup::Contains(commit, ancestor) => {
            let found = cx.world.workspace.contains(&commit, &ancestor).await?;
            session.facts.contains.insert((commit, ancestor), found);
        }
        Lookup::Changes(against, head) => {
            let base = cx.base(&against, &head).await?;
            let difference = cx.world.workspace.difference(&base, &head, DIFF_EXCERPT).await?;
            session.facts.changes.insert((against, head), !difference.files.is_empty());
        }
        Lookup::Older => session.facts.older = Some(older(cx, session)),
        Lookup::Output(flow, subject) => {
            let output = output(cx, session, &flow, &subject).await?;
            warn_of_objection(cx, session, &subject, output.as_ref());
            session.facts.outputs.insert((flow, subject), output);
        }
        Lookup::Announced(subject) => {
            let chain = cx.chain(&session.flow, &session.subject);
            let other = other(cx, session, &subject).await?;
            let found =
                other.is_some_and(|other| other.chain(&chain, &cx.recorders()).records().next().is_some());
            session.facts.announced.insert(subject, found);
        }
    }
    Ok(())
}

/// Warns once that the debaters of the subject of this session do not agree on the change.
fn warn_of_objection(cx: &RunContext, session: &mut Session, subject: &Subject, output: Option<&FlowOutput>) {
    let debate = output.and_then(|output| output.debate.as_ref());
    let Some(objection) = debate.and_then(|debate| debate.objection.clone()) else { return };
    if *subject == session.subject && session.warned_about.insert(format!("the debate of {subject}")) {
        cx.warn(objection);
    }
}

async fn tip(cx: &RunContext, session: &mut Session, branch: BranchName) -> Result<(), RunError> {
    if session.mirrored.is_none() {
        cx.refresh().await?;
    }
    let tip = cx.world.workspace.tip(&branch).await?;
    session.mirrored = session.mirrored.take().or_else(|| tip.clone());
    session.facts.tips.insert(branch, tip);
    Ok(())
}

/// Reads a pull request. The mirror must have its head before any decision.
async fn pull_request(
    cx: &RunContext,
    session: &mut Session,
    number: PullRequestNumber,
) -> Result<(), RunError> {
    let found = cx.world.forge.pull_request(number).await?;
    if session.mirrored.as_ref() != Some(&found.head) {
        cx.refresh().await?;
        session.mirrored = Some(found.head.clone());
    }
    session.facts.pull_requests.insert(number, found);
    Ok(())
}

/// Returns the files in which a merge has conflicts. The base branch may have moved to a commit that the mirror does not
/// have.
async fn conflicts(cx: &RunContext, parents: &MergeParents) -> Result<Vec<String>, RunError> {
    if let Ok(found) = cx.world.workspace.conflicts(parents).await {
        return Ok(found);
    }
    cx.refresh().await?;
    Ok(cx.world.workspace.conflicts(parents).await?)
}

async fn people(cx: &RunContext, session: &mut Session, subject: &Subject) -> Result<People, RunError> {
    let remarks = match subject {
        Subject::PullRequest(number) => cx.world.forge.remarks(*number).await?,
        Subject::Issue(_) | Subject::Task(_) => Remarks::default(),
    };
    for ignored in people::claims(&remarks) {
        if session.warned_about.insert(ignored.comment.clone()) {
            cx.warn(observe::warning(&ignored));
        }
    }
    let trust = &cx.config.trust;
    let thread =
        if *subject == session.subject { Some(&session.thread) } else { other(cx, session, subject).await? };
    let Some(thread) = thread else { return Ok(People::default()) };
    let people = people::listen(trust, thread.issue.as_ref(), thread.of_people(), &remarks);
    for comment in people::nearly_signed(thread.of_people()) {
        if session.warned_about.insert(comment.clone()) {
            cx.warn(people::unsigned(&comment, subject));
        }
    }
    Ok(people)
}

/// Reads the thread of another subject, once until facts are dropped; `None` if the forge does not have it: anyone can name a
/// branch after an issue, and issues can be moved away.
async fn other<'session>(
    cx: &RunContext,
    session: &'session mut Session,
    subject: &Subject,
) -> Result<Option<&'session CachedThread>, RunError> {
    if !session.others.contains_key(subject) {
        let mut thread = CachedThread::default();
        match thread.read_on(&cx.world, subject).await {
            Ok(()) => {
                session.others.insert(subject.clone(), thread);
            }
            Err(ForgeError::NotFound(_)) => return Ok(None),
            Err(
                error @ (ForgeError::Refused(_)
                | ForgeError::Unworkable(..)
                | ForgeError::Limited { .. }
                | ForgeError::Unreachable(_)
                | ForgeError::Disk(_)),
            ) => return Err(error.into()),
        }
    }
    Ok(session.others.get(subject))
}

/// Returns the output of the chain of another flow and subject. Its journal is read without its lock.
async fn output(
    cx: &RunContext,
    session: &mut Session,
    flow: &FlowName,
    subject: &Subject,
) -> Result<Option<FlowOutput>, RunError> {
    let Some(mut machine) = flow::begin(flow, subject) else { return Ok(None) };
    let entries = cx.world.journals.peek(subject).await?;
    let chain = cx.chain(flow, subject);
    let reading = match subject {
        Subject::Task(_) => {
            let bodies: Vec<&str> = entries.iter().filter_map(Entry::record).collect();
            thread::read_local(&chain, &cx.world.forge.login(), &bodies)
        }
        _ if *subject == session.subject => session.thread.chain(&chain, &cx.recorders()),
        Subject::Issue(_) | Subject::PullRequest(_) => match other(cx, session, subject).await? {
            Some(other) => other.chain(&chain, &cx.recorders()),
            None => return Ok(None),
        },
    };
    let is_readable = |link: &Link| machine.apply(link).is_ok();
    let whole = reading.links.iter().all(is_readable);
    Ok(machine.output(&results(entries)).filter(|_| whole))
}

/// The maximum size of items from an older thread, in bytes: compressed, they fit into a record.
const MOST_CARRIED: usize = 60_000;

/// Returns the items of an older thread, and a warning about its ignored comments.
fn older(cx: &RunContext, session: &Session) -> Option<Carried> {
    if session.has_records() {
        return None;
    }
    let Older { items, next_item, read, ignored } =
        thread::read_older(&session.subject, &cx.recorders(), &session.thread.comments)?;
    for OlderIgnored { comment, why } in ignored {
        cx.warn(format!("comment {comment} of an older tool is ignored: {why}"));
    }
    let known = items.len();
    let mut room = MOST_CARRIED;
    let fits = |item: &CarriedItem| {
        let length = item.text.len() + item.notes.iter().map(String::len).sum::<usize>() + 200;
        room = room.saturating_sub(length);
        room > 0
    };
    let items: Vec<CarriedItem> = items.into_iter().map(bounded).take_while(fits).collect();
    if items.len() < known {
        cx.warn(format!(
            "the older thread has {known} items to fix, and a record has room for {}",
            items.len()
        ));
    }
    (read > 0).then_some(Carried { items, next_item })
}

/// Shortens an item of an older thread, so that many of them fit into a record.
fn bounded(item: CarriedItem) -> CarriedItem {
    const LONGEST_TEXT: usize = 2_000;
    const MOST_NOTES: usize = 3;
    let cut = |text: String| text.chars().take(LONGEST_TEXT).collect::<String>();
    let latest = item.notes.len().saturating_sub(MOST_NOTES);
    let notes = item.notes.into_iter().skip(latest).map(cut).collect();
    CarriedItem { text: cut(item.text), notes, ..item }
}
