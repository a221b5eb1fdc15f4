//! From the end of a run to its outcome: what the state of the flow shows then.

use crate::domain::ids::CommitSha;
use crate::domain::usage::Usage;
use crate::flow::conclusion::Conclusion;
use crate::ports::World;
use crate::ports::forge::Forge;
use crate::ports::journal::Journal;

use super::context::{JournalOf, RunContext};
use super::outcome::Outcome;
use super::session::Session;

/// The outcome of a run that ends so.
pub(super) async fn of<W: World>(
    cx: &RunContext<W>,
    session: &Session<JournalOf<W>>,
    conclusion: &Conclusion,
) -> Outcome {
    let bare =
        Outcome::bare(session.subject.clone(), conclusion.ending().clone(), conclusion.message().to_owned());
    let mut outcome = seen(cx, session, bare);
    if let (Some(against), Some(head)) = (session.machine.view().against, &outcome.head) {
        // An outcome is not lost because its merge base can't be found.
        outcome.base = cx.base(&against, head).await.ok();
    }
    outcome
}

/// An outcome with what the state of the flow shows.
pub(super) fn seen<W: World>(cx: &RunContext<W>, session: &Session<JournalOf<W>>, bare: Outcome) -> Outcome {
    let (view, run) = (session.machine.view(), session.machine.run());
    Outcome {
        commands: view.pull_request.map(|number| cx.world.forge().commands(number)),
        run: run.map(|run| run.id.clone()),
        head: head(session),
        usage: run.map_or_else(Usage::default, |run| run.usage),
        ..bare.with_view(view)
    }
}

/// The head of the pull request as it was last seen, else the one of the latest record.
pub(super) fn head<J: Journal>(session: &Session<J>) -> Option<CommitSha> {
    let view = session.machine.view();
    let seen = view.pull_request.and_then(|number| session.facts.pull_requests.get(&number));
    seen.map(|pull_request| pull_request.head.clone()).or(view.head)
}
