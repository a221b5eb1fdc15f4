//! The words of `resume`.

use clap::Args;

use crate::cli::arguments::{Place, Telling};

/// `resume`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line are just that")]
pub struct ResumeArguments {
    /// Only this one: issue/N, pr/N or task/KEY [default: everything that can go on now]
    pub subject: Option<String>,
    /// Only what was parked and whose allowance is back; prints nothing if there is none (for cron)
    #[arg(long)]
    pub due: bool,
    /// Only say what waits, until when, and how it goes on
    #[arg(long)]
    pub list: bool,
    /// In every repository that this machine knows
    #[arg(long, conflicts_with_all = ["subject", "dir"])]
    pub all: bool,
    /// Print a line for your crontab that does it every 10 minutes
    #[arg(long, conflicts_with_all = ["subject", "list", "json", "print_systemd"])]
    pub print_cron: bool,
    /// Print a service and a timer for systemd that do it every 10 minutes
    #[arg(long, conflicts_with_all = ["subject", "list", "json"])]
    pub print_systemd: bool,
    /// Let agents do whatever they like on this machine, in whatever is resumed; no command remembers it from another
    #[arg(long, conflicts_with = "list")]
    pub dangerous_agent_permissions: bool,
    /// What is said.
    #[command(flatten)]
    pub telling: Telling,
    /// Where it is.
    #[command(flatten)]
    pub place: Place,
}
