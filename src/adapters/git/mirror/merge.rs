//! Merges a commit into a branch of a repository on this machine, in the mirror, without a checkout.

use crate::adapters::git::push::PushTarget;
use crate::adapters::git::push::intent::Moving;
use crate::adapters::git::runner::{ask, failure, fields, must};
use crate::adapters::process::exit::Exit;
use crate::domain::ids::{BranchName, CommitSha};
use crate::ports::workspace::{Push, WorkspaceError};

use super::{Hold, Mirror, sha};

/// What became of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeOutcome {
    /// The base contains the head; this is the commit that brought it there.
    Done(CommitSha),
    /// The two disagree on these files; nothing was done.
    Conflict(Vec<String>),
    /// Somebody else moved the base at the same time; nothing was done.
    Moved(Option<CommitSha>),
    /// A checkout of the base is in the way; the text says what to do.
    Refused(String),
}

/// Merges. The mirror must just have been brought up to date.
pub(crate) async fn merge(
    hold: &Hold<'_>,
    target: &PushTarget<'_>,
    base: &BranchName,
    head: &CommitSha,
    message: &str,
) -> Result<MergeOutcome, WorkspaceError> {
    let mirror = target.mirror;
    let tip = target.tip(base).await?.ok_or_else(|| {
        WorkspaceError::NotFound(format!("there is no branch {base} in {}", target.repository.display()))
    })?;
    mirror.must_know(head).await?;
    if mirror.contains(&tip, head).await? {
        return existing(mirror, &tip, head).await.map(MergeOutcome::Done);
    }
    let what = format!("merge {} into {base}", head.short());
    let line = mirror
        .line()
        .arguments(["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages"])
        .arguments([tip.as_str(), head.as_str()]);
    let captured = ask(line, &what).await?;
    let mut output = fields(&captured.stdout).map(|field| String::from_utf8_lossy(field).into_owned());
    let tree = output.next().unwrap_or_default();
    match captured.exit {
        Exit::Code(0) => {}
        Exit::Code(1) => return Ok(MergeOutcome::Conflict(output.collect())),
        Exit::Code(_) | Exit::Signal(_) => return Err(failure(&captured, &what)),
    }
    let line = mirror
        .line()
        .arguments(["commit-tree", &tree, "-p", tip.as_str(), "-p", head.as_str()])
        .input(message);
    let to = sha(&must(line, &what).await?, &what)?;
    let moving = Moving { branch: base.clone(), from: Some(tip), to: to.clone() };
    Ok(match target.push(hold, &moving).await? {
        Push::Done => MergeOutcome::Done(to),
        Push::Moved(tip) => MergeOutcome::Moved(tip),
        Push::Refused(text) => MergeOutcome::Refused(text),
    })
}

/// The commit on the base's own line that brought the head in; the tip if the base was only moved forward.
async fn existing(mirror: &Mirror, tip: &CommitSha, head: &CommitSha) -> Result<CommitSha, WorkspaceError> {
    let line = mirror
        .line()
        .arguments(["rev-list", "--first-parent", "--parents", tip.as_str()])
        .argument(format!("^{head}"));
    let output = must(line, "find a merge commit").await?;
    let text = String::from_utf8_lossy(&output).into_owned();
    let merged = text.lines().find_map(|line| {
        let mut commits = line.split(' ');
        let commit = commits.next()?;
        commits.skip(1).any(|parent| parent == head.as_str()).then_some(commit)
    });
    merged.map_or_else(|| Ok(tip.clone()), |commit| sha(commit.as_bytes(), "find a merge commit"))
}
