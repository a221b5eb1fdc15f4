//! Implements the port with git: each method calls the file that is responsible.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::agent_memory::CheckoutFolder;
use crate::domain::ids::{BranchName, CommitSha, TreeSha};
use crate::domain::roster::SeatKey;
use crate::domain::subject::Subject;
use crate::ports::workspace::{
    AfterTurn, CloneId, Difference, Harvest, Inspection, Layout, MergeEnd, MergeParents, Prepared, Push,
    Salvage, Workspace, WorkspaceError,
};

use super::clone::agent_files::review_tree;
use super::clone::paths::ClonePaths;
use super::clone::salvage::{self, Kept};
use super::clone::settled::SettledClones;
use super::clone::{harvest, inspect, prepare};
use super::disk::{make_folder, remove};
use super::git_folders::GitFolders;
use super::mirror::difference;
use super::mirror::facts::ReviewTree;
use super::mirror::merge::{self, MergeOutcome};
use super::mirror::tracked::{self, TrackedFile};
use super::mirror::{Hold, Mirror};
use super::push::intent::Moving;
use super::push::target::MoveTarget;
use super::remote::Remote;
use super::renewal;
use super::runner::Git;
use super::unfinished;
use super::user_checkout::checkout::UserCheckout;
use super::user_checkout::directories::UserDirectories;
use super::user_checkout::explicit_directory::ExplicitDirectory;
use super::user_checkout::turn::{self, CheckoutTurn};
use super::waiting::WaitNotice;
use super::workplace::Workplace;

/// The workspace of one repository.
#[derive(Debug)]
pub struct GitWorkspace {
    mirror: Mirror,
    remote: Remote,
    folders: GitFolders,
    settled: SettledClones,
    directories: UserDirectories,
    checkout_folder: Option<CheckoutFolder>,
}

impl GitWorkspace {
    /// Creates a workspace. Nothing is changed yet; `refresh` creates the mirror.
    pub fn new(git: Git, remote: Remote, folders: GitFolders) -> Self {
        Self {
            mirror: Mirror::new(git, folders.mirror.clone(), remote.folder().map(Path::to_owned)),
            remote,
            folders,
            settled: SettledClones::default(),
            directories: UserDirectories::default(),
            checkout_folder: None,
        }
    }

    /// Adds the user's own checkouts, by absolute path, for these agents. No other run uses a checkout that was used here, as
    /// long as the workspace exists.
    #[must_use]
    pub fn with_directories(self, given: BTreeMap<SeatKey, ExplicitDirectory>) -> Self {
        Self { directories: UserDirectories::new(given), ..self }
    }

    /// Adds a folder of ours in the clones of coders, which is never committed.
    #[must_use]
    pub fn with_checkout_folder(self, checkout_folder: Option<CheckoutFolder>) -> Self {
        Self { checkout_folder, ..self }
    }

    #[must_use]
    pub fn with_wait_notice(self, notice: WaitNotice) -> Self {
        Self { mirror: self.mirror.with_wait_notice(notice), ..self }
    }

    /// Returns the regular files of a commit in the mirror. One spawn.
    pub async fn files(&self, commit: &CommitSha) -> Result<Vec<TrackedFile>, WorkspaceError> {
        tracked::files(&self.mirror, commit).await
    }

    /// Returns the texts of files by path, without binary files. One spawn. All texts are held in memory.
    pub async fn texts(&self, files: &[&TrackedFile]) -> Result<BTreeMap<String, String>, WorkspaceError> {
        tracked::texts(&self.mirror, files).await
    }

    /// Returns the paths that differ between two commits; `None` if they cannot be compared. One spawn.
    pub async fn changed(
        &self,
        from: &CommitSha,
        to: &CommitSha,
    ) -> Result<Option<Vec<String>>, WorkspaceError> {
        tracked::changed(&self.mirror, from, to).await
    }

    /// Merges a commit into a branch with a merge commit, and updates the user's checkouts of the branch. A repeated call
    /// returns the commit of the first one. Ten spawns, eight more with a checkout of the base.
    ///
    /// # Errors
    /// When the branch or the commit does not exist, or git fails; a conflict is not an error.
    pub async fn merge(
        &self,
        base: &BranchName,
        head: &CommitSha,
        message: &str,
    ) -> Result<MergeOutcome, WorkspaceError> {
        let MoveTarget::Local(target) = self.target() else {
            let why = "a forge on another machine merges by itself";
            return Err(WorkspaceError::Unusable(why.to_owned()));
        };
        let hold = self.mirror.hold().await?;
        self.bring_up_to_date(&hold).await?;
        let merge = || merge::merge(&hold, &target, base, head, message);
        renewal::sound_held(&self.mirror, &hold, &self.remote, merge).await
    }

    /// Returns all saved work, latest first. One spawn.
    pub async fn kept(&self) -> Result<Vec<Kept>, WorkspaceError> {
        salvage::list(&self.mirror).await
    }

    /// Returns the damage of the mirror, if git finds some within a time limit. A run makes a damaged mirror anew. One spawn.
    pub async fn damage(&self, limit: Duration) -> Result<Option<String>, WorkspaceError> {
        renewal::damage(&self.mirror, limit).await
    }

    /// Removes saved work. A ref that points elsewhere by now remains. One spawn.
    pub async fn forget(&self, kept: &[Kept]) -> Result<(), WorkspaceError> {
        if kept.is_empty() {
            return Ok(());
        }
        salvage::forget(&self.mirror, kept).await
    }

    async fn bring_up_to_date(&self, hold: &Hold<'_>) -> Result<(), WorkspaceError> {
        renewal::fetch(&self.mirror, hold, &self.remote).await?;
        self.target().finish_moves(hold).await
    }

    fn target(&self) -> MoveTarget<'_> {
        MoveTarget::of(&self.mirror, &self.remote)
    }

    /// Reads the mirror. A damaged mirror is made anew, and read again.
    async fn sound<T, Reading>(&self, read: impl Fn() -> Reading + Send + Sync) -> Result<T, WorkspaceError>
    where
        Reading: Future<Output = Result<T, WorkspaceError>> + Send,
        T: Send,
    {
        renewal::sound(&self.mirror, &self.remote, read).await
    }

    /// Returns the files of a layout, if they differ from those of its head.
    async fn tree_of(&self, paths: &ClonePaths, layout: &Layout) -> Result<Option<TreeSha>, WorkspaceError> {
        let (head, base) = match layout {
            Layout::Review { head, base } if head != base => (head, base),
            Layout::Review { .. } | Layout::Work { .. } => return Ok(None),
        };
        let tree = if let Some(known) = self.mirror.facts().review(base, head) {
            known
        } else {
            let made = self.sound(|| review_tree(&self.mirror, paths, base, head)).await?;
            self.mirror.facts().learn_review(base, head, made.clone());
            made
        };
        Ok(match tree {
            ReviewTree::Head => None,
            ReviewTree::Restored(tree) => Some(tree),
        })
    }

    fn workplace(&self, clone_id: &CloneId) -> Result<Workplace, WorkspaceError> {
        let paths = ClonePaths::new(&self.folders.clones, clone_id)
            .with_checkout_folder(self.checkout_folder.as_ref());
        Ok(match self.directory(clone_id) {
            Some(given) => {
                let forge = self.remote.folder().unwrap_or(self.mirror.path());
                Workplace::in_checkout(paths, self.directories.find(given, forge)?)
            }
            None => Workplace::Clone(paths),
        })
    }

    fn directory(&self, clone_id: &CloneId) -> Option<&ExplicitDirectory> {
        match clone_id {
            CloneId::Author { role, label, .. } | CloneId::Reader { role, label, .. } => {
                self.directories.of(*role, label)
            }
            CloneId::Gate { .. } => None,
        }
    }

    async fn must_belong(&self, checkout: &UserCheckout) -> Result<(), WorkspaceError> {
        if !self.directories.is_known(checkout) {
            turn::must_belong(&self.mirror, checkout).await?;
            self.directories.learn(checkout);
        }
        Ok(())
    }

    async fn check(&self, turn: CheckoutTurn<'_>) -> Result<(), WorkspaceError> {
        self.must_belong(turn.checkout).await?;
        turn.check().await
    }

    async fn prepare_user_checkout(
        &self,
        turn: CheckoutTurn<'_>,
        layout: &Layout,
    ) -> Result<Prepared, WorkspaceError> {
        self.must_belong(turn.checkout).await?;
        let tree = &turn.checkout.paths.tree;
        let warning = self.tree_of(turn.paths, layout).await?.map(|_| {
            format!(
                "the change touches files that configure agents; {} is the user's own checkout, so the agent there sees \
                 them as they are in the change",
                tree.display()
            )
        });
        let salvaged = turn.prepare(layout.head()).await?;
        Ok(Prepared { path: tree.clone(), salvaged, warning })
    }

    /// Ends a turn whose work is in a commit: a checkout of the user remains at this commit.
    async fn close(
        &self,
        workplace: &Workplace,
        head: &CommitSha,
        at: &CommitSha,
    ) -> Result<(), WorkspaceError> {
        if let Some(turn) = CheckoutTurn::of(&self.mirror, workplace) {
            turn.settle(head, at).await?;
            self.directories.leave(turn.paths, turn.checkout);
        }
        workplace.paths().close()
    }
}

#[async_trait]
impl Workspace for GitWorkspace {
    async fn refresh(&self) -> Result<(), WorkspaceError> {
        let hold = self.mirror.hold().await?;
        self.bring_up_to_date(&hold).await
    }

    async fn tip(&self, branch: &BranchName) -> Result<Option<CommitSha>, WorkspaceError> {
        self.target().tip(branch).await
    }

    async fn merge_base(&self, one: &CommitSha, other: &CommitSha) -> Result<CommitSha, WorkspaceError> {
        if let Some(base) = self.mirror.facts().base(one, other) {
            return Ok(base);
        }
        let base = self.sound(|| self.mirror.merge_base(one, other)).await?;
        self.mirror.facts().learn_base(one, other, &base);
        Ok(base)
    }

    async fn contains(&self, commit: &CommitSha, ancestor: &CommitSha) -> Result<bool, WorkspaceError> {
        if self.mirror.facts().contains(commit, ancestor) {
            return Ok(true);
        }
        let contains = self.sound(|| self.mirror.contains(commit, ancestor)).await?;
        if contains {
            self.mirror.facts().learn_ancestry(commit, ancestor);
        }
        Ok(contains)
    }

    async fn tree(&self, commit: &CommitSha) -> Result<TreeSha, WorkspaceError> {
        self.sound(|| self.mirror.tree(commit)).await
    }

    async fn difference(
        &self,
        from: &CommitSha,
        to: &CommitSha,
        excerpt_bytes: usize,
    ) -> Result<Difference, WorkspaceError> {
        if let Some(known) = self.mirror.facts().difference(from, to, excerpt_bytes) {
            return Ok(known);
        }
        let diffs = &self.folders.diffs;
        let found =
            self.sound(|| difference::difference(&self.mirror, diffs, from, to, excerpt_bytes)).await?;
        self.mirror.facts().learn_difference(from, to, excerpt_bytes, &found);
        Ok(found)
    }

    async fn conflicts(&self, parents: &MergeParents) -> Result<Vec<String>, WorkspaceError> {
        // Commands that only look ask this too, and they repair nothing. A run fetches if this fails, which repairs.
        merge::conflicts(&self.mirror, parents).await
    }

    async fn begin_merge(&self, parents: &MergeParents) -> Result<CommitSha, WorkspaceError> {
        self.sound(|| merge::begin(&self.mirror, parents)).await
    }

    async fn finish_merge(
        &self,
        parents: &MergeParents,
        files: &CommitSha,
        message: &str,
    ) -> Result<MergeEnd, WorkspaceError> {
        self.sound(|| merge::finish(&self.mirror, parents, files, message)).await
    }

    async fn prepare(&self, clone_id: &CloneId, layout: &Layout) -> Result<Prepared, WorkspaceError> {
        let workplace = self.workplace(clone_id)?;
        let Some(turn) = CheckoutTurn::of(&self.mirror, &workplace) else {
            let tree = self.tree_of(workplace.paths(), layout).await?;
            let prepared = self
                .sound(|| prepare::prepare(&self.mirror, &workplace, layout, tree.clone(), &self.settled))
                .await?;
            return unfinished::lay_out(&self.mirror, &workplace, layout, prepared).await;
        };
        self.directories.enter(turn.paths, turn.checkout).await?;
        let prepared = match self.prepare_user_checkout(turn, layout).await {
            Ok(prepared) => unfinished::lay_out(&self.mirror, &workplace, layout, prepared).await,
            Err(error) => Err(error),
        };
        if prepared.is_err() {
            self.directories.leave(turn.paths, turn.checkout);
        }
        prepared
    }

    fn is_user_checkout(&self, clone_id: &CloneId) -> bool {
        self.directory(clone_id).is_some()
    }

    async fn check_user_checkout(&self, clone_id: &CloneId) -> Result<(), WorkspaceError> {
        let workplace = self.workplace(clone_id)?;
        let Some(turn) = CheckoutTurn::of(&self.mirror, &workplace) else { return Ok(()) };
        self.directories.enter(turn.paths, turn.checkout).await?;
        let checked = self.check(turn).await;
        self.directories.leave(turn.paths, turn.checkout);
        checked
    }

    async fn empty(&self, clone_id: &CloneId) -> Result<PathBuf, WorkspaceError> {
        let paths = ClonePaths::new(&self.folders.clones, clone_id);
        self.settled.take(clone_id);
        remove(&paths.checkout.tree)?;
        make_folder(&paths.checkout.tree)?;
        Ok(paths.checkout.tree.clone())
    }

    async fn harvest(
        &self,
        clone_id: &CloneId,
        head: &CommitSha,
        message: &str,
    ) -> Result<AfterTurn<Harvest>, WorkspaceError> {
        let workplace = self.workplace(clone_id)?;
        let harvest =
            self.sound(|| harvest::harvest(&self.mirror, &workplace, head, message, &self.settled)).await?;
        let at = match &harvest.found {
            Harvest::Unchanged => head,
            Harvest::Commit(commit) => {
                self.mirror.facts().learn_ancestry(commit, head);
                commit
            }
            Harvest::Unfit { salvage, .. } => &salvage.commit,
        };
        self.close(&workplace, head, at).await?;
        Ok(harvest)
    }

    async fn salvage(&self, clone_id: &CloneId, head: &CommitSha) -> Result<Option<Salvage>, WorkspaceError> {
        let workplace = self.workplace(clone_id)?;
        let kept = self.sound(|| harvest::salvage(&self.mirror, &workplace, head)).await?;
        self.close(&workplace, head, kept.as_ref().map_or(head, |kept| &kept.commit)).await?;
        Ok(kept)
    }

    async fn back_up(&self, clone_id: &CloneId, head: &CommitSha) -> Result<Option<Salvage>, WorkspaceError> {
        let workplace = self.workplace(clone_id)?;
        self.sound(|| harvest::salvage(&self.mirror, &workplace, head)).await
    }

    async fn keep(&self, subject: &Subject, commit: &CommitSha) -> Result<Salvage, WorkspaceError> {
        salvage::keep(&self.mirror, subject, commit).await
    }

    async fn inspect(
        &self,
        clone_id: &CloneId,
        head: &CommitSha,
    ) -> Result<AfterTurn<Inspection>, WorkspaceError> {
        let workplace = self.workplace(clone_id)?;
        let inspection = self.sound(|| inspect::inspect(&self.mirror, &workplace, head, &self.settled)).await;
        if let Workplace::UserCheckout(paths, checkout) = &workplace {
            // Files that the reviewer left are not removed now: the next turn saves and reports them. An obstacle is reported
            // then too, so that it does not hide the result of this turn.
            if checkout.is_as_found()
                && matches!(harvest::salvage(&self.mirror, &workplace, head).await, Ok(None))
            {
                self.close(&workplace, head, head).await?;
            }
            self.directories.leave(paths, checkout);
        }
        inspection
    }

    async fn push(
        &self,
        branch: &BranchName,
        commit: &CommitSha,
        expected: Option<&CommitSha>,
    ) -> Result<Push, WorkspaceError> {
        let moving = Moving { branch: branch.clone(), from: expected.cloned(), to: commit.clone() };
        let push = async {
            // Other loops wait for the branch, not for the comparison.
            let hold = self.mirror.hold().await?;
            let push = || async { self.target().push(&hold, &moving).await };
            renewal::sound_held(&self.mirror, &hold, &self.remote, push).await
        };
        // The reviewers need the difference next. If git cannot compare now, an observation will show it.
        let compare = async {
            if let Some((base, bytes)) = expected.and_then(|parent| self.mirror.facts().compared(parent)) {
                let _ = self.difference(&base, commit, bytes).await;
            }
        };
        tokio::join!(push, compare).0
    }
}
