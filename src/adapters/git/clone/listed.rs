//! Lists the differences between an index of ours and the files of a workplace, without ignored files: in a clone by a scan, in
//! a checkout of the user by git.

use std::collections::BTreeSet;
use std::path::Path;

use crate::adapters::files::open_up;
use crate::adapters::git::disk::{failed, remove_special_files};
use crate::adapters::git::mirror::Mirror;
use crate::adapters::git::mirror::objects::ObjectId;
use crate::adapters::git::push::blocker::Blocker;
use crate::adapters::git::runner::{ask, failure, must};
use crate::adapters::git::user_checkout::checkout::UserCheckout;
use crate::adapters::git::workplace::Workplace;
use crate::ports::workspace::WorkspaceError;

use super::ignored::Ignored;
use super::index_file::IndexFile;
use super::index_trees::IndexTrees;
use super::listing::Changes;
use super::scan::{CloneScan, expand};
use super::settled::NextLook;

/// The differences.
#[derive(Debug, Default)]
pub(super) struct WorkplaceChanges {
    pub(super) changes: Changes,
    /// Pipes, sockets and devices, which were removed.
    pub(super) special: Vec<Vec<u8>>,
    /// Untracked files that the user's own git settings ignore.
    pub(super) excluded: Vec<Vec<u8>>,
    /// The tree of the index, in a clone.
    pub(super) indexed: Option<ObjectId>,
    pub(super) next_look: NextLook,
}

impl WorkplaceChanges {
    /// Lists the differences. In a clone: no spawn if no file is untracked, else one, and one more if a folder is new.
    pub(super) async fn of(
        mirror: &Mirror,
        workplace: &Workplace,
        index: &Path,
    ) -> Result<Self, WorkspaceError> {
        let tree = &workplace.paths().checkout.tree;
        if workplace.user_checkout().is_none()
            && let Some(ours) = IndexFile::read(index)?
        {
            return Self::scanned(mirror, tree, index, ours).await;
        }
        let special =
            if workplace.user_checkout().is_none() { remove_special_files(tree) } else { Vec::new() };
        let changes = Changes::parse(&list(mirror, workplace, index).await?);
        let mut listed = Self { changes, special, ..Self::default() };
        let others = std::mem::take(&mut listed.changes.others);
        listed.changes.others = listed.wanted(mirror, tree, index, others).await?;
        Ok(listed)
    }

    async fn scanned(
        mirror: &Mirror,
        tree: &Path,
        index: &Path,
        ours: IndexFile,
    ) -> Result<Self, WorkspaceError> {
        let indexed = Some(IndexTrees::of(&ours).root);
        let scan = CloneScan::readable(tree, ours).await?;
        let next_look = scan.next_look();
        let tracked = scan.changed.into_iter().collect();
        let changes = Changes { tracked, ..Changes::default() };
        let mut listed = Self { changes, special: scan.removed, indexed, next_look, ..Self::default() };
        // An ignored folder is not read.
        let others = listed.wanted(mirror, tree, index, scan.others.into_iter().collect()).await?;
        let (folders, files): (Vec<_>, Vec<_>) = others.into_iter().partition(|path| path.ends_with(b"/"));
        let mut inside = BTreeSet::new();
        for folder in folders {
            let expanded = expand(tree, &folder, &mut listed.special);
            inside.extend(expanded.map_err(|cause| failed("read", tree, &cause))?);
        }
        listed.changes.others = listed.wanted(mirror, tree, index, inside).await?;
        listed.changes.others.extend(files);
        Ok(listed)
    }

    /// Leaves out ignored files.
    async fn wanted(
        &mut self,
        mirror: &Mirror,
        tree: &Path,
        index: &Path,
        mut others: BTreeSet<Vec<u8>>,
    ) -> Result<BTreeSet<Vec<u8>>, WorkspaceError> {
        let ignored = match Ignored::of(mirror.line_of_the_user(tree, index), others.iter()).await {
            Ok(ignored) => ignored,
            // The user's settings may be broken.
            Err(_) => Ignored::of(mirror.line_on(tree, index), others.iter()).await?,
        };
        others.retain(|path| !ignored.has(path));
        self.excluded.extend(ignored.by_user);
        Ok(others)
    }
}

/// Returns git's list. A folder that git may not read would look deleted.
async fn list(mirror: &Mirror, workplace: &Workplace, index: &Path) -> Result<Vec<u8>, WorkspaceError> {
    let tree = &workplace.paths().checkout.tree;
    let what = "list the changed files of a clone";
    let line = || {
        let options = ["ls-files", "-z", "-t", "-m", "-d", "-o", "--exclude-standard"];
        let excludes = workplace.user_checkout().and_then(UserCheckout::excludes);
        mirror.line_on(tree, index).arguments(options).arguments(excludes)
    };
    let captured = ask(line(), what).await?;
    if !captured.stderr.contains("ermission denied") {
        return if captured.exit.is_success() { Ok(captured.stdout) } else { Err(failure(&captured, what)) };
    }
    if let Some(checkout) = workplace.user_checkout() {
        return Err(checkout.unfit(&Blocker::Unreadable(captured.stderr)));
    }
    open_up(tree).map_err(|cause| failed("read", tree, &cause))?;
    must(line(), what).await
}
