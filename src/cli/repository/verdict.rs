//! Whether a run approves what a pull request contains now.

use crate::adapters::git::GitWorkspace;
use crate::domain::ending::{Ending, NeedsHuman};
use crate::domain::pull_request::PullRequest;
use crate::domain::requirement::Requirement;
use crate::flow::machine::Machine;
use crate::ports::workspace::{MergeParents, Workspace};

/// What the latest run says about the head of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunVerdict {
    /// There was no run.
    NoRun,
    /// The run has not ended.
    Open,
    Approved,
    /// The run approved a commit that is not the head any more.
    ApprovedOther,
    /// A person has added a requirement after the approval.
    OlderThanRequirement,
    /// The run ended without an approval.
    Ended(Ending),
}

impl RunVerdict {
    /// Returns the verdict on an open pull request with the requirements of people since the last record.
    pub fn of(machine: &dyn Machine, pull_request: &PullRequest, required: &[Requirement]) -> Self {
        let Some(run) = machine.run() else { return Self::NoRun };
        // A run that leaves only the merge to a person has approved the head.
        let merge = Ending::NeedsHuman { reason: NeedsHuman::Merge };
        match &run.ending {
            None => Self::Open,
            Some(ending)
                if *ending != merge && !matches!(ending, Ending::Approved | Ending::ApprovedCiPending) =>
            {
                Self::Ended(ending.clone())
            }
            Some(_) if machine.view().head.as_ref() != Some(&pull_request.head) => Self::ApprovedOther,
            Some(_) if !required.is_empty() => Self::OlderThanRequirement,
            Some(Ending::ApprovedCiPending) => Self::Ended(Ending::ApprovedCiPending),
            Some(_) => Self::Approved,
        }
    }
}

/// Returns whether a pull request conflicts with its base branch, as far as this machine knows that branch.
pub async fn conflicts(workspace: &GitWorkspace, pull_request: &PullRequest) -> bool {
    let Ok(Some(other)) = workspace.tip(&pull_request.base_ref).await else { return false };
    let parents = MergeParents { head: pull_request.head.clone(), other };
    workspace.conflicts(&parents).await.is_ok_and(|files| !files.is_empty())
}
