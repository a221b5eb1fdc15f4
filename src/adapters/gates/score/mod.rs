//! The gate `score`: a scorer measures the merge base and the head, both with the base's configuration, and a policy compares
//! the two. `domain/quality` decides; this folder runs the scorer and explains the result.

mod aislop;
mod cache;
mod explanation;
pub mod generic;
pub mod policy_files;
pub mod project_code;
mod reading;
mod scan;
pub mod scorer;
pub mod settings;
pub mod version;

use std::path::PathBuf;

use async_trait::async_trait;

use crate::adapters::git::MeasuredTrees;
use crate::domain::correction::Correction;
use crate::domain::ids::{CommitSha, TreeSha};
use crate::domain::quality::change_facts::ChangeFacts;
use crate::domain::quality::comparison::compare;
use crate::domain::quality::verdict::{ScoreVerdict, judge};
use crate::domain::quality::{QualityFinding, QualityReport};
use crate::ports::cancellation::Cancellation;
use crate::ports::gates::{Gate, GateOrder, GatePlace, GateReport};
use crate::ports::workspace::WorkspaceError;

use super::scratch::scratch;
use super::settings::GateSettings;
use super::tree_change::{self, Compared};
use cache::ScoreCache;
use explanation::Explained;
use project_code::ProjectCode;
use scan::{Scan, ScanError};
use settings::ScoreSettings;

/// The gate `score`.
#[derive(Debug)]
pub(super) struct ScoreGate {
    score: ScoreSettings,
    gates: GateSettings,
}

#[async_trait]
impl Gate for ScoreGate {
    fn place(&self) -> GatePlace {
        GatePlace::Mirror
    }

    async fn measure(&self, order: &GateOrder, cancellation: Cancellation) -> GateReport {
        match self.explained(order, cancellation).await {
            Ok(Explained { verdict, detail, findings, .. }) => {
                GateReport::measured(verdict, detail, findings, self.log(order))
            }
            Err(ScanError::Cancelled) => GateReport::Cancelled,
            Err(ScanError::Failed(detail)) => GateReport::inconclusive(detail, self.log(order), None),
            Err(ScanError::TimedOut(detail)) => {
                let remedy = Correction::Setting(scan::TIMEOUT.to_owned());
                GateReport::inconclusive(detail, self.log(order), Some(remedy))
            }
        }
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

    async fn explained(&self, order: &GateOrder, cancellation: Cancellation) -> Result<Explained, ScanError> {
        let ComparedTrees { trees, base, head, change } = self.measured(order, cancellation).await?;
        let compared = compare(&base, &head, &change.renames);
        let verdict = judge(&self.score.policy, &base, &head, &compared, &change);
        let mut explained = explanation::explain(&base, &head, &compared, &change, &verdict);
        if self.score.project_code == ProjectCode::Never {
            let engines = policy_files::ENGINES_WITHOUT_PROJECT_CODE.join(", ");
            let note = format!(
                "only the engines that run no code of the project (gates.run_project_code): {engines}"
            );
            explained.detail = format!("{note}\n{}", explained.detail);
        }
        if let ScoreVerdict::Fail(_) = verdict {
            explanation::add_code(&mut explained, &compared, &trees, &order.head).await;
        }
        Ok(explained)
    }

    async fn measured(
        &self,
        order: &GateOrder,
        cancellation: Cancellation,
    ) -> Result<ComparedTrees, ScanError> {
        let trees = MeasuredTrees::new(&self.gates.variables, &self.gates.folders.mirror());
        let policy = policy_files::of(&trees, &order.base, self.score.project_code).await?;
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
        let (base_tree, head_tree) = (trees.tree(&order.base).await?, trees.tree(&order.head).await?);
        let (base, head) = (cache.read(&base_tree), cache.read(&head_tree));
        let version = if base.is_some() && head.is_some() { None } else { self.version(order).await? };
        let measure = async |known, tree: &TreeSha, commit: &CommitSha, name: &'static str| {
            if let Some(known) = known {
                return Ok::<QualityReport, ScanError>(known);
            }
            let report = scan(commit.clone(), name).run(cancellation.clone()).await?;
            if let Some(version) =
                version.as_ref().filter(|version| report.tool != format!("aislop {version}"))
            {
                let why = format!("its version is {version}, and its report is by {}", report.tool);
                return Err(ScanError::Failed(why));
            }
            cache.write(tree, &report);
            Ok(report)
        };
        let base = measure(base, &base_tree, &order.base, "base");
        let head = measure(head, &head_tree, &order.head, "head");
        let (base, head) = if is_parallel() {
            let (base, head) = tokio::join!(base, head);
            (base?, head?)
        } else {
            (base.await?, head.await?)
        };
        let compared = Compared { base: &order.base, head: &order.head };
        let change = ChangeFacts::of(&tree_change::observe(&trees, compared, &self.gates.folders).await?);
        Ok(ComparedTrees { trees, base, head, change })
    }

    /// Returns the version of aislop, if it is the scorer.
    async fn version(&self, order: &GateOrder) -> Result<Option<String>, ScanError> {
        let place = scratch(&self.gates.folders).map_err(ScanError::Failed)?;
        let asked = version::version(&self.score.scorer, &self.gates.variables, place.path(), &order.attempt);
        asked.await.map_err(ScanError::Failed)
    }
}

/// Both sides of a change.
struct ComparedTrees {
    trees: MeasuredTrees,
    base: QualityReport,
    head: QualityReport,
    change: ChangeFacts,
}

/// The findings that a head adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFindings {
    /// The name and version of the scorer.
    pub tool: String,
    pub findings: Vec<IdentifiedFinding>,
}

/// A finding with its identity, which is the same on every later head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentifiedFinding {
    pub finding: QualityFinding,
    pub identity: String,
}

/// Returns the findings that the head of an order adds; none without a score gate.
///
/// # Errors
/// When a side cannot be measured.
pub async fn new_findings(
    settings: &GateSettings,
    order: &GateOrder,
    cancellation: Cancellation,
) -> Result<NewFindings, String> {
    let Some(score) = settings.measured.score.clone() else {
        return Ok(NewFindings { tool: "agent-loop".to_owned(), findings: Vec::new() });
    };
    let gate = ScoreGate { score, gates: settings.clone() };
    let ComparedTrees { base, head, change, .. } = match gate.measured(order, cancellation).await {
        Ok(measured) => measured,
        Err(ScanError::Cancelled) => return Err("interrupted".to_owned()),
        Err(ScanError::Failed(why) | ScanError::TimedOut(why)) => return Err(why),
    };
    let new = compare(&base, &head, &change.renames).new.into_iter();
    let findings =
        new.map(|new| IdentifiedFinding { finding: new.finding.clone(), identity: new.identity }).collect();
    Ok(NewFindings { tool: head.tool, findings })
}

fn is_parallel() -> bool {
    std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1)
}

impl From<WorkspaceError> for ScanError {
    fn from(error: WorkspaceError) -> Self {
        Self::Failed(error.to_string())
    }
}
