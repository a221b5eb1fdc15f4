//! `verify`: checks a whole thread, on the forge or in a file, and reports accepted and ignored records with reasons.

mod dump;
mod report;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::adapters::storage::journals;
use crate::cli::arguments::common::KnownRepositoryArgs;
use crate::cli::arguments::numbers;
use crate::cli::repository::open::{OpenRepository, nothing_begun};
use crate::cli::surroundings::Surroundings;
use crate::domain::flow_name::FlowName;
use crate::domain::subject::Subject;
use crate::engine::thread::posted;
use crate::flow;
use crate::ledger::audit::{self, Audit};
use crate::ports::forge::{AuthorRole, Comment};
use crate::ports::journal::Entry;

use dump::SavedThread;

/// `verify`
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// Subject of the thread: 7, pr/7, issue/7, task/KEY or a URL
    pub subject: String,
    /// Check a saved thread instead of the one on the forge
    #[arg(long, value_name = "FILE", conflicts_with = "save")]
    pub dump: Option<PathBuf>,
    /// Also save the thread with everything needed to check it
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub repository: KnownRepositoryArgs,
}

/// Returns the report and the exit code: 0 only if no record indicates a fault.
pub async fn run(arguments: &VerifyArguments, surroundings: &Surroundings) -> Result<(String, u8), String> {
    let thread = match &arguments.dump {
        Some(path) => dump::load(&surroundings.folder.join(path), &numbers::subject(&arguments.subject)?)?,
        None => on_the_forge(arguments, surroundings).await?,
    };
    if let Some(path) = &arguments.save {
        dump::save(&surroundings.folder.join(path), &thread)?;
    }
    let audit = look(&thread);
    let text = if arguments.json { report::json(&thread, &audit) } else { report::text(&thread, &audit) };
    Ok((text, u8::from(!audit.is_sound())))
}

fn look(thread: &SavedThread) -> Audit {
    let posted = posted(&thread.comments);
    let expected: Vec<FlowName> = flow::about(&thread.subject).cloned().collect();
    audit::audit(&expected, &thread.repository, &thread.subject, &thread.recorders, &posted)
}

async fn on_the_forge(
    arguments: &VerifyArguments,
    surroundings: &Surroundings,
) -> Result<SavedThread, String> {
    let typed = &arguments.subject;
    let here = OpenRepository::of(&arguments.repository, Some(typed), surroundings).await?;
    let here = here.ok_or_else(nothing_begun)?;
    let subject = here.subject_anywhere(typed).await?;
    let words = |error: crate::ports::forge::ForgeError| error.to_string();
    let comments = match &subject {
        Subject::Issue(number) => here.forge.issue(*number).await.map_err(words)?.comments,
        Subject::PullRequest(number) => {
            here.forge.pull_request(*number).await.map_err(words)?;
            here.forge.comments(*number).await.map_err(words)?
        }
        Subject::Task(_) => in_the_journal(&here.folders.journal(&subject), &here)?,
    };
    let repository = here.forge.repository_id();
    Ok(SavedThread {
        schema: dump::SCHEMA.into(),
        repository,
        subject,
        recorders: here.trust.recorders,
        comments,
    })
}

/// Reads the records of a task from its journal: a task has no thread.
fn in_the_journal(journal: &Path, here: &OpenRepository) -> Result<Vec<Arc<Comment>>, String> {
    let entries = journals::read(journal).map_err(|error| error.to_string())?;
    let records = entries.into_iter().filter_map(Entry::into_record).zip(1..);
    let comment = |(body, number): (String, u32)| {
        Arc::new(Comment {
            id: format!("journal-{number}"),
            author: here.forge.login(),
            role: AuthorRole::Owner,
            body: body.into(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            updated_at: jiff::Timestamp::UNIX_EPOCH,
        })
    };
    Ok(records.map(comment).collect())
}
