//! Reading a thread: the records that count, what does not, and whether somebody else writes beside us.

use crate::domain::ending::{Ending, NeedsHuman, Refused};
use crate::domain::ids::{ChainHash, Login};
use crate::ledger::chain::Chain;
use crate::ledger::codec::{self, Content};
use crate::ledger::legacy::{self, Older};
use crate::ledger::record::Record;
use crate::ledger::replay::{self, Continuity, History, Ignored, Posted, Replay, Why};
use crate::ports::World;
use crate::ports::forge::{AuthorRole, Comment};
use crate::ports::journal::Journal;
use crate::ports::operator::Operator;
use crate::ports::run_event::RunEvent;

use super::outcome::RunError;
use super::session::Session;

/// What a thread says.
pub(super) struct Seen {
    pub(super) records: Vec<Record>,
    /// The `prev` of the next record.
    pub(super) tail: ChainHash,
    pub(super) continuity: Continuity,
}

/// Reads comments as a chain, without asking who published what.
pub fn read(chain: &Chain, recorders: &[Login], comments: &[Comment]) -> Replay {
    replay::replay(chain, recorders, &posted(comments))
}

/// A login that may write to the repository and has begun the chain of a thread in which nobody else has a record: a
/// colleague whose records we would have to ignore.
pub(super) fn other_recorder(replay: &Replay, chain: &Chain, comments: &[Comment]) -> Option<Login> {
    if !replay.records.is_empty() {
        return None;
    }
    let begins = |body: &str| match codec::read(body) {
        Content::Record(decoded) => decoded.record.prev == chain.start(),
        Content::NoRecord | Content::Newer(_) | Content::Damaged(_) => false,
    };
    let may_write = |comment: &&Comment| match comment.standing {
        AuthorRole::Owner | AuthorRole::Member => true,
        AuthorRole::Stranger => false,
    };
    let is_ignored = |comment: &&Comment| {
        replay.ignored.iter().any(|one| one.comment == comment.id && matches!(one.why, Why::Author(_)))
    };
    let found = comments.iter().filter(is_ignored).filter(may_write).find(|comment| begins(&comment.body));
    found.map(|comment| comment.author.clone())
}

/// What an older tool left in a thread that holds no record of ours.
pub fn read_older(recorders: &[Login], comments: &[Comment]) -> Option<Older> {
    legacy::read(recorders, &posted(comments))
}

/// Comments, as the ledger looks at them.
pub fn posted(comments: &[Comment]) -> Vec<Posted<'_>> {
    let history = |comment: &Comment| {
        if comment.created_at == comment.updated_at { History::Unedited } else { History::Edited }
    };
    let posted = comments.iter().map(|comment| Posted {
        id: &comment.id,
        author: &comment.author,
        body: &comment.body,
        history: history(comment),
    });
    posted.collect()
}

/// Reads the records that live in a journal.
pub fn read_local(chain: &Chain, ours: &Login, bodies: &[String]) -> Replay {
    let posted: Vec<Posted<'_>> = bodies
        .iter()
        .map(|body| Posted { id: "journal", author: ours, body, history: History::Unedited })
        .collect();
    replay::replay(chain, std::slice::from_ref(ours), &posted)
}

/// Takes in what a thread says; a record that stands there and is not ours stops the run.
pub(super) fn take_in<W: World, J: Journal>(
    world: &W,
    session: &mut Session<J>,
    replay: Replay,
) -> Result<Seen, RunError> {
    if let Some(version) = replay.newer {
        let message = format!(
            "the thread of {} holds records of format {version}, and this program writes format 1: use a newer agent-loop",
            session.subject
        );
        return Err(RunError::refused(Refused::Unsupported, message));
    }
    match &mut session.known {
        None => {
            for ignored in &replay.ignored {
                world.operator().tell(&RunEvent::Warning { text: warning(ignored) });
            }
            session.known = Some(replay.records.iter().map(|record| record.id.clone()).collect());
        }
        Some(known) => {
            if let Some(foreign) = replay.records.iter().find(|record| !known.contains(&record.id)) {
                let message = format!(
                    "a record ({}) stands in the thread of {} that this engine did not publish: another engine may be at work, or somebody forges. Look at the thread, then run the same command again",
                    foreign.id, session.subject
                );
                return Err(RunError {
                    ending: Ending::NeedsHuman { reason: NeedsHuman::ForeignRecord },
                    message,
                });
            }
        }
    }
    Ok(Seen { records: replay.records, tail: replay.tail, continuity: replay.continuity })
}

fn warning(ignored: &Ignored) -> String {
    format!("comment {} claims to be a record and is ignored: {}", ignored.comment, ignored.why)
}
