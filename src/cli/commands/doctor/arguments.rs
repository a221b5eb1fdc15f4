//! The words of `doctor`: those of a run that say what the run needs.

use clap::Args;
use toml::Value;

use crate::cli::arguments::Place;
use crate::cli::arguments::agents::word;
use crate::cli::arguments::run::{ForgeChoice, agent};
use crate::cli::arguments::vendors::VendorArguments;
use crate::domain::agent::AgentName;
use crate::domain::ids::BranchName;

/// `doctor`
#[derive(Debug, Default, Args)]
pub struct DoctorArguments {
    /// List what is not needed and not installed, too
    #[arg(long)]
    pub all: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Who would change files [default: as in a run]
    #[arg(long, value_name = "AGENT", value_parser = agent)]
    pub coder: Option<AgentName>,
    /// Who would review; give it again for more reviewers [default: as in a run]
    #[arg(long, value_name = "AGENT", value_parser = agent)]
    pub reviewer: Vec<AgentName>,
    /// Who would put malformed answers into form
    #[arg(long, value_name = "AGENT", value_parser = agent)]
    pub repair_backend: Option<AgentName>,
    /// The branch that would be changed; its agent-loop.toml counts [default: the current branch]
    #[arg(long, value_name = "BRANCH")]
    pub base: Option<BranchName>,
    /// Where issues and pull requests would be [default: auto]
    #[arg(long, value_name = "FORGE")]
    pub forge: Option<ForgeChoice>,
    /// Look as for a run with that flag
    #[arg(long)]
    pub dangerous_agent_permissions: bool,
    /// Where it is.
    #[command(flatten)]
    pub place: Place,
    /// The programs of vendors.
    #[command(flatten)]
    pub vendors: VendorArguments,
}

impl DoctorArguments {
    /// The settings that these flags say, by the dotted path of their key.
    pub fn settings(&self) -> Vec<(String, Value)> {
        let agent = |name: &AgentName| Value::String(name.to_string());
        let reviewers: Vec<Value> = self.reviewer.iter().map(agent).collect();
        let dangerous = self.dangerous_agent_permissions.then_some(Value::from(true));
        let given = [
            ("roles.coder", self.coder.as_ref().map(agent)),
            ("roles.reviewers", (!reviewers.is_empty()).then_some(Value::Array(reviewers))),
            ("roles.repair", self.repair_backend.as_ref().map(agent)),
            ("forge.kind", word(self.forge)),
            ("turns.dangerous_permissions", dangerous),
        ];
        let given = given.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        given.chain(self.vendors.settings()).collect()
    }
}
