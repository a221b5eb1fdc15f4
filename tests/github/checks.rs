//! Check runs, and the logs of jobs: GitHub keeps these elsewhere and sends the reader there.

use axum::body::Body;
use axum::http::Response;
use serde_json::{Value, json};

use super::answers::Answer;
use super::git;
use super::state::State;

/// A check run.
#[derive(Debug, Clone, Default)]
pub(crate) struct CheckRow {
    pub(crate) commit: String,
    pub(crate) name: String,
    /// `pending`, or the conclusion.
    pub(crate) state: String,
    /// The log, if it is a job of GitHub Actions.
    pub(crate) log: Option<String>,
}

/// A CI that has one check, `build`, on every commit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ci {
    /// The check fails while a file has this word.
    pub(crate) fails_on: &'static str,
    /// So often the check is shown without a result.
    pub(crate) polls: u32,
}

impl Ci {
    /// Goes on with the check of a commit; the first look starts it.
    fn go_on(self, state: &mut State, commit: &str) {
        let polls = self.polls;
        let known = state.checks.iter().position(|row| row.commit == commit);
        let log = format!(
            "2026-01-01T00:00:00.0000000Z found {}\n2026-01-01T00:00:00.0000000Z ##[error]exit code 1\n",
            self.fails_on
        );
        let position = known.unwrap_or_else(|| {
            let (commit, name, state_name) =
                (commit.to_owned(), "build".to_owned(), format!("pending {polls}"));
            state.checks.push(CheckRow { commit, name, state: state_name, log: Some(log) });
            state.checks.len() - 1
        });
        let is_broken = git::ask(&state.bare, &["grep", "--quiet", self.fails_on, commit]).is_some();
        let row = &mut state.checks[position];
        let left = row.state.strip_prefix("pending ").and_then(|left| left.parse::<u32>().ok());
        row.state = match left {
            Some(0) if is_broken => "failure".to_owned(),
            Some(0) => "success".to_owned(),
            Some(left) => format!("pending {}", left - 1),
            None => row.state.clone(),
        };
    }
}

/// The id of the first check run.
const FIRST: usize = 9_000;

/// `GET commits/COMMIT/check-runs`
pub(crate) fn runs(state: &mut State, commit: &str) -> Answer {
    if let Some(ci) = state.ci {
        ci.go_on(state, commit);
    }
    let all = state.checks.iter().enumerate().filter(|(_, row)| row.commit == commit);
    let runs: Vec<Value> = all.map(|(position, row)| run(FIRST + position, row)).collect();
    Answer::ok(json!({ "total_count": runs.len(), "check_runs": runs }))
}

fn run(id: usize, row: &CheckRow) -> Value {
    let (status, conclusion) = match row.state.as_str() {
        pending if pending.starts_with("pending") => ("in_progress", Value::Null),
        conclusion => ("completed", conclusion.into()),
    };
    let slug = if row.log.is_some() { "github-actions" } else { "some-ci" };
    json!({
        "id": id, "name": row.name, "head_sha": row.commit, "status": status, "conclusion": conclusion,
        "html_url": format!("https://localhost/octo/r/runs/{id}"), "details_url": "https://ci.example/1",
        "output": { "title": "What it found", "summary": null, "text": null, "annotations_count": 0, "annotations_url": "" },
        "app": { "id": 15_368, "slug": slug },
    })
}

/// `GET actions/jobs/ID/logs`
pub(crate) fn log(id: &str) -> Answer {
    Answer::says(302, "Found").with("location", &format!("/logs/{id}"))
}

/// The place to which readers of a log are sent.
pub(crate) fn stored_log(state: &State, id: &str) -> Response<Body> {
    let position = id.parse::<usize>().ok().and_then(|id| id.checked_sub(FIRST));
    let row = position.and_then(|position| state.checks.get(position));
    let (status, log) = row.and_then(|row| row.log.clone()).map_or((404, String::new()), |log| (200, log));
    Response::builder().status(status).header("content-type", "text/plain").body(Body::from(log)).unwrap()
}
