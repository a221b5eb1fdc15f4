//! The checks of a commit: check runs and commit statuses, read again as far as they can have changed.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde::Deserialize;

use crate::domain::ids::CommitSha;
use crate::domain::pull_request::{Check, CheckArrival, CheckBoard, CheckState};
use crate::ports::forge::ForgeError;

use super::client::GithubRepository;
use super::commit_status;
use super::gh::{Rows, locked};
use super::job_log;

/// So many failed checks of a commit are shown with their output.
const SHOWN: usize = 5;
/// The longest excerpt of an output, in characters.
const EXCERPT: usize = 3_000;

/// The checks of commits as they were last read, and the excerpts of the logs of failed jobs.
#[derive(Debug, Default)]
pub(super) struct KnownChecks {
    boards: Mutex<BTreeMap<CommitSha, RowsOfCommit>>,
    logs: Mutex<BTreeMap<u64, Option<String>>>,
}

#[derive(Debug, Clone, Default)]
struct RowsOfCommit {
    runs: Vec<CheckRunJson>,
    statuses: Vec<StatusJson>,
}

impl RowsOfCommit {
    fn has_pending_runs(&self) -> bool {
        self.runs.iter().any(|run| run.state() == CheckState::Pending)
    }

    fn has_pending_statuses(&self) -> bool {
        self.statuses.iter().any(|status| status.state() == CheckState::Pending)
    }
}

/// Reads the checks of a commit: one call while a check is pending, else two, and one for the log of each failed job.
pub(super) async fn board(
    repository: &GithubRepository,
    known: &KnownChecks,
    commit: &CommitSha,
) -> Result<CheckBoard, ForgeError> {
    let before = locked(&known.boards).get(commit).cloned().unwrap_or_default();
    let mut board = before.clone();
    let mut unreadable = None;
    // Whatever has no result keeps the whole board without one: the rest is read when that has changed.
    if before.has_pending_runs() || !before.has_pending_statuses() {
        board.runs = readable(runs(repository, commit).await, &mut unreadable)?;
    }
    if !before.has_pending_runs() || !board.has_pending_runs() {
        board.statuses = readable(statuses(repository, commit).await, &mut unreadable)?;
    }
    if before.has_pending_statuses() && !before.has_pending_runs() && !board.has_pending_statuses() {
        board.runs = readable(runs(repository, commit).await, &mut unreadable)?;
    }
    locked(&known.boards).insert(commit.clone(), board.clone());
    let mut checks = Vec::new();
    let mut shown = 0;
    for run in board.runs {
        let is_shown = run.state() == CheckState::Failure && shown < SHOWN;
        shown += usize::from(is_shown);
        let excerpt = if is_shown { excerpt(repository, known, &run).await? } else { None };
        checks.push(run.check(excerpt));
    }
    checks.extend(board.statuses.into_iter().map(StatusJson::check));
    Ok(CheckBoard { checks, unreadable, arrival: CheckArrival::AfterThePush })
}

async fn runs(repository: &GithubRepository, commit: &CommitSha) -> Result<Vec<CheckRunJson>, ForgeError> {
    repository.list(&format!("commits/{commit}/check-runs"), Rows::Member("check_runs")).await
}

async fn statuses(repository: &GithubRepository, commit: &CommitSha) -> Result<Vec<StatusJson>, ForgeError> {
    let all =
        repository.list::<StatusJson>(&format!("commits/{commit}/status"), Rows::Member("statuses")).await?;
    Ok(all.into_iter().filter(|status| !commit_status::is_ours(&status.context)).collect())
}

/// What may not be read is not known; nobody may call it green.
fn readable<T>(
    read: Result<Vec<T>, ForgeError>,
    unreadable: &mut Option<String>,
) -> Result<Vec<T>, ForgeError> {
    match read {
        Err(ForgeError::Refused(why) | ForgeError::NotFound(why)) => {
            *unreadable = Some(why);
            Ok(Vec::new())
        }
        other => other,
    }
}

/// Returns the most useful part of a failed check's output: for a job of GitHub Actions the end of its log, else the summary.
async fn excerpt(
    repository: &GithubRepository,
    known: &KnownChecks,
    run: &CheckRunJson,
) -> Result<Option<String>, ForgeError> {
    let is_job = run.app.as_ref().is_some_and(|app| app.slug.as_deref() == Some("github-actions"));
    if !is_job {
        return Ok(run.output.as_ref().and_then(OutputJson::summary));
    }
    if let Some(read) = locked(&known.logs).get(&run.id) {
        return Ok(read.clone());
    }
    // A job of GitHub Actions and its check run have the same id.
    let log = match repository.text(&format!("actions/jobs/{}/logs", run.id)).await {
        Ok(log) => Some(job_log::excerpt(&log, EXCERPT)).filter(|excerpt| !excerpt.is_empty()),
        Err(ForgeError::Refused(_) | ForgeError::NotFound(_) | ForgeError::Unreachable(_)) => None,
        Err(error) => return Err(error),
    };
    locked(&known.logs).insert(run.id, log.clone());
    Ok(log)
}

#[derive(Debug, Clone, Deserialize)]
struct CheckRunJson {
    id: u64,
    name: String,
    status: String,
    conclusion: Option<String>,
    html_url: Option<String>,
    details_url: Option<String>,
    output: Option<OutputJson>,
    app: Option<AppJson>,
}

#[derive(Debug, Clone, Deserialize)]
struct OutputJson {
    title: Option<String>,
    summary: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct AppJson {
    slug: Option<String>,
}

impl OutputJson {
    fn summary(&self) -> Option<String> {
        let parts: Vec<&str> =
            [&self.title, &self.summary].into_iter().flatten().map(String::as_str).collect();
        let text: String = parts.join("\n\n").chars().take(EXCERPT).collect();
        (!text.trim().is_empty()).then_some(text)
    }
}

impl CheckRunJson {
    /// A run that was cancelled, or that waits for a person, has no result: no change of the code would give it one.
    fn state(&self) -> CheckState {
        match (self.status.as_str(), self.conclusion.as_deref()) {
            ("completed", Some("success" | "neutral" | "skipped")) => CheckState::Success,
            ("completed", Some("cancelled" | "action_required" | "stale")) => CheckState::Pending,
            ("completed", _) => CheckState::Failure,
            _ => CheckState::Pending,
        }
    }

    fn check(self, excerpt: Option<String>) -> Check {
        let state = self.state();
        // The usual words say nothing new.
        let conclusion = self.conclusion.filter(|word| !matches!(word.as_str(), "failure" | "success"));
        Check { name: self.name, state, conclusion, url: self.html_url.or(self.details_url), excerpt }
    }
}

/// The last status of one context.
#[derive(Debug, Clone, Deserialize)]
struct StatusJson {
    context: String,
    state: String,
    target_url: Option<String>,
    description: Option<String>,
}

impl StatusJson {
    fn state(&self) -> CheckState {
        match self.state.as_str() {
            "success" => CheckState::Success,
            "pending" => CheckState::Pending,
            _ => CheckState::Failure,
        }
    }

    fn check(self) -> Check {
        let state = self.state();
        Check { name: self.context, state, conclusion: None, url: self.target_url, excerpt: self.description }
    }
}
