//! The forge port, backed by a model of a forge.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use agent_loop::domain::branch_rules::BranchRules;
use agent_loop::domain::ids::{BranchName, CommitSha, IssueNumber, Login, PullRequestNumber};
use agent_loop::domain::pull_request::{
    CheckBoard, MergeConflict, PullRequest, PullRequestState, QueuePlace,
};
use agent_loop::ports::forge::{
    AuthorRole, Comment, Forge, ForgeCommands, ForgeError, Issue, IssueCommands, IssueState, Merge, NewIssue,
    NewPullRequest, OwnIssue, Thread,
};

use super::git::Git;
use super::memory_world::{MemoryWorld, State};
use super::shapes::{AuthorRoleShape, IssueStateShape, NewPullRequestShape};

/// An issue or a pull request.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Filed {
    Issue {
        author: Login,
        #[serde(with = "AuthorRoleShape")]
        role: AuthorRole,
        title: String,
        body: String,
        #[serde(with = "IssueStateShape")]
        state: IssueState,
    },
    PullRequest {
        #[serde(with = "NewPullRequestShape")]
        new: NewPullRequest,
        state: PullRequestState,
        merged_head: Option<CommitSha>,
    },
}

#[derive(Debug, Default)]
pub(super) struct ForgeModel {
    pub(super) subjects: BTreeMap<u64, Filed>,
    pub(super) comments: BTreeMap<u64, Vec<Comment>>,
    pub(super) checks: BTreeMap<CommitSha, CheckBoard>,
    /// The next places in the merge queue, if there is one; the last one stays.
    pub(super) queue: VecDeque<QueuePlace>,
    /// Why nothing is merged.
    pub(super) refusal: Option<String>,
    /// What every branch demands.
    pub(super) rules: BranchRules,
    /// The number of calls of each method by engines.
    pub(super) reads: BTreeMap<&'static str, usize>,
    pub(super) writes: BTreeMap<&'static str, usize>,
    comments_made: u64,
}

impl ForgeModel {
    /// Creates the forge of a saved history.
    pub(super) fn with(subjects: BTreeMap<u64, Filed>, comments: BTreeMap<u64, Vec<Comment>>) -> Self {
        let comments_made = comments.values().map(Vec::len).sum::<usize>().try_into().unwrap_or(u64::MAX);
        Self { subjects, comments, comments_made, ..Self::default() }
    }

    pub(super) fn file(&mut self, subject: Filed) -> u64 {
        let number = self.subjects.keys().max().copied().unwrap_or(0) + 1;
        self.subjects.insert(number, subject);
        number
    }

    pub(super) fn say(
        &mut self,
        number: u64,
        (author, role): (&Login, AuthorRole),
        body: &str,
        now: Timestamp,
    ) {
        self.comments_made += 1;
        self.comments.entry(number).or_default().push(Comment {
            id: self.comments_made.to_string(),
            author: author.clone(),
            role,
            body: body.into(),
            created_at: now,
            updated_at: now,
        });
    }

    /// Returns the comments of a thread, as the port does.
    fn shared(&self, number: u64) -> Vec<Arc<Comment>> {
        self.comments.get(&number).into_iter().flatten().cloned().map(Arc::new).collect()
    }

    pub(super) fn pull_request(&self, git: &Git, number: u64) -> Result<PullRequest, ForgeError> {
        let Some(Filed::PullRequest { new, state, merged_head }) = self.subjects.get(&number) else {
            return Err(ForgeError::NotFound(format!("there is no pull request {number}")));
        };
        let tip = merged_head.as_ref().or_else(|| git.branches.get(&new.head_ref)).cloned();
        let head = tip.ok_or_else(|| ForgeError::NotFound(format!("the branch {} is gone", new.head_ref)))?;
        Ok(PullRequest {
            number: PullRequestNumber(number),
            state: state.clone(),
            title: new.title.clone(),
            body: new.body.clone(),
            head,
            head_ref: new.head_ref.clone(),
            base_ref: new.base_ref.clone(),
            restoring: "restore it".to_owned(),
        })
    }
}

fn merge(state: &mut State, number: u64, head: &CommitSha) -> Result<Merge, ForgeError> {
    let seen = state.forge.pull_request(&state.git, number)?;
    if let PullRequestState::Merged { commit } = seen.state {
        return Ok(Merge::Merged(commit));
    }
    if seen.head != *head {
        return Ok(Merge::HeadMoved(seen.head));
    }
    let gone = || ForgeError::Refused(format!("the branch {} is gone", seen.base_ref));
    let base = state.git.branches.get(&seen.base_ref).cloned().ok_or_else(gone)?;
    let ancestor = state.git.merge_base(&base, head).ok_or_else(gone)?;
    let tree = match state.git.merged_tree(&ancestor, &base, head) {
        Ok(tree) => tree,
        Err(files) => return Ok(Merge::Conflict(MergeConflict { base: seen.base_ref, files })),
    };
    let commit = state.git.commit(vec![base, head.clone()], tree).ok_or_else(gone)?;
    state.git.branches.insert(seen.base_ref, commit.clone());
    if let Some(Filed::PullRequest { state, merged_head, .. }) = state.forge.subjects.get_mut(&number) {
        *state = PullRequestState::Merged { commit: commit.clone() };
        *merged_head = Some(head.clone());
    }
    for (issue, subject) in &mut state.forge.subjects {
        if let Filed::Issue { state, .. } = subject
            && seen.body.contains(&format!("Closes #{issue}\n"))
        {
            *state = IssueState::Closed;
        }
    }
    Ok(Merge::Merged(commit))
}

impl MemoryWorld {
    /// Counts a read.
    async fn read_forge<T>(&self, name: &'static str, look: impl FnOnce(&mut State) -> T) -> T {
        self.look(|state| {
            *state.forge.reads.entry(name).or_default() += 1;
            look(state)
        })
        .await
    }

    /// Counts a write.
    async fn write_forge<T>(
        &self,
        name: &'static str,
        effect: impl FnOnce(&mut State) -> Result<T, ForgeError>,
    ) -> Result<T, ForgeError> {
        let counted = |state: &mut State| {
            *state.forge.writes.entry(name).or_default() += 1;
            effect(state)
        };
        self.change(name, counted, no_answer).await
    }
}

/// Returns the error for a write that happened without an acknowledgement.
#[expect(clippy::unnecessary_wraps, reason = "the shape that `change` wants")]
fn no_answer<T>() -> Option<Result<T, ForgeError>> {
    Some(Err(ForgeError::Unreachable("no answer".to_owned())))
}

#[async_trait]
impl Forge for MemoryWorld {
    fn commands(&self, number: PullRequestNumber) -> ForgeCommands {
        ForgeCommands { merge: format!("merge {number}"), view: format!("view {number}") }
    }

    fn issue_commands(&self, issue: IssueNumber) -> IssueCommands {
        IssueCommands {
            view: format!("view {issue}"),
            comment: format!("comment {issue}"),
            decline: format!("decline {issue}"),
        }
    }

    fn reopening(&self, thread: Thread) -> String {
        match thread {
            Thread::Issue(number) => format!("reopen issue {number}"),
            Thread::PullRequest(number) => format!("reopen pull request {number}"),
        }
    }

    fn closing(&self, thread: Thread) -> String {
        match thread {
            Thread::Issue(number) => format!("close issue {number}"),
            Thread::PullRequest(number) => format!("close pull request {number}"),
        }
    }

    fn login(&self) -> Login {
        self.login.clone()
    }

    fn repository_id(&self) -> String {
        self.repository.clone()
    }

    async fn issue(&self, number: IssueNumber) -> Result<Issue, ForgeError> {
        self.read_forge("issue", |state| match state.forge.subjects.get(&number.0) {
            Some(Filed::Issue { author, role, title, body, state: open }) => Ok(Issue {
                number,
                author: author.clone(),
                role: *role,
                state: *open,
                title: title.clone(),
                body: body.clone(),
                comments: state.forge.shared(number.0),
            }),
            Some(Filed::PullRequest { .. }) | None => {
                Err(ForgeError::NotFound(format!("there is no issue {number}")))
            }
        })
        .await
    }

    async fn own_issues(&self, key: &str, title: &str) -> Result<Vec<OwnIssue>, ForgeError> {
        self.read_forge("own issues", |state| {
            let ours = |(number, subject): (&u64, &Filed)| match subject {
                Filed::Issue { author, title: named, body, .. }
                    if *author == self.login && (named == title || body.contains(key)) =>
                {
                    let (title, body) = (named.clone(), body.clone());
                    Some(OwnIssue { number: IssueNumber(*number), title, body })
                }
                Filed::Issue { .. } | Filed::PullRequest { .. } => None,
            };
            Ok(state.forge.subjects.iter().filter_map(ours).collect())
        })
        .await
    }

    async fn file_issue(&self, new: &NewIssue) -> Result<IssueNumber, ForgeError> {
        let effect = |state: &mut State| {
            let (author, title, body) = (self.login.clone(), new.title.clone(), new.body.clone());
            let subject =
                Filed::Issue { author, role: AuthorRole::Owner, title, body, state: IssueState::Open };
            Ok(IssueNumber(state.forge.file(subject)))
        };
        self.write_forge("file issue", effect).await
    }

    async fn pull_request(&self, number: PullRequestNumber) -> Result<PullRequest, ForgeError> {
        self.read_forge("pull request", |state| state.forge.pull_request(&state.git, number.0)).await
    }

    async fn pull_requests_from(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        self.read_forge("pull requests from", |state| {
            let from_branch = |subject: &Filed| match subject {
                Filed::PullRequest { new, .. } => new.head_ref == *branch,
                Filed::Issue { .. } => false,
            };
            let found = state.forge.subjects.iter().filter(|(_, subject)| from_branch(subject));
            found.map(|(number, _)| state.forge.pull_request(&state.git, *number)).collect()
        })
        .await
    }

    async fn checks(&self, commit: &CommitSha) -> Result<CheckBoard, ForgeError> {
        self.read_forge("checks", |state| Ok(state.forge.checks.get(commit).cloned().unwrap_or_default()))
            .await
    }

    async fn branch_rules(&self, _: &BranchName) -> Result<BranchRules, ForgeError> {
        self.read_forge("branch rules", |state| Ok(state.forge.rules.clone())).await
    }

    async fn comments(&self, number: PullRequestNumber) -> Result<Vec<Arc<Comment>>, ForgeError> {
        self.read_forge("comments", |state| Ok(state.forge.shared(number.0))).await
    }

    async fn publish(&self, thread: Thread, body: &str) -> Result<(), ForgeError> {
        let number = match thread {
            Thread::Issue(number) => number.0,
            Thread::PullRequest(number) => number.0,
        };
        let effect = |state: &mut State| {
            let now = state.now;
            state.forge.say(number, (&self.login, AuthorRole::Owner), body, now);
            Ok(())
        };
        self.write_forge("publish", effect).await
    }

    async fn open_pull_request(&self, new: &NewPullRequest) -> Result<PullRequestNumber, ForgeError> {
        let effect = |state: &mut State| {
            let subject =
                Filed::PullRequest { new: new.clone(), state: PullRequestState::Open, merged_head: None };
            Ok(PullRequestNumber(state.forge.file(subject)))
        };
        self.write_forge("open pull request", effect).await
    }

    async fn merge(&self, number: PullRequestNumber, head: &CommitSha) -> Result<Merge, ForgeError> {
        let effect = |state: &mut State| match (&state.forge.refusal, state.forge.queue.is_empty()) {
            (Some(why), _) => Ok(Merge::NotMerged(why.clone())),
            (None, false) => Ok(Merge::Queued),
            (None, true) => merge(state, number.0, head),
        };
        self.write_forge("merge", effect).await
    }

    async fn queue_place(&self, number: PullRequestNumber) -> Result<QueuePlace, ForgeError> {
        self.read_forge("queue place", |state| {
            let place = state.forge.queue.front().cloned().unwrap_or(QueuePlace::Removed);
            if state.forge.queue.len() > 1 {
                state.forge.queue.pop_front();
            }
            if place == QueuePlace::Merged {
                let head = state.forge.pull_request(&state.git, number.0)?.head;
                merge(state, number.0, &head)?;
            }
            Ok(place)
        })
        .await
    }
}
