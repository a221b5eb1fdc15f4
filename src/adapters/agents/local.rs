//! The agents of a run: the program of each role and label, and the dispatch of turns to programs.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::PathBuf;

use async_trait::async_trait;

use crate::adapters::process::environment;
use crate::adapters::process::variables::Variables;
use crate::domain::access::Access;
use crate::domain::agent::{AnswerBy, ResponseKind};
use crate::domain::failure::TurnFailure;
use crate::domain::ids::Label;
use crate::domain::roster::SeatKey;
use crate::ports::agents::{Agents, TurnOrder, TurnReport, TurnResult};
use crate::ports::cancellation::Cancellation;

use super::command::CommandAgent;
use super::driver;
use super::driver::vendor_agent::VendorAgent;
use super::turn_host::{TurnHost, TurnLimit, unstarted};
use super::{command, scripted, turn_files, vendors};

/// The program of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    Command(CommandAgent),
    Vendor(VendorAgent),
    ScriptFile(PathBuf),
    ScriptText(String),
}

impl Program {
    /// Returns the names of the requested variables that the program does not get, because they give access to
    /// the forge.
    pub fn kept_back(&self, ours: &Variables) -> Vec<String> {
        let own = match self {
            Self::Vendor(agent) => vendors::cli(agent.vendor).profile().variables,
            Self::Command(_) | Self::ScriptFile(_) | Self::ScriptText(_) => &[],
        };
        environment::kept_back(ours, self.requested(), own)
    }

    /// Returns the names of the requested variables that are not set.
    pub fn unset(&self, ours: &Variables) -> impl Iterator<Item = &str> {
        let names = self.requested().iter().map(String::as_str);
        names.filter(|name| !ours.contains_key(OsStr::new(name)))
    }

    /// Returns the names of the variables that the settings of the agent list.
    fn requested(&self) -> &[String] {
        match self {
            Self::Command(agent) => &agent.variables,
            Self::Vendor(agent) => &agent.variables,
            Self::ScriptFile(_) | Self::ScriptText(_) => &[],
        }
    }
}

/// The agents of a run.
#[derive(Debug, Clone)]
pub struct LocalAgents {
    pub programs: BTreeMap<SeatKey, Program>,
    /// The program that reformats answers, if it is not the one that gave the answer.
    pub repair: Option<Program>,
    pub host: TurnHost,
}

/// The agent that reformats malformed answers.
#[derive(Debug, Clone)]
pub struct RepairAgent {
    /// The program, if it is not the one that gave the answer.
    pub program: Option<Program>,
    /// The time limit of such a turn.
    pub limit: TurnLimit,
}

impl LocalAgents {
    /// Returns the program for a turn. The one that reformats answers sees nothing else.
    fn program(&self, kind: ResponseKind, access: Access, label: &Label) -> Option<&Program> {
        let seated = self.programs.get(&SeatKey::new(kind.asked_of(), label));
        match access {
            Access::Edit | Access::Read | Access::ReadAndWeb => seated,
            Access::Nothing => self.repair.as_ref().or(seated),
        }
    }

    fn program_for(&self, order: &TurnOrder) -> Option<&Program> {
        self.program(order.kind, order.access, &order.label)
    }
}

fn unable(detail: String) -> TurnReport {
    unstarted(TurnResult::Failed(TurnFailure::Spawn { detail }))
}

#[async_trait]
impl Agents for LocalAgents {
    async fn take(&self, order: &TurnOrder, cancellation: Cancellation) -> TurnReport {
        let host = &self.host;
        match self.program_for(order) {
            Some(Program::Command(agent)) => command::take(host, agent, order, cancellation).await,
            Some(Program::Vendor(agent)) => driver::take(host, agent, order, cancellation).await,
            Some(Program::ScriptFile(path)) => match std::fs::read_to_string(path) {
                Ok(text) => scripted::take(&host.variables, &text, order, cancellation).await,
                Err(error) => unable(format!("the script {} cannot be read: {error}", path.display())),
            },
            Some(Program::ScriptText(text)) => {
                scripted::take(&host.variables, text, order, cancellation).await
            }
            None => unable(format!("no program is configured for the {} `{}`", order.role, order.label)),
        }
    }

    fn answer_by(&self, kind: ResponseKind, access: Access, label: &Label) -> AnswerBy {
        match self.program(kind, access, label) {
            Some(Program::Vendor(_)) => AnswerBy::Message,
            Some(Program::Command(_) | Program::ScriptFile(_) | Program::ScriptText(_)) | None => {
                AnswerBy::FileOrMessage
            }
        }
    }

    fn log(&self, order: &TurnOrder) -> Option<PathBuf> {
        match self.program_for(order) {
            Some(Program::Command(_) | Program::Vendor(_)) => Some(turn_files::log(&self.host, order)),
            Some(Program::ScriptFile(_) | Program::ScriptText(_)) | None => None,
        }
    }
}
