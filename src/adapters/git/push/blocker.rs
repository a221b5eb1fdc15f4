//! The reasons why a checkout of the user cannot be moved or used by an agent, each with a fix.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::adapters::git::runner::as_typed;
use crate::domain::ids::CommitSha;
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
    /// A filter of the user failed; the text is git's last line, with what the filter printed.
    Filter(String),
    /// git stopped in the middle of a move, and could not restore the files.
    HalfMoved(HalfMove),
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

/// A checkout with files of two commits, because git failed in the middle of a move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HalfMove {
    /// The commit at which the branch is; `None` for a branch that does not exist.
    pub(crate) at: Option<CommitSha>,
    /// The error of git.
    pub(crate) cause: String,
    /// New files that git wrote, and that the branch does not have.
    pub(crate) left: Vec<OsString>,
}

impl HalfMove {
    fn explained(&self, folder: &Path) -> (String, String) {
        let place = self
            .at
            .as_ref()
            .map_or_else(|| "does not exist".to_owned(), |at| format!("is at {}", at.short()));
        let cause = filter_failure(&self.cause).unwrap_or_else(|| self.cause.clone());
        let cause = cause.trim_end();
        let restore = ["restore", "--staged", "--worktree", "--", ":/"].map(OsStr::new);
        let clean = ["clean", "-f", "-x", "--"]
            .into_iter()
            .map(OsStr::new)
            .chain(self.left.iter().map(OsString::as_os_str));
        let restore = self.at.as_ref().map(|_| as_typed(folder, restore));
        let clean = (!self.left.is_empty()).then(|| as_typed(folder, clean));
        let commands: Vec<String> =
            restore.into_iter().chain(clean).map(|command| format!("`{command}`")).collect();
        (
            format!(
                "the branch {place}, but some files of the checkout are missing or are those of the other commit, because git \
                 failed while it updated them and again while it restored them: {cause}"
            ),
            format!("correct the cause, and restore the files ({})", commands.join(", then ")),
        )
    }
}

fn filter(line: &str, folder: &Path) -> (String, String) {
    let shown = as_typed(folder, ["config", "--get-regexp", "filter"]);
    (
        format!("a filter of the repository failed: {line}"),
        format!("correct the cause (`{shown}` shows the filters)"),
    )
}

/// Returns git's last line about a filter that failed, with the last line that the filter printed.
pub(crate) fn filter_failure(text: &str) -> Option<String> {
    let is_gits = |line: &&str| line.starts_with("error: ") || line.starts_with("fatal: ");
    let after_ours = text.split_once("git ended with ").and_then(|(_, rest)| rest.split_once(": "));
    let lines: Vec<&str> = after_ours.map_or(text, |(_, rest)| rest).lines().collect();
    let is_failure = |line: &&&str| is_gits(line) && line.contains("filter ") && line.contains(" failed");
    let last = lines.iter().rev().find(is_failure)?;
    let own = lines.iter().rev().find(|line| !is_gits(line) && !line.trim().is_empty());
    Some(own.map_or_else(|| (*last).to_owned(), |own| format!("{last} ({})", own.trim())))
}

impl Blocker {
    /// Returns the reason for an error of git.
    pub(crate) fn of_git(text: String) -> Self {
        filter_failure(&text).map_or(Self::Refused(text), Self::Filter)
    }

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
            Self::Filter(line) => filter(line, folder),
            Self::HalfMoved(half) => half.explained(folder),
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
