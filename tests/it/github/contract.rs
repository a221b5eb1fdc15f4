//! What every forge promises, checked on the embedded one and on GitHub alike.

use std::sync::Arc;

use agent_loop::adapters::embedded_forge::EmbeddedForge;
use agent_loop::adapters::embedded_forge::rows::{NewRow, SubjectKind, Writer};
use agent_loop::adapters::embedded_forge::store::Store;
use agent_loop::adapters::git::{Git, GitFolders, GitWorkspace, Identity, Remote};
use agent_loop::domain::ids::{BranchName, CommitSha, IssueNumber, PullRequestNumber};
use agent_loop::domain::pull_request::{Check, CheckState, PullRequestState};
use agent_loop::ports::forge::{
    AuthorRole, Forge, ForgeError, IssueState, Merge, NewIssue, NewPullRequest, Thread,
};
use agent_loop::ports::workspace::Workspace;
use jiff::Timestamp;

use super::stage::Stage;
use crate::github_model::{CheckRow, Role};

/// What people do on a forge besides the tool.
trait Hands {
    fn file_issue(&self, title: &str, body: &str) -> u64;
    fn comment(&self, number: u64, login: &str, role: AuthorRole, body: &str);
    fn check(&self, commit: &CommitSha, name: &str, state: CheckState);
}

impl Hands for Stage {
    fn file_issue(&self, title: &str, body: &str) -> u64 {
        let mut state = self.github.state();
        let bob = state.person("bob", Role::Write);
        state.file(bob, (title, body), None)
    }

    fn comment(&self, number: u64, login: &str, role: AuthorRole, body: &str) {
        let role = match role {
            AuthorRole::Owner => Role::Admin,
            AuthorRole::Member => Role::Write,
            AuthorRole::Stranger => Role::Read,
        };
        let mut state = self.github.state();
        let author = state.person(login, role);
        state.comment(number, author, body);
    }

    fn check(&self, commit: &CommitSha, name: &str, state: CheckState) {
        let (commit, name, state) = (commit.to_string(), name.to_owned(), state.name().to_owned());
        let row = CheckRow { commit, name, state, log: None };
        self.github.state().checks.push(row);
    }
}

impl Hands for EmbeddedForge {
    fn file_issue(&self, title: &str, body: &str) -> u64 {
        let writer = Writer { login: "bob".parse().unwrap(), role: AuthorRole::Member };
        let (title, body) = (title.to_owned(), body.to_owned());
        let row = NewRow { kind: SubjectKind::Issue(IssueState::Open), title, body, writer };
        self.store().create(&row, Timestamp::UNIX_EPOCH).unwrap()
    }

    fn comment(&self, number: u64, login: &str, role: AuthorRole, body: &str) {
        let writer = Writer { login: login.parse().unwrap(), role };
        self.store().comment(number, &writer, body, Timestamp::UNIX_EPOCH).unwrap();
    }

    fn check(&self, commit: &CommitSha, name: &str, state: CheckState) {
        self.store().set_check(commit, &Check::bare(name.to_owned(), state)).unwrap();
    }
}

const SIGNED: &str = "Keep it short.\n\n-- Human Reviewer";

async fn keeps_its_promises(forge: &impl Forge, hands: &impl Hands, (head, newer): (&CommitSha, &CommitSha)) {
    let number = hands.file_issue("Do it", "All of it.");
    threads(forge, hands, number).await;
    let pull = pull_requests(forge, number, head).await;
    let refused = forge.issue(IssueNumber(pull.0)).await.unwrap_err().to_string();
    assert!(refused.contains(&format!("{pull} is a pull request, not an issue")), "{refused}");
    let refused = forge.pull_request(PullRequestNumber(number)).await.unwrap_err().to_string();
    assert!(refused.contains(&format!("{number} is an issue, not a pull request")), "{refused}");
    assert!(matches!(forge.issue(IssueNumber(99)).await, Err(ForgeError::NotFound(_))));
    assert!(matches!(forge.pull_request(PullRequestNumber(99)).await, Err(ForgeError::NotFound(_))));
    for (name, state) in
        [("build", CheckState::Success), ("lint", CheckState::Failure), ("slow", CheckState::Pending)]
    {
        hands.check(head, name, state);
    }
    let mut seen: Vec<CheckState> =
        forge.checks(head).await.unwrap().checks.into_iter().map(|one| one.state).collect();
    seen.sort_by_key(|state| state.name());
    assert_eq!(seen, [CheckState::Failure, CheckState::Pending, CheckState::Success]);
    assert_eq!(forge.checks(newer).await.unwrap().checks, []);
    assert_eq!(forge.merge(pull, newer).await.unwrap(), Merge::HeadMoved(head.clone()));
    let merged = forge.merge(pull, head).await.unwrap();
    let Merge::Merged(commit) = &merged else { panic!("{merged:?}") };
    assert_eq!(forge.merge(pull, head).await.unwrap(), merged, "merging what is merged");
    let state = forge.pull_request(pull).await.unwrap().state;
    assert_eq!(state, PullRequestState::Merged { commit: commit.clone() });
    assert_eq!(forge.issue(IssueNumber(number)).await.unwrap().state, IssueState::Closed);
    filed(forge).await;
}

async fn threads(forge: &impl Forge, hands: &impl Hands, number: u64) {
    hands.comment(number, "bob", AuthorRole::Member, SIGNED);
    hands.comment(number, "eve", AuthorRole::Stranger, SIGNED);
    let ours = format!("ours\n\n{}", "ä".repeat(20_000));
    forge.publish(Thread::Issue(IssueNumber(number)), &ours).await.unwrap();
    let issue = forge.issue(IssueNumber(number)).await.unwrap();
    assert_eq!(
        (issue.title.as_str(), issue.body.as_str(), issue.state),
        ("Do it", "All of it.", IssueState::Open)
    );
    let seen: Vec<_> = issue.comments.iter().map(|one| (one.author.as_str(), one.role, &*one.body)).collect();
    let login = forge.login();
    assert_eq!(
        seen,
        [
            ("bob", AuthorRole::Member, SIGNED),
            ("eve", AuthorRole::Stranger, SIGNED),
            (login.as_str(), AuthorRole::Owner, ours.as_str())
        ]
    );
    assert!(issue.comments.iter().all(|one| one.created_at == one.updated_at));
}

async fn pull_requests(forge: &impl Forge, closes: u64, head: &CommitSha) -> PullRequestNumber {
    let branch: BranchName = "feature".parse().unwrap();
    assert_eq!(forge.pull_requests_from(&branch).await.unwrap(), []);
    let new = NewPullRequest {
        head_ref: branch.clone(),
        base_ref: "main".parse().unwrap(),
        title: "Did it".to_owned(),
        body: format!("Closes #{closes}\n"),
    };
    let pull = forge.open_pull_request(&new).await.unwrap();
    let found = forge.pull_requests_from(&branch).await.unwrap();
    assert_eq!(found, [forge.pull_request(pull).await.unwrap()]);
    assert_eq!(
        (&found[0].head, found[0].body.as_str(), &found[0].state),
        (head, new.body.as_str(), &PullRequestState::Open)
    );
    pull
}

async fn filed(forge: &impl Forge) {
    let new = NewIssue { title: "Later".to_owned(), body: "key-0123".to_owned() };
    let number = forge.file_issue(&new).await.unwrap();
    let found = forge.own_issues("key-0123", "Sooner").await.unwrap();
    assert_eq!(found.iter().map(|one| one.number).collect::<Vec<_>>(), [number]);
    assert_eq!(forge.own_issues("key-4567", "Later").await.unwrap(), found);
    assert_eq!(forge.own_issues("key-4567", "Late").await.unwrap(), []);
}

fn commits(stage: &Stage) -> (CommitSha, CommitSha) {
    let head = stage.branch("feature", "one DONE\n").parse().unwrap();
    (head, stage.branch("newer", "two\n").parse().unwrap())
}

#[tokio::test]
#[ignore = "needs gh"]
async fn github_keeps_its_promises() {
    let stage = Stage::new();
    let (head, newer) = commits(&stage);
    keeps_its_promises(&stage.forge().await.unwrap(), &stage, (&head, &newer)).await;
}

#[tokio::test]
async fn the_embedded_forge_keeps_them() {
    let stage = Stage::new();
    let (head, newer) = commits(&stage);
    let at = |name: &str| stage.root().join(name);
    let folders = GitFolders { mirror: at("mirror.git"), clones: at("clones"), diffs: at("diffs") };
    let identity = Identity { name: "Ada".to_owned(), email: "ada@localhost".to_owned() };
    let git = Git::new(&stage.variables(), identity);
    let workspace = Arc::new(GitWorkspace::new(git, Remote::Local(stage.github.bare()), folders));
    workspace.refresh().await.unwrap();
    let forge = EmbeddedForge::new(Store::open(&stage.github.bare()).unwrap(), workspace).unwrap();
    keeps_its_promises(&forge, &forge, (&head, &newer)).await;
}
