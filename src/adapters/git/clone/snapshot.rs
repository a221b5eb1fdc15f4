//! Copies an agent's work to the mirror: its own commits through a git folder of ours, and its files as a tree.

use crate::adapters::git::disk::{copy_with_time, is_plain_folder, remove};
use crate::adapters::git::mirror::objects::ObjectId;
use crate::adapters::git::mirror::{Mirror, commit_object};
use crate::adapters::git::runner::{ask, failure, must, one_line};
use crate::adapters::git::workplace::Workplace;
use crate::domain::ids::{CommitSha, TreeSha};
use crate::ports::workspace::WorkspaceError;
use crate::text::inert;

use super::agent_head;
use super::agent_index;
use super::belonging::{Belonging, changes};
use super::checkout_folder;
use super::git_folder;
use super::index_file::IndexFile;
use super::index_trees::IndexTrees;
use super::objects::check_objects;
use super::paths::{ClonePaths, MadeCommit};
use super::settled::NextLook;

/// The content of a clone.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// The commit of the agent's HEAD.
    pub(crate) base: CommitSha,
    /// The files, if they differ from that commit's.
    pub(crate) tree: Option<TreeSha>,
    /// The objects of the files that the commit may not have, if they are all known.
    objects: Option<Vec<ObjectId>>,
    pub(crate) next_look: NextLook,
    /// Notes for a person about the files.
    pub(crate) notes: Vec<String>,
}

/// Whether unreadable commits are an error or are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnCommits {
    Required,
    IfReadable,
}

/// Reads a clone. No spawn if nothing changed, one if files changed, one more if files are new, two more if the agent committed, one more if it wrote
/// its own index.
pub(crate) async fn snapshot(
    mirror: &Mirror,
    workplace: &Workplace,
    head: &CommitSha,
    own: OwnCommits,
) -> Result<Snapshot, WorkspaceError> {
    let paths = workplace.paths();
    let base = base(mirror, workplace, head, own).await?;
    let (tree, scratch) = (&paths.checkout.tree, paths.scratch());
    remove(&scratch.with_extension("lock"))?;
    remove(&scratch)?;
    copy_with_time(&paths.index(), &scratch)?;
    if base != *head {
        let line = mirror.line_on(tree, &scratch).arguments(["read-tree", "-i", "-m", base.as_str()]);
        must(line, "read the agent's last commit").await?;
    }
    let staged = staged(mirror, paths, &base).await?;
    let Belonging { changes: found, indexed, next_look, notes } =
        changes(mirror, workplace, &scratch, &staged).await?;
    if found.is_empty() {
        return Ok(Snapshot { base, tree: None, objects: None, next_look, notes });
    }
    let line = mirror
        .line_on(tree, &scratch)
        .arguments(["update-index", "-z", "--add", "--remove", "--replace", "--stdin"])
        .input(found.input());
    let updated = ask(line, "stage the files of a clone").await?;
    // git skips a path such as `.GIT/x` with only a message on stderr.
    if !updated.exit.is_success() || updated.stderr.contains("Ignoring path") {
        return Err(failure(&updated, &format!("stage the files in {}", tree.display())));
    }
    let submodules = found.submodule_input();
    if !submodules.is_empty() {
        let line = mirror.line_on(tree, &scratch).arguments([
            "update-index",
            "-z",
            "--add",
            "--replace",
            "--index-info",
        ]);
        must(line.input(submodules), "stage the submodules of a clone").await?;
    }
    let Some(index) = IndexFile::read(&scratch)? else {
        let written = must(mirror.line_on(tree, &scratch).argument("write-tree"), "write a tree").await?;
        let written = one_line(&written)
            .parse()
            .map_err(|cause| WorkspaceError::Git(format!("could not write a tree: {cause}")))?;
        return Ok(Snapshot { base, tree: Some(written), objects: None, next_look, notes });
    };
    let trees = IndexTrees::of(&index);
    for made in &trees.made {
        mirror.objects().write(made)?;
    }
    let base_tree = mirror.tree(&base).await?;
    let is_of_base = |tree: &ObjectId| tree.to_string() == base_tree.as_str();
    let objects = indexed.is_some_and(|indexed| is_of_base(&indexed)).then(|| {
        let contents = found.files().filter_map(|path| index.content(path));
        contents.chain(trees.made.iter().map(|tree| &tree.id)).cloned().collect()
    });
    let tree = if is_of_base(&trees.root) { None } else { Some(trees.root.name()?) };
    Ok(Snapshot { base, tree, objects, next_look, notes })
}

/// Returns the commit of a snapshot: the agent's last one, or a new one on top of it. No spawn.
pub(crate) fn commit(
    mirror: &Mirror,
    paths: &ClonePaths,
    snapshot: Snapshot,
    message: &str,
) -> Result<CommitSha, WorkspaceError> {
    let Some(tree) = snapshot.tree else {
        return Ok(snapshot.base);
    };
    let note = paths.note()?;
    if let Some(made) = note.as_ref().and_then(|note| note.made.as_ref())
        && (&made.parent, &made.tree, made.message.as_str()) == (&snapshot.base, &tree, message)
    {
        return Ok(made.commit.clone());
    }
    let made = commit_object::write(mirror, &tree, &[&snapshot.base], message)?;
    let commit: CommitSha = made.name()?;
    mirror.facts().learn_made(&commit, &snapshot.base, &tree);
    if let Some(objects) = snapshot.objects {
        mirror.facts().learn_objects(&commit, [objects, vec![made]].concat());
    }
    if let Some(mut note) = note {
        note.made = Some(MadeCommit {
            commit: commit.clone(),
            parent: snapshot.base,
            tree,
            message: message.to_owned(),
        });
        paths.write_note(&note)?;
    }
    Ok(commit)
}

/// Returns the commit on which the agent's work is based, after copying it to the mirror.
async fn base(
    mirror: &Mirror,
    workplace: &Workplace,
    head: &CommitSha,
    own: OwnCommits,
) -> Result<CommitSha, WorkspaceError> {
    let paths = workplace.paths();
    let Some(theirs) =
        agent_head::head(&paths.checkout.git, &paths.checkout.common).filter(|theirs| theirs != head)
    else {
        return Ok(head.clone());
    };
    match (fetch(mirror, workplace, &theirs).await, own) {
        (Ok(()), OwnCommits::Required | OwnCommits::IfReadable) => {
            without_ours(mirror, paths, head, theirs).await
        }
        (Err(_), OwnCommits::IfReadable) => Ok(head.clone()),
        (Err(cause), OwnCommits::Required) => Err(cause),
    }
}

/// Returns the agent's last commit, unless one of its commits contains a folder of ours or has a message on which a forge
/// would act: then `head`, so that its files become one new commit. One to three spawns.
async fn without_ours(
    mirror: &Mirror,
    paths: &ClonePaths,
    head: &CommitSha,
    theirs: CommitSha,
) -> Result<CommitSha, WorkspaceError> {
    let has_ours = match &paths.checkout_folder {
        Some(folder) => checkout_folder::was_committed(mirror, folder, head, &theirs).await?,
        None => false,
    };
    // A commit that does not descend from the head is never used, only saved here.
    let anew = (has_ours || acts(mirror, head, &theirs).await?) && mirror.contains(&theirs, head).await?;
    Ok(if anew { head.clone() } else { theirs })
}

/// Returns whether a message of the agent's commits would notify somebody, or link or close an issue, once it is pushed.
async fn acts(mirror: &Mirror, head: &CommitSha, theirs: &CommitSha) -> Result<bool, WorkspaceError> {
    let line = mirror.line().arguments(["log", "--format=%B"]).argument(format!("{head}..{theirs}"));
    let messages = must(line, "read the messages of the agent's commits").await?;
    let messages = String::from_utf8_lossy(&messages);
    Ok(inert::plain(&messages) != messages)
}

/// Makes sure that a commit of the agent is in the mirror, under a ref that keeps it. One spawn or two.
pub(crate) async fn bring(
    mirror: &Mirror,
    workplace: &Workplace,
    commit: &CommitSha,
) -> Result<(), WorkspaceError> {
    if mirror.knows(commit).await? { Ok(()) } else { fetch(mirror, workplace, commit).await }
}

/// Fetches a commit of the agent. The objects are read through a git folder of ours, never through the agent's.
async fn fetch(mirror: &Mirror, workplace: &Workplace, commit: &CommitSha) -> Result<(), WorkspaceError> {
    let paths = workplace.paths();
    let objects = paths.checkout.common.join("objects");
    // A pointer to objects elsewhere would mislead git. In a checkout of the user it belongs to the user, and remains.
    if workplace.user_checkout().is_none() && is_plain_folder(&objects) {
        remove(&objects.join("info"))?;
    }
    check_objects(&objects)?;
    git_folder::write_export_gitdir(paths, mirror.path(), commit)?;
    let line = mirror
        .line()
        .arguments(["-c", "fetch.fsckObjects=true"])
        .arguments(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"])
        .argument(paths.export_gitdir())
        .argument(format!("+HEAD:{}", work_ref(paths, commit)));
    let what = format!("fetch the commit {} from {}", commit.short(), paths.checkout.tree.display());
    let is_ours = |text: &str| text.contains(&mirror.path().display().to_string());
    match must(line, &what).await {
        Err(WorkspaceError::Damaged(text)) if !is_ours(&text) => Err(WorkspaceError::Git(text)),
        fetched => fetched.map(drop),
    }
}

/// Returns the ref that keeps a commit of a clone.
pub(crate) fn work_ref(paths: &ClonePaths, commit: &CommitSha) -> String {
    format!("refs/agent-loop/work/{}/{}", paths.id.path(), commit.short())
}

/// Lists files that the agent staged itself: an ignored file counts after `git add -f`. An unreadable index has none.
async fn staged(mirror: &Mirror, paths: &ClonePaths, base: &CommitSha) -> Result<Vec<u8>, WorkspaceError> {
    if !is_plain_folder(&paths.checkout.git) {
        return Ok(Vec::new());
    }
    let git = mirror.line_on(&paths.checkout.tree, &paths.index());
    let added = agent_index::differences(git, paths, Some("--diff-filter=A"), base.as_str()).await?;
    Ok(added.unwrap_or_default())
}
