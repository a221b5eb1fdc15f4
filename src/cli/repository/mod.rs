//! The user's repository, inspected once at the start: path, branch, user. Nothing is changed.

mod answered;
pub mod checkout_change;
pub mod expected;
pub mod logbook;
pub mod new_forge;
pub mod open;
pub mod parts;
mod query;
pub mod saved;
pub mod site;
pub mod stopped;
pub mod survey;
pub mod surveyed;
pub mod verdict;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::adapters::embedded_forge::OWN_LOGIN;
use crate::adapters::github::address::{GITHUB, RepositoryAddress};
use crate::adapters::process::variables::Variables;
use crate::cli::nearest::suggestion;
use crate::domain::branch_names;
use crate::domain::ending::Refused;
use crate::domain::ids::{BranchName, CommitSha, InvalidName, Login};
use crate::domain::shell;
use crate::engine::outcome::RunError;
use crate::text::markdown::count;

use expected::ExpectedProgram;
use query::{GitQuery, UserSettings};

/// The user's repository.
#[derive(Debug, Clone)]
pub struct Repository {
    /// The folder for git commands: the top folder of the checkout, or the bare repository.
    pub path: PathBuf,
    /// The git folder shared by all worktrees, with the embedded forge and the locks.
    pub common: PathBuf,
    pub branch: Option<BranchName>,
    /// The author of commits: the user according to git, else the program.
    pub name: String,
    pub email: String,
    /// The configured URL of `origin`.
    pub origin: Option<String>,
    /// The user's own ssh command for this repository.
    pub ssh_command: Option<String>,
    pub home: BranchHome,
}

/// The branches to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BranchHome {
    /// Those in this repository, which is the repository of its own forge.
    Here,
    /// Those of `origin` at the last fetch; a branch that was never fetched is searched in this repository.
    Origin,
    /// None: the current folder is in no repository, and the one on the forge was named.
    Nowhere,
    /// Those of another repository on the forge, in our mirror of it.
    Mirror(PathBuf),
}

/// The reason why a branch cannot be changed, and the command that helps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingBranch {
    pub why: String,
    pub command: String,
}

impl From<MissingBranch> for RunError {
    fn from(missing: MissingBranch) -> Self {
        Self::refused(Refused::Usage, missing.why).with_next(missing.command)
    }
}

impl From<RunError> for String {
    fn from(error: RunError) -> Self {
        error.message
    }
}

impl Repository {
    /// Finds the repository around a folder.
    pub async fn find(folder: &Path, variables: &Variables) -> Result<Self, RunError> {
        if !folder.is_dir() {
            let is_there = folder.exists();
            let message = if is_there { "is not a folder" } else { "does not exist" };
            let message = format!("{} {message}", folder.display());
            return Err(RunError::refused(Refused::Usage, message));
        }
        let git = GitQuery { folder, variables };
        let (version, facts, top, branch, settings) = tokio::join!(
            git.refuse_old(),
            git.run(&["rev-parse", "--is-bare-repository", "--path-format=absolute", "--git-common-dir"]),
            git.run(&["rev-parse", "--show-toplevel"]),
            git.ask(&["symbolic-ref", "--quiet", "HEAD"]),
            UserSettings::read(&git),
        );
        let (facts, top, branch, mut settings) = (facts?, top?, branch?, settings?);
        if !facts.exit.is_success() {
            return Err(no_repository(folder, &facts.stderr));
        }
        version?;
        let (common, checkout) = match facts.stdout.strip_prefix(b"false\n") {
            Some(common) => (path(common), Some(top)),
            None => (path(facts.stdout.strip_prefix(b"true\n").unwrap_or(&facts.stdout)), None),
        };
        let top = checkout.filter(|top| top.exit.is_success() && !top.stdout.is_empty());
        Ok(Self {
            path: top.map_or_else(|| common.clone(), |top| path(&top.stdout)),
            common,
            branch: branch.and_then(|name| name.strip_prefix("refs/heads/")?.parse().ok()),
            origin: settings.take("remote.origin.url"),
            home: BranchHome::Here,
            ..Self::somewhere(folder, settings)
        })
    }

    /// Returns the place of a run that is started outside of any repository, on a named repository of the forge.
    pub async fn outside(folder: &Path, variables: &Variables) -> Result<Self, RunError> {
        let git = GitQuery { folder, variables };
        git.refuse_old().await?;
        Ok(Self::somewhere(folder, UserSettings::read(&git).await?))
    }

    fn somewhere(folder: &Path, mut settings: UserSettings) -> Self {
        Self {
            path: folder.to_owned(),
            common: folder.to_owned(),
            branch: None,
            name: settings.take("user.name").unwrap_or_else(|| "agent-loop".to_owned()),
            email: settings.take("user.email").unwrap_or_else(|| "agent-loop@localhost".to_owned()),
            origin: None,
            ssh_command: settings.take("core.sshcommand"),
            home: BranchHome::Nowhere,
        }
    }

    /// Returns the repository for a run on another repository of the forge: its branches are those of the mirror.
    #[must_use]
    pub fn elsewhere(self, mirror: PathBuf, address: &RepositoryAddress) -> Self {
        let (path, common) = match self.home {
            BranchHome::Nowhere => (mirror.clone(), mirror.clone()),
            BranchHome::Here | BranchHome::Origin | BranchHome::Mirror(_) => (self.path, self.common),
        };
        let (origin, home) = (Some(address.https_url()), BranchHome::Mirror(mirror));
        Self { path, common, branch: None, origin, home, ..self }
    }

    /// Returns the reason why a branch cannot be changed: it has no commit yet, or does not exist.
    pub async fn lacks(
        &self,
        branch: &BranchName,
        variables: &Variables,
    ) -> Result<Option<MissingBranch>, String> {
        let git = GitQuery { folder: &self.path, variables };
        let reference = format!("refs/heads/{branch}");
        if git.ask(&["rev-parse", "--quiet", "--verify", &reference]).await?.is_some() {
            return Ok(None);
        }
        let all = git.ask(&["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads"]).await?;
        let all = all.unwrap_or_default();
        let another = "name another with --base (`git branch` lists them)";
        let elsewhere = |why| Ok(Some(MissingBranch { why, command: "git branch".to_owned() }));
        if branch.as_str().contains(char::REPLACEMENT_CHARACTER) {
            return elsewhere(format!("the name of the current branch is not UTF-8; {another}"));
        }
        if all.is_empty() || self.branch.as_ref() == Some(branch) {
            let first = format!("the branch {branch} has no commit yet; make the first");
            let why = if all.is_empty() { first } else { format!("{first}, or {another}") };
            return Ok(Some(MissingBranch { why, command: self.first_commit(&git).await? }));
        }
        let pattern = format!("refs/remotes/*/{branch}");
        if let Some(remote) =
            git.ask(&["for-each-ref", "--count=1", "--format=%(refname:lstrip=2)", &pattern]).await?
        {
            let why = format!("there is no branch `{branch}` here, only {remote}; make it");
            let command = format!("git branch {} {}", shell::quoted(branch.as_str()), shell::quoted(&remote));
            return Ok(Some(MissingBranch { why, command }));
        }
        let hint = suggestion(branch.as_str(), all.lines());
        elsewhere(format!("there is no branch `{branch}`{hint}; {another}"))
    }

    /// Returns the command that makes the first commit. Without an identity of the user, git would refuse it.
    async fn first_commit(&self, git: &GitQuery<'_>) -> Result<String, String> {
        let is_known = git.ask(&["var", "GIT_COMMITTER_IDENT"]).await?.is_some();
        let person = if is_known {
            String::new()
        } else {
            let settings = [format!("user.name={}", self.name), format!("user.email={}", self.email)];
            settings.map(|setting| format!("-c {} ", shell::quoted(&setting))).concat()
        };
        Ok(format!("git add --all && git {person}commit --allow-empty -m begin"))
    }

    /// Returns what a person may not expect of a run on a branch: agents see neither submodules nor uncommitted changes, and
    /// the branch of another run may be checked out. Clones lack programs that git does not track.
    pub async fn unseen(
        &self,
        branch: &BranchName,
        expected: &[ExpectedProgram],
        variables: &Variables,
    ) -> Result<Vec<String>, String> {
        let git = self.query(variables);
        let reference = self.reference(&git, branch).await?;
        let mut notices = Vec::new();
        let is_there = !self.is_bare() && self.branch.as_ref() == Some(branch);
        let status = async {
            let words = ["status", "--porcelain", "--untracked-files=normal", "--ignore-submodules=all"];
            if is_there { git.ask(&words).await } else { Ok(None) }
        };
        let list = ["ls-tree", "-r", "-z", "--full-tree", &reference];
        let (entries, status) = tokio::join!(git.ask(&list), status);
        let (entries, status) = (entries?.unwrap_or_default(), status?.unwrap_or_default());
        notices.extend(expected.iter().filter_map(|program| program.missing_in(&entries, branch)));
        let submodules = entries.split('\0').filter(|entry| entry.starts_with("160000 ")).count();
        if submodules > 0 {
            notices.push(format!(
                "submodules ({submodules}) are not checked out in the clones that agents and tests use"
            ));
        }
        if is_there && branch_names::is_of_a_run(branch.as_str()) {
            notices.push(format!(
                "the target branch {branch} is the branch of another change, which is checked out here; --base names another"
            ));
        }
        let (new, changed): (Vec<&str>, Vec<&str>) = status.lines().partition(|line| line.starts_with("??"));
        if !changed.is_empty() {
            let new = if new.is_empty() { String::new() } else { format!(", {} untracked", new.len()) };
            notices.push(format!(
                "your checkout has uncommitted changes ({}{new}), which agents and gates do not see",
                count(changed.len(), "changed file")
            ));
        }
        Ok(notices)
    }

    /// Returns the commit with this name.
    pub async fn commit(&self, name: &str, variables: &Variables) -> Result<CommitSha, String> {
        let revision = format!("{name}^{{commit}}");
        let words = ["rev-parse", "--quiet", "--verify", "--end-of-options", &revision];
        let found = self.query(variables).ask(&words).await?;
        let found = found.ok_or_else(|| format!("git knows no commit `{name}`"))?;
        found.parse().map_err(|error: InvalidName| error.to_string())
    }

    /// Returns the address of `origin`, if it can be a repository on GitHub.
    pub fn address(&self) -> Option<RepositoryAddress> {
        RepositoryAddress::from_url(self.origin.as_deref()?)
    }

    /// Returns whether the repository has no checkout.
    pub fn is_bare(&self) -> bool {
        self.path == self.common
    }

    /// Returns a folder of the repository that outlives linked worktrees: the first checkout, or the bare repository.
    pub fn lasting_path(&self) -> &Path {
        let is_first = self.common.file_name() == Some(OsStr::new(".git"));
        self.common.parent().filter(|_| is_first).unwrap_or(&self.path)
    }

    /// Converts the user's name, according to git, to a login.
    pub fn person(&self) -> Option<Login> {
        let plain = self.name.to_ascii_lowercase();
        let words = plain.split(|letter: char| !letter.is_ascii_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let name: String = words.join("-").chars().take(40).collect();
        let own = Login::try_from(name).ok().filter(|login| login.as_str() != OWN_LOGIN);
        own.or_else(|| Login::try_from("you".to_owned()).ok())
    }

    /// Returns the name for trust in the repository: `OWNER/REPO` on GitHub, else the folder shared by its worktrees.
    pub fn trust_name(&self) -> String {
        let on_github = self.address().filter(|address| address.host == GITHUB);
        on_github.map_or_else(|| self.common.display().to_string(), |address| address.to_string())
    }

    /// Returns a file in the checkout, if that is a checkout of the forge's repository.
    pub fn checked_out(&self, name: &str) -> Option<PathBuf> {
        match self.home {
            BranchHome::Here | BranchHome::Origin => Some(self.path.join(name)),
            BranchHome::Nowhere | BranchHome::Mirror(_) => None,
        }
    }

    fn query<'query>(&'query self, variables: &'query Variables) -> GitQuery<'query> {
        let folder = if let BranchHome::Mirror(mirror) = &self.home { mirror } else { &self.path };
        GitQuery { folder, variables }
    }

    /// Returns the full name of a branch of the forge's repository.
    async fn reference(&self, git: &GitQuery<'_>, branch: &BranchName) -> Result<String, String> {
        let here = format!("refs/heads/{branch}");
        match self.home {
            BranchHome::Here | BranchHome::Nowhere => Ok(here),
            BranchHome::Mirror(_) => Ok(format!("refs/remotes/forge/{branch}")),
            BranchHome::Origin => {
                let there = format!("refs/remotes/origin/{branch}");
                let is_known = git.ask(&["rev-parse", "--quiet", "--verify", &there]).await?.is_some();
                Ok(if is_known { there } else { here })
            }
        }
    }

    /// Lists the files on a branch; none if it cannot be read.
    pub async fn files_on(&self, branch: &BranchName, variables: &Variables) -> Result<Vec<String>, String> {
        let git = self.query(variables);
        let reference = self.reference(&git, branch).await?;
        let listed = git.ask(&["ls-tree", "-r", "-z", "--name-only", "--full-tree", &reference]).await?;
        Ok(listed.unwrap_or_default().split_terminator('\0').map(str::to_owned).collect())
    }

    /// Returns the text of a file on a branch, without the last line feeds; `None` if it does not exist.
    pub async fn file_on(
        &self,
        branch: &BranchName,
        name: &str,
        variables: &Variables,
    ) -> Result<Option<String>, String> {
        let git = self.query(variables);
        let revision = format!("{}:{name}", self.reference(&git, branch).await?);
        let Some(blob) = git.ask(&["rev-parse", "--quiet", "--verify", &revision]).await? else {
            return Ok(None);
        };
        let size = git.ask(&["cat-file", "-s", &blob]).await?.and_then(|size| size.parse::<u64>().ok());
        if size.is_none_or(|size| size > LONGEST_FILE) {
            return Err(format!("{name} on {branch} is not a settings file: it has {size:?} bytes"));
        }
        Ok(Some(git.ask(&["cat-file", "blob", &blob]).await?.unwrap_or_default()))
    }
}

/// The maximum size of a settings file, in bytes.
pub const LONGEST_FILE: u64 = 1 << 20;

/// Parses a path that git printed: git ends it with a line feed, and the path may contain others.
fn path(output: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(OsStr::from_bytes(output.strip_suffix(b"\n").unwrap_or(output)))
}

fn no_repository(folder: &Path, complaint: &str) -> RunError {
    let shown = folder.display();
    if complaint.contains("dubious ownership") {
        let message = format!(
            "the repository at {shown} belongs to another user, and git does not use it for you; run agent-loop as that \
             user, or say that you trust it: `{}`",
            trusting(complaint).unwrap_or("git config --global --add safe.directory PATH"),
        );
        return RunError::refused(Refused::Config, message);
    }
    if complaint.contains("not a git repository") {
        let refused = |remedy: &str| {
            RunError::refused(
                Refused::Usage,
                format!("{shown} is not in a git repository; go to one{remedy}"),
            )
        };
        return if folder.parent().is_none() {
            refused("")
        } else {
            refused(", or make one with `git init`").with_next("git init")
        };
    }
    let message = format!("git cannot use the repository at {shown}: {}", complaint.trim());
    RunError::refused(Refused::Config, message)
}

/// Returns the command that git proposes: it has the folder in the form that git expects.
fn trusting(complaint: &str) -> Option<&str> {
    complaint.lines().map(str::trim).find(|line| line.starts_with("git config --global --add safe.directory"))
}
