//! The repositories of `resume`: the current one, or all in the state folder.

use std::path::PathBuf;

use crate::adapters::storage::whereabouts::{self, Whereabouts};
use crate::cli::repository::open::OpenRepository;
use crate::cli::surroundings::Surroundings;

use super::arguments::ResumeArguments;

/// The repositories with runs, and those that could not be opened.
#[derive(Debug, Default)]
pub(super) struct Repositories {
    pub(super) found: Vec<OpenRepository>,
    /// For each other repository: the reason why it is skipped, and a solution.
    pub(super) skipped: Vec<String>,
}

impl Repositories {
    /// Finds the repositories.
    pub(super) async fn find(
        arguments: &ResumeArguments,
        surroundings: &Surroundings,
    ) -> Result<Self, String> {
        let mut repositories = Self::default();
        if !arguments.all {
            let here =
                OpenRepository::of(&arguments.repository, arguments.subject.as_deref(), surroundings).await?;
            if let Some(here) = here {
                repositories.found.push(here);
            }
            return Ok(repositories);
        }
        // A repository without runs has nothing to resume.
        for known in whereabouts::all(&surroundings.state)?.into_iter().filter(Whereabouts::has_subjects) {
            match look(&known, surroundings).await {
                Ok(here) => {
                    repositories.found.push(here.in_its_folder());
                }
                Err(why) => repositories.skipped.push(why),
            }
        }
        Ok(repositories)
    }
}

/// Opens the repository of a state folder, if its checkout has not moved.
async fn look(known: &Whereabouts, surroundings: &Surroundings) -> Result<OpenRepository, String> {
    let forget = format!(
        "if it was moved, type `agent-loop status` in it; if it was removed, remove {} too",
        known.folder.display()
    );
    let Some(checkout) = &known.checkout else {
        return Err(format!("the path of a repository is unknown: {forget}"));
    };
    let path = checkout.display();
    match OpenRepository::find(Some(checkout), surroundings).await {
        Ok(Some(here)) if here.folders.root() == known.folder => Ok(here),
        Ok(Some(_) | None) => Err(format!("the repository at {path} is now a different one: {forget}")),
        Err(why) if checkout.is_dir() => Err(format!("the repository at {path} is skipped: {why}; {forget}")),
        Err(_) => Err(format!("the repository at {path} is gone: {forget}")),
    }
}

/// Returns the path of the repository of a job, with or without runs.
pub(super) async fn here(
    arguments: &ResumeArguments,
    surroundings: &Surroundings,
) -> Result<PathBuf, String> {
    let folder = surroundings.folder_or(arguments.repository.place.dir.as_deref());
    let repository = crate::cli::repository::Repository::find(&folder, &surroundings.variables).await?;
    Ok(repository.lasting_path().to_owned())
}
