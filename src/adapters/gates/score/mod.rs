//! The gate `score`: a scorer measures the merge base and the head, both with the base's configuration, and a policy compares
//! the two. `domain/quality` decides; this folder runs the scorer and explains the result.

mod aislop;
mod cache;
mod explanation;
pub mod generic;
mod policy_files;
mod reading;
mod scan;
pub mod scorer;
pub mod settings;

use std::path::PathBuf;

use crate::adapters::files;
use crate::adapters::git::MeasuredTrees;
use crate::domain::gate::Verdict;
use crate::domain::ids::CommitSha;
use crate::domain::quality::QualityReport;
use crate::domain::quality::comparison::compare;
use crate::domain::quality::verdict::{ChangeFacts, ScoreVerdict, judge};
use crate::ports::cancellation::Cancellation;
use crate::ports::gates::{Gate, GateOrder, GatePlace, GateReport, Measuring};
use crate::ports::workspace::WorkspaceError;

use super::settings::GateSettings;
use super::tree_change::{self, Compared};
use cache::ScoreCache;
use explanation::Explained;
use scan::{Scan, ScanError};
use settings::ScoreSettings;

/// The gate `score`.
#[derive(Debug)]
pub(super) struct ScoreGate {
    score: ScoreSettings,
    gates: GateSettings,
}

impl Gate for ScoreGate {
    fn place(&self) -> GatePlace {
        GatePlace::Mirror
    }

    fn measure<'a>(&'a self, order: &'a GateOrder, cancellation: Cancellation) -> Measuring<'a> {
        Box::pin(async move {
            match self.compared(order, cancellation).await {
                Ok(explained) => GateReport::Measured {
                    verdict: explained.verdict,
                    detail: explained.detail,
                    findings: explained.findings,
                    log: self.log(order),
                },
                Err(ScanError::Cancelled) => GateReport::Cancelled,
                Err(ScanError::Failed(detail)) => GateReport::Measured {
                    verdict: Verdict::Inconclusive,
                    detail,
                    findings: Vec::new(),
                    log: self.log(order),
                },
            }
        })
    }

    fn log(&self, order: &GateOrder) -> Option<PathBuf> {
        Some(scan::log(&self.gates, order, "head"))
    }
}

impl ScoreGate {
    pub(super) fn make(settings: &GateSettings) -> Option<Box<dyn Gate>> {
        let score = settings.measured.score.clone()?;
        Some(Box::new(Self { score, gates: settings.clone() }))
    }

    async fn compared(&self, order: &GateOrder, cancellation: Cancellation) -> Result<Explained, ScanError> {
        let trees = MeasuredTrees::new(&self.gates.variables, &self.gates.folders.mirror());
        let policy = policy_files::of(&trees, &order.base).await?;
        let key = self.score.scorer.key(&self.gates.variables, &policy);
        let cache = ScoreCache::new(&self.score.cache, &key);
        let scan = |commit, name| Scan {
            score: &self.score,
            gates: &self.gates,
            order,
            trees: &trees,
            policy: &policy,
            key: &key,
            commit,
            name,
        };
        let measure = async |commit: &CommitSha, name: &'static str| {
            let tree = trees.tree(commit).await?;
            if let Some(known) = cache.read(&tree) {
                return Ok::<QualityReport, ScanError>(known);
            }
            let report = scan(commit.clone(), name).run(cancellation.clone()).await?;
            cache.write(&tree, &report);
            Ok(report)
        };
        let base = measure(&order.base, "base");
        let head = measure(&order.head, "head");
        let (base, head) = if is_parallel() {
            let (base, head) = tokio::join!(base, head);
            (base?, head?)
        } else {
            (base.await?, head.await?)
        };
        let compared = Compared { base: &order.base, head: &order.head };
        let scratch = self.gates.folders.root().join("scans");
        files::make_folder(&scratch).map_err(ScanError::Failed)?;
        let change = ChangeFacts::of(&tree_change::observe(&trees, compared, &scratch).await?);
        let compared = compare(&base, &head, &change.renames);
        let verdict = judge(&self.score.policy, (&base, &head), &compared, &change);
        let mut explained = explanation::explain((&base, &head), (&compared, &change), &verdict);
        if let ScoreVerdict::Fail(_) = verdict {
            explanation::add_code(&mut explained, &compared, &trees, &order.head).await;
        }
        Ok(explained)
    }
}

fn is_parallel() -> bool {
    std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1)
}

impl From<WorkspaceError> for ScanError {
    fn from(error: WorkspaceError) -> Self {
        Self::Failed(error.to_string())
    }
}
