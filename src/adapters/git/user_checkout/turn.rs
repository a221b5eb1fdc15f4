//! An agent's turn in a checkout of the user: prepared without discarding anything, and left clean. The git folder of every
//! git process here is ours; the checkout's own configuration, hooks and filters are never read.

use crate::adapters::git::clone::agent_head;
use crate::adapters::git::clone::agent_index;
use crate::adapters::git::clone::belonging::changes;
use crate::adapters::git::clone::git_folder::{self, write_export_gitdir};
use crate::adapters::git::clone::harvest;
use crate::adapters::git::clone::paths::{CloneNote, ClonePaths, ClonePhase, Noted};
use crate::adapters::git::disk::{make_folder, read_at_most, remove, remove_irregular, rename, write_file};
use crate::adapters::git::mirror::Mirror;
use crate::adapters::git::mirror::refs::SHALLOW;
use crate::adapters::git::push::blocker::Blocker;
use crate::adapters::git::push::obstruction::{in_the_way, statuses};
use crate::adapters::git::runner::{ask, failure, fields, must};
use crate::adapters::git::workplace::Workplace;
use crate::adapters::process::command::CommandLine;
use crate::domain::ids::CommitSha;
use crate::ports::workspace::{Salvage, WorkspaceError};

use super::checkout::UserCheckout;

/// The maximum size of git's list of shallow commits.
const SHALLOW_BYTES: u64 = 1024 * 1024 * 1024;

/// Checks that the checkout belongs to the repository: it is a checkout of the forge's repository itself, or its HEAD or one
/// of its branches is at a commit of the mirror. One spawn.
pub(crate) async fn must_belong(mirror: &Mirror, checkout: &UserCheckout) -> Result<(), WorkspaceError> {
    if checkout.is_the_forges() {
        return Ok(());
    }
    let refs = agent_head::refs(&checkout.paths.common).unwrap_or_default();
    let tips = refs.into_values().filter_map(|tip| tip.parse::<CommitSha>().ok()).chain(checkout.head().ok());
    let input = tips.fold(String::new(), |input, tip| input + tip.as_str() + "\n");
    let line = mirror.line().arguments(["cat-file", "--batch-check=%(objecttype)"]).input(input);
    let types = must(line, &format!("compare {} with the repository", checkout.paths.tree.display())).await?;
    if types.split(|byte| *byte == b'\n').any(|kind| kind == b"commit") {
        return Ok(());
    }
    Err(checkout.unusable("shares no commit with the repository"))
}

/// A turn in a checkout of the user.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CheckoutTurn<'turn> {
    mirror: &'turn Mirror,
    workplace: &'turn Workplace,
    pub(crate) paths: &'turn ClonePaths,
    pub(crate) checkout: &'turn UserCheckout,
}

impl<'turn> CheckoutTurn<'turn> {
    /// Returns the turn at a workplace; `None` in a clone.
    pub(crate) fn of(mirror: &'turn Mirror, workplace: &'turn Workplace) -> Option<Self> {
        match workplace {
            Workplace::Clone(_) => None,
            Workplace::UserCheckout(paths, checkout) => Some(Self { mirror, workplace, paths, checkout }),
        }
    }

    /// Checks that the checkout would be accepted now, without changing it. Two spawns.
    pub(crate) async fn check(&self) -> Result<(), WorkspaceError> {
        make_folder(&self.paths.folder)?;
        self.checkout.must_be_idle()?;
        if self.unfinished()?.is_some() {
            return Ok(());
        }
        let here = self.checkout.head()?;
        write_export_gitdir(self.paths, self.mirror.path(), &here)?;
        self.must_be_clean(&here).await
    }

    /// Prepares the checkout: HEAD detached at a commit, everything clean. The work of an unfinished turn of this agent is saved
    /// first; anything else that is not committed is an error. Three spawns, one more if the index is not ours, three more to
    /// move to another commit.
    pub(crate) async fn prepare(&self, head: &CommitSha) -> Result<Option<Salvage>, WorkspaceError> {
        make_folder(&self.paths.folder)?;
        self.checkout.must_be_idle()?;
        let salvaged = self.keep_unfinished().await?;
        let here = self.checkout.head()?;
        let identity = self.mirror.git().identity();
        write_export_gitdir(self.paths, self.mirror.path(), &here)?;
        self.must_be_clean(&here).await.map_err(|error| also_kept(error, salvaged.as_ref()))?;
        self.checkout.mark(self.paths)?;
        if here != *head {
            self.must_have_room(&here, head).await?;
            self.bring(&here, head).await?;
            // An interrupted move looks like an unfinished turn: work on top of the old commit.
            self.checkout.detach(&here, identity)?;
            self.paths.write_note(&note(&here, ClonePhase::Open))?;
            self.move_files(&here, head).await?;
        }
        self.checkout.stand(&self.paths.index(), head, identity)?;
        self.checkout.remember_refs(self.paths)?;
        self.paths.write_note(&note(head, ClonePhase::Open))?;
        Ok(salvaged)
    }

    /// Moves HEAD and index to a commit whose files are in the checkout: that of a harvest or salvage. One spawn if the commit is
    /// missing.
    pub(crate) async fn settle(&self, head: &CommitSha, commit: &CommitSha) -> Result<(), WorkspaceError> {
        let scratch = self.paths.scratch();
        if !scratch.exists() {
            return Ok(());
        }
        if commit != head {
            self.bring(head, commit).await?;
        }
        self.checkout.stand(&scratch, commit, self.mirror.git().identity())?;
        rename(&scratch, &self.paths.index())
    }

    /// Returns the note of an unfinished turn of this agent, if that turn was the last to use the checkout.
    fn unfinished(&self) -> Result<Option<CloneNote>, WorkspaceError> {
        Ok(match self.paths.noted()? {
            Noted::Known(note) if note.phase == ClonePhase::Open && self.checkout.was_left_by(self.paths) => {
                Some(note)
            }
            // Files in a checkout of the user are never discarded: the checkout is refused.
            Noted::Known(_) | Noted::Unreadable | Noted::Nothing => None,
        })
    }

    /// Saves the work of an unfinished turn. In a checkout of the user that includes the files of a reviewer.
    async fn keep_unfinished(&self) -> Result<Option<Salvage>, WorkspaceError> {
        let Some(note) = self.unfinished()? else { return Ok(None) };
        let kept = harvest::salvage(self.mirror, self.workplace, &note.head).await?;
        let commit = kept.as_ref().map_or(&note.head, |kept| &kept.commit);
        self.settle(&note.head, commit).await?;
        self.paths.close()?;
        Ok(kept)
    }

    /// Compares files and index with HEAD, through an index of our own, which flags in the other index do not affect.
    async fn must_be_clean(&self, here: &CommitSha) -> Result<(), WorkspaceError> {
        let what = format!("read the checkout {}", self.checkout.paths.tree.display());
        let index = self.paths.index();
        remove(&index.with_extension("lock"))?;
        remove_irregular(&index)?;
        let read = || self.line().arguments(["read-tree", "--reset", here.as_str()]);
        if !ask(read(), &what).await?.exit.is_success() {
            // The index is left over from an earlier turn.
            remove(&index)?;
            must(read(), &what).await?;
        }
        let refresh = ["update-index", "-q", "--really-refresh", "--ignore-submodules"];
        ask(self.line().arguments(refresh), &what).await?;
        if let Some(path) = agent_index::left_out(self.line(), self.paths).await? {
            return Err(self.checkout.unfit(&Blocker::Sparse(path)));
        }
        if let Some(path) = changes(self.mirror, self.workplace, &index, &[]).await?.changes.first() {
            return Err(self.checkout.unfit(&self.why_differing(path).await?));
        }
        let Some(staged) = agent_index::differences(self.line(), self.paths, None, here.as_str()).await?
        else {
            return Err(self.checkout.unfit(&Blocker::SplitIndex));
        };
        match fields(&staged).next() {
            Some(path) => {
                Err(self.checkout.unfit(&Blocker::Edited(String::from_utf8_lossy(path).into_owned())))
            }
            None => Ok(()),
        }
    }

    /// Returns why a file differs from its commit. Up to three spawns.
    async fn why_differing(&self, path: String) -> Result<Blocker, WorkspaceError> {
        let what = "compare a file with its commit";
        let theirs = || self.line().variable("GIT_INDEX_FILE", self.checkout.paths.git.join("index"));
        let intended = ["diff-files", "--name-only", "--diff-filter=A", "--", &path];
        if !ask(theirs().arguments(intended), what).await?.stdout.is_empty() {
            return Ok(Blocker::IntendedToAdd(path));
        }
        let flags = ask(theirs().arguments(["ls-files", "-v", "--", &path]), what).await?.stdout;
        if flags.first().is_some_and(|flag| *flag == b'S' || flag.is_ascii_lowercase()) {
            return Ok(Blocker::Hidden(path));
        }
        // Compares the file as git would commit it.
        let committed = ["-c", "core.autocrlf=input", "diff", "--quiet", "--no-ext-diff", "--", &path];
        let is_new = ask(self.line().arguments(["ls-files", "--", &path]), what).await?.stdout.is_empty();
        let is_same = !is_new && ask(self.line().arguments(committed), what).await?.exit.is_success();
        Ok(if is_same { Blocker::LineEndings(path) } else { Blocker::Edited(path) })
    }

    /// Checks that no ignored file is where the other commit has a file.
    pub(crate) async fn must_have_room(
        &self,
        from: &CommitSha,
        to: &CommitSha,
    ) -> Result<(), WorkspaceError> {
        let what = format!("compare {} with {}", from.short(), to.short());
        let compare = ["diff-tree", "-r", "-z", "--no-renames", "--name-status", from.as_str(), to.as_str()];
        let moves = statuses(&must(self.line().arguments(compare), &what).await?);
        let blocked = |(path, status): &(&Vec<u8>, &u8)| {
            **status == b'A' && in_the_way(&self.checkout.paths.tree, path, &moves)
        };
        moves.iter().find(blocked).map_or(Ok(()), |(path, _)| {
            let path = String::from_utf8_lossy(path);
            Err(self.checkout.unfit(&Blocker::Occupied(path.into_owned())))
        })
    }

    /// Moves the files from one commit to another. git itself checks again that nothing is lost.
    async fn move_files(&self, from: &CommitSha, to: &CommitSha) -> Result<(), WorkspaceError> {
        let what = format!("move the checkout {} to {}", self.checkout.paths.tree.display(), to.short());
        let read = ["read-tree", "-m", "-u", from.as_str(), to.as_str()];
        let captured = ask(self.line().arguments(read), &what).await?;
        if captured.exit.is_success() {
            Ok(())
        } else {
            Err(self.checkout.unfit(&Blocker::Refused(failure(&captured, &what).to_string())))
        }
    }

    /// Returns a command of git with that git folder, the checkout's files and our index.
    fn line(&self) -> CommandLine {
        let line = self.mirror.git().inside(&self.paths.export_gitdir(), &self.checkout.paths.tree);
        line.variable("GIT_WORK_TREE", &self.checkout.paths.tree)
            .variable("GIT_INDEX_FILE", self.paths.index())
    }

    /// Fetches the objects of a commit into the checkout, under no ref. One spawn.
    async fn bring(&self, known: &CommitSha, commit: &CommitSha) -> Result<(), WorkspaceError> {
        let gitdir = self.paths.import_gitdir();
        remove(&gitdir)?;
        git_folder::skeleton(&gitdir, self.mirror.path(), None)?;
        if let Some(shallow) = read_at_most(&self.checkout.paths.common.join(SHALLOW), SHALLOW_BYTES) {
            write_file(&gitdir.join(SHALLOW), &shallow)?;
        }
        write_file(&gitdir.join("config"), git_folder::format_config(commit).as_bytes())?;
        // Existing objects need not be searched or fetched again.
        write_file(&gitdir.join("refs/heads/known"), format!("{known}\n").as_bytes())?;
        write_file(&gitdir.join("HEAD"), b"ref: refs/heads/known\n")?;
        let line = self
            .mirror
            .git()
            .inside(&gitdir, &gitdir)
            .variable("GIT_OBJECT_DIRECTORY", self.checkout.paths.common.join("objects"));
        self.mirror.hand_over(line, commit, &self.checkout.paths.tree).await
    }
}

fn note(head: &CommitSha, phase: ClonePhase) -> CloneNote {
    CloneNote { head: head.clone(), branch: None, tree: None, phase, made: None }
}

fn also_kept(error: WorkspaceError, salvaged: Option<&Salvage>) -> WorkspaceError {
    match (error, salvaged) {
        (WorkspaceError::Unclean(text), Some(kept)) => WorkspaceError::Unclean(format!(
            "{text}\n(an unfinished turn's work is kept in {})",
            kept.reference
        )),
        (other, _) => other,
    }
}
