//! A turn of a vendor's program: its prepared files and its command line.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::adapters::agents::turn_files::TurnFiles;
use crate::adapters::files;
use crate::adapters::process::command::CommandLine;
use crate::ports::agents::TurnOrder;
use crate::protocol::strict;

use super::vendor_agent::VendorAgent;
use super::vendor_cli::{CliTurn, Invocation};

/// A turn of a vendor's program, with its prepared files.
pub(super) struct VendorTurn<'turn> {
    pub(super) agent: &'turn VendorAgent,
    pub(super) order: &'turn TurnOrder,
    pub(super) files: TurnFiles,
    /// The JSON Schema of the answer in the strict dialect.
    schema: String,
    schema_file: PathBuf,
    /// The file to which the program may write its last message.
    pub(super) last_message: PathBuf,
    /// Folders besides the clone that hold files which the prompt names.
    readable: Vec<PathBuf>,
}

impl<'turn> VendorTurn<'turn> {
    /// Chooses the files of a turn.
    pub(super) fn new(agent: &'turn VendorAgent, order: &'turn TurnOrder, files: TurnFiles) -> Self {
        let diff = order.context.diff_path.as_ref().and_then(|path| Path::new(path).parent());
        Self {
            agent,
            order,
            schema: strict::of_turn(order.kind, order.nonce.as_ref()).to_string(),
            schema_file: files.folder().join("answer.schema.json"),
            last_message: files.folder().join("last-message.txt"),
            readable: std::iter::once(files.folder()).chain(diff).map(Path::to_owned).collect(),
            files,
        }
    }

    /// Returns the input of the turn for the program.
    pub(super) fn cli_turn(&self) -> CliTurn<'_> {
        let Self { agent, order, .. } = self;
        CliTurn {
            access: order.access,
            prompt: &order.prompt,
            model: order.model.as_deref().or(agent.model.as_deref()),
            effort: agent.effort.as_deref(),
            arguments: &agent.arguments,
            session: agent.session_of(order),
            power: agent.power,
            workdir: &order.workdir,
            readable: &self.readable,
            schema: &self.schema,
            schema_file: &self.schema_file,
            last_message: &self.last_message,
            environment: &self.files.environment,
        }
    }

    /// Writes the files that the program reads.
    pub(super) fn write_files(&self, invocation: &Invocation) -> Result<(), String> {
        files::write_over(&self.schema_file, self.schema.as_bytes())?;
        invocation.files.iter().try_for_each(|(path, content)| files::write_over(path, content))
    }

    pub(super) fn command(&self, invocation: Invocation) -> CommandLine {
        // A process that the program starts would see the variable too, and might write an answer instead of the program.
        let mut environment = self.files.environment.clone();
        environment.remove(OsStr::new("AGENT_LOOP_RESPONSE"));
        let command = CommandLine::new(&self.agent.program, &self.order.workdir, environment)
            .arguments(&invocation.arguments)
            .variable("TZ", "UTC")
            .variable("NO_COLOR", "1")
            .input(invocation.input)
            .prompt(invocation.prompt);
        let variables = invocation.variables.into_iter();
        variables.fold(command, |command, (name, value)| command.variable(name, value))
    }
}
