//! Publishing one record: build it in its place, write it, read on, and see whether it stands there.

use crate::domain::ending::Failed;
use crate::domain::ids::{ChainHash, Login};
use crate::domain::item::Item;
use crate::domain::subject::Subject;
use crate::ledger::chain::{self, Chain};
use crate::ledger::codec::{self, EncodeError};
use crate::ledger::record::{Draft, Payload, Record};
use crate::ports::World;
use crate::ports::clock::Clock;
use crate::ports::forge::{Comment, Forge, ForgeError, Thread};
use crate::ports::journal::{Entry, Journal};
use crate::ports::operator::Operator;
use crate::ports::run_event::RunEvent;
use crate::text::comment;

use super::guard::Guard;
use super::observe;
use super::outcome::RunError;
use super::session::Session;

/// How often a write that went unanswered is tried again, after a look whether it stands.
pub(super) const TRIES: u32 = 3;

/// What became of a record.
pub(super) enum Published {
    Stands,
    /// It does not fit into a comment; so many bytes.
    TooLong(usize),
}

/// Where a record is published.
enum Place {
    Forge(Thread),
    Journal,
}

/// A task has no thread before its pull request stands.
fn place(subject: &Subject, payload: &Payload) -> Place {
    match (subject, payload) {
        (Subject::PullRequest(number), _) => Place::Forge(Thread::PullRequest(*number)),
        (Subject::Issue(number), _) => Place::Forge(Thread::Issue(*number)),
        (Subject::Task(_), Payload::Delivered(delivered)) => {
            Place::Forge(Thread::PullRequest(delivered.pull_request))
        }
        (
            Subject::Task(_),
            Payload::Opened(_)
            | Payload::Review(_)
            | Payload::Answer(_)
            | Payload::Gates(_)
            | Payload::FollowedUp(_)
            | Payload::Concluded(_)
            | Payload::Started(_)
            | Payload::DeliveryConcluded(_),
        ) => Place::Journal,
    }
}

/// What stood when a record was decided on.
#[derive(Clone, Copy)]
pub(super) struct Before<'now> {
    /// The end of the chain.
    pub(super) tail: &'now ChainHash,
    pub(super) items: &'now [Item],
    pub(super) recorders: &'now [Login],
    pub(super) guard: &'now Guard,
}

/// Publishes a record after what stood before it.
pub(super) async fn publish<W: World, J: Journal>(
    world: &W,
    session: &mut Session<J>,
    draft: &Draft,
    before: Before<'_>,
) -> Result<Published, RunError> {
    let Before { tail, items, recorders, guard } = before;
    let chain = Chain {
        repository: world.forge().repository_id(),
        flow: draft.payload.flow(),
        subject: session.subject.clone(),
    };
    let place = place(&session.subject, &draft.payload);
    let tail = match (&session.subject, &place) {
        // Its own thread is in the journal; the pull request's is looked at only here.
        (Subject::Task(_), Place::Forge(thread)) => {
            observe::read(&chain, recorders, &comments(world, *thread).await?).tail
        }
        // What was decided on: a record that came in between makes this one lose its place.
        (_, Place::Forge(_) | Place::Journal) => tail.clone(),
    };
    let record = Record {
        id: chain::record_id(&tail, draft.payload.kind(), draft.payload.agent()),
        prev: tail,
        run: draft.run.clone(),
        subject: session.subject.clone(),
        round: draft.round,
        at: world.clock().now(),
        tool: concat!("agent-loop/", env!("CARGO_PKG_VERSION")).to_owned(),
        payload: guard.payload(&draft.payload)?,
    };
    let line = codec::line(&record);
    let body = match line.and_then(|line| Ok((codec::room(&line)?, line))) {
        Ok((room, line)) => {
            // Letters that nobody sees are left out of what is shown, and may have stood in the middle of a secret.
            let visible = guard.words(&comment::render(&record, items))?;
            codec::body(&comment::fitted(&visible, room), &line)
        }
        Err(EncodeError::TooLong(bytes)) => return Ok(Published::TooLong(bytes)),
        Err(error @ EncodeError::Inexpressible(_)) => {
            return Err(RunError::failed(Failed::Error, error.to_string()));
        }
    };
    match place {
        Place::Journal => session.write(Entry::Record { body }).await?,
        Place::Forge(thread) => write(world, &chain, recorders, thread, (&record, &body)).await?,
    }
    if let Some(known) = &mut session.known {
        known.push(record.id.clone());
    }
    let status = record.payload.conclusion().map(|concluded| concluded.ending.status());
    let line = comment::headline(&record.payload);
    world.operator().tell(&RunEvent::Published { subject: session.subject.clone(), line, status });
    Ok(Published::Stands)
}

/// Writes a comment, then reads on: only what stands in the thread counts.
async fn write<W: World>(
    world: &W,
    chain: &Chain,
    recorders: &[Login],
    thread: Thread,
    (record, body): (&Record, &str),
) -> Result<(), RunError> {
    let mut last = None;
    for _ in 0..TRIES {
        let written = world.forge().publish(thread, body).await;
        let replay = observe::read(chain, recorders, &comments(world, thread).await?);
        if replay.records.last() == Some(record) {
            return Ok(());
        }
        match written {
            Ok(()) => {
                let message = "another engine published first; this one stops".to_owned();
                return Err(RunError::failed(Failed::Superseded, message));
            }
            Err(ForgeError::Unreachable(text)) => last = Some(text),
            Err(error @ (ForgeError::NotFound(_) | ForgeError::Refused(_) | ForgeError::Disk(_))) => {
                return Err(error.into());
            }
        }
    }
    let why = last.unwrap_or_default();
    Err(RunError::failed(
        Failed::Forge,
        format!("a record could not be published after {TRIES} tries: {why}"),
    ))
}

/// The comments of a thread.
pub(super) async fn comments<W: World>(world: &W, thread: Thread) -> Result<Vec<Comment>, ForgeError> {
    match thread {
        Thread::Issue(number) => world.forge().issue(number).await.map(|issue| issue.comments),
        Thread::PullRequest(number) => world.forge().comments(number).await,
    }
}
