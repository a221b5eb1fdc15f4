//! A word on agents whose cost a budget of money can't count.

use crate::domain::agent::Role;
use crate::domain::ids::{Label, RunId};
use crate::ports::World;
use crate::ports::operator::Operator;
use crate::ports::run_event::RunEvent;

use super::run::{Engine, JournalOf};
use super::session::Session;

impl<W: World> Engine<W> {
    /// Says once of each agent whose finished turn has no cost that the budget does not hold it.
    pub(super) fn tell_unpriced(&self, session: &mut Session<JournalOf<W>>, run: Option<&RunId>) {
        let missed = session
            .results
            .turns
            .iter()
            .filter(|(key, turn)| run == Some(&key.run) && self.request.budget.misses(turn.usage));
        let who: Vec<(Role, Label)> = missed.map(|(key, _)| (key.role, key.label.clone())).collect();
        for (role, label) in who {
            if session.told_unpriced.insert((role, label.clone())) {
                let text = format!(
                    "the {role} `{label}` reported no cost, so --budget-usd does not count its turns; --budget-tokens and \
                     --budget-minutes do, as far as it reports tokens"
                );
                self.world.operator().tell(&RunEvent::Warning { text });
            }
        }
    }
}
