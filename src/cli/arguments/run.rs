//! Flags of every run.

use clap::Args;

use crate::cli::config::flags::{CLARIFICATIONS, Flag};
use crate::domain::ids::BranchName;

use super::common::{OutputArgs, RepositoryArgs};
use super::memory::RefreshArgs;
use super::settings::{FlagChoice, SettingFlags};

/// Flags of every run.
#[derive(Debug, Default, Args)]
pub struct RunArguments {
    /// Branch to change [default: the current branch]
    #[arg(long, value_name = "BRANCH")]
    pub base: Option<BranchName>,
    /// Print what would be done up to the next turn of an agent, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub repository: RepositoryArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub refresh: RefreshArgs,
    #[command(flatten)]
    pub settings: SettingFlags<RunFlags>,
}

/// All flags that are settings, but for the one about the coder's questions: only `task` lets the coder ask.
#[derive(Debug)]
pub struct RunFlags;

impl FlagChoice for RunFlags {
    fn has(flag: &Flag) -> bool {
        flag.name != CLARIFICATIONS
    }
}
