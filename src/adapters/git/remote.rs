//! The forge's repository: a folder on this machine, or a URL with git's login.

use std::path::{Path, PathBuf};

use crate::adapters::process::command::CommandLine;
use crate::adapters::process::variables::Variables;
use crate::domain::ids::BranchName;

/// The forge's repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remote {
    /// A repository on this machine, often the user's own: the root of its checkout or its git folder.
    Local(PathBuf),
    Url(RemoteUrl),
}

/// A repository on another machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteUrl {
    pub url: String,
    /// The branch that is never pushed to.
    pub default_branch: BranchName,
    /// The branch of a fork that may be moved too.
    pub fork: Option<ForkUrl>,
    pub login: RemoteLogin,
    /// The variables of git's login, besides its own. No agent and no clone ever gets them.
    pub variables: Variables,
}

impl Remote {
    /// Returns the folder, if it is on this machine.
    pub(super) fn folder(&self) -> Option<&Path> {
        match self {
            Self::Local(folder) => Some(folder),
            Self::Url(_) => None,
        }
    }
}

/// A branch of another repository on the same machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForkUrl {
    /// The name of the branch here.
    pub name: BranchName,
    pub url: String,
    /// Its name there.
    pub branch: BranchName,
}

/// The login of git.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemoteLogin {
    /// Over https, by a command of git's credential protocol, run by a shell, for one host only.
    Helper { host: String, command: String },
    /// By the user's ssh, with this command.
    Ssh(String),
}

/// Protocols that a URL of a remote may not have.
const PROTOCOLS: [&str; 3] =
    ["protocol.allow=never", "protocol.https.allow=always", "protocol.ssh.allow=always"];

impl RemoteUrl {
    /// Returns where a branch is, and its name there.
    pub(super) fn place<'a>(&'a self, branch: &'a BranchName) -> (&'a str, &'a BranchName) {
        match &self.fork {
            Some(fork) if fork.name == *branch => (&fork.url, &fork.branch),
            Some(_) | None => (&self.url, branch),
        }
    }

    /// Returns a git command that can log in there, without its subcommand.
    pub(super) fn line(&self, git: CommandLine) -> CommandLine {
        let login = match &self.login {
            RemoteLogin::Helper { host, command } => format!("credential.https://{host}.helper=!{command}"),
            RemoteLogin::Ssh(command) => format!("core.sshCommand={command}"),
        };
        let settings = PROTOCOLS.into_iter().chain([login.as_str()]).flat_map(|setting| ["-c", setting]);
        let line = git.arguments(settings);
        self.variables.iter().fold(line, |line, (name, value)| line.variable(name, value))
    }
}
