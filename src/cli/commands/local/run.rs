//! Performs the actions of `agent-loop local`.

use std::path::Path;

use serde_json::{Value, json};

use crate::adapters::clock::SystemClock;
use crate::adapters::embedded_forge::rows::{NewRow, SubjectKind, SubjectRow, Writer};
use crate::adapters::embedded_forge::store::Store;
use crate::adapters::embedded_forge::{EmbeddedForge, OWN_LOGIN};
use crate::adapters::process::capture::capture;
use crate::adapters::process::command::CommandLine;
use crate::adapters::process::environment;
use crate::cli::arguments::common::read_text;
use crate::cli::repository::{Repository, site};
use crate::cli::surroundings::Surroundings;
use crate::cli::view::{ending, print};
use crate::domain::ids::{IssueNumber, PullRequestNumber};
use crate::domain::pull_request::{Check, CheckState, PullRequest, PullRequestState};
use crate::engine::people;
use crate::flow::commands;
use crate::ports::clock::Clock;
use crate::ports::forge::{AuthorRole, Forge, ForgeError, IssueState, Merge, NewPullRequest};
use crate::protocol::requirements;

use super::arguments::{
    Action, AuthorArgs, CheckAction, CheckChoice, CommentArgs, IssueAction, LocalCommand, NumberArgs,
    PullRequestAction, ReasonChoice, RoleChoice, StateChoice, ViewArgs,
};
use super::merge::{MergeApproval, MergeConsent};
use super::render::Comments;
use super::{json, render};

struct Printed {
    text: String,
    json: Value,
}

enum Failure {
    /// Invalid arguments, or an object that does not exist: exit code 2.
    Use(String),
    /// An attempt that failed: exit code 1.
    Work(String),
    /// An attempt that failed, and the command after which it succeeds: exit code 1.
    Solvable { why: String, next: String },
}

impl From<ForgeError> for Failure {
    fn from(error: ForgeError) -> Self {
        match error {
            ForgeError::NotFound(text) | ForgeError::Refused(text) | ForgeError::Unworkable(_, text) => {
                Self::Use(text)
            }
            ForgeError::Limited { text, .. } | ForgeError::Unreachable(text) | ForgeError::Disk(text) => {
                Self::Work(text)
            }
        }
    }
}

/// Performs an action. The text is for stdout if the exit code is 0 or JSON was requested, else for stderr.
pub async fn run(command: LocalCommand, surroundings: &Surroundings) -> (String, u8) {
    let as_json = command.json;
    let said = act(command, surroundings).await;
    match said {
        Ok(said) if as_json => (format!("{}\n", said.json), 0),
        Ok(said) => (said.text, 0),
        Err(failure) => {
            let place = &surroundings.place;
            let ((message, next), exit) = match failure {
                Failure::Use(why) => (ending::explained(&why, place), 2),
                Failure::Work(why) => (ending::explained(&why, place), 1),
                Failure::Solvable { why, next } => ((place.message(&why), place.command(&next)), 1),
            };
            if as_json {
                (format!("{}\n", json!({ "error": message, "next_command": next })), exit)
            } else {
                (ending::lines(&message, &next), exit)
            }
        }
    }
}

async fn act(command: LocalCommand, surroundings: &Surroundings) -> Result<Printed, Failure> {
    let folder = command.dir.map_or_else(|| surroundings.folder.clone(), |dir| surroundings.folder.join(dir));
    let repository =
        Repository::find(&folder, &surroundings.variables).await.map_err(|why| Failure::Use(why.message))?;
    if command.action.only_reads() && !Store::exists(&repository.common) {
        return nothing_there(&command.action);
    }
    let forge = site::embedded(&repository, surroundings).map_err(Failure::Work)?;
    let handler = Handler { forge, repository: &repository, folder: &folder, surroundings };
    match command.action {
        Action::Init => Ok(Printed {
            text: format!("The embedded forge of {} is ready.\n", repository.path.display()),
            json: json!({ "repository_id": handler.forge.repository_id() }),
        }),
        Action::Issue(action) => handler.issue(action).await,
        Action::Pr(action) => handler.pull_request(action).await,
        Action::Check(CheckAction::Set { commit, name, state }) => handler.check(&commit, name, state).await,
    }
}

/// Returns the message of a command that only reads, if the repository has no embedded forge yet.
fn nothing_there(action: &Action) -> Result<Printed, Failure> {
    match action {
        Action::Issue(IssueAction::List { .. }) => Ok(nothing_listed("issue")),
        Action::Pr(PullRequestAction::List { .. }) => Ok(nothing_listed("pull request")),
        Action::Init | Action::Issue(_) | Action::Pr(_) | Action::Check(_) => Err(Failure::Use(
            "this repository has no embedded forge yet; `agent-loop local init` creates one".to_owned(),
        )),
    }
}

struct Handler<'repository> {
    forge: EmbeddedForge,
    repository: &'repository Repository,
    folder: &'repository Path,
    surroundings: &'repository Surroundings,
}

impl Handler<'_> {
    async fn issue(&self, action: IssueAction) -> Result<Printed, Failure> {
        match action {
            IssueAction::Create { description, by } => {
                let writer = self.writer(by)?;
                let row = NewRow {
                    kind: SubjectKind::Issue(IssueState::Open),
                    body: self.text(description.body, description.body_file.as_deref())?,
                    title: title(description.title)?,
                    writer,
                };
                let number = self.forge.store().create(&row, SystemClock.now()).map_err(Failure::Work)?;
                Ok(self.created("issue", number, "issue"))
            }
            IssueAction::List { state } => self.issues(state),
            IssueAction::View(ViewArgs { on: NumberArgs { number }, .. }) => {
                let issue = self.forge.issue(IssueNumber(number)).await?;
                let row = self.row(number)?;
                let about = json::issue_state(issue.state).to_owned();
                Ok(Printed {
                    text: render::view(&row, &about, &issue.comments, Comments::All),
                    json: json::with_comments(json::issue(&row, issue.state), &issue.comments),
                })
            }
            IssueAction::Comment(comment) => {
                self.forge.issue(IssueNumber(comment.on.number)).await?;
                self.comment(comment)
            }
            IssueAction::Close { on, reason } => {
                let state = match reason {
                    ReasonChoice::Completed => IssueState::Closed,
                    ReasonChoice::NotPlanned => IssueState::NotPlanned,
                };
                self.set_issue(on.number, state).await
            }
            IssueAction::Reopen(on) => self.set_issue(on.number, IssueState::Open).await,
        }
    }

    fn issues(&self, wanted: StateChoice) -> Result<Printed, Failure> {
        let (mut rows, mut all) = (Vec::new(), Vec::new());
        for row in self.forge.store().subjects().map_err(Failure::Work)? {
            let state = match row.kind {
                SubjectKind::Issue(state) => state,
                SubjectKind::PullRequest { .. } => continue,
            };
            let is_wanted = match wanted {
                StateChoice::Open => state == IssueState::Open,
                StateChoice::Closed => state == IssueState::Closed,
                StateChoice::All => true,
            };
            if is_wanted {
                rows.push(render::issue(&row, json::issue_state(state)));
                all.push(json::issue(&row, state));
            }
        }
        Ok(listed(&rows, all, "issue"))
    }

    async fn set_issue(&self, number: u64, state: IssueState) -> Result<Printed, Failure> {
        self.forge.issue(IssueNumber(number)).await?;
        self.forge.store().set_issue_state(number, state).map_err(Failure::Work)?;
        Ok(state_set("issue", number, json::issue_state(state)))
    }

    async fn pull_request(&self, action: PullRequestAction) -> Result<Printed, Failure> {
        match action {
            PullRequestAction::Create { head, base, description, by } => {
                let writer = self.writer(by)?;
                let body = self.text(description.body, description.body_file.as_deref())?;
                let title = title(description.title)?;
                let head = head.or_else(|| self.repository.branch.clone());
                let head = head.ok_or_else(|| {
                    Failure::Use(
                        "HEAD is detached; name the branch with the change: --head BRANCH".to_owned(),
                    )
                })?;
                let new = NewPullRequest { head_ref: head, base_ref: base, title, body };
                let number = self.forge.open(&new, &writer).await?;
                Ok(self.created("pull request", number.0, "pr"))
            }
            PullRequestAction::List { state } => self.pull_requests(state).await,
            PullRequestAction::Diff(NumberArgs { number }) => self.diff(PullRequestNumber(number)).await,
            PullRequestAction::Checkout(NumberArgs { number }) => {
                let seen = self.forge.pull_request(PullRequestNumber(number)).await?;
                self.git(&["switch", seen.head_ref.as_str()]).await?;
                Ok(Printed {
                    text: format!("Switched to {}.\n", seen.head_ref),
                    json: json!({ "number": number, "branch": seen.head_ref }),
                })
            }
            PullRequestAction::View(ViewArgs { on: NumberArgs { number }, comments: all }) => {
                let seen = self.forge.pull_request(PullRequestNumber(number)).await?;
                let comments = self.forge.comments(PullRequestNumber(number)).await?;
                let row = self.row(number)?;
                let state = json::pull_request_state(&seen.state);
                let about =
                    format!("{state} · {} into {} · {}", seen.head_ref, seen.base_ref, seen.head.short());
                let json = json::with_comments(self.json(&row, &seen).await?, &comments);
                Ok(Printed {
                    text: render::view(
                        &row,
                        &about,
                        &comments,
                        if all { Comments::All } else { Comments::Last },
                    ),
                    json,
                })
            }
            PullRequestAction::Comment(comment) => {
                self.forge.pull_request(PullRequestNumber(comment.on.number)).await?;
                self.comment(comment)
            }
            PullRequestAction::Close(NumberArgs { number }) => {
                self.set_pull_request(number, &PullRequestState::Closed).await
            }
            PullRequestAction::Reopen(NumberArgs { number }) => {
                self.set_pull_request(number, &PullRequestState::Open).await
            }
            PullRequestAction::Merge { on: NumberArgs { number }, unapproved } => {
                let consent = if unapproved { MergeConsent::Anything } else { MergeConsent::Approved };
                self.merge(PullRequestNumber(number), consent).await
            }
        }
    }

    async fn diff(&self, number: PullRequestNumber) -> Result<Printed, Failure> {
        let seen = self.forge.pull_request(number).await?;
        let base = match &seen.state {
            PullRequestState::Merged { commit } => format!("{commit}^"),
            PullRequestState::Open | PullRequestState::Closed => seen.base_ref.to_string(),
        };
        let range = format!("{base}...{}", seen.head);
        let is_seen = print::result_width() != usize::MAX && !ending::asked_for_json();
        let colour = if is_seen { "--color=always" } else { "--color=never" };
        let diff = self.git(&["diff", "--no-ext-diff", colour, &range, "--"]).await?;
        let json = json!({ "number": number, "diff": String::from_utf8_lossy(&diff) });
        if is_seen {
            print::coloured_result(&String::from_utf8_lossy(&diff));
        } else if !ending::asked_for_json() {
            print::data(&diff);
        }
        Ok(Printed { json, text: String::new() })
    }

    /// Runs git in the folder of the command, and returns what it prints.
    async fn git(&self, arguments: &[&str]) -> Result<Vec<u8>, Failure> {
        let command =
            CommandLine::new("git", self.folder, environment::common(&self.surroundings.variables, &[]));
        let captured = capture(&command.arguments(arguments)).await;
        let captured = captured.map_err(|error| Failure::Work(error.to_string()))?;
        if captured.exit.is_success() {
            Ok(captured.stdout)
        } else {
            Err(Failure::Work(captured.stderr.trim().to_owned()))
        }
    }

    async fn json(&self, row: &SubjectRow, seen: &PullRequest) -> Result<Value, Failure> {
        Ok(json::pull_request(row, seen, &self.forge.checks(&seen.head).await?.checks))
    }

    async fn pull_requests(&self, wanted: StateChoice) -> Result<Printed, Failure> {
        let (mut rows, mut all) = (Vec::new(), Vec::new());
        for row in self.forge.store().subjects().map_err(Failure::Work)? {
            if matches!(row.kind, SubjectKind::Issue(_)) {
                continue;
            }
            let seen = self.forge.pull_request(PullRequestNumber(row.number)).await?;
            let is_wanted = match wanted {
                StateChoice::Open => seen.state == PullRequestState::Open,
                StateChoice::Closed => seen.state != PullRequestState::Open,
                StateChoice::All => true,
            };
            if is_wanted {
                rows.push(render::pull_request(&row, &seen));
                all.push(self.json(&row, &seen).await?);
            }
        }
        Ok(listed(&rows, all, "pull request"))
    }

    async fn set_pull_request(&self, number: u64, state: &PullRequestState) -> Result<Printed, Failure> {
        let seen = self.forge.pull_request(PullRequestNumber(number)).await?;
        if matches!(seen.state, PullRequestState::Merged { .. }) {
            return Err(Failure::Use(format!("pull request #{number} is merged, which cannot be undone")));
        }
        self.forge.store().set_head(number, &seen.head).map_err(Failure::Work)?;
        self.forge.store().set_state(number, state).map_err(Failure::Work)?;
        Ok(state_set("pull request", number, json::pull_request_state(state)))
    }

    async fn merge(&self, number: PullRequestNumber, consent: MergeConsent) -> Result<Printed, Failure> {
        let seen = self.forge.pull_request(number).await?;
        if let PullRequestState::Merged { commit } = &seen.state {
            return Ok(Printed {
                text: format!("#{number} is merged already, as {}.\n", commit.short()),
                json: json!({ "number": number, "merge_commit": commit }),
            });
        }
        let checks = self.forge.checks(&seen.head).await?.checks;
        let found = MergeApproval::look(&seen, &checks, self.folder, self.surroundings).await;
        let approval = found.map_err(Failure::Work)?;
        if seen.state == PullRequestState::Open {
            approval.must_allow(number, consent).map_err(Failure::Use)?;
        }
        match self.forge.merge(number, &seen.head).await? {
            Merge::Merged(commit) => Ok(Printed {
                text: format!("Merged #{number} as {}{}.\n", commit.short(), approval.beside_merge()),
                json: json!({ "number": number, "merge_commit": commit, "approved": approval == MergeApproval::Given }),
            }),
            Merge::HeadMoved(head) => Err(Failure::Work(format!(
                "the branch just moved to {}; run the same command again",
                head.short()
            ))),
            Merge::Conflict(conflict) => {
                let next = commands::resolve_conflict(number);
                let why = format!(
                    "pull request #{number} was not merged: {conflict}; `{next}` lets the coder resolve the conflict, and \
                     merges when the reviewers approve"
                );
                Err(Failure::Solvable { why, next })
            }
            Merge::NotMerged(why) => {
                Err(Failure::Work(format!("pull request #{number} was not merged: {why}")))
            }
            Merge::Queued => Err(Failure::Work(format!("pull request #{number} waits in a merge queue"))),
        }
    }

    async fn check(&self, commit: &str, name: String, state: CheckChoice) -> Result<Printed, Failure> {
        let sha =
            &self.repository.commit(commit, &self.surroundings.variables).await.map_err(Failure::Use)?;
        let state = match state {
            CheckChoice::Pending => CheckState::Pending,
            CheckChoice::Success => CheckState::Success,
            CheckChoice::Failure => CheckState::Failure,
        };
        let said = Printed {
            text: format!("{name} is {} on {}\n", state.name(), sha.short()),
            json: json!({ "sha": sha, "name": name, "state": state.name() }),
        };
        self.forge.store().set_check(sha, &Check::bare(name, state)).map_err(Failure::Work)?;
        Ok(said)
    }

    fn comment(&self, comment: CommentArgs) -> Result<Printed, Failure> {
        let CommentArgs { on: NumberArgs { number }, body, body_file, by } = comment;
        let writer = self.writer(by)?;
        let body = self.text(body.unwrap_or_default(), body_file.as_deref())?;
        if body.trim().is_empty() {
            return Err(Failure::Use("the comment is empty; add a few words".to_owned()));
        }
        let id =
            self.forge.store().comment(number, &writer, &body, SystemClock.now()).map_err(Failure::Work)?;
        let warning = if requirements::is_nearly_signed(&body) {
            format!("! {}\n", people::unsigned(&id.to_string(), format_args!("#{number}")))
        } else {
            String::new()
        };
        let text = format!("Added comment {id} to #{number}.\n{warning}");
        Ok(Printed { text, json: json!({ "number": number, "id": id.to_string() }) })
    }

    fn created(&self, kind: &str, number: u64, next: &str) -> Printed {
        let next = self.surroundings.place.command(&format!("agent-loop {next} {number}"));
        Printed {
            text: format!("Created {kind} #{number}; next: {next}\n"),
            json: json!({ "number": number }),
        }
    }

    fn row(&self, number: u64) -> Result<SubjectRow, Failure> {
        let row = self.forge.store().subject(number).map_err(Failure::Work)?;
        row.ok_or_else(|| Failure::Use(format!("there is no {number} here")))
    }

    /// Returns the author. Nobody may use the tool's own name.
    fn writer(&self, by: AuthorArgs) -> Result<Writer, Failure> {
        let role = match by.role {
            RoleChoice::Owner => AuthorRole::Owner,
            RoleChoice::Member => AuthorRole::Member,
            RoleChoice::None => AuthorRole::Stranger,
        };
        let login =
            by.login.unwrap_or_else(|| self.repository.person().unwrap_or_else(|| self.forge.login()));
        if login.as_str().eq_ignore_ascii_case(OWN_LOGIN) {
            return Err(Failure::Use(format!(
                "`{OWN_LOGIN}` is the tool's own name; choose another one with `--as`"
            )));
        }
        Ok(Writer { login, role })
    }

    /// Returns a text from the command line, or from a file.
    fn text(&self, typed: String, file: Option<&Path>) -> Result<String, Failure> {
        match file {
            Some(path) => read_text(path, self.folder).map_err(Failure::Use),
            None => Ok(typed),
        }
    }
}

fn title(typed: String) -> Result<String, Failure> {
    if typed.trim().is_empty() {
        return Err(Failure::Use("the title is empty; add a few words".to_owned()));
    }
    Ok(typed)
}

fn nothing_listed(what: &str) -> Printed {
    Printed { text: format!("There is no {what} to show.\n"), json: Value::Array(Vec::new()) }
}

fn listed<const COLUMNS: usize>(rows: &[[String; COLUMNS]], all: Vec<Value>, what: &str) -> Printed {
    if rows.is_empty() {
        return nothing_listed(what);
    }
    Printed { text: render::list(rows), json: Value::Array(all) }
}

fn state_set(what: &str, number: u64, word: &str) -> Printed {
    Printed {
        text: format!("{what} #{number} is {word}\n"),
        json: json!({ "number": number, "state": word }),
    }
}
