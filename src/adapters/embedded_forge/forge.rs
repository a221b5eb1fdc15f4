//! The embedded forge as a port of the engine. It writes under our own login.

use std::sync::Arc;

use async_trait::async_trait;

use crate::adapters::clock::SystemClock;
use crate::adapters::git::{GitWorkspace, MergeOutcome};
use crate::domain::ids::{BranchName, CommitSha, IssueNumber, Login, PullRequestNumber};
use crate::domain::pull_request::{CheckBoard, MergeConflict, PullRequest, PullRequestState};
use crate::domain::shell;
use crate::ports::clock::Clock;
use crate::ports::forge::{
    AuthorRole, Comment, Forge, ForgeCommands, ForgeError, Issue, IssueCommands, IssueState, Merge, NewIssue,
    NewPullRequest, OwnIssue, Remarks, Thread,
};
use crate::ports::workspace::{Workspace, WorkspaceError};

use super::closing::closes;
use super::rows::{NewRow, SubjectKind, SubjectRow, Writer};
use super::store::Store;

pub const OWN_LOGIN: &str = "agent-loop";

/// Returns the error for an issue or pull request that does not exist.
pub fn missing(thread: Thread) -> String {
    let (what, list) = match thread {
        Thread::Issue(_) => ("issue", "issue list"),
        Thread::PullRequest(_) => ("pull request", "pr list"),
    };
    let number = thread.number();
    format!("{what} {number} does not exist here; `agent-loop local {list}` lists those that do")
}

/// The embedded forge.
#[derive(Debug)]
pub struct EmbeddedForge {
    store: Store,
    workspace: Arc<GitWorkspace>,
    login: Login,
}

impl EmbeddedForge {
    /// Creates the embedded forge of a repository. The workspace reads its branches and merges.
    pub fn new(store: Store, workspace: Arc<GitWorkspace>) -> Result<Self, String> {
        let login = OWN_LOGIN.parse().map_err(|error| format!("{error}"))?;
        Ok(Self { store, workspace, login })
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    fn writer(&self) -> Writer {
        Writer { login: self.login.clone(), role: AuthorRole::Owner }
    }

    fn row(&self, thread: Thread) -> Result<SubjectRow, ForgeError> {
        let row = stored(self.store.subject(thread.number()))?;
        row.ok_or_else(|| ForgeError::NotFound(missing(thread)))
    }

    /// Converts a row to a pull request with the current head.
    async fn current(&self, row: SubjectRow) -> Result<PullRequest, ForgeError> {
        let number = row.number;
        let SubjectKind::PullRequest { state, head_ref, base_ref, head } = row.kind else {
            return Err(ForgeError::NotFound(format!(
                "{number} is an issue, not a pull request; see it with `agent-loop local issue view {number}`"
            )));
        };
        let head = match &state {
            PullRequestState::Open | PullRequestState::Closed => self.tip(&head_ref).await?.unwrap_or(head),
            PullRequestState::Merged { .. } => head,
        };
        let (number, title, body) = (PullRequestNumber(number), row.title, row.body);
        let restoring =
            format!("restore it with `git branch {} {}`", shell::quoted(head_ref.as_str()), head.short());
        Ok(PullRequest { number, state, title, body, head, head_ref, base_ref, restoring })
    }

    async fn tip(&self, branch: &BranchName) -> Result<Option<CommitSha>, ForgeError> {
        self.workspace.tip(branch).await.map_err(|error| ForgeError::Unreachable(error.to_string()))
    }

    fn comments_of(&self, number: u64) -> Result<Vec<Arc<Comment>>, ForgeError> {
        stored(self.store.comments(number))
    }

    /// Opens a pull request for an author.
    ///
    /// # Errors
    /// When a branch is missing, both are the same, or a pull request is already open from that branch.
    pub async fn open(&self, new: &NewPullRequest, writer: &Writer) -> Result<PullRequestNumber, ForgeError> {
        let missing = |branch: &BranchName| {
            ForgeError::Refused(format!("branch `{branch}` does not exist; create it first"))
        };
        let head = self.tip(&new.head_ref).await?.ok_or_else(|| missing(&new.head_ref))?;
        self.tip(&new.base_ref).await?.ok_or_else(|| missing(&new.base_ref))?;
        if new.head_ref == new.base_ref {
            return Err(ForgeError::Refused(format!("`{}` cannot be merged into itself", new.head_ref)));
        }
        let open = self.pull_requests_from(&new.head_ref).await?;
        if let Some(open) =
            open.iter().find(|one| one.state == PullRequestState::Open && one.base_ref == new.base_ref)
        {
            return Err(ForgeError::Refused(format!(
                "pull request {} is already open from `{}`",
                open.number, new.head_ref
            )));
        }
        let row = NewRow {
            kind: SubjectKind::PullRequest {
                state: PullRequestState::Open,
                head_ref: new.head_ref.clone(),
                base_ref: new.base_ref.clone(),
                head,
            },
            title: new.title.clone(),
            body: new.body.clone(),
            writer: writer.clone(),
        };
        let number = stored(self.store.create(&row, SystemClock.now()))?;
        Ok(PullRequestNumber(number))
    }

    /// Records a merge that was made in git. After a crash, the next attempt finds the merge commit and records it.
    fn finish(
        &self,
        number: PullRequestNumber,
        head: &CommitSha,
        commit: &CommitSha,
        body: &str,
    ) -> Result<(), ForgeError> {
        let state = PullRequestState::Merged { commit: commit.clone() };
        stored(self.store.set_head(number.0, head))?;
        for issue in closes(body) {
            let row = stored(self.store.subject(issue))?;
            if row.is_some_and(|row| row.kind == SubjectKind::Issue(IssueState::Open)) {
                stored(self.store.set_issue_state(issue, IssueState::Closed))?;
            }
        }
        stored(self.store.set_state(number.0, &state))
    }
}

fn stored<T>(result: Result<T, String>) -> Result<T, ForgeError> {
    result.map_err(ForgeError::Disk)
}

/// Converts an error of a merge. Our own git would fail in the same way again, so the error is final.
fn not_merged(error: WorkspaceError) -> ForgeError {
    match error {
        WorkspaceError::NotFound(text)
        | WorkspaceError::Git(text)
        | WorkspaceError::Damaged(text)
        | WorkspaceError::Stranded { text, command: _ }
        | WorkspaceError::Unclean(text)
        | WorkspaceError::Held(text)
        | WorkspaceError::Unusable(text) => ForgeError::Refused(text),
        WorkspaceError::Disk(text) => ForgeError::Disk(text),
    }
}

#[async_trait]
impl Forge for EmbeddedForge {
    fn commands(&self, number: PullRequestNumber) -> ForgeCommands {
        ForgeCommands {
            merge: format!("agent-loop local pr merge {number}"),
            view: format!("agent-loop local pr view {number}"),
        }
    }

    fn issue_commands(&self, issue: IssueNumber) -> IssueCommands {
        IssueCommands {
            view: format!("agent-loop local issue view {issue}"),
            comment: format!("agent-loop local issue comment {issue} --body-file -"),
            decline: format!("agent-loop local issue close {issue} --reason 'not planned'"),
        }
    }

    fn reopening(&self, thread: Thread) -> String {
        match thread {
            Thread::Issue(number) => format!("agent-loop local issue reopen {number}"),
            Thread::PullRequest(number) => format!("agent-loop local pr reopen {number}"),
        }
    }

    fn closing(&self, thread: Thread) -> String {
        match thread {
            Thread::Issue(number) => format!("agent-loop local issue close {number}"),
            Thread::PullRequest(number) => format!("agent-loop local pr close {number}"),
        }
    }

    fn login(&self) -> Login {
        self.login.clone()
    }

    fn repository_id(&self) -> String {
        self.store.repository_id().to_owned()
    }

    async fn issue(&self, number: IssueNumber) -> Result<Issue, ForgeError> {
        let row = self.row(Thread::Issue(number))?;
        let SubjectKind::Issue(state) = row.kind else {
            return Err(ForgeError::NotFound(format!(
                "{number} is a pull request, not an issue; see it with `agent-loop local pr view {number}`"
            )));
        };
        let comments = self.comments_of(number.0)?;
        let Writer { login: author, role } = row.writer;
        Ok(Issue { number, author, role, state, title: row.title, body: row.body, comments })
    }

    async fn own_issues(&self, key: &str, title: &str) -> Result<Vec<OwnIssue>, ForgeError> {
        let rows = stored(self.store.subjects())?;
        let own = rows.into_iter().filter(|row| {
            matches!(row.kind, SubjectKind::Issue(_))
                && row.writer.login == self.login
                && (row.title == title || row.body.contains(key))
        });
        Ok(own
            .map(|row| OwnIssue { number: IssueNumber(row.number), title: row.title, body: row.body })
            .collect())
    }

    async fn file_issue(&self, new: &NewIssue) -> Result<IssueNumber, ForgeError> {
        let row = NewRow {
            kind: SubjectKind::Issue(IssueState::Open),
            title: new.title.clone(),
            body: new.body.clone(),
            writer: self.writer(),
        };
        let number = stored(self.store.create(&row, SystemClock.now()))?;
        Ok(IssueNumber(number))
    }

    async fn pull_request(&self, number: PullRequestNumber) -> Result<PullRequest, ForgeError> {
        let row = self.row(Thread::PullRequest(number))?;
        self.current(row).await
    }

    async fn pull_requests_from(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        let rows = stored(self.store.subjects())?;
        let mut found = Vec::new();
        for row in rows {
            let from_branch = match &row.kind {
                SubjectKind::PullRequest { head_ref, .. } => head_ref == branch,
                SubjectKind::Issue(_) => false,
            };
            if from_branch {
                found.push(self.current(row).await?);
            }
        }
        Ok(found)
    }

    async fn checks(&self, commit: &CommitSha) -> Result<CheckBoard, ForgeError> {
        Ok(CheckBoard { checks: stored(self.store.checks(commit))?, ..CheckBoard::default() })
    }

    async fn comments(&self, number: PullRequestNumber) -> Result<Vec<Arc<Comment>>, ForgeError> {
        self.comments_of(number.0)
    }

    async fn remarks(&self, number: PullRequestNumber) -> Result<Remarks, ForgeError> {
        let row = stored(self.store.subject(number.0))?;
        let description = row.map(|row| Comment {
            id: "description".to_owned(),
            author: row.writer.login,
            role: row.writer.role,
            body: row.body.into(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            updated_at: jiff::Timestamp::UNIX_EPOCH,
        });
        Ok(Remarks { description, reviews: Vec::new() })
    }

    async fn publish(&self, thread: Thread, body: &str) -> Result<(), ForgeError> {
        let written = self.store.comment(thread.number(), &self.writer(), body, SystemClock.now());
        stored(written).map(drop)
    }

    async fn open_pull_request(&self, new: &NewPullRequest) -> Result<PullRequestNumber, ForgeError> {
        self.open(new, &self.writer()).await
    }

    async fn merge(&self, number: PullRequestNumber, head: &CommitSha) -> Result<Merge, ForgeError> {
        let pull_request = self.pull_request(number).await?;
        match &pull_request.state {
            PullRequestState::Merged { commit } => return Ok(Merge::Merged(commit.clone())),
            PullRequestState::Closed => {
                return Err(ForgeError::Refused(format!(
                    "pull request {number} is closed; reopen it: `{}`",
                    self.reopening(Thread::PullRequest(number))
                )));
            }
            PullRequestState::Open => {}
        }
        if pull_request.head != *head {
            return Ok(Merge::HeadMoved(pull_request.head));
        }
        if self.tip(&pull_request.base_ref).await?.is_none() {
            return Err(ForgeError::Refused(format!(
                "the base branch `{}` of pull request {number} does not exist any more; create the branch again, or close the \
                 pull request: `{}`",
                pull_request.base_ref,
                self.closing(Thread::PullRequest(number))
            )));
        }
        let message = format!(
            "Merge pull request #{number} from {}\n\n{}\n",
            pull_request.head_ref, pull_request.title
        );
        let merged = self.workspace.merge(&pull_request.base_ref, head, &message).await;
        let commit = match merged.map_err(not_merged)? {
            MergeOutcome::Done(commit) => commit,
            MergeOutcome::Conflict(files) => {
                let base = pull_request.base_ref;
                return Ok(Merge::Conflict(MergeConflict { base, files }));
            }
            MergeOutcome::Refused(why) => return Ok(Merge::NotMerged(why)),
            MergeOutcome::Moved(_) => {
                return Err(ForgeError::Unreachable("the base branch moved during the merge".to_owned()));
            }
        };
        self.finish(number, head, &commit, &pull_request.body)?;
        Ok(Merge::Merged(commit))
    }
}
