//! The agents of a run: who is behind a role and a label, and the way to take a turn of each.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::adapters::process::environment::{self, Variables};
use crate::adapters::state::folders::Folders;
use crate::domain::agent::{AnswerBy, ResponseKind, Role};
use crate::domain::failure::TurnFailure;
use crate::domain::ids::Label;
use crate::domain::usage::Usage;
use crate::ports::agents::{Agents, TurnOrder, TurnReport, TurnResult};
use crate::ports::cancellation::Cancellation;

use super::driver::{self, VendorAgent};
use super::{command, scripted, turn_files, vendors};

/// The program behind an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// Any program: prompt on stdin, answer in a file or on stdout.
    Command(CommandAgent),
    Vendor(VendorAgent),
    ScriptFile(PathBuf),
    ScriptText(String),
}

impl Program {
    /// The names of the variables that it would see if they did not open the forge.
    pub fn kept_back(&self, ours: &Variables) -> Vec<String> {
        let (allowed, profile) = match self {
            Self::Command(agent) => (agent.variables.as_slice(), None),
            Self::Vendor(agent) => (agent.variables.as_slice(), Some(vendors::cli(agent.vendor).profile())),
            Self::ScriptFile(_) | Self::ScriptText(_) => (&[][..], None),
        };
        let (names, prefixes) = profile.map_or((&[][..], &[][..]), |own| (own.variables, own.prefixes));
        environment::kept_back(ours, allowed, names, prefixes)
    }
}

/// Any program that reads a prompt and answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandAgent {
    /// A path, or a name to be found in `PATH`.
    pub program: PathBuf,
    pub arguments: Vec<String>,
    /// The variables of ours that it may see besides the common ones.
    pub variables: Vec<String>,
    /// How long a turn of it may take, if not as long as anybody's.
    pub deadline: Option<Duration>,
}

/// The agents of a run.
#[derive(Debug, Clone)]
pub struct LocalAgents {
    /// Who is behind a role and a label.
    pub programs: BTreeMap<(Role, Label), Program>,
    /// Our own environment, from which an agent's is made.
    pub variables: Variables,
    pub folders: Folders,
    /// How long a turn may take.
    pub deadline: Duration,
    /// How long an agent may be silent and compute nothing, if that is watched.
    pub idle: Option<Duration>,
    /// Who puts malformed answers into form.
    pub repair: RepairAgent,
}

/// Who puts malformed answers into form.
#[derive(Debug, Clone)]
pub struct RepairAgent {
    /// The program, if not the one that gave the answer.
    pub program: Option<Program>,
    /// How long a turn of it may take.
    pub deadline: Duration,
}

impl LocalAgents {
    /// The program that takes a turn.
    fn program(&self, order: &TurnOrder) -> Option<&Program> {
        self.program_of(order.kind, order.role, &order.label)
    }

    fn program_of(&self, kind: ResponseKind, role: Role, label: &Label) -> Option<&Program> {
        let of_role = |role| self.programs.get(&(role, label.clone()));
        match role {
            Role::Coder | Role::Reviewer => of_role(role),
            Role::Repair => self.repair.program.as_ref().or_else(|| of_role(kind.asked_of())),
        }
    }

    /// How long a turn may take, with a program that may have a deadline of its own.
    pub(in crate::adapters::agents) fn deadline(&self, order: &TurnOrder, own: Option<Duration>) -> Duration {
        match order.role {
            Role::Coder | Role::Reviewer => own.unwrap_or(self.deadline),
            Role::Repair => self.repair.deadline,
        }
    }
}

impl Agents for LocalAgents {
    async fn take(&self, order: &TurnOrder, cancellation: Cancellation) -> TurnReport {
        match self.program(order) {
            Some(Program::Command(agent)) => command::take(self, agent, order, cancellation).await,
            Some(Program::Vendor(agent)) => driver::take(self, agent, order, cancellation).await,
            Some(Program::ScriptFile(path)) => match std::fs::read_to_string(path) {
                Ok(text) => scripted::take(self, &text, order, cancellation).await,
                Err(error) => failed(TurnFailure::Spawn {
                    detail: format!("the script {} can't be read: {error}", path.display()),
                }),
            },
            Some(Program::ScriptText(text)) => scripted::take(self, text, order, cancellation).await,
            None => failed(TurnFailure::Spawn {
                detail: format!("nobody is known behind the {} `{}`", order.role, order.label),
            }),
        }
    }

    fn answer_by(&self, kind: ResponseKind, role: Role, label: &Label) -> AnswerBy {
        match self.program_of(kind, role, label) {
            Some(Program::Vendor(_)) => AnswerBy::Message,
            Some(Program::Command(_) | Program::ScriptFile(_) | Program::ScriptText(_)) | None => {
                AnswerBy::FileOrMessage
            }
        }
    }

    fn log(&self, order: &TurnOrder) -> Option<PathBuf> {
        match self.program(order) {
            Some(Program::Command(_) | Program::Vendor(_)) => Some(turn_files::log(self, order)),
            Some(Program::ScriptFile(_) | Program::ScriptText(_)) | None => None,
        }
    }
}

/// A turn that failed before anything was started.
pub(in crate::adapters::agents) fn failed(failure: TurnFailure) -> TurnReport {
    let usage = Usage { calls: 1, priced_calls: 1, ..Usage::default() };
    TurnReport::bare(TurnResult::Failed(failure), usage)
}
