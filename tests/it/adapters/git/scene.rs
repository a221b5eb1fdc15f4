//! A user's repository with a workspace, and shorthands for the tests.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use agent_loop::adapters::git::{Git, GitFolders, GitWorkspace, Identity, Remote};
use agent_loop::adapters::process::capture::capture;
use agent_loop::adapters::process::command::CommandLine;
use agent_loop::adapters::process::environment::common;
use agent_loop::adapters::process::variables::Variables;
use agent_loop::domain::agent::Role;
use agent_loop::domain::ids::{BranchName, CommitSha, IssueNumber};
use agent_loop::domain::subject::Subject;
use agent_loop::ports::workspace::{CloneId, Harvest, Layout, Workspace};
use tempfile::TempDir;

pub(super) struct Scene {
    folder: TempDir,
    pub(super) workspace: GitWorkspace,
    pub(super) head: CommitSha,
}

impl Scene {
    /// Creates a repository with a commit on `main`, checked out, and a refreshed workspace.
    pub(super) async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let user = folder.path().join("user");
        fs::create_dir(&user).unwrap();
        git(&user, &["init", "-q", "-b", "main"]).await;
        git(&user, &["config", "user.name", "A User"]).await;
        git(&user, &["config", "user.email", "user@example.org"]).await;
        write(&user, "a.txt", "one\n");
        write(&user, "src/lib.rs", "fn main() {}\n");
        write(&user, ".gitignore", "target/\n*.log\n");
        git(&user, &["add", "-A"]).await;
        git(&user, &["commit", "-q", "-m", "first"]).await;
        let head = sha(&user, "HEAD").await;
        let workspace = workspace(folder.path(), &ours());
        workspace.refresh().await.unwrap();
        Self { folder, workspace, head }
    }

    pub(super) fn user(&self) -> PathBuf {
        self.folder.path().join("user")
    }

    pub(super) fn mirror(&self) -> PathBuf {
        self.folder.path().join("state/mirror.git")
    }

    /// Returns the path of a file that a hostile clone tries to create.
    pub(super) fn canary(&self) -> PathBuf {
        self.folder.path().join("canary")
    }

    pub(super) fn outside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns another workspace on the same folders, like that of another run.
    pub(super) fn again(&self) -> GitWorkspace {
        workspace(self.folder.path(), &ours())
    }

    /// Gives the workspace a log that gets a line for each git that is started directly.
    pub(super) fn count_spawns(&mut self) -> PathBuf {
        let log = self.outside("log");
        self.workspace = self.counted(&log);
        log
    }

    /// Returns the workspace with a folder of ours in the clones of coders.
    pub(super) fn with_checkout_folder(&self, folder: &str) -> GitWorkspace {
        workspace(self.folder.path(), &ours()).with_checkout_folder(Some(folder.parse().unwrap()))
    }

    /// Returns the workspace with a file that gets the arguments of every git.
    pub(super) fn counted(&self, log: &Path) -> GitWorkspace {
        let bin = self.outside("counting");
        fs::create_dir_all(&bin).unwrap();
        let mut environment = ours();
        let path = environment.get(OsStr::new("PATH")).unwrap().clone();
        let script = format!(
            "#!/bin/sh\necho \"$*\" >> '{}'\nPATH='{}' exec git \"$@\"\n",
            log.display(),
            path.display()
        );
        write(&bin, "git", &script);
        fs::set_permissions(bin.join("git"), fs::Permissions::from_mode(0o755)).unwrap();
        let mut found = bin.into_os_string();
        found.push(":");
        found.push(path);
        environment.insert("PATH".into(), found);
        workspace(self.folder.path(), &environment)
    }

    /// Prepares the coder's clone at the head, on the branch `work`.
    pub(super) async fn coder(&self) -> PathBuf {
        self.workspace.prepare(&coder(), &on_branch(&self.head, "work")).await.unwrap().path
    }

    pub(super) async fn reviewer(&self) -> PathBuf {
        self.workspace.prepare(&reviewer(), &review(&self.head, &self.head)).await.unwrap().path
    }

    pub(super) async fn harvest(&self) -> Harvest {
        self.workspace.harvest(&coder(), &self.head, "the work\n").await.unwrap().found
    }

    pub(super) async fn harvested(&self) -> CommitSha {
        match self.harvest().await {
            Harvest::Commit(commit) => commit,
            other @ (Harvest::Unchanged | Harvest::Unfit { .. }) => panic!("{other:?}"),
        }
    }

    /// Creates a commit in the mirror that changes `a.txt` and adds `new.txt`.
    pub(super) async fn change(&self) -> CommitSha {
        let clone = self.coder().await;
        write(&clone, "a.txt", "two\n");
        write(&clone, "new.txt", "new\n");
        self.harvested().await
    }

    /// Returns the content of a path in a commit of the mirror.
    pub(super) async fn content(&self, commit: &CommitSha, path: &str) -> String {
        git(&self.mirror(), &["show", &format!("{commit}:{path}")]).await
    }
}

fn workspace(folder: &Path, environment: &Variables) -> GitWorkspace {
    let identity = Identity { name: "agent-loop".into(), email: "agent-loop@localhost".into() };
    let folders = GitFolders {
        mirror: folder.join("state/mirror.git"),
        clones: folder.join("state/clones"),
        diffs: folder.join("state/diffs"),
    };
    GitWorkspace::new(Git::new(environment, identity), Remote::Local(folder.join("user")), folders)
}

pub(super) fn subject() -> Subject {
    Subject::Issue(IssueNumber(3))
}

pub(super) fn coder() -> CloneId {
    CloneId::Author { subject: subject(), role: Role::Coder, label: "claude".parse().unwrap() }
}

pub(super) fn reviewer() -> CloneId {
    CloneId::Reader { subject: subject(), role: Role::Reviewer, label: "codex".parse().unwrap() }
}

/// Returns the layout of a detached commit.
pub(super) fn at(head: &CommitSha) -> Layout {
    Layout::Work { head: head.clone(), branch: None, unfinished: None }
}

/// Returns the layout of a commit on a branch.
pub(super) fn on_branch(head: &CommitSha, name: &str) -> Layout {
    Layout::Work { head: head.clone(), branch: Some(branch(name)), unfinished: None }
}

/// Returns the layout of a commit for a reviewer.
pub(super) fn review(base: &CommitSha, head: &CommitSha) -> Layout {
    Layout::Review { base: base.clone(), head: head.clone() }
}

pub(super) fn branch(name: &str) -> BranchName {
    name.parse().unwrap()
}

pub(super) fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub(super) fn read(folder: &Path, path: &str) -> String {
    fs::read_to_string(folder.join(path)).unwrap()
}

pub(super) async fn sha(folder: &Path, name: &str) -> CommitSha {
    git(folder, &["rev-parse", name]).await.trim().parse().unwrap()
}

/// Runs git like an agent or a user; it must succeed.
pub(super) async fn git(folder: &Path, arguments: &[&str]) -> String {
    program("git", folder, arguments).await
}

pub(super) async fn program(program: &str, folder: &Path, arguments: &[&str]) -> String {
    let line = CommandLine::new(program, folder, common(&ours(), &[]))
        .variable("GIT_CONFIG_GLOBAL", "/dev/null")
        .variable("GIT_CONFIG_NOSYSTEM", "1")
        .arguments(arguments);
    let captured = capture(&line).await.unwrap();
    assert!(captured.exit.is_success(), "{}: {}", line.shown(), captured.stderr);
    String::from_utf8_lossy(&captured.stdout).into_owned()
}

#[expect(clippy::disallowed_methods, reason = "a test has no cli that reads the environment for it")]
pub(super) fn ours() -> Variables {
    std::env::vars_os().collect()
}
