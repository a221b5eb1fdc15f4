//! The user's own checkouts of a branch that moves: finds them, checks their state, and updates them. Never runs a hook,
//! never overwrites content that exists nowhere else.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::adapters::git::disk::{copy_with_time, remove};
use crate::adapters::git::mirror::{Mirror, refs};
use crate::adapters::git::runner::{Git, ask, failure, fields, must, os};
use crate::adapters::process::command::CommandLine;
use crate::adapters::process::exit::Exit;
use crate::domain::ids::BranchName;
use crate::ports::workspace::WorkspaceError;

use super::blocker::{Blocker, filter_failure};
use super::intent::Moving;
use super::obstruction::{Statuses, in_the_way, statuses, unwritable};

const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const EMPTY_TREE_256: &str = "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321";

/// The state of a checkout when its branch moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CheckoutState {
    /// The index is at the new commit, or the move changes no file.
    Settled,
    /// Clean, at the old commit.
    Clean,
    /// The index is at the old commit, and every differing file has its new content or is missing: an earlier move was
    /// interrupted. The path is one of these files.
    HalfMoved(String),
    /// A move would lose something, or git would refuse it.
    Blocked(Blocker),
    /// The index is at neither commit.
    Elsewhere,
}

/// Returns the folders in which a branch is checked out. No spawn if git's files show that there are none, else one.
pub(crate) async fn checkouts(
    git: &Git,
    repository: &Path,
    branch: &BranchName,
) -> Result<Vec<PathBuf>, WorkspaceError> {
    if refs::is_checked_out_nowhere(repository, branch) {
        return Ok(Vec::new());
    }
    let line = git.anywhere(repository).arguments(["worktree", "list", "--porcelain", "-z"]);
    let output = must(line, &format!("list the checkouts of {}", repository.display())).await?;
    let wanted = format!("branch refs/heads/{branch}");
    let mut found = Vec::new();
    let mut current: Option<PathBuf> = None;
    for field in fields(&output) {
        if let Some(path) = field.strip_prefix(b"worktree ") {
            current = Some(PathBuf::from(os(path)));
        } else if field == wanted.as_bytes() {
            // git also lists a checkout whose folder was deleted by hand, and lists one with its git folder elsewhere by that
            // folder.
            let listed = current.take().filter(|path| path.is_dir());
            found.extend(listed.map(|path| {
                let is_checkout = path.join(".git").exists() || !repository.join(".git").exists();
                if is_checkout { path } else { repository.to_owned() }
            }));
        }
    }
    Ok(found)
}

/// A checkout that moves from one commit to another.
pub(crate) struct Checkout<'a> {
    git: &'a Git,
    path: &'a Path,
    from: String,
    to: String,
    scratch: PathBuf,
}

impl<'a> Checkout<'a> {
    pub(crate) fn new(mirror: &'a Mirror, path: &'a Path, moving: &Moving) -> Result<Self, WorkspaceError> {
        let empty = if moving.to.as_str().len() == 64 { EMPTY_TREE_256 } else { EMPTY_TREE };
        Ok(Self {
            git: mirror.git(),
            path,
            from: moving.from.as_ref().map_or_else(|| empty.to_owned(), ToString::to_string),
            to: moving.to.to_string(),
            scratch: moving.scratch(mirror)?,
        })
    }

    /// Determines the state of the checkout on a copy of its index. Ten spawns if the checkout is clean.
    pub(crate) async fn state(&self) -> Result<CheckoutState, WorkspaceError> {
        remove(&self.scratch.with_extension("lock"))?;
        remove(&self.scratch)?;
        let index = self.index().await?;
        let lock = index.with_extension("lock");
        if lock.exists() {
            return Ok(CheckoutState::Blocked(Blocker::Locked(lock.display().to_string())));
        }
        if index.exists() {
            copy_with_time(&index, &self.scratch)?;
        }
        let state = self.judged().await;
        remove(&self.scratch)?;
        remove(&self.rehearsed_files())?;
        match state {
            Err(WorkspaceError::Git(text)) => match filter_failure(&text) {
                Some(words) => Ok(CheckoutState::Blocked(Blocker::Filter(words))),
                None => Err(WorkspaceError::Git(text)),
            },
            state => state,
        }
    }

    /// Updates a clean checkout. git itself checks again that nothing is lost. Two spawns.
    pub(crate) async fn follow(&self) -> Result<(), WorkspaceError> {
        self.step(&self.from, &self.to).await
    }

    /// Moves an updated checkout back to the old commit. Two spawns.
    pub(crate) async fn go_back(&self) -> Result<(), WorkspaceError> {
        self.step(&self.to, &self.from).await
    }

    async fn step(&self, from: &str, to: &str) -> Result<(), WorkspaceError> {
        // Only times may be outdated; real differences were found before, and read-tree rejects them.
        self.refresh(self.line()).await?;
        let line = self.line().arguments(["read-tree", "-m", "-u", from, to]);
        must(line, &self.what("move")).await.map(drop)
    }

    /// Reverts a move that git did not complete. Two spawns.
    pub(crate) async fn restore(&self) -> Result<(), WorkspaceError> {
        let index = self.index().await?;
        copy_with_time(&index, &self.scratch)?;
        let read = self.copy().arguments(["read-tree", "-i", "-m", &self.from, &self.to]);
        must(read, &self.what("restore")).await?;
        let back = self.copy().arguments(["read-tree", "--reset", "-u", &self.from]);
        let restored = must(back, &self.what("restore")).await.map(drop);
        remove(&self.scratch)?;
        restored
    }

    /// Completes an interrupted move. One spawn.
    pub(crate) async fn finish(&self) -> Result<(), WorkspaceError> {
        must(self.line().arguments(["read-tree", "--reset", "-u", &self.to]), &self.what("move"))
            .await
            .map(drop)
    }

    async fn judged(&self) -> Result<CheckoutState, WorkspaceError> {
        if self.index_is_at(&self.to).await? {
            return Ok(CheckoutState::Settled);
        }
        if !self.index_is_at(&self.from).await? {
            return Ok(CheckoutState::Elsewhere);
        }
        let filter = self.refresh(self.copy()).await?;
        let old = self.differing().await?;
        let moves = self.moves().await?;
        // git would overwrite an ignored file, although it exists nowhere else.
        let free = moves.iter().all(|(path, status)| *status != b'A' || !in_the_way(self.path, path, &moves));
        if !old.is_empty() || !free {
            return Ok(match (self.half_moved(&old, &moves).await?, filter) {
                (CheckoutState::Blocked(Blocker::Edited(_)), Some(words)) => {
                    CheckoutState::Blocked(Blocker::Filter(words))
                }
                (state, _) => state,
            });
        }
        if let Some(folder) = unwritable(self.path, &moves) {
            return Ok(CheckoutState::Blocked(Blocker::Unwritable(folder)));
        }
        if let Some(path) = self.hidden_change(&moves).await? {
            return Ok(CheckoutState::Blocked(Blocker::Hidden(path)));
        }
        match self.rehearse(&moves).await? {
            None => Ok(CheckoutState::Clean),
            Some(words) => Ok(CheckoutState::Blocked(Blocker::of_git(words))),
        }
    }

    /// Returns a file of the move that differs from the index although git was told to ignore changes in it. Two spawns, four
    /// more if there is a file with such a flag.
    async fn hidden_change(&self, moves: &Statuses) -> Result<Option<String>, WorkspaceError> {
        let listed = must(self.copy().arguments(["ls-files", "-v", "-z"]), &self.what("read")).await?;
        let hidden = fields(&listed).filter_map(|entry| {
            let (tag, path) = entry.split_at_checked(2)?;
            let is_hidden = tag.first().is_some_and(|tag| *tag == b'S' || tag.is_ascii_lowercase());
            let is_there = moves.contains_key(path) && fs::symlink_metadata(self.path.join(os(path))).is_ok();
            (is_hidden && is_there).then_some(path)
        });
        let paths: Vec<u8> = hidden.flat_map(|path| [path, b"\0"].concat()).collect();
        if paths.is_empty() {
            return Ok(None);
        }
        for flag in ["--no-skip-worktree", "--no-assume-unchanged"] {
            let show = self.copy().arguments(["update-index", flag, "-z", "--stdin"]).input(paths.clone());
            must(show, &self.what("read")).await?;
        }
        self.refresh(self.copy()).await?;
        let differing = self.differing().await?;
        Ok(differing.keys().next().map(|path| String::from_utf8_lossy(path).into_owned()))
    }

    /// Moves a copy of the index, and writes the new files to another folder with the user's filters. Returns the error of
    /// git, if any. Two spawns.
    async fn rehearse(&self, moves: &Statuses) -> Result<Option<String>, WorkspaceError> {
        let there = |(path, status): (&Vec<u8>, &u8)| (*status != b'D').then(|| [path, &b"\0"[..]].concat());
        let paths: Vec<u8> = moves.iter().filter_map(there).flatten().collect();
        let move_index = self.copy().arguments(["read-tree", "-m", "-u", "-n", &self.from, &self.to]);
        let read = self.copy().arguments(["read-tree", "-i", "-m", &self.from, &self.to]);
        let mut prefix = OsString::from("--prefix=");
        prefix.push(self.rehearsed_files().join(""));
        let write =
            self.copy().variable("GIT_ATTR_SOURCE", &self.to).arguments(["checkout-index", "-z", "--stdin"]);
        for line in [move_index, read, write.argument(prefix).input(paths)] {
            let captured = ask(line, &self.what("move")).await?;
            if !captured.exit.is_success() {
                return Ok(Some(failure(&captured, &self.what("move")).to_string()));
            }
        }
        Ok(None)
    }

    /// Returns the folder for the new files of a rehearsal.
    fn rehearsed_files(&self) -> PathBuf {
        self.scratch.with_extension("files")
    }

    /// Returns the files of the new commit that are there and not in the old one. One spawn.
    pub(crate) async fn new_files(&self) -> Result<Vec<OsString>, WorkspaceError> {
        let is_there = |path: &Vec<u8>| fs::symlink_metadata(self.path.join(os(path))).is_ok();
        let added =
            self.moves().await?.into_iter().filter(|(path, status)| *status == b'A' && is_there(path));
        Ok(added.map(|(path, _)| os(&path).to_owned()).collect())
    }

    async fn moves(&self) -> Result<Statuses, WorkspaceError> {
        let compare = ["diff-tree", "-r", "-z", "--no-renames", "--name-status"];
        let line = self.line().arguments(compare).arguments([&self.from, &self.to]);
        Ok(statuses(&must(line, &self.what("read")).await?))
    }

    /// Checks that each file has either its old or its new content. `old` lists the files that differ from the old commit.
    async fn half_moved(&self, old: &Statuses, moves: &Statuses) -> Result<CheckoutState, WorkspaceError> {
        let read = self.copy().arguments(["read-tree", "-i", "-m", &self.from, &self.to]);
        must(read, &self.what("read")).await?;
        self.refresh(self.copy()).await?;
        let new = self.differing().await?;
        let is_missing = |path: &Vec<u8>| [old, &new].iter().all(|found| found.get(path) == Some(&b'D'));
        let paths: BTreeSet<&Vec<u8>> = old.keys().chain(new.keys()).collect();
        let lost = paths.into_iter().find(|path| match moves.get(*path) {
            Some(b'A') => {
                new.get(*path).is_some_and(|status| *status != b'D' || in_the_way(self.path, path, moves))
            }
            Some(b'D') => old.get(*path).is_some_and(|status| *status != b'D'),
            // git removes a file before it writes the new content.
            Some(_) if is_missing(path) => in_the_way(self.path, path, moves),
            Some(_) | None => old.contains_key(*path) && new.contains_key(*path),
        });
        let first =
            || old.keys().chain(moves.keys()).next().map(|path| String::from_utf8_lossy(path).into_owned());
        Ok(lost.map_or_else(
            || CheckoutState::HalfMoved(first().unwrap_or_default()),
            |path| {
                let name = String::from_utf8_lossy(path).into_owned();
                CheckoutState::Blocked(match (old.get(path), moves.get(path)) {
                    (Some(b'A'), _) => Blocker::IntendedToAdd(name),
                    (None, Some(b'A')) => Blocker::Occupied(name),
                    (Some(_) | None, Some(_) | None) => Blocker::Edited(name),
                })
            },
        ))
    }

    async fn index(&self) -> Result<PathBuf, WorkspaceError> {
        let line = self.line().arguments(["rev-parse", "--path-format=absolute", "--git-path", "index"]);
        let output = must(line, &self.what("read")).await?;
        Ok(PathBuf::from(os(output.strip_suffix(b"\n").unwrap_or(&output))))
    }

    async fn index_is_at(&self, commit: &str) -> Result<bool, WorkspaceError> {
        self.says_yes(self.copy().arguments([
            "diff-index",
            "--cached",
            "--ita-invisible-in-index",
            "--quiet",
            commit,
        ]))
        .await
    }

    /// Updates the times in an index. Returns what git says about a filter that failed: its file looks changed.
    async fn refresh(&self, line: CommandLine) -> Result<Option<String>, WorkspaceError> {
        let (_, words) = self.answered(line.arguments(["update-index", "-q", "--refresh"])).await?;
        Ok(filter_failure(&words))
    }

    async fn says_yes(&self, line: CommandLine) -> Result<bool, WorkspaceError> {
        Ok(self.answered(line).await?.0 == Exit::Code(0))
    }

    /// Runs git, which must end with 0 or 1, and returns its exit and its messages.
    async fn answered(&self, line: CommandLine) -> Result<(Exit, String), WorkspaceError> {
        let captured = ask(line, &self.what("read")).await?;
        match captured.exit {
            Exit::Code(0 | 1) => Ok((captured.exit, captured.stderr)),
            Exit::Code(_) | Exit::Signal(_) => Err(failure(&captured, &self.what("read"))),
        }
    }

    async fn differing(&self) -> Result<Statuses, WorkspaceError> {
        let line = self.copy().arguments(["diff-files", "--name-status", "-z", "--ignore-submodules=all"]);
        Ok(statuses(&must(line, &self.what("read")).await?))
    }

    fn line(&self) -> CommandLine {
        self.git.as_the_user(self.path)
    }

    fn copy(&self) -> CommandLine {
        self.line().variable("GIT_INDEX_FILE", &self.scratch)
    }

    fn what(&self, verb: &str) -> String {
        format!("{verb} the checkout {}", self.path.display())
    }
}
