//! The arguments of `gates`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::arguments::common::RepositoryArgs;
use crate::cli::arguments::settings::{FlagChoice, SettingFlags};
use crate::cli::config::flags::Flag;
use crate::domain::ids::BranchName;

/// `gates`
#[derive(Debug, Args)]
pub struct GatesArguments {
    /// Pull request (7, #7, pr/7 or a URL), or the issue/7 or task/KEY that led to it [default: HEAD of the checkout, with --base]
    pub subject: Option<String>,
    /// Branch with which the head is compared [default: the base of the pull request]
    #[arg(long, value_name = "BRANCH")]
    pub base: Option<BranchName>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Print Markdown, for example for the summary of a CI job
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
    /// Also write the new findings of the score gate of a checkout to a SARIF file
    #[arg(long, value_name = "FILE", conflicts_with = "subject")]
    pub sarif: Option<PathBuf>,
    #[command(flatten)]
    pub repository: RepositoryArgs,
    #[command(flatten)]
    pub settings: SettingFlags<GateFlags>,
}

/// The flags about gates and about the forge.
#[derive(Debug)]
pub struct GateFlags;

impl FlagChoice for GateFlags {
    fn has(flag: &Flag) -> bool {
        let is_of_runs = ["gates.tests.before_review", "forge.native_reviews"].contains(&flag.path.as_str());
        !is_of_runs && ["gates.", "forge.", "output.quiet"].iter().any(|start| flag.path.starts_with(start))
    }
}
