//! A checkout of the user in which an agent works: its paths, and updates of its HEAD and index without git. Runs nothing.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use crate::adapters::clock::SystemClock;
use crate::adapters::git::checkout_paths::CheckoutPaths;
use crate::adapters::git::clone::agent_head;
use crate::adapters::git::clone::paths::ClonePaths;
use crate::adapters::git::disk::{
    copy_with_time, failed, is_plain_folder, read_at_most, read_file, remove, rename, write_file,
};
use crate::adapters::git::identity::Identity;
use crate::adapters::git::mirror::refs::common_folder;
use crate::adapters::git::push::blocker::Blocker;
use crate::domain::ids::CommitSha;
use crate::ports::clock::Clock;
use crate::ports::workspace::WorkspaceError;

use super::explicit_directory::ExplicitDirectory;

/// A file in the git folder with the clone that used the checkout last.
const LAST_CLONE: &str = "agent-loop.clone";
/// The maximum length of that name.
const NAME_BYTES: u64 = 4096;
/// The files that mark an unfinished git operation, with the names of the operations.
const MIDDLES: &[(&str, &str)] = &[
    ("MERGE_HEAD", "a merge"),
    ("CHERRY_PICK_HEAD", "a cherry-pick"),
    ("REVERT_HEAD", "a revert"),
    ("rebase-merge", "a rebase"),
    ("rebase-apply", "a rebase"),
    ("BISECT_LOG", "a bisection"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BranchSharing {
    Own,
    /// The branches of the forge's repository, which others move at any time.
    Shared,
}

/// A checkout of the user.
#[derive(Debug, Clone)]
pub(crate) struct UserCheckout {
    given: ExplicitDirectory,
    pub(crate) paths: CheckoutPaths,
    branches: BranchSharing,
}

impl UserCheckout {
    pub(crate) fn find(given: &ExplicitDirectory, forge: &Path) -> Result<Self, WorkspaceError> {
        if !given.path.is_absolute() {
            return Err(given.unusable("is not an absolute path"));
        }
        let paths = CheckoutPaths::find(&given.path)
            .ok_or_else(|| given.unusable("is not the root of a checkout"))?;
        if paths.common.join("reftable").exists() {
            return Err(given.unusable("keeps its branches in a format (reftable) that is not supported"));
        }
        let forges = common_folder(forge).and_then(|folder| folder.canonicalize().ok());
        let branches =
            if forges.as_ref() == Some(&paths.common) { BranchSharing::Shared } else { BranchSharing::Own };
        Ok(Self { given: given.clone(), paths, branches })
    }

    pub(crate) fn is_the(&self, given: &ExplicitDirectory) -> bool {
        self.given == *given
    }

    /// Returns whether its paths are still the same.
    pub(crate) fn is_as_found(&self) -> bool {
        CheckoutPaths::find(&self.given.path).as_ref() == Some(&self.paths)
    }

    pub(crate) fn is_the_forges(&self) -> bool {
        self.branches == BranchSharing::Shared
    }

    /// Returns the user's own list of ignored files here, as an option of `git ls-files`.
    pub(crate) fn excludes(&self) -> Option<OsString> {
        let file = self.paths.common.join("info/exclude");
        let is_plain = fs::symlink_metadata(&file).is_ok_and(|metadata| metadata.is_file());
        is_plain.then(|| {
            let mut option = OsString::from("--exclude-from=");
            option.push(file);
            option
        })
    }

    pub(crate) fn head(&self) -> Result<CommitSha, WorkspaceError> {
        agent_head::head(&self.paths.git, &self.paths.common).ok_or_else(|| self.unfit(&Blocker::NoCommit))
    }

    /// Returns whether a turn of this agent was the last user of the checkout: a person who works here has a branch checked
    /// out.
    pub(crate) fn was_left_by(&self, paths: &ClonePaths) -> bool {
        let last = read_at_most(&self.paths.git.join(LAST_CLONE), NAME_BYTES);
        let is_detached = agent_head::raw_head(&self.paths.git).is_some_and(|head| !head.starts_with("ref:"));
        is_detached && last.is_some_and(|last| last == paths.id.path().as_bytes())
    }

    /// Writes to the git folder which clone uses the checkout.
    pub(crate) fn mark(&self, paths: &ClonePaths) -> Result<(), WorkspaceError> {
        write_file(&self.paths.git.join(LAST_CLONE), paths.id.path().as_bytes())
    }

    /// Checks that no git operation is running or unfinished in the checkout.
    pub(crate) fn must_be_idle(&self) -> Result<(), WorkspaceError> {
        if !self.is_as_found() {
            return Err(self.unusable("is no longer the same checkout"));
        }
        let is_there = |name: &str| fs::symlink_metadata(self.paths.git.join(name)).is_ok();
        if let Some((_, what)) = MIDDLES.iter().find(|(name, _)| is_there(name)) {
            return Err(self.unfit(&Blocker::Unfinished(what)));
        }
        match ["index.lock", "HEAD.lock"].into_iter().find(|name| is_there(name)) {
            Some(lock) => Err(self.unfit(&Blocker::Locked(self.paths.git.join(lock).display().to_string()))),
            None => Ok(()),
        }
    }

    /// Detaches HEAD at a commit, and installs a copy of our index. No file of the checkout is changed, and no branch.
    pub(crate) fn stand(
        &self,
        index: &Path,
        commit: &CommitSha,
        identity: &Identity,
    ) -> Result<(), WorkspaceError> {
        if !self.is_as_found() || !is_plain_folder(&self.paths.git) {
            return Err(self.unusable("is no longer the same checkout"));
        }
        let copy = self.paths.git.join("agent-loop.index");
        remove(&copy)?;
        copy_with_time(index, &copy)?;
        rename(&copy, &self.paths.git.join("index"))?;
        self.detach(commit, identity)
    }

    /// Detaches HEAD at a commit, with an entry in its log, so that `git reflog` shows the previous commit.
    pub(crate) fn detach(&self, commit: &CommitSha, identity: &Identity) -> Result<(), WorkspaceError> {
        let line = format!("{commit}\n");
        if agent_head::raw_head(&self.paths.git).as_deref() == Some(line.as_str()) {
            return Ok(());
        }
        let old = agent_head::head(&self.paths.git, &self.paths.common);
        write_file(&self.paths.git.join("HEAD"), line.as_bytes())?;
        let log = self.paths.git.join("logs/HEAD");
        if !fs::symlink_metadata(&log).is_ok_and(|metadata| metadata.is_file()) {
            return Ok(());
        }
        let old = old.map_or_else(|| "0".repeat(commit.as_str().len()), |old| old.to_string());
        let who = [&identity.name, &identity.email].map(|text| text.replace(['<', '>', '\n'], ""));
        let [name, email] = who;
        let now = SystemClock.now().as_second();
        let entry = format!("{old} {commit} {name} <{email}> {now} +0000\tagent-loop: moving to {commit}\n");
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::open(&log, flags, Mode::empty()).map(File::from);
        let appended = file.map_err(Into::into).and_then(|mut log| log.write_all(entry.as_bytes()));
        appended.map_err(|cause| failed("write", &log, &cause))
    }

    /// Stores the current refs outside of the checkout.
    pub(crate) fn remember_refs(&self, paths: &ClonePaths) -> Result<(), WorkspaceError> {
        let refs = match self.branches {
            BranchSharing::Own => agent_head::refs(&self.paths.common),
            BranchSharing::Shared => None,
        };
        remember_refs(paths, refs.as_ref())
    }

    /// Returns the error that names an obstacle and its remedy.
    pub(crate) fn unfit(&self, blocker: &Blocker) -> WorkspaceError {
        let (cause, remedy) = blocker.explained(&self.paths.tree);
        WorkspaceError::Unclean(format!(
            "{} {} is not clean: {}\nan agent works there only when it is clean, and nothing in it is discarded: {remedy}, \
             then run again",
            self.given.flag,
            self.paths.tree.display(),
            cause.trim_end(),
        ))
    }

    /// Returns the error that the checkout cannot be used.
    pub(crate) fn unusable(&self, why: &str) -> WorkspaceError {
        self.given.unusable(why)
    }
}

/// Stores the refs of a workplace before a turn.
pub(crate) fn remember_refs(
    paths: &ClonePaths,
    refs: Option<&BTreeMap<String, String>>,
) -> Result<(), WorkspaceError> {
    let bytes = serde_json::to_vec(&refs)
        .map_err(|cause| WorkspaceError::Disk(format!("could not note the refs: {cause}")))?;
    write_file(&paths.refs(), &bytes)
}

/// Returns the stored refs; `None` if they are not the checkout's own.
pub(crate) fn remembered_refs(
    paths: &ClonePaths,
) -> Result<Option<BTreeMap<String, String>>, WorkspaceError> {
    let bytes = read_file(&paths.refs())?.unwrap_or_default();
    Ok(serde_json::from_slice(&bytes).ok().flatten())
}
