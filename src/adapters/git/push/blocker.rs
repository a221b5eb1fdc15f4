//! The reasons why a checkout of the user cannot be moved or used by an agent, each with a fix.

use std::path::{Path, PathBuf};

use crate::adapters::git::runner::as_typed;
use crate::ports::workspace::Push;

use super::intent::Moving;

/// The reason why a checkout cannot be updated to its branch, or be used by an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Blocker {
    /// A tracked file is edited or deleted, or something is staged.
    Edited(String),
    /// An untracked file is where the move puts a file.
    Occupied(String),
    /// A folder in which files move is not writable.
    Unwritable(PathBuf),
    /// `git add --intent-to-add` was used: git does not stash such a file.
    IntendedToAdd(String),
    /// An edited file is hidden from `git status` by skip-worktree or assume-unchanged.
    Hidden(String),
    /// The index is locked by another git, or by one that was killed.
    Locked(String),
    /// git rejected the rehearsal; the text is git's.
    Refused(String),
    /// A tracked file is left out by a sparse checkout.
    Sparse(String),
    /// A file differs from its commit only in line endings, which `git status` does not show.
    LineEndings(String),
    /// Another repository is in the checkout.
    Nested(String),
    /// git cannot read all files; the text is git's.
    Unreadable(String),
    /// A merge or a similar operation is not finished.
    Unfinished(&'static str),
    SplitIndex,
    NoCommit,
}

impl Blocker {
    pub(crate) fn staged() -> Self {
        Self::Edited("the index".to_owned())
    }

    /// Returns the refusal to move a branch whose checkout cannot be updated.
    pub(crate) fn refusal(&self, moving: &Moving, folder: &Path) -> Push {
        let (cause, remedy) = self.explained(folder);
        Push::Refused(format!(
            "`{}` is checked out in {}, and this checkout cannot be updated: {}\n{remedy}, then run the command again",
            moving.branch,
            folder.display(),
            cause.trim_end().replace('\n', "; "),
        ))
    }

    /// Returns the reason and the fix.
    pub(crate) fn explained(&self, folder: &Path) -> (String, String) {
        let typed = |arguments: &[&str]| format!("`{}`", as_typed(folder, arguments));
        let finish = "finish or abort it".to_owned();
        match self {
            Self::Edited(path) => {
                let stash = typed(&["stash", "push", "--include-untracked"]);
                let pop = typed(&["stash", "pop"]);
                let remedy = format!(
                    "commit or stash them ({stash}; afterwards {pop} applies them again, as a merge that may conflict)"
                );
                (format!("{path} has uncommitted changes"), remedy)
            }
            Self::Occupied(path) => (
                format!("{path} is not tracked there, and the change adds it"),
                format!("move {} away", folder.join(path).display()),
            ),
            Self::Unwritable(folder) => (
                format!("you may not write in the folder {}", folder.display()),
                "make it writable".to_owned(),
            ),
            Self::IntendedToAdd(path) => (
                format!("{path} is marked by `git add -N`"),
                format!("add it, or remove the mark ({})", typed(&["reset", "--", path])),
            ),
            Self::Hidden(path) => {
                let show = ["update-index", "--no-skip-worktree", "--no-assume-unchanged", "--", path];
                let hidden = "that `git status` does not show (skip-worktree or assume-unchanged)";
                (
                    format!("{path} has uncommitted changes {hidden}"),
                    format!("show them ({}), and commit or stash them", typed(&show)),
                )
            }
            Self::Locked(lock) => (
                format!("another git is running there, or was killed: {lock} exists"),
                format!("wait for it, or remove {lock} if no git is running"),
            ),
            Self::Refused(text) => (text.clone(), "correct the cause".to_owned()),
            Self::Sparse(path) => {
                let full = typed(&["sparse-checkout", "disable"]);
                (format!("its sparse checkout leaves out {path}"), format!("check out everything ({full})"))
            }
            Self::LineEndings(path) => {
                let clone = typed(&["clone", "-c", "core.autocrlf=false", ".", "FOLDER"]);
                (
                    format!("the line endings of {path} differ from those of its commit (core.autocrlf)"),
                    format!("name a checkout with the committed line endings ({clone})"),
                )
            }
            Self::Nested(path) => (format!("{path} is another repository"), "move it away".to_owned()),
            Self::Unreadable(text) => (text.clone(), "make all files readable".to_owned()),
            Self::Unfinished(what) => (format!("it is in the middle of {what}"), finish),
            Self::SplitIndex => {
                let whole = typed(&["update-index", "--no-split-index"]);
                ("its index cannot be read, or is split".to_owned(), format!("unsplit it ({whole})"))
            }
            Self::NoCommit => ("its HEAD has no commit".to_owned(), "check out a branch".to_owned()),
        }
    }
}
