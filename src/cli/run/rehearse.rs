//! `--dry-run`: the steps of a run, in order, up to and including the next turn of an agent. No step is performed.

use std::fmt::Write;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::adapters::dry_run::RehearsedWorld;
use crate::adapters::storage::folders::Folders;
use crate::adapters::storage::journals::{self, FileJournals};
use crate::adapters::storage::lock;
use crate::cli::view::outcome;
use crate::domain::ending::Ending;
use crate::domain::subject::Subject;
use crate::engine::outcome::Outcome;
use crate::engine::run::Engine;
use crate::ports::World;
use crate::ports::cancellation::cancellation;
use crate::ports::journal::{Entry, JournalError};
use crate::text::sanitize::one_line;

use super::order::RunOrder;

/// The result of a dry run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DryRun {
    pub effects: Vec<String>,
    /// The outcome, if the run would end without an answer.
    pub outcome: Option<Outcome>,
}

impl DryRun {
    /// Returns the exit code: 0 unless the real run would be refused.
    pub fn exit_code(&self) -> u8 {
        self.outcome.as_ref().map_or(0, |outcome| outcome.ending.exit_code())
    }

    /// Returns the dry run as a JSON object, schema `agent-loop/dry-run/1`.
    pub fn json(&self) -> Value {
        json!({
            "schema": "agent-loop/dry-run/1",
            "effects": self.effects,
            "outcome": self.outcome.as_ref().map(|ends| outcome::json(ends, "")),
            "exit": self.exit_code(),
            "message": "dry run: no step was performed",
        })
    }

    /// Returns the dry run as text for a person.
    pub fn text(&self) -> String {
        let mut text = String::from("Dry run: no step was performed.\n");
        for (number, effect) in (1..).zip(&self.effects) {
            let _ = writeln!(text, "{number:>3}. {}", one_line(effect, 200));
        }
        match &self.outcome {
            Some(ends) => {
                let _ = writeln!(
                    text,
                    "Then the run would end as {}: {}",
                    ends.ending.status(),
                    one_line(&ends.message, 400)
                );
            }
            None => text.push_str("Further steps depend on the answer.\n"),
        }
        text
    }
}

/// Performs a dry run of a plan. The world is only read.
pub async fn run(world: World, plan: RunOrder, folders: Folders) -> DryRun {
    let (canceller, cancellation) = cancellation();
    let canceller = Arc::new(canceller);
    let locks = folders.locks().to_owned();
    let read = move |subject: &Subject| -> Result<Vec<Entry>, JournalError> {
        match lock::who_holds(&FileJournals::lock_path(&locks, subject)) {
            Some(holder) => Err(JournalError::Held { subject: subject.clone(), holder }),
            None => journals::read(&folders.journal(subject)),
        }
    };
    let world = Arc::new(RehearsedWorld::new(world, Box::new(read), Arc::clone(&canceller)));
    let engine = Engine::new(World::of(&world), plan.config, canceller, cancellation);
    let outcome = engine.run(plan.assignment).await;
    let outcome = Some(outcome).filter(|outcome| outcome.ending != Ending::Interrupted);
    DryRun { effects: world.script().effects, outcome }
}
