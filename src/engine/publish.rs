//! Publishes one record: builds it for its place in the chain and writes it. The next read shows whether it is in the thread.

use crate::domain::ending::Failed;
use crate::domain::ids::ChainHash;
use crate::domain::subject::Subject;
use crate::ledger::chain;
use crate::ledger::codec::{self, EncodeError};
use crate::ledger::envelope::{Draft, Envelope};
use crate::ports::forge::{ForgeError, Thread};
use crate::ports::journal::Entry;
use crate::ports::run_event::RunEvent;
use crate::text::inert;

use super::context::RunContext;
use super::display;
use super::outcome::RunError;
use super::session::{Freshness, PendingRecord, Session};
use super::thread::CachedThread;

/// The result of publishing a record.
pub(super) enum Published {
    Written,
    /// The record does not fit into a comment; its size in bytes.
    TooLong(usize),
}

enum Destination {
    Own(Thread),
    /// The thread of another subject.
    Other(Thread, Subject),
    /// A task has no thread.
    Journal,
}

fn destination(subject: &Subject, other: Option<&Subject>) -> Destination {
    match (other.and_then(thread_of), other, thread_of(subject)) {
        (Some(thread), Some(other), _) => Destination::Other(thread, other.clone()),
        (_, _, Some(thread)) => Destination::Own(thread),
        (_, _, None) => Destination::Journal,
    }
}

fn thread_of(subject: &Subject) -> Option<Thread> {
    match subject {
        Subject::Issue(number) => Some(Thread::Issue(*number)),
        Subject::PullRequest(number) => Some(Thread::PullRequest(*number)),
        Subject::Task(_) => None,
    }
}

/// Publishes a record at the end of its chain.
pub(super) async fn publish(
    cx: &RunContext,
    session: &mut Session,
    draft: &Draft,
) -> Result<Published, RunError> {
    let destination = destination(&session.subject, draft.thread.as_ref());
    let tail = tail(cx, session, &destination).await?;
    let record = envelope(cx, session, draft, tail)?;
    let body = match codec::line(&record).and_then(|line| Ok((codec::room(&line)?, line))) {
        Ok((room, line)) => {
            let marker = marker(session, &record)?;
            let room = room.saturating_sub(marker.len());
            let inert = inert::comment(&visible(cx, session, &record)?, room, &display::own_numbers(session));
            let linked = display::with_links(cx, session, &record, inert, room).await;
            codec::body(&(linked.trim_end().to_owned() + &marker), &line)
        }
        Err(EncodeError::TooLong(bytes)) => return Ok(Published::TooLong(bytes)),
        Err(error @ EncodeError::Inexpressible(_)) => {
            return Err(RunError::failed(Failed::Error, error.to_string()));
        }
    };
    let unanswered = match &destination {
        Destination::Journal => {
            session.write(Entry::Record { body }).await?;
            None
        }
        Destination::Own(thread) | Destination::Other(thread, _) => write(cx, *thread, &body).await?,
    };
    tell(cx, session, &record);
    match destination {
        Destination::Own(_) | Destination::Journal => {
            session.pending = Some(PendingRecord { id: record.id, unanswered });
            session.thread_is = Freshness::Missing;
        }
        // A lookup shows whether the record is in the thread.
        Destination::Other(_, other) => {
            session.facts.announced.remove(&other);
            session.others.remove(&other);
            if let Some(why) = unanswered {
                session.miss_an_answer("publish a record", &why)?;
            }
        }
    }
    Ok(Published::Written)
}

/// Returns the hash of the previous record. A record that was added since the thread was read invalidates the next one.
async fn tail(cx: &RunContext, session: &Session, destination: &Destination) -> Result<ChainHash, RunError> {
    let chain = cx.chain(&session.flow, &session.subject);
    match destination {
        Destination::Own(_) | Destination::Journal => {
            Ok(session.tail.clone().unwrap_or_else(|| chain.start()))
        }
        Destination::Other(_, other) => {
            if let Some(known) = session.others.get(other) {
                return Ok(known.chain(&chain, &cx.recorders()).tail);
            }
            let mut thread = CachedThread::default();
            thread.read_on(&cx.world, other).await?;
            Ok(thread.chain(&chain, &cx.recorders()).tail)
        }
    }
}

fn envelope(
    cx: &RunContext,
    session: &Session,
    draft: &Draft,
    tail: ChainHash,
) -> Result<Envelope, RunError> {
    let body = cx.guard.body(&draft.body)?;
    Ok(Envelope {
        id: chain::record_id(&tail, body.kind(), body.agent()),
        prev: tail,
        run: draft.run.clone(),
        flow: session.flow.clone(),
        subject: session.subject.clone(),
        round: draft.round,
        at: cx.world.clock.now(),
        tool: concat!("agent-loop/", env!("CARGO_PKG_VERSION")).to_owned(),
        body,
    })
}

/// Removes invisible characters: they may have been in the middle of a secret.
fn visible(cx: &RunContext, session: &Session, record: &Envelope) -> Result<String, RunError> {
    let comment = session.machine.comment(record);
    let comment = comment.map_err(|error| RunError::failed(Failed::Error, error.to_string()))?;
    cx.guard.words(&comment)
}

/// Returns the marker line of a record with a blank line before it; an empty text if it has none.
fn marker(session: &Session, record: &Envelope) -> Result<String, RunError> {
    let marker = session.machine.marker(record);
    let marker = marker.map_err(|error| RunError::failed(Failed::Error, error.to_string()))?;
    Ok(marker.map_or_else(String::new, |marker| format!("\n\n{marker}")))
}

/// Writes a comment, and returns the error if the forge did not answer: then the comment may have been written.
async fn write(cx: &RunContext, thread: Thread, body: &str) -> Result<Option<String>, RunError> {
    match cx.world.forge.publish(thread, body).await {
        Ok(()) => Ok(None),
        Err(ForgeError::Unreachable(why)) => Ok(Some(why)),
        Err(
            error @ (ForgeError::NotFound(_)
            | ForgeError::Refused(_)
            | ForgeError::Unworkable(..)
            | ForgeError::Limited { .. }
            | ForgeError::Disk(_)),
        ) => Err(error.into()),
    }
}

fn tell(cx: &RunContext, session: &Session, record: &Envelope) {
    // A record that its own flow cannot read has failed before, when its comment was built.
    if let Ok(announcement) = session.machine.announce(record) {
        cx.tell(&RunEvent::Published { subject: session.subject.clone(), announcement });
    }
}
