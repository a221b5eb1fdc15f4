//! The arguments of `doctor`.

use clap::Args;

use crate::cli::arguments::common::RepositoryArgs;
use crate::cli::arguments::settings::{FlagChoice, SettingFlags};
use crate::cli::config::flags::{DANGEROUS, Flag};
use crate::domain::ids::BranchName;

/// `doctor`
#[derive(Debug, Default, Args)]
pub struct DoctorArguments {
    /// Also list programs that are neither needed nor installed
    #[arg(long)]
    pub all: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Target branch, whose agent-loop.toml is read [default: the current branch]
    #[arg(long, value_name = "BRANCH")]
    pub base: Option<BranchName>,
    #[command(flatten)]
    pub repository: RepositoryArgs,
    #[command(flatten)]
    pub settings: SettingFlags<DoctorFlags>,
}

/// The flags of a run that decide which programs it needs.
#[derive(Debug)]
pub struct DoctorFlags;

impl FlagChoice for DoctorFlags {
    fn has(flag: &Flag) -> bool {
        flag.path.starts_with("agents.")
            || flag.path.starts_with("roles.")
            || ["forge", "repo", "gh-cmd", DANGEROUS].contains(&flag.name.as_str())
    }
}
