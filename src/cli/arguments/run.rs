//! The flags of all commands that start a run.

use clap::Args;

use crate::cli::config::flags::{CLARIFICATIONS, DISCUSSION, Flag, is_about_plans};
use crate::domain::ids::BranchName;

use super::common::{OutputArgs, RepositoryArgs};
use super::memory::RefreshArgs;
use super::settings::{FlagChoice, SettingFlags};

/// The flags of all commands that start a run.
#[derive(Debug, Default, Args)]
pub struct RunArguments {
    /// Target branch [default: the current branch; for a pull request, its base]
    #[arg(long, value_name = "BRANCH")]
    pub base: Option<BranchName>,
    /// Print the steps up to the next turn of an agent, without performing them
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

/// All flags that are settings, except for those of single commands: the coder's questions, plans, and debates.
#[derive(Debug)]
pub struct RunFlags;

impl FlagChoice for RunFlags {
    fn has(flag: &Flag) -> bool {
        flag.name != CLARIFICATIONS && flag.heading != DISCUSSION && !is_about_plans(&flag.path)
    }
}
