//! The arguments of `resume`.

use clap::Args;

use crate::cli::arguments::common::{KnownRepositoryArgs, OutputArgs};
use crate::cli::arguments::settings::{FlagChoice, SettingFlags};
use crate::cli::config::flags::{
    AGENT_TIMEOUT, DANGEROUS, DEBATER_TIMEOUT, Flag, QUIET, SETUP_COMMAND, TEST_COMMAND, TEST_TIMEOUT,
};

/// `resume`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line are just that")]
pub struct ResumeArguments {
    /// Resume only this subject: 7, pr/7, issue/7, task/KEY or a URL [default: all that can be resumed now]
    pub subject: Option<String>,
    /// Resume only parked runs whose quota is back; prints nothing if there are none (for cron)
    #[arg(long)]
    pub due: bool,
    /// Answer the coder's questions at the terminal [default: if stdin is a terminal]
    #[arg(long, conflicts_with = "due")]
    pub interactive: bool,
    /// List what can be resumed, when, and how, and resume nothing
    #[arg(long, conflicts_with = DANGEROUS)]
    pub list: bool,
    /// Resume in every repository known on this machine
    #[arg(long, conflicts_with_all = ["subject", "dir", "repo"])]
    pub all: bool,
    /// Print a crontab line that resumes due runs every 10 minutes
    #[arg(long, conflicts_with_all = ["subject", "list", "json", "print_systemd"])]
    pub print_cron: bool,
    /// Print a systemd service and timer that resume due runs every 10 minutes
    #[arg(long, conflicts_with_all = ["subject", "list", "json"])]
    pub print_systemd: bool,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub repository: KnownRepositoryArgs,
    #[command(flatten)]
    pub settings: SettingFlags<ResumeFlags>,
}

/// The flags that are not taken from the command that started a run, and those of commands and time limits that may have to be
/// corrected.
#[derive(Debug)]
pub struct ResumeFlags;

impl FlagChoice for ResumeFlags {
    fn has(flag: &Flag) -> bool {
        [AGENT_TIMEOUT, DANGEROUS, DEBATER_TIMEOUT, QUIET, SETUP_COMMAND, TEST_COMMAND, TEST_TIMEOUT]
            .contains(&flag.name.as_str())
    }
}
