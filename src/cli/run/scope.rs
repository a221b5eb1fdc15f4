//! Checks that the stated scope of a change matches files.

use crate::adapters::process::variables::Variables;
use crate::cli::repository::Repository;
use crate::domain::ids::BranchName;
use crate::domain::tamper::scope::matches_any;
use crate::engine::outcome::RunError;

/// Refuses a scope that matches no file of the base branch, and returns a warning about a pattern that matches none.
pub async fn check(
    patterns: &[String],
    repository: &Repository,
    base: &BranchName,
    variables: &Variables,
) -> Result<Option<String>, RunError> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let files = repository.files_on(base, variables).await.map_err(RunError::usage)?;
    let unused: Vec<String> = patterns
        .iter()
        .filter(|pattern| !matches_any(pattern, files.iter().map(String::as_str)))
        .map(|pattern| format!("`{pattern}`"))
        .collect();
    let why = || format!("`gates.scope` (--scope): no file on {base} matches {}", unused.join(", "));
    match unused.len() {
        // A repository that cannot be read has no files.
        _ if files.is_empty() => Ok(None),
        0 => Ok(None),
        all if all == patterns.len() => {
            let message =
                format!("{}; for new files, name the folder above them (`git ls-files` lists all)", why());
            Err(RunError::usage(message).with_next("git ls-files"))
        }
        _ => Ok(Some(why())),
    }
}
