//! What keeps a checkout from following its branch, and what a person types to remove it.

use std::path::Path;

use crate::adapters::git::runner::as_typed;
use crate::ports::workspace::Push;

use super::intent::Moving;

/// What keeps a checkout from following its branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Blocker {
    /// A tracked file is edited or deleted, or something is staged.
    Edited(String),
    /// Something that git does not track is where the move puts a file.
    Occupied(String),
    /// `git add --intent-to-add` was called: git does not stash such a file.
    IntendedToAdd(String),
    /// An edited file is hidden from `git status` by skip-worktree or assume-unchanged.
    Hidden(String),
    /// The index is locked by another git, or by one that was killed.
    Locked(String),
    /// git refused in a rehearsal; the text is git's.
    Refused(String),
}

impl Blocker {
    pub(crate) fn staged() -> Self {
        Self::Edited("the index".to_owned())
    }

    /// The refusal to move a branch whose checkout would not follow.
    pub(crate) fn refusal(&self, moving: &Moving, folder: &Path) -> Push {
        let (cause, remedy) = self.explained(folder);
        Push::Refused(format!(
            "the branch {} is checked out in {}, which can't follow: {}\n{remedy}, then run again",
            moving.branch,
            folder.display(),
            cause.trim_end().replace('\n', "; "),
        ))
    }

    fn explained(&self, folder: &Path) -> (String, String) {
        match self {
            Self::Edited(path) => {
                let command = as_typed(folder, ["stash", "push", "--include-untracked"]);
                (format!("{path} has changes"), format!("commit or stash there (`{command}`)"))
            }
            Self::Occupied(path) => (
                format!("{path} is not tracked there, and the change adds it"),
                format!("move {} away", folder.join(path).display()),
            ),
            Self::IntendedToAdd(path) => {
                let command = as_typed(folder, ["reset", "--", path]);
                (
                    format!("{path} is marked by `git add -N`"),
                    format!("add it, or take the mark away (`{command}`)"),
                )
            }
            Self::Hidden(path) => {
                let show = ["update-index", "--no-skip-worktree", "--no-assume-unchanged", "--", path];
                let command = as_typed(folder, show);
                (
                    format!(
                        "{path} has changes that `git status` does not show (skip-worktree or assume-unchanged)"
                    ),
                    format!("show them (`{command}`), and commit or stash them"),
                )
            }
            Self::Locked(lock) => (
                format!("another git is at work there, or was killed: {lock} exists"),
                format!("wait for it, or remove {lock} if no git is running"),
            ),
            Self::Refused(words) => (words.clone(), "correct the cause".to_owned()),
        }
    }
}
