//! The gate `tamper`: looks for changes that weaken the checks instead of solving the problem. `domain/tamper` judges; this
//! folder observes the change and explains the result.

mod explanation;
pub mod settings;

use std::path::PathBuf;

use async_trait::async_trait;

use crate::adapters::git::MeasuredTrees;
use crate::domain::tamper::judge::judge;
use crate::domain::tamper::links::TreeLinks;
use crate::domain::tamper::scope::StatedScope;
use crate::domain::tamper::{FileMode, TreeChange};
use crate::ports::cancellation::Cancellation;
use crate::ports::gates::{Gate, GateOrder, GatePlace, GateReport};
use crate::ports::workspace::WorkspaceError;

use super::passed::command_words;
use super::settings::GateSettings;
use super::tree_change::{self, Compared};
use settings::TamperSettings;

/// The gate `tamper`.
#[derive(Debug)]
pub(super) struct TamperGate {
    tamper: TamperSettings,
    gates: GateSettings,
}

#[async_trait]
impl Gate for TamperGate {
    async fn measure(&self, order: &GateOrder, _: Cancellation) -> GateReport {
        match self.observed(order).await {
            Ok(change) => explanation::explain(&judge(&self.tamper.policy, &change)),
            Err(error) => GateReport::inconclusive(error.to_string(), None, None),
        }
    }

    fn place(&self) -> GatePlace {
        GatePlace::Mirror
    }

    fn log(&self, _: &GateOrder) -> Option<PathBuf> {
        None
    }
}

impl TamperGate {
    pub(super) fn make(settings: &GateSettings) -> Option<Box<dyn Gate>> {
        let tamper = settings.measured.tamper.clone()?;
        Some(Box::new(Self { tamper, gates: settings.clone() }))
    }

    async fn observed(&self, order: &GateOrder) -> Result<TreeChange, WorkspaceError> {
        let trees = MeasuredTrees::new(&self.gates.variables, &self.gates.folders.mirror());
        let compared = Compared { base: &order.base, head: &order.head };
        let files = tree_change::observe(&trees, compared, &self.gates.folders).await?;
        let has_links = files.iter().any(|file| file.after == Some(FileMode::Link));
        let commands = self.gates.measured.commands.values();
        let words = commands.flat_map(|one| command_words(&one.command));
        Ok(TreeChange {
            links: if has_links {
                tree_change::links(&trees, &order.head).await?
            } else {
                TreeLinks::default()
            },
            files,
            command_words: words.map(str::to_owned).collect(),
            scope: StatedScope::of(&self.tamper.scope, &order.task),
        })
    }
}
