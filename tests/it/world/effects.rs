//! The crash machinery: it counts the changes of the world, and can make one of them the last.

use std::sync::{Arc, PoisonError};

use tokio::sync::Notify;

use super::history::saved;
use super::memory_world::{MemoryWorld, State};

/// The way in which the world stops at an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    Before,
    After,
    /// The effect happens, and the engine gets an error; where that is impossible, the same as `After`.
    Unacknowledged,
}

/// The effect at which the world stops, and the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The index of the effect.
    pub(crate) at: usize,
    pub(crate) stop: Stop,
}

/// The effects of one engine.
#[derive(Debug, Default)]
pub(super) struct Effects {
    pub(super) names: Vec<&'static str>,
    pub(super) plan: Option<Plan>,
    pub(super) deaf_to: Option<&'static str>,
    pub(super) stopped: bool,
    pub(super) rang: Arc<Notify>,
}

/// The consequence of an effect.
enum After<T> {
    Goes(T),
    Stops,
}

impl MemoryWorld {
    /// Reads the world. A stopped world never answers.
    pub(super) async fn look<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        let seen = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.effects.stopped { None } else { Some(look(&mut state)) }
        };
        match seen {
            Some(seen) => seen,
            None => std::future::pending().await,
        }
    }

    /// Changes the world. `unanswered` is the engine's result when the change happens without an acknowledgement.
    pub(super) async fn change<T>(
        &self,
        name: &'static str,
        effect: impl FnOnce(&mut State) -> T,
        unanswered: impl FnOnce() -> Option<T>,
    ) -> T {
        // Other engines on the same world may run before each change.
        tokio::task::yield_now().await;
        match self.changed(name, effect, unanswered) {
            After::Goes(result) => result,
            After::Stops => std::future::pending().await,
        }
    }

    fn changed<T>(
        &self,
        name: &'static str,
        effect: impl FnOnce(&mut State) -> T,
        unanswered: impl FnOnce() -> Option<T>,
    ) -> After<T> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.effects.stopped {
            return After::Stops;
        }
        if state.effects.deaf_to == Some(name) {
            return unanswered().map_or_else(|| halt(&mut state), After::Goes);
        }
        match state.count(name) {
            None => {
                let result = effect(&mut state);
                state.note(name);
                After::Goes(result)
            }
            Some(Stop::Before) => halt(&mut state),
            Some(Stop::After) => {
                effect(&mut state);
                halt(&mut state)
            }
            Some(Stop::Unacknowledged) => {
                effect(&mut state);
                unanswered().map_or_else(|| halt(&mut state), After::Goes)
            }
        }
    }
}

impl State {
    /// Counts a change, and returns the way in which the world stops at it.
    pub(super) fn count(&mut self, name: &'static str) -> Option<Stop> {
        let number = self.effects.names.len();
        self.effects.names.push(name);
        self.tick();
        self.effects.plan.filter(|plan| plan.at == number).map(|plan| plan.stop)
    }

    /// Stops the world: no engine on it gets another answer.
    pub(super) fn halt(&mut self) {
        self.effects.stopped = true;
        self.effects.rang.notify_one();
    }

    /// Records the change, if a history is requested.
    fn note(&mut self, effect: &str) {
        if let Some(mut recorder) = self.recorder.take() {
            recorder.note(effect, saved(self));
            self.recorder = Some(recorder);
        }
    }
}

fn halt<T>(state: &mut State) -> After<T> {
    state.halt();
    After::Stops
}
