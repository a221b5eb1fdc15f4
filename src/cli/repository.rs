//! The user's repository, looked at once at the start: where it is, which branch, whose name. Changes nothing.

use std::path::{Path, PathBuf};

use crate::adapters::process::capture::capture;
use crate::adapters::process::command::CommandLine;
use crate::adapters::process::environment::{self, Variables};
use crate::domain::ids::BranchName;

/// The user's repository.
#[derive(Debug, Clone)]
pub struct Repository {
    /// Where git commands on it are run: its top folder, or the bare repository.
    pub path: PathBuf,
    /// The folder that all its worktrees share; the embedded forge and the locks lie there.
    pub common: PathBuf,
    /// The current branch, unless HEAD is detached.
    pub branch: Option<BranchName>,
    /// Who commits: the user, as git knows them, else the program.
    pub name: String,
    /// As `name`.
    pub email: String,
    /// The address of `origin`, as it is configured.
    pub origin: Option<String>,
}

impl Repository {
    /// Looks at the repository around a folder.
    ///
    /// # Errors
    /// When there is none, or git can't be run; the text says what to type.
    pub async fn find(folder: &Path, variables: &Variables) -> Result<Self, String> {
        let git = Git { folder, variables };
        let Some(paths) = git
            .ask(&["rev-parse", "--path-format=absolute", "--git-common-dir", "--is-bare-repository"])
            .await?
        else {
            return Err(format!(
                "{} is not in a git repository; go to one, or make one with `git init`",
                folder.display()
            ));
        };
        let mut lines = paths.lines();
        let common = PathBuf::from(lines.next().unwrap_or_default());
        let bare = lines.next() == Some("true");
        let top = if bare { None } else { git.ask(&["rev-parse", "--show-toplevel"]).await? };
        let path = top.map_or_else(|| common.clone(), PathBuf::from);
        let branch = git.ask(&["symbolic-ref", "--quiet", "--short", "HEAD"]).await?;
        let setting = async |key: &str| git.ask(&["config", "--get", key]).await;
        Ok(Self {
            path,
            common,
            branch: branch.and_then(|name| name.parse().ok()),
            name: setting("user.name").await?.unwrap_or_else(|| "agent-loop".to_owned()),
            email: setting("user.email").await?.unwrap_or_else(|| "agent-loop@localhost".to_owned()),
            origin: setting("remote.origin.url").await?,
        })
    }

    /// Whether `origin` is on GitHub.
    pub fn is_on_github(&self) -> bool {
        self.origin.as_ref().is_some_and(|url| url.contains("github.com"))
    }

    /// Whether it has no checkout.
    pub fn is_bare(&self) -> bool {
        self.path == self.common
    }

    /// The name under which its user trusts it: `OWNER/REPO` on GitHub, else the folder that its worktrees share.
    pub fn trust_name(&self) -> String {
        let on_github = self.origin.as_deref().and_then(|url| url.split_once("github.com"));
        let name = on_github.map(|(_, path)| path.trim_start_matches([':', '/']));
        let name = name.map(|path| path.trim_end_matches('/').trim_end_matches(".git"));
        let is_plain = |name: &&str| name.split('/').count() == 2 && !name.starts_with('/');
        name.filter(is_plain).map_or_else(|| self.common.display().to_string(), str::to_owned)
    }

    /// The text of a file as it is on a branch, without the last line feeds; nothing, if it is not there.
    ///
    /// # Errors
    /// When it can't be read, is no text, or is too long to be settings.
    pub async fn file_on(
        &self,
        branch: &BranchName,
        name: &str,
        variables: &Variables,
    ) -> Result<Option<String>, String> {
        let git = Git { folder: &self.path, variables };
        let revision = format!("refs/heads/{branch}:{name}");
        let Some(blob) = git.ask(&["rev-parse", "--quiet", "--verify", &revision]).await? else {
            return Ok(None);
        };
        let size = git.ask(&["cat-file", "-s", &blob]).await?.and_then(|size| size.parse::<u64>().ok());
        if size.is_none_or(|size| size > LONGEST_FILE) {
            return Err(format!("{name} on {branch} is no file of settings: it takes {size:?} bytes"));
        }
        Ok(Some(git.ask(&["cat-file", "blob", &blob]).await?.unwrap_or_default()))
    }
}

/// A file of settings is never longer than this, in bytes.
const LONGEST_FILE: u64 = 1 << 20;

struct Git<'folder> {
    folder: &'folder Path,
    variables: &'folder Variables,
}

impl Git<'_> {
    /// What git prints, without the last line feed; nothing, if it says no.
    async fn ask(&self, arguments: &[&str]) -> Result<Option<String>, String> {
        let variables = environment::common(self.variables, &["XDG_CONFIG_HOME".to_owned()]);
        let command = CommandLine::new("git", self.folder, variables)
            .variable("LC_ALL", "C")
            .variable("GIT_OPTIONAL_LOCKS", "0")
            .arguments(["-c", "core.fsmonitor=false"])
            .arguments(arguments);
        let captured = capture(&command).await.map_err(|error| format!("{error}; is git installed?"))?;
        let text = String::from_utf8_lossy(&captured.stdout).trim_end_matches('\n').to_owned();
        Ok(captured.exit.is_success().then_some(text).filter(|text| !text.is_empty()))
    }
}
