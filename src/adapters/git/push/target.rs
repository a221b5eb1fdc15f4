//! Where branches are moved: in a repository on this machine, or over a URL.

use crate::adapters::git::mirror::{Hold, Mirror};
use crate::adapters::git::remote::Remote;
use crate::domain::ids::{BranchName, CommitSha};
use crate::ports::workspace::{Push, WorkspaceError};

use super::PushTarget;
use super::intent::Moving;
use super::over_url::UrlTarget;

/// Where to move branches.
pub(crate) enum MoveTarget<'a> {
    Local(PushTarget<'a>),
    Url(UrlTarget<'a>),
}

impl<'a> MoveTarget<'a> {
    pub(crate) fn of(mirror: &'a Mirror, remote: &'a Remote) -> Self {
        match remote {
            Remote::Local(repository) => Self::Local(PushTarget { mirror, repository }),
            Remote::Url(remote) => Self::Url(UrlTarget { mirror, remote }),
        }
    }

    /// Completes moves that a killed process began.
    pub(crate) async fn finish_moves(&self, hold: &Hold<'_>) -> Result<(), WorkspaceError> {
        match self {
            Self::Local(target) => target.finish_moves(hold).await,
            Self::Url(_) => Ok(()),
        }
    }

    pub(crate) async fn tip(&self, branch: &BranchName) -> Result<Option<CommitSha>, WorkspaceError> {
        match self {
            Self::Local(target) => target.tip(branch).await,
            Self::Url(target) => target.tip(branch).await,
        }
    }

    pub(crate) async fn push(&self, hold: &Hold<'_>, moving: &Moving) -> Result<Push, WorkspaceError> {
        match self {
            Self::Local(target) => target.push(hold, moving).await,
            Self::Url(target) => target.push(hold, moving).await,
        }
    }
}
