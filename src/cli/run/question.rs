//! `discuss --question`: files the question as an issue on the embedded forge. The same question is filed once.

use crate::adapters::clock::SystemClock;
use crate::adapters::embedded_forge::EmbeddedForge;
use crate::adapters::embedded_forge::rows::{NewRow, SubjectKind, SubjectRow, Writer};
use crate::adapters::embedded_forge::store::Store;
use crate::cli::arguments::run::RunArguments;
use crate::cli::config::layer::{Layer, SettingSource};
use crate::cli::config::load::BaseLayers;
use crate::cli::repository::Repository;
use crate::cli::repository::new_forge::NewForge;
use crate::cli::repository::site::{self, ForgeSite};
use crate::cli::surroundings::Surroundings;
use crate::domain::ending::{Ending, Failed};
use crate::domain::ids::IssueNumber;
use crate::engine::outcome::{Outcome, RunError};
use crate::flow::names;
use crate::ports::clock::Clock;
use crate::ports::forge::{AuthorRole, Forge, IssueState};
use crate::text::sanitize::one_line;

use super::command::RunResult;
use super::programs;
use super::remembered::Remembered;

/// The maximum length of a title, in characters.
const TITLE: usize = 80;

/// The issue of a question.
pub struct FiledQuestion {
    pub number: IssueNumber,
    forge: EmbeddedForge,
    /// The forge, if this command created it.
    created: Option<NewForge>,
    filed: Filed,
}

/// Which command filed the issue.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Filed {
    Before,
    Now,
}

impl FiledQuestion {
    /// Removes the issue if this command filed it and the debate was refused: only the run decides whether it can begin.
    pub fn after(self, result: RunResult) -> RunResult {
        let Self { number, forge, created, filed } = self;
        match result {
            RunResult::Ended(outcome)
                if filed == Filed::Now && matches!(outcome.ending, Ending::Refused { .. }) =>
            {
                if forge.store().remove_issue(number.0).is_err() {
                    return RunResult::Ended(outcome);
                }
                created.into_iter().for_each(NewForge::forget);
                RunResult::Ended(Box::new(Outcome { subject: None, ..*outcome }))
            }
            RunResult::Ended(_) | RunResult::DryRun(_) => result,
        }
    }
}

/// Returns the open issue with this question. It is filed if there is none.
pub async fn issue(
    question: &str,
    arguments: &RunArguments,
    surroundings: &Surroundings,
) -> Result<FiledQuestion, RunError> {
    let disk = |why: String| RunError::failed(Failed::Disk, why);
    let question = question.trim();
    if question.is_empty() {
        return Err(RunError::usage("the question is empty".to_owned()));
    }
    let folder = surroundings.folder_or(arguments.repository.dir.as_deref());
    let repository = Repository::find(&folder, &surroundings.variables).await?;
    let flags = arguments.settings.values.clone();
    let flags =
        Layer::from_values(flags, SettingSource::Flag, &surroundings.folder).map_err(RunError::usage)?;
    let branch = arguments.base.as_ref().or(repository.branch.as_ref());
    let layers = BaseLayers::of_the_forge(&repository, branch, surroundings).await?;
    let choice = layers.merged(&[&flags])?.settings.forge;
    match ForgeSite::of(&choice, &repository, &surroundings.variables)? {
        ForgeSite::Embedded => {}
        ForgeSite::Github(_) => {
            let message = "--question files an issue on the embedded forge only; file it on GitHub, then discuss its number";
            return Err(RunError::usage(message.to_owned()).with_next("gh issue create"));
        }
    }
    // The settings are those of a run on the issue.
    let configuration = match branch {
        Some(branch) => BaseLayers::look(&repository, branch, surroundings).await?.merged(&[&flags])?,
        None => layers.merged(&[&flags])?,
    };
    programs::of_command(
        &names::DISCUSSION,
        &configuration,
        &Remembered::default(),
        &surroundings.variables,
    )?;
    let is_new = !Store::exists(&repository.common);
    let forge = site::embedded(&repository, surroundings).map_err(disk)?;
    let folders = site::folders_of_the_embedded(&repository, forge.store(), surroundings);
    let created = is_new.then(|| NewForge::of(&repository, &folders, surroundings));
    let is_same = |row: &SubjectRow| {
        row.kind == SubjectKind::Issue(IssueState::Open)
            && row.body == question
            && row.writer.role == AuthorRole::Owner
    };
    if let Some(known) = forge.store().subjects().map_err(disk)?.iter().find(|row| is_same(row)) {
        return Ok(FiledQuestion { number: IssueNumber(known.number), forge, created, filed: Filed::Before });
    }
    let login = repository.person().unwrap_or_else(|| forge.login());
    let row = NewRow {
        kind: SubjectKind::Issue(IssueState::Open),
        title: one_line(question, TITLE),
        body: question.to_owned(),
        writer: Writer { login, role: AuthorRole::Owner },
    };
    let number = forge.store().create(&row, SystemClock.now()).map(IssueNumber).map_err(disk)?;
    Ok(FiledQuestion { number, forge, created, filed: Filed::Now })
}
