//! Moves a branch of a repository on this machine by compare-and-swap, and updates the user's checkouts of the branch.

pub(super) mod blocker;
pub(super) mod checkout;
pub(super) mod intent;
pub(super) mod obstruction;
pub(super) mod over_url;
pub(super) mod target;

use std::path::{Path, PathBuf};

use crate::adapters::git::mirror::objects::{ObjectCopy, ObjectFolder};
use crate::adapters::git::mirror::refs::{self, Tip};
use crate::adapters::git::mirror::{Hold, Mirror, sha};
use crate::adapters::git::runner::{ask, failure, must};
use crate::adapters::process::command::CommandLine;
use crate::adapters::process::exit::Exit;
use crate::domain::ids::{BranchName, CommitSha};
use crate::ports::workspace::{Push, WorkspaceError};

use blocker::{Blocker, HalfMove};
use checkout::{Checkout, CheckoutState, checkouts};
use intent::{Moving, unfinished};

/// A repository on this machine whose branches we may move.
pub(crate) struct PushTarget<'a> {
    pub(crate) mirror: &'a Mirror,
    pub(crate) repository: &'a Path,
}

impl PushTarget<'_> {
    /// Returns the tip of a branch. No spawn if it can be read from git's files.
    pub(crate) async fn tip(&self, branch: &BranchName) -> Result<Option<CommitSha>, WorkspaceError> {
        match refs::tip(self.repository, branch) {
            Tip::At(commit) => return Ok(Some(commit)),
            Tip::Absent => return Ok(None),
            Tip::AskGit => {}
        }
        let line = self
            .line()
            .arguments(["rev-parse", "--verify", "--quiet"])
            .argument(format!("refs/heads/{branch}^{{commit}}"));
        let what = format!("read the branch {branch} of {}", self.repository.display());
        let captured = ask(line, &what).await?;
        match captured.exit {
            Exit::Code(0) => sha(&captured.stdout, &what).map(Some),
            Exit::Code(1) => Ok(None),
            Exit::Code(_) | Exit::Signal(_) => Err(failure(&captured, &what)),
        }
    }

    /// Moves a branch. Two spawns if it is checked out nowhere, fourteen with one clean checkout.
    pub(crate) async fn push(&self, _hold: &Hold<'_>, moving: &Moving) -> Result<Push, WorkspaceError> {
        let tip = self.tip(&moving.branch).await?;
        if tip.as_ref() == Some(&moving.to) {
            return self.settle(moving).await;
        }
        if tip != moving.from {
            return Ok(Push::Moved(tip));
        }
        self.hand_over(moving).await?;
        let folders = checkouts(self.mirror.git(), self.repository, &moving.branch).await?;
        for folder in &folders {
            match Checkout::new(self.mirror, folder, moving)?.state().await? {
                CheckoutState::Clean | CheckoutState::Settled => {}
                CheckoutState::HalfMoved(path) => return Ok(Blocker::Edited(path).refusal(moving, folder)),
                CheckoutState::Blocked(blocker) => return Ok(blocker.refusal(moving, folder)),
                CheckoutState::Elsewhere => return Ok(Blocker::staged().refusal(moving, folder)),
            }
        }
        if folders.is_empty() {
            return self.swap(moving).await;
        }
        moving.begin(self.mirror)?;
        match self.swap(moving).await? {
            Push::Done => self.move_checkouts(moving, &folders).await,
            other @ (Push::Moved(_) | Push::Refused(_)) => {
                moving.end(self.mirror)?;
                Ok(other)
            }
        }
    }

    /// Copies the new commit to the repository. No spawn for a commit of this process on top of the old one, else one.
    async fn hand_over(&self, moving: &Moving) -> Result<(), WorkspaceError> {
        let made = self.mirror.facts().take_objects(&moving.to, moving.from.as_ref());
        if let (Some(made), Some(common)) = (made, refs::common_folder(self.repository)) {
            let (from, to) = (self.mirror.objects(), ObjectFolder::of(&common));
            let is_done = |object| matches!(from.copy(object, &to), Ok(ObjectCopy::Done));
            if made.iter().all(is_done) {
                return Ok(());
            }
        }
        self.mirror.hand_over(self.line(), &moving.to, self.repository).await
    }

    /// Completes moves that were interrupted by a kill; no spawn if there are none.
    pub(crate) async fn finish_moves(&self, _hold: &Hold<'_>) -> Result<(), WorkspaceError> {
        for moving in unfinished(self.mirror)? {
            let tip = self.tip(&moving.branch).await?;
            let finished = if tip.as_ref() == Some(&moving.to) {
                self.settle(&moving).await?
            } else if tip == moving.from {
                self.restore(&moving).await?
            } else {
                moving.end(self.mirror)?;
                Push::Moved(tip)
            };
            match finished {
                Push::Done | Push::Moved(_) => {}
                Push::Refused(text) => return Err(WorkspaceError::Git(text)),
            }
        }
        Ok(())
    }

    /// Restores the checkouts of a branch that was taken back, where git could not restore them then.
    async fn restore(&self, moving: &Moving) -> Result<Push, WorkspaceError> {
        for folder in checkouts(self.mirror.git(), self.repository, &moving.branch).await? {
            let checkout = Checkout::new(self.mirror, &folder, moving)?;
            let restored = match checkout.state().await? {
                CheckoutState::HalfMoved(_) => checkout.restore().await,
                CheckoutState::Settled => checkout.go_back().await,
                // The user has restored it, or works on it.
                CheckoutState::Clean | CheckoutState::Blocked(_) | CheckoutState::Elsewhere => Ok(()),
            };
            if let Err(cause) = restored {
                let blocker = Self::half_moved(&checkout, moving.from.clone(), &cause).await?;
                return Ok(blocker.refusal(moving, &folder));
            }
        }
        moving.end(self.mirror)?;
        Ok(Push::Done)
    }

    /// Returns the reason for a checkout with files of two commits, whose branch is at a commit.
    async fn half_moved(
        checkout: &Checkout<'_>,
        at: Option<CommitSha>,
        cause: &WorkspaceError,
    ) -> Result<Blocker, WorkspaceError> {
        Ok(Blocker::HalfMoved(HalfMove { at, cause: cause.to_string(), left: checkout.new_files().await? }))
    }

    /// Updates the checkouts of a branch that is already at the new commit.
    async fn settle(&self, moving: &Moving) -> Result<Push, WorkspaceError> {
        for folder in checkouts(self.mirror.git(), self.repository, &moving.branch).await? {
            let checkout = Checkout::new(self.mirror, &folder, moving)?;
            match checkout.state().await? {
                // Staged or edited since: the user has continued from the new commit.
                CheckoutState::Settled | CheckoutState::Elsewhere => {}
                CheckoutState::Clean => checkout.follow().await?,
                CheckoutState::HalfMoved(_) => {
                    if let Err(cause) = checkout.finish().await {
                        let (at, cause, left) = (Some(moving.to.clone()), cause.to_string(), Vec::new());
                        return Ok(Blocker::HalfMoved(HalfMove { at, cause, left }).refusal(moving, &folder));
                    }
                }
                CheckoutState::Blocked(blocker) => return Ok(blocker.refusal(moving, &folder)),
            }
        }
        moving.end(self.mirror)?;
        Ok(Push::Done)
    }

    /// Updates the checkouts of a moved branch. If one of them fails, the others and the branch are moved back.
    async fn move_checkouts(&self, moving: &Moving, folders: &[PathBuf]) -> Result<Push, WorkspaceError> {
        for (position, folder) in folders.iter().enumerate() {
            let checkout = Checkout::new(self.mirror, folder, moving)?;
            let Err(cause) = checkout.follow().await else {
                continue;
            };
            let blocker = match checkout.state().await {
                Ok(CheckoutState::Settled) => continue,
                // git cannot compare the files.
                Ok(CheckoutState::HalfMoved(_) | CheckoutState::Blocked(Blocker::Filter(_))) | Err(_) => {
                    match checkout.restore().await {
                        Ok(()) => Blocker::of_git(cause.to_string()),
                        Err(again) => Self::half_moved(&checkout, moving.from.clone(), &again).await?,
                    }
                }
                // The user changed something in the last instant, and git moved nothing.
                Ok(CheckoutState::Blocked(blocker)) => blocker,
                Ok(CheckoutState::Elsewhere) => Blocker::staged(),
                Ok(CheckoutState::Clean) => Blocker::of_git(cause.to_string()),
            };
            let (mut folder, mut blocker) = (folder, blocker);
            for moved in folders.iter().take(position) {
                let checkout = Checkout::new(self.mirror, moved, moving)?;
                if let Err(again) = checkout.go_back().await {
                    blocker = Self::half_moved(&checkout, moving.from.clone(), &again).await?;
                    folder = moved;
                }
            }
            return self.take_back(moving, folder, &blocker).await;
        }
        moving.end(self.mirror)?;
        Ok(Push::Done)
    }

    async fn take_back(
        &self,
        moving: &Moving,
        folder: &Path,
        blocker: &Blocker,
    ) -> Result<Push, WorkspaceError> {
        let line = self.update_ref(moving, "agent-loop: taken back");
        let line = line.arguments([moving.start(), moving.to.to_string()]);
        must(line, &format!("revert the move of {}", moving.branch)).await?;
        // The next command restores a checkout that could not be restored now.
        if !matches!(blocker, Blocker::HalfMoved(_)) {
            moving.end(self.mirror)?;
        }
        Ok(blocker.refusal(moving, folder))
    }

    async fn swap(&self, moving: &Moving) -> Result<Push, WorkspaceError> {
        let line = self.update_ref(moving, "agent-loop: push");
        let line = line.arguments([moving.to.to_string(), moving.start()]);
        let what = format!("move the branch {} of {}", moving.branch, self.repository.display());
        let captured = ask(line, &what).await?;
        if captured.exit.is_success() {
            return Ok(Push::Done);
        }
        let tip = self.tip(&moving.branch).await?;
        if tip.as_ref() == Some(&moving.to) {
            Ok(Push::Done)
        } else if tip == moving.from {
            Err(failure(&captured, &what))
        } else {
            Ok(Push::Moved(tip))
        }
    }

    /// Returns git's command that moves the branch; the new and the old commit are its missing arguments.
    fn update_ref(&self, moving: &Moving, reason: &str) -> CommandLine {
        let name = format!("refs/heads/{}", moving.branch);
        self.line().arguments(["update-ref", "-m", reason]).argument(name)
    }

    fn line(&self) -> CommandLine {
        self.mirror.git().anywhere(self.repository)
    }
}
