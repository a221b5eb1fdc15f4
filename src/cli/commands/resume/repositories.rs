//! In which repositories `resume` looks: in the one here, or in every one that the state folder knows.

use std::path::PathBuf;

use crate::adapters::storage::whereabouts::{self, Whereabouts};
use crate::cli::repository::open::OpenRepository;
use crate::cli::surroundings::Surroundings;

use super::arguments::ResumeArguments;

/// The repositories in which something was begun, and those that could not be looked at.
#[derive(Debug, Default)]
pub(super) struct Repositories {
    pub(super) found: Vec<OpenRepository>,
    /// Of each other one: why it is skipped, and what to do.
    pub(super) skipped: Vec<String>,
}

impl Repositories {
    /// Looks for them.
    pub(super) async fn find(
        arguments: &ResumeArguments,
        surroundings: &Surroundings,
    ) -> Result<Self, String> {
        let mut repositories = Self::default();
        if !arguments.all {
            let here = OpenRepository::find(arguments.repository.dir.as_deref(), surroundings).await?;
            if let Some(here) = here {
                repositories.found.push(here.with_trusted_recorders(surroundings).await);
            }
            return Ok(repositories);
        }
        // A repository in which nothing was begun has nothing to go on with, wherever it is.
        for known in whereabouts::all(&surroundings.state)?.into_iter().filter(Whereabouts::has_subjects) {
            match look(&known, surroundings).await {
                Ok(here) => repositories.found.push(here.with_trusted_recorders(surroundings).await),
                Err(why) => repositories.skipped.push(why),
            }
        }
        Ok(repositories)
    }
}

/// The repository of a state folder, if it is still where it was.
async fn look(known: &Whereabouts, surroundings: &Surroundings) -> Result<OpenRepository, String> {
    let forget = format!(
        "if it moved, type `agent-loop status` in it; if it is no more, remove {}",
        known.folder.display()
    );
    let Some(checkout) = &known.checkout else {
        return Err(format!("it was never noted where a repository is: {forget}"));
    };
    let path = checkout.display();
    match OpenRepository::find(Some(checkout), surroundings).await {
        Ok(Some(here)) if here.folders.root() == known.folder => Ok(here),
        Ok(Some(_) | None) => Err(format!("the repository at {path} is another one now: {forget}")),
        Err(why) if checkout.is_dir() => Err(format!("the repository at {path} is skipped: {why}; {forget}")),
        Err(_) => Err(format!("the repository at {path} is gone: {forget}")),
    }
}

/// The repository that a job is for, whether something was begun in it or not.
pub(super) async fn here(
    arguments: &ResumeArguments,
    surroundings: &Surroundings,
) -> Result<PathBuf, String> {
    let folder = surroundings.folder_or(arguments.repository.dir.as_deref());
    let repository = crate::cli::repository::Repository::find(&folder, &surroundings.variables).await?;
    Ok(repository.lasting_path().to_owned())
}
