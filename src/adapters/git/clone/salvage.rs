//! Saved work: the names of its refs, a list for people, and the command that restores it.

use std::path::Path;

use crate::adapters::git::mirror::{Mirror, sha};
use crate::adapters::git::runner::{as_typed, must};
use crate::domain::ids::CommitSha;
use crate::domain::subject::Subject;
use crate::ports::workspace::{Salvage, WorkspaceError};

pub(crate) const ROOT: &str = "refs/agent-loop/salvage/";

/// Saved work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub subject: Subject,
    /// The author of the work: a label, or `kept` for a commit that was replaced on the forge.
    pub holder: String,
    pub salvage: Salvage,
}

/// The author of commits that were replaced on the forge.
const REPLACED: &str = "kept";

impl Kept {
    /// Returns whether the work is a commit that was replaced on the forge, not that of a turn.
    pub fn is_replaced_commit(&self) -> bool {
        self.holder == REPLACED
    }

    /// Returns the command that makes the work a branch of a repository, as a person would type it.
    pub fn command(&self, mirror: &Path, repository: &Path) -> String {
        let name = self.salvage.reference.strip_prefix(ROOT).unwrap_or("work");
        // git completes the names: `refs/` before the source, `refs/heads/` before the new branch.
        let refspec = format!("agent-loop/salvage/{name}:salvage/{name}");
        as_typed(repository, ["fetch".as_ref(), mirror.as_os_str(), refspec.as_ref()])
    }
}

/// Returns the name of a salvage ref: the same for the same work.
pub(crate) fn salvage_ref(subject: &Subject, holder: &str, commit: &CommitSha) -> String {
    format!("{ROOT}{subject}/{holder}/{}", commit.short())
}

/// Saves a commit of the mirror. One spawn.
pub(crate) async fn keep(
    mirror: &Mirror,
    subject: &Subject,
    commit: &CommitSha,
) -> Result<Salvage, WorkspaceError> {
    mirror.must_know(commit).await?;
    let reference = salvage_ref(subject, REPLACED, commit);
    mirror.write_ref(&reference, commit)?;
    Ok(Salvage { reference, commit: commit.clone() })
}

/// Lists all saved work, latest first. One spawn.
pub(crate) async fn list(mirror: &Mirror) -> Result<Vec<Kept>, WorkspaceError> {
    if !mirror.path().join("HEAD").exists() {
        return Ok(Vec::new());
    }
    let line = mirror
        .line()
        .arguments(["for-each-ref", "--sort=-committerdate"])
        .arguments(["--format=%(refname)%00%(objectname)", ROOT]);
    let output = must(line, "list saved work").await?;
    let mut all = Vec::new();
    for line in String::from_utf8_lossy(&output).lines() {
        all.extend(read(line)?);
    }
    Ok(all)
}

/// Removes refs: all of them or none. One spawn.
pub(crate) async fn forget(mirror: &Mirror, kept: &[Kept]) -> Result<(), WorkspaceError> {
    let orders = kept.iter().fold(String::new(), |orders, kept| {
        orders + &format!("delete {} {}\n", kept.salvage.reference, kept.salvage.commit)
    });
    let line = mirror.line().arguments(["update-ref", "--stdin"]).input(orders);
    must(line, "remove saved work").await.map(drop)
}

fn read(line: &str) -> Result<Option<Kept>, WorkspaceError> {
    let Some((reference, commit)) = line.split_once('\0') else { return Ok(None) };
    let names: Vec<&str> = reference.strip_prefix(ROOT).unwrap_or_default().split('/').collect();
    let [kind, number, holder, _] = names.as_slice() else {
        return Ok(None);
    };
    let Ok(subject) = format!("{kind}/{number}").parse() else {
        return Ok(None);
    };
    let commit = sha(commit.as_bytes(), "list saved work")?;
    Ok(Some(Kept {
        subject,
        holder: (*holder).to_owned(),
        salvage: Salvage { reference: reference.to_owned(), commit },
    }))
}
