//! Before a run is opened: the checkouts of the user's in which agents are to work are looked at. A run that would be refused an
//! instant later must not be begun.

use crate::domain::agent::Role;
use crate::domain::roster::Roster;
use crate::flow::review::state::ReviewState;
use crate::ledger::record::Payload;
use crate::ports::World;
use crate::ports::workspace::Workspace;

use super::outcome::RunError;
use super::run::{Engine, JournalOf};
use super::session::Session;
use super::turns;

impl<W: World> Engine<W> {
    /// An error, if this record opens a run and a checkout of the user's would be refused. What a delivery hands over
    /// is begun already: it is opened, and waits.
    pub(super) async fn look_before(
        &self,
        payload: &Payload,
        session: &Session<JournalOf<W>>,
        review: Option<&ReviewState>,
    ) -> Result<(), RunError> {
        let roster: &Roster = match payload {
            Payload::Started(started) => &started.roster,
            Payload::Opened(_)
                if review.is_some_and(|state| state.run.is_none()) && session.has_inherited() =>
            {
                return Ok(());
            }
            Payload::Opened(opened) => &opened.roster,
            Payload::Review(_)
            | Payload::Answer(_)
            | Payload::Gates(_)
            | Payload::FollowedUp(_)
            | Payload::Concluded(_)
            | Payload::Delivered(_)
            | Payload::DeliveryConcluded(_) => return Ok(()),
        };
        let reviewers = roster.reviewers().iter().map(|seat| (Role::Reviewer, seat));
        for (role, seat) in std::iter::once((Role::Coder, roster.coder())).chain(reviewers) {
            let clone_id = turns::clone_id(&session.subject, role, &seat.label);
            self.world.workspace().check_user_checkout(&clone_id).await?;
        }
        Ok(())
    }
}
