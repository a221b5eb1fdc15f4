//! An agent's turn in a checkout of the user's: made ready without throwing anything away, and left clean. The git folder
//! of every git here is ours; the checkout's own configuration, hooks and filters are never read.

use crate::adapters::git::clone::agent_head;
use crate::adapters::git::clone::git_folder;
use crate::adapters::git::clone::harvest;
use crate::adapters::git::clone::listing::changes;
use crate::adapters::git::clone::paths::{ClonePaths, Note, Noted, Phase};
use crate::adapters::git::disk::{make_folder, read_file, read_foreign, remove, rename, write_file};
use crate::adapters::git::mirror::{Mirror, SHALLOW};
use crate::adapters::git::push::obstruction::{in_the_way, statuses};
use crate::adapters::git::runner::{ask, failure, fields, must};
use crate::adapters::process::command::CommandLine;
use crate::domain::ids::CommitSha;
use crate::ports::workspace::{Salvage, WorkspaceError};

use super::checkout::Lent;

const INDEX_BYTES: u64 = 1024 * 1024 * 1024;

/// An error, if the checkout has nothing in common with the repository: it is one of it when it is a checkout of the
/// forge's repository itself, or when a commit that one of its branches or its HEAD stands at is in the mirror. One spawn.
pub(in crate::adapters::git) async fn must_belong(
    mirror: &Mirror,
    lent: &Lent,
) -> Result<(), WorkspaceError> {
    if lent.is_the_forges() {
        return Ok(());
    }
    let refs = agent_head::refs(lent.common()).unwrap_or_default();
    let tips = refs.into_values().filter_map(|tip| tip.parse::<CommitSha>().ok()).chain(lent.head().ok());
    let input = tips.fold(String::new(), |input, tip| input + tip.as_str() + "\n");
    let line = mirror.line().arguments(["cat-file", "--batch-check=%(objecttype)"]).input(input);
    let types = must(line, &format!("compare {} with the repository", lent.path().display())).await?;
    if types.split(|byte| *byte == b'\n').any(|kind| kind == b"commit") {
        return Ok(());
    }
    Err(lent.unusable("shares no commit with the repository"))
}

/// An error, if the checkout would be refused now. Nothing in it is changed. Two spawns.
pub(in crate::adapters::git) async fn look(
    mirror: &Mirror,
    place: &ClonePaths,
    lent: &Lent,
) -> Result<(), WorkspaceError> {
    make_folder(place.folder())?;
    lent.must_be_idle()?;
    if unfinished(place, lent)?.is_some() {
        return Ok(());
    }
    let here = lent.head()?;
    read_through(mirror, place, lent, &here)?;
    must_be_clean(mirror, place, lent, &here).await
}

/// Makes the checkout ready: HEAD detached at a commit, everything clean. What an unfinished turn of this agent left is
/// kept first; what anybody else left is refused. Three spawns, one more if the index is not the one that we left, three
/// more to get to another commit.
pub(in crate::adapters::git) async fn prepare(
    mirror: &Mirror,
    place: &ClonePaths,
    lent: &Lent,
    head: &CommitSha,
) -> Result<Option<Salvage>, WorkspaceError> {
    make_folder(place.folder())?;
    lent.must_be_idle()?;
    let salvaged = keep_unfinished(mirror, place, lent).await?;
    let here = lent.head()?;
    let identity = mirror.git().identity();
    read_through(mirror, place, lent, &here)?;
    must_be_clean(mirror, place, lent, &here).await.map_err(|error| also_kept(error, salvaged.as_ref()))?;
    lent.mark(place)?;
    if here != *head {
        must_have_room(mirror, place, lent, (&here, head)).await?;
        bring(mirror, place, lent, &here, head).await?;
        // A move that is cut short leaves what a turn leaves: work on top of where the checkout was.
        lent.detach(&here, identity)?;
        place.write_note(&note(&here, Phase::Open))?;
        go(mirror, place, lent, (&here, head)).await?;
    }
    lent.stand(&place.index(), head, identity)?;
    lent.remember_refs(place)?;
    place.write_note(&note(head, Phase::Open))?;
    Ok(salvaged)
}

/// Lets the checkout stand at a commit whose files it holds: that of a harvest or salvage. One spawn, if it is not there.
pub(in crate::adapters::git) async fn settle(
    mirror: &Mirror,
    place: &ClonePaths,
    lent: &Lent,
    head: &CommitSha,
    commit: &CommitSha,
) -> Result<(), WorkspaceError> {
    let scratch = place.scratch();
    if !scratch.exists() {
        return Ok(());
    }
    if commit != head {
        bring(mirror, place, lent, head, commit).await?;
    }
    lent.stand(&scratch, commit, mirror.git().identity())?;
    rename(&scratch, &place.index())
}

fn note(head: &CommitSha, phase: Phase) -> Note {
    Note { head: head.clone(), branch: None, tree: None, phase, made: None }
}

/// The turn of this agent that was the last thing that happened there, if nothing of it was kept yet.
fn unfinished(place: &ClonePaths, lent: &Lent) -> Result<Option<Note>, WorkspaceError> {
    Ok(match place.noted()? {
        Noted::Known(note) if note.phase == Phase::Open && lent.was_left_by(place) => Some(note),
        // What lies in a checkout of the user's is not thrown away anyhow: it is refused.
        Noted::Known(_) | Noted::Unreadable | Noted::Nothing => None,
    })
}

/// Whatever a turn of this agent left, a reviewer's files too: nobody else removes them.
async fn keep_unfinished(
    mirror: &Mirror,
    place: &ClonePaths,
    lent: &Lent,
) -> Result<Option<Salvage>, WorkspaceError> {
    let Some(note) = unfinished(place, lent)? else { return Ok(None) };
    let kept = harvest::salvage(mirror, place, &note.head).await?;
    let commit = kept.as_ref().map_or(&note.head, |kept| &kept.commit);
    settle(mirror, place, lent, &note.head, commit).await?;
    place.close()?;
    Ok(kept)
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

/// Compares files and index with HEAD, through an index of our own that no flag in theirs can mislead.
async fn must_be_clean(
    mirror: &Mirror,
    place: &ClonePaths,
    lent: &Lent,
    here: &CommitSha,
) -> Result<(), WorkspaceError> {
    let what = format!("read the checkout {}", lent.path().display());
    let index = place.index();
    remove(&index.with_extension("lock"))?;
    let read = || line(mirror, place, lent).arguments(["read-tree", "--reset", here.as_str()]);
    if !ask(read(), &what).await?.exit.is_success() {
        // What is left of an index of another time.
        remove(&index)?;
        must(read(), &what).await?;
    }
    let refresh = ["update-index", "-q", "--really-refresh", "--ignore-submodules"];
    ask(line(mirror, place, lent).arguments(refresh), &what).await?;
    if let Some(path) = changes(mirror, place, &index).await?.first() {
        return Err(
            lent.unclean(&format!("{path} differs from the commit that is checked out, or is not in it"))
        );
    }
    let theirs = lent.git().join("index");
    let Some(bytes) = read_foreign(&theirs, INDEX_BYTES) else {
        return Err(lent.unclean("its index can't be read"));
    };
    if read_file(&index)?.is_some_and(|ours| ours == bytes) {
        return Ok(());
    }
    let compare = ["diff-index", "--cached", "--name-only", "-z", here.as_str()];
    let line = line(mirror, place, lent).variable("GIT_INDEX_FILE", &theirs).arguments(compare);
    let captured = ask(line, &what).await?;
    if !captured.exit.is_success() {
        return Err(lent.unclean("its index can't be read; a split one is not supported"));
    }
    match fields(&captured.stdout).next() {
        Some(path) => Err(lent.unclean(&format!("{} is staged", String::from_utf8_lossy(path)))),
        None => Ok(()),
    }
}

/// An error, if a file that git does not know is where the other commit has one.
pub(in crate::adapters::git) async fn must_have_room(
    mirror: &Mirror,
    place: &ClonePaths,
    lent: &Lent,
    (from, to): (&CommitSha, &CommitSha),
) -> Result<(), WorkspaceError> {
    let what = format!("compare {} with {}", from.short(), to.short());
    let compare = ["diff-tree", "-r", "-z", "--no-renames", "--name-status", from.as_str(), to.as_str()];
    let moves = statuses(&must(line(mirror, place, lent).arguments(compare), &what).await?);
    let blocked =
        |(path, status): &(&Vec<u8>, &u8)| **status == b'A' && in_the_way(lent.path(), path, &moves);
    moves.iter().find(blocked).map_or(Ok(()), |(path, _)| {
        let path = String::from_utf8_lossy(path);
        Err(lent.occupied(&format!("an ignored file is where {} has {path}", to.short())))
    })
}

/// Moves the files from one commit to another. git itself looks again that nothing is lost.
async fn go(
    mirror: &Mirror,
    place: &ClonePaths,
    lent: &Lent,
    (from, to): (&CommitSha, &CommitSha),
) -> Result<(), WorkspaceError> {
    let what = format!("move the checkout {} to {}", lent.path().display(), to.short());
    let read = ["read-tree", "-m", "-u", from.as_str(), to.as_str()];
    let captured = ask(line(mirror, place, lent).arguments(read), &what).await?;
    if captured.exit.is_success() {
        Ok(())
    } else {
        Err(lent.unclean(&failure(&captured, &what).to_string()))
    }
}

/// Makes the git folder of ours through which the checkout's objects, and the mirror's, are read.
fn read_through(
    mirror: &Mirror,
    place: &ClonePaths,
    lent: &Lent,
    here: &CommitSha,
) -> Result<(), WorkspaceError> {
    let reader = place.reader();
    remove(&reader)?;
    git_folder::skeleton(&reader, mirror.path(), Some(&lent.common().join("objects")))?;
    write_file(&reader.join("config"), git_folder::format_config(here).as_bytes())?;
    write_file(&reader.join("HEAD"), format!("{here}\n").as_bytes())
}

/// git with that git folder, the checkout's files and our index.
fn line(mirror: &Mirror, place: &ClonePaths, lent: &Lent) -> CommandLine {
    let line = mirror.git().inside(&place.reader(), lent.path());
    line.variable("GIT_WORK_TREE", lent.path()).variable("GIT_INDEX_FILE", place.index())
}

/// Brings the objects of a commit into the checkout, under no ref. One spawn.
async fn bring(
    mirror: &Mirror,
    place: &ClonePaths,
    lent: &Lent,
    known: &CommitSha,
    commit: &CommitSha,
) -> Result<(), WorkspaceError> {
    let bringer = place.bringer();
    remove(&bringer)?;
    git_folder::skeleton(&bringer, mirror.path(), None)?;
    if let Some(shallow) = read_foreign(&lent.common().join(SHALLOW), INDEX_BYTES) {
        write_file(&bringer.join(SHALLOW), &shallow)?;
    }
    write_file(&bringer.join("config"), git_folder::format_config(commit).as_bytes())?;
    // What is there already need not be looked through or brought again.
    write_file(&bringer.join("refs/heads/known"), format!("{known}\n").as_bytes())?;
    write_file(&bringer.join("HEAD"), b"ref: refs/heads/known\n")?;
    let line = mirror
        .git()
        .inside(&bringer, &bringer)
        .variable("GIT_OBJECT_DIRECTORY", lent.common().join("objects"))
        .arguments(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"])
        .argument("--refmap=")
        .argument(mirror.path())
        .argument(commit.as_str());
    let what = format!("bring {} to {}", commit.short(), lent.path().display());
    let captured = ask(line, &what).await?;
    if captured.exit.is_success() {
        return Ok(());
    }
    mirror.must_know(commit).await?;
    Err(failure(&captured, &what))
}
