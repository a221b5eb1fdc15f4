//! Reads the thread of a subject, and adds new records to the state of its flow.

use crate::domain::announcement::Announcement;
use crate::domain::ids::Login;
use crate::domain::subject::Subject;
use crate::flow::run::RunState;
use crate::ledger::thread::{ChainReading, IgnoredComment};
use crate::ports::run_event::RunEvent;

use super::context::RunContext;
use super::outcome::RunError;
use super::session::{Freshness, ReadOn, Session};
use super::thread;

/// Reads new records of a session's thread.
pub(super) async fn read_on(cx: &RunContext, session: &mut Session) -> Result<(), RunError> {
    let chain = cx.chain(&session.flow, &session.subject);
    let reading = match &session.subject {
        Subject::Task(_) => thread::read_local(&chain, &cx.world.forge.login(), &session.local_records()),
        Subject::Issue(_) | Subject::PullRequest(_) => {
            session.thread.read_on(&cx.world, &session.subject).await?;
            session.thread.chain(&chain, &cx.recorders())
        }
    };
    // Only the first reading needs it, and it decodes all records.
    let opening = if session.is_known() {
        None
    } else {
        refuse_other_recorders(cx, session, &reading)?;
        opening(session, &reading)
    };
    session.thread_is = Freshness::Fresh;
    if let ReadOn::First(ignored) = session.take_in(reading)? {
        let is_open = session.machine.run().is_some_and(RunState::is_open);
        if let Some(announcement) = opening.filter(|_| is_open) {
            cx.tell(&RunEvent::Resumed { subject: session.subject.clone(), announcement });
        }
        for ignored in ignored.iter().chain(&session.thread.strays(&session.subject)) {
            cx.warn(warning(ignored));
        }
    }
    Ok(())
}

/// Returns how the latest run of a thread was opened.
fn opening(session: &Session, reading: &ChainReading) -> Option<Announcement> {
    let all = reading.records().filter_map(|record| session.machine.announce(record).ok());
    all.filter(|announcement| matches!(announcement, Announcement::Opened { .. })).last()
}

/// Returns the warning about a comment, or another text on the forge, that claims to be a record.
pub(super) fn warning(ignored: &IgnoredComment) -> String {
    format!("comment {} claims to be a record and is ignored: {}", ignored.comment, ignored.why)
}

/// A colleague's run is neither resumed nor repeated until that login is trusted.
fn refuse_other_recorders(
    cx: &RunContext,
    session: &Session,
    reading: &ChainReading,
) -> Result<(), RunError> {
    let chain = cx.chain(&session.flow, &session.subject);
    let found: Option<Login> = thread::other_recorder(reading, &chain, &session.thread.comments);
    let Some(login) = found else { return Ok(()) };
    let message = format!(
        "the records in the thread of {} are by {login}, and this run writes as {}. To continue them, set \
         `trust.recorders = [\"{login}\"]` in your configuration; to start again, delete them",
        session.subject,
        cx.world.forge.login()
    );
    Err(RunError::config(message))
}
