//! The words of `agent-loop local`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::arguments::numbers::number;
use crate::domain::ids::{BranchName, CommitSha, Login};

/// `local`
#[derive(Debug, Args)]
pub struct LocalCommand {
    /// The repository [default: the current folder]
    #[arg(short = 'C', long = "dir", value_name = "PATH", global = true)]
    pub dir: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What to do on the embedded forge.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Make the embedded forge of a repository; implied by its first use
    Init,
    /// Issues
    #[command(subcommand)]
    Issue(IssueAction),
    /// Pull requests
    #[command(subcommand)]
    Pr(PullRequestAction),
    /// Checks of commits
    #[command(subcommand)]
    Check(CheckAction),
}

/// Who writes.
#[derive(Debug, Args)]
pub struct As {
    /// In whose name [default: you, as git knows you]
    #[arg(long = "as", value_name = "LOGIN")]
    pub login: Option<Login>,
    /// What that login may do
    #[arg(long, value_enum, default_value_t = RoleChoice::Owner)]
    pub role: RoleChoice,
}

/// What a login may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoleChoice {
    /// It owns the repository.
    Owner,
    /// It may write to it.
    Member,
    /// Neither.
    None,
}

/// A title and a description.
#[derive(Debug, Args)]
pub struct Words {
    /// The title
    #[arg(long)]
    pub title: String,
    /// The description
    #[arg(long, default_value = "", conflicts_with = "body_file")]
    pub body: String,
    /// Read the description from a file; `-` is stdin
    #[arg(long, value_name = "PATH")]
    pub body_file: Option<PathBuf>,
}

/// Which ones a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StateChoice {
    /// Open ones.
    Open,
    /// Closed ones, merged ones among them.
    Closed,
    /// All.
    All,
}

/// What to do with issues.
#[derive(Debug, Subcommand)]
pub enum IssueAction {
    /// File an issue
    Create {
        /// Title and description.
        #[command(flatten)]
        words: Words,
        /// Who writes.
        #[command(flatten)]
        by: As,
    },
    /// List issues
    List {
        /// Which
        #[arg(long, value_enum, default_value_t = StateChoice::Open)]
        state: StateChoice,
    },
    /// Show an issue with its comments
    View {
        /// Its number
        #[arg(value_parser = number, allow_negative_numbers = true)]
        number: u64,
    },
    /// Comment on an issue
    Comment {
        /// Its number
        #[arg(value_parser = number, allow_negative_numbers = true)]
        number: u64,
        /// The comment
        #[arg(long)]
        body: String,
        /// Who writes.
        #[command(flatten)]
        by: As,
    },
    /// Close an issue
    Close {
        /// Its number
        #[arg(value_parser = number, allow_negative_numbers = true)]
        number: u64,
    },
    /// Reopen an issue
    Reopen {
        /// Its number
        #[arg(value_parser = number, allow_negative_numbers = true)]
        number: u64,
    },
}

/// What to do with pull requests.
#[derive(Debug, Subcommand)]
pub enum PullRequestAction {
    /// Open a pull request
    Create {
        /// The branch with the change
        #[arg(long)]
        head: BranchName,
        /// The branch to change
        #[arg(long)]
        base: BranchName,
        /// Title and description.
        #[command(flatten)]
        words: Words,
        /// Who writes.
        #[command(flatten)]
        by: As,
    },
    /// List pull requests
    List {
        /// Which
        #[arg(long, value_enum, default_value_t = StateChoice::Open)]
        state: StateChoice,
    },
    /// Show a pull request with its comments
    View {
        /// Its number
        #[arg(value_parser = number, allow_negative_numbers = true)]
        number: u64,
    },
    /// Comment on a pull request
    Comment {
        /// Its number
        #[arg(value_parser = number, allow_negative_numbers = true)]
        number: u64,
        /// The comment
        #[arg(long)]
        body: String,
        /// Who writes.
        #[command(flatten)]
        by: As,
    },
    /// Close a pull request without merging it
    Close {
        /// Its number
        #[arg(value_parser = number, allow_negative_numbers = true)]
        number: u64,
    },
    /// Reopen a closed pull request
    Reopen {
        /// Its number
        #[arg(value_parser = number, allow_negative_numbers = true)]
        number: u64,
    },
    /// Merge a pull request, with a merge commit
    Merge {
        /// Its number
        #[arg(value_parser = number, allow_negative_numbers = true)]
        number: u64,
    },
}

/// What to do with checks.
#[derive(Debug, Subcommand)]
pub enum CheckAction {
    /// Set a check of a commit, as a CI system would
    Set {
        /// The commit's full SHA
        sha: CommitSha,
        /// The check's name
        name: String,
        /// What it says
        state: CheckChoice,
    },
}

/// What a check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckChoice {
    /// Not finished.
    Pending,
    /// Green.
    Success,
    /// Red.
    Failure,
}
