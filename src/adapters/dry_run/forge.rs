//! The forge of a dry run: it reads the real forge, and records comments, pull requests and merges.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::branch_rules::BranchRules;
use crate::domain::commit_status::CommitStatus;
use crate::domain::forge_review::ForgeReview;
use crate::domain::ids::{BranchName, CommitSha, IssueNumber, ItemId, Login, PullRequestNumber};
use crate::domain::pull_request::{CheckBoard, PullRequest, PullRequestState, QueuePlace};
use crate::domain::subject::Subject;
use crate::ports::forge::{
    AuthorRole, Comment, Forge, ForgeCommands, ForgeError, Issue, IssueCommands, Merge, NewIssue,
    NewPullRequest, OwnIssue, Remarks, RunDisplay, Thread,
};

use super::script::NEW;
use super::world::RehearsedWorld;

#[async_trait]
impl Forge for RehearsedWorld {
    fn commands(&self, number: PullRequestNumber) -> ForgeCommands {
        self.real.forge.commands(number)
    }

    fn issue_commands(&self, issue: IssueNumber) -> IssueCommands {
        self.real.forge.issue_commands(issue)
    }

    fn reopening(&self, thread: Thread) -> String {
        self.real.forge.reopening(thread)
    }

    fn closing(&self, thread: Thread) -> String {
        self.real.forge.closing(thread)
    }

    fn login(&self) -> Login {
        self.real.forge.login()
    }

    fn repository_id(&self) -> String {
        self.real.forge.repository_id()
    }

    fn display(&self) -> RunDisplay {
        self.real.forge.display()
    }

    async fn set_status(&self, _: PullRequestNumber, status: &CommitStatus) -> Result<(), ForgeError> {
        let CommitStatus { head, state, sentence, .. } = status;
        self.note(format!("set the status of {} to {state}: {sentence}", head.short()));
        Ok(())
    }

    async fn publish_review(
        &self,
        number: PullRequestNumber,
        review: &ForgeReview,
    ) -> Result<(), ForgeError> {
        let ForgeReview { verdict, head, .. } = review;
        self.note(format!(
            "publish a review of {} on {} ({verdict:?})",
            head.short(),
            Subject::PullRequest(number)
        ));
        Ok(())
    }

    async fn resolve(&self, number: PullRequestNumber, items: &[ItemId]) -> Result<(), ForgeError> {
        let items: Vec<&str> = items.iter().map(ItemId::as_str).collect();
        self.note(format!("resolve conversations on {}: {}", Subject::PullRequest(number), items.join(", ")));
        Ok(())
    }

    fn line_url(&self, commit: &CommitSha, path: &str, line: u32) -> Option<String> {
        self.real.forge.line_url(commit, path, line)
    }

    async fn issue(&self, number: IssueNumber) -> Result<Issue, ForgeError> {
        let mut issue = self.real.forge.issue(number).await?;
        issue.comments = self.with_noted(&Subject::Issue(number), issue.comments);
        Ok(issue)
    }

    async fn own_issues(&self, key: &str, title: &str) -> Result<Vec<OwnIssue>, ForgeError> {
        self.real.forge.own_issues(key, title).await
    }

    async fn file_issue(&self, new: &NewIssue) -> Result<IssueNumber, ForgeError> {
        self.note(format!("file an issue: {}", new.title));
        Ok(IssueNumber(NEW.0))
    }

    async fn pull_request(&self, number: PullRequestNumber) -> Result<PullRequest, ForgeError> {
        let opened = self.lock().opened.clone().filter(|_| number == NEW);
        let mut found = match opened {
            Some(opened) => opened,
            None => self.real.forge.pull_request(number).await?,
        };
        if let Some(tip) = self.lock().tips.get(&found.head_ref) {
            found.head = tip.clone();
        }
        Ok(found)
    }

    async fn pull_requests_from(&self, head_ref: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        let mut found = self.real.forge.pull_requests_from(head_ref).await?;
        found.extend(self.lock().opened.clone().filter(|opened| opened.head_ref == *head_ref));
        Ok(found)
    }

    async fn checks(&self, commit: &CommitSha) -> Result<CheckBoard, ForgeError> {
        self.real.forge.checks(commit).await
    }

    async fn branch_rules(&self, branch: &BranchName) -> Result<BranchRules, ForgeError> {
        self.real.forge.branch_rules(branch).await
    }

    async fn queue_place(&self, number: PullRequestNumber) -> Result<QueuePlace, ForgeError> {
        self.real.forge.queue_place(number).await
    }

    async fn comments(&self, number: PullRequestNumber) -> Result<Vec<Arc<Comment>>, ForgeError> {
        let real = if number == NEW { Vec::new() } else { self.real.forge.comments(number).await? };
        Ok(self.with_noted(&Subject::PullRequest(number), real))
    }

    async fn remarks(&self, number: PullRequestNumber) -> Result<Remarks, ForgeError> {
        if number == NEW { Ok(Remarks::default()) } else { self.real.forge.remarks(number).await }
    }

    async fn publish(&self, thread: Thread, body: &str) -> Result<(), ForgeError> {
        let subject = match thread {
            Thread::Issue(number) => Subject::Issue(number),
            Thread::PullRequest(number) => Subject::PullRequest(number),
        };
        let first = body.lines().next().unwrap_or_default();
        self.note(format!("comment on {subject}: {first}"));
        let now = self.real.clock.now();
        let mut script = self.lock();
        let noted = script.comments.entry(subject).or_default();
        let comment = Comment {
            id: format!("rehearsed-{}", noted.len()),
            author: self.real.forge.login(),
            role: AuthorRole::Owner,
            body: body.into(),
            created_at: now,
            updated_at: now,
        };
        noted.push(Arc::new(comment));
        Ok(())
    }

    async fn open_pull_request(&self, new: &NewPullRequest) -> Result<PullRequestNumber, ForgeError> {
        self.note(format!("open a pull request from {} into {}: {}", new.head_ref, new.base_ref, new.title));
        let head = self.lock().tips.get(&new.head_ref).cloned();
        let head =
            head.ok_or_else(|| ForgeError::Refused(format!("the branch {} does not exist", new.head_ref)))?;
        self.lock().opened = Some(PullRequest {
            number: NEW,
            state: PullRequestState::Open,
            title: new.title.clone(),
            body: new.body.clone(),
            head_ref: new.head_ref.clone(),
            base_ref: new.base_ref.clone(),
            head,
            restoring: String::new(),
        });
        Ok(NEW)
    }

    async fn merge(&self, number: PullRequestNumber, head: &CommitSha) -> Result<Merge, ForgeError> {
        self.note(format!("merge {} at {}", Subject::PullRequest(number), head.short()));
        self.end();
        Ok(Merge::HeadMoved(head.clone()))
    }
}
