//! Events besides those of steps: rounds, counts of items, and agents whose cost a budget cannot include. Each is emitted
//! once.

use crate::domain::item_status::ItemStatus;
use crate::domain::turn::TurnKey;
use crate::domain::usage::Usage;
use crate::flow::ask::Ask;
use crate::flow::budget::Budget;
use crate::ports::World;
use crate::ports::run_event::RunEvent;
use crate::ports::workspace::Salvage;
use crate::text::sanitize::one_line;

use super::context::RunContext;
use super::session::Session;

/// Emits the counts of the records, if they have changed.
pub(super) fn state(cx: &RunContext, session: &mut Session) {
    unpriced(cx, session);
    let view = session.machine.view();
    if view.round == 0 {
        return;
    }
    let items = view.items.iter();
    let counts = RunEvent::Counted {
        open: items.clone().filter(|item| item.must_fix()).count(),
        future: items.clone().filter(|item| item.status == ItemStatus::Future).count(),
        resolved: items.filter(|item| item.status == ItemStatus::Resolved).count(),
        usage: session.machine.run().map_or_else(Usage::default, |run| run.usage),
    };
    if session.emitted.counts.as_ref() != Some(&counts) {
        cx.tell(&counts);
        session.emitted.counts = Some(counts);
    }
}

/// The maximum length of a warning about an agent, in characters.
pub(super) const LONGEST_WARNING: usize = 1_000;

/// Emits warnings about an agent, such as files that were unexpectedly left out.
pub(super) fn warnings(world: &World, turn: &TurnKey, warnings: Vec<String>) {
    for text in warnings {
        let text = one_line(&text, LONGEST_WARNING);
        world.operator.tell(&RunEvent::Warning { text: format!("{} `{}`: {text}", turn.role, turn.label) });
    }
}

/// Emits the ref of salvaged work.
pub(super) fn salvage(world: &World, salvage: &Salvage) {
    let Salvage { reference, commit } = salvage.clone();
    world.operator.tell(&RunEvent::Salvaged { reference, commit });
}

/// Emits the start of a round, when its first voter is asked.
pub(super) fn round(cx: &RunContext, session: &mut Session, ask: &Ask) {
    let key = &ask.key;
    if key.kind.is_vote() && session.emitted.round != key.round {
        session.emitted.round = key.round;
        let (round, max_rounds, head) = (key.round, ask.brief.max_rounds, key.head.clone());
        cx.tell(&RunEvent::RoundBegun { round, max_rounds, head });
    }
}

/// Warns once about each agent whose finished turns a limit does not count.
fn unpriced(cx: &RunContext, session: &mut Session) {
    let finished = session.results.turns.len();
    let is_unchanged = std::mem::replace(&mut session.emitted.looked_at, finished) == finished;
    if is_unchanged || cx.config.request.budget == Budget::default() {
        return;
    }
    let run = session.machine.run().map(|run| &run.id);
    for (key, turn) in session.results.turns.iter().filter(|(key, _)| run == Some(&key.run)) {
        let missed = cx.config.request.budget.missed(turn.usage);
        if !missed.is_empty() && session.emitted.unpriced.insert(key.seat()) {
            cx.warn(format!("the {} `{}` reported {}", key.role, key.label, missed.join("; and ")));
        }
    }
}
