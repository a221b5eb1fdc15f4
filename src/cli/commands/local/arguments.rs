//! The arguments of `agent-loop local`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::arguments::numbers::number;
use crate::domain::ids::{BranchName, Login};

/// `local`
#[derive(Debug, Args)]
pub struct LocalCommand {
    /// Repository [default: the current folder]
    #[arg(short = 'C', long = "dir", value_name = "PATH", global = true)]
    pub dir: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub action: Action,
}

/// An action on the embedded forge.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Create the embedded forge of a repository; its first use creates it too
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

/// An issue or a pull request.
#[derive(Debug, Args)]
pub struct NumberArgs {
    /// Number of the issue or pull request
    #[arg(value_parser = number, allow_negative_numbers = true)]
    pub number: u64,
}

/// The issue or pull request to show.
#[derive(Debug, Args)]
pub struct ViewArgs {
    #[command(flatten)]
    pub on: NumberArgs,
    /// Show all comments; an issue always shows all
    #[arg(short, long)]
    pub comments: bool,
}

/// A comment on an issue or a pull request.
#[derive(Debug, Args)]
pub struct CommentArgs {
    #[command(flatten)]
    pub on: NumberArgs,
    /// Text of the comment
    #[arg(short, long, required_unless_present = "body_file")]
    pub body: Option<String>,
    /// Read the comment from a file; `-` for stdin
    #[arg(short = 'F', long, value_name = "PATH", conflicts_with = "body")]
    pub body_file: Option<PathBuf>,
    #[command(flatten)]
    pub by: AuthorArgs,
}

/// The author of a text.
#[derive(Debug, Args)]
pub struct AuthorArgs {
    /// Login to write as [default: you, as git knows you]
    #[arg(long = "as", value_name = "LOGIN")]
    pub login: Option<Login>,
    /// Role of that login in the repository
    #[arg(long, value_enum, default_value_t = RoleChoice::Owner)]
    pub role: RoleChoice,
}

/// The role of a login in the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoleChoice {
    /// Owner of the repository.
    Owner,
    /// User with write access.
    Member,
    /// User without write access.
    None,
}

/// The title and description of an issue or a pull request.
#[derive(Debug, Args)]
pub struct DescriptionArgs {
    /// Title
    #[arg(short, long)]
    pub title: String,
    /// Description
    #[arg(short, long, default_value = "", conflicts_with = "body_file")]
    pub body: String,
    /// Read the description from a file; `-` for stdin
    #[arg(short = 'F', long, value_name = "PATH")]
    pub body_file: Option<PathBuf>,
}

/// The issues or pull requests that a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StateChoice {
    /// Open.
    Open,
    /// Closed, including merged.
    Closed,
    /// All.
    All,
}

/// The reason for closing an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReasonChoice {
    /// Done.
    Completed,
    /// It will not be done.
    #[value(name = "not planned", alias = "not-planned")]
    NotPlanned,
}

/// An action on issues.
#[derive(Debug, Subcommand)]
pub enum IssueAction {
    /// File an issue
    Create {
        #[command(flatten)]
        description: DescriptionArgs,
        #[command(flatten)]
        by: AuthorArgs,
    },
    /// List issues
    List {
        /// State to list
        #[arg(short, long, value_enum, default_value_t = StateChoice::Open)]
        state: StateChoice,
    },
    /// Show an issue with its comments
    View(ViewArgs),
    /// Comment on an issue
    Comment(CommentArgs),
    /// Close an issue
    Close {
        #[command(flatten)]
        on: NumberArgs,
        /// Reason for closing
        #[arg(short, long, value_enum, default_value_t = ReasonChoice::Completed)]
        reason: ReasonChoice,
    },
    /// Reopen an issue
    Reopen(NumberArgs),
}

/// An action on pull requests.
#[derive(Debug, Subcommand)]
pub enum PullRequestAction {
    /// Open a pull request
    Create {
        /// Branch with the change [default: the current branch]
        #[arg(short = 'H', long)]
        head: Option<BranchName>,
        /// Target branch
        #[arg(short = 'B', long)]
        base: BranchName,
        #[command(flatten)]
        description: DescriptionArgs,
        #[command(flatten)]
        by: AuthorArgs,
    },
    /// List pull requests
    List {
        /// State to list
        #[arg(short, long, value_enum, default_value_t = StateChoice::Open)]
        state: StateChoice,
    },
    /// Show a pull request with its latest comment
    View(ViewArgs),
    /// Show the change of a pull request
    Diff(NumberArgs),
    /// Switch to the branch of a pull request
    Checkout(NumberArgs),
    /// Comment on a pull request
    Comment(CommentArgs),
    /// Close a pull request without merging it
    Close(NumberArgs),
    /// Reopen a closed pull request
    Reopen(NumberArgs),
    /// Merge a pull request, with a merge commit. One that its run has not approved is refused
    Merge {
        #[command(flatten)]
        on: NumberArgs,
        /// Merge it although its run has not approved its head
        #[arg(long)]
        unapproved: bool,
    },
}

/// An action on checks.
#[derive(Debug, Subcommand)]
pub enum CheckAction {
    /// Set a check of a commit, as a CI system would
    Set {
        /// Commit, or a name of one that git knows, such as HEAD
        commit: String,
        /// Name of the check
        name: String,
        /// State of the check
        state: CheckChoice,
    },
}

/// The state of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckChoice {
    /// Not finished.
    Pending,
    /// Passed.
    Success,
    /// Failed.
    Failure,
}

impl Action {
    /// Returns whether the action only reads.
    pub(super) fn only_reads(&self) -> bool {
        match self {
            Self::Issue(IssueAction::List { .. } | IssueAction::View(_))
            | Self::Pr(
                PullRequestAction::List { .. }
                | PullRequestAction::View(_)
                | PullRequestAction::Diff(_)
                | PullRequestAction::Checkout(_),
            ) => true,
            Self::Init
            | Self::Check(_)
            | Self::Issue(
                IssueAction::Create { .. }
                | IssueAction::Comment(_)
                | IssueAction::Close { .. }
                | IssueAction::Reopen(_),
            )
            | Self::Pr(
                PullRequestAction::Create { .. }
                | PullRequestAction::Comment(_)
                | PullRequestAction::Close(_)
                | PullRequestAction::Reopen(_)
                | PullRequestAction::Merge { .. },
            ) => false,
        }
    }
}
