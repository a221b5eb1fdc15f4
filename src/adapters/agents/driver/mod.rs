//! Runs a vendor's program for one turn: the program's own file says how the turn is asked for, and judges the ending.

pub mod conclusion;
pub mod installation;
pub(super) mod lenient;
mod report;
pub(super) mod session_file;
pub mod setup;
pub mod transcript;
pub mod vendor_agent;
pub mod vendor_cli;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::adapters::agents::turn_files::{Allowed, TurnFiles};
use crate::adapters::agents::turn_host::{TurnHost, failed};
use crate::adapters::agents::vendors;
use crate::adapters::files;
use crate::adapters::process::command::CommandLine;
use crate::adapters::process::output::lines::Lines;
use crate::adapters::process::supervision::{Job, supervise};
use crate::domain::failure::TurnFailure;
use crate::ports::agents::{TurnOrder, TurnReport};
use crate::ports::cancellation::Cancellation;
use crate::protocol::strict;

use report::Recording;
use transcript::Transcript;
use vendor_agent::VendorAgent;
use vendor_cli::{CliTurn, Invocation, VendorCli};

/// Takes a turn with a vendor's program.
pub(in crate::adapters::agents) async fn take(
    host: &TurnHost,
    agent: &VendorAgent,
    order: &TurnOrder,
    cancellation: Cancellation,
) -> TurnReport {
    let cli = vendors::cli(agent.vendor);
    let profile = cli.profile();
    let allowed = Allowed { names: &agent.variables, vendor: profile.variables, prefixes: profile.prefixes };
    let prepared = TurnFiles::make(host, order, allowed).and_then(|files| {
        let turn = VendorTurn::new(agent, order, files);
        let invocation = cli.invocation(&turn.cli_turn());
        turn.write_files(&invocation)?;
        Ok((turn, invocation))
    });
    let (turn, invocation) = match prepared {
        Ok(prepared) => prepared,
        Err(detail) => return failed(TurnFailure::Spawn { detail }),
    };
    let job = Job {
        command: turn.command(invocation),
        marker: turn.files.turn_id.clone(),
        children: turn.files.children.clone(),
        log: turn.files.log.clone(),
        deadline: host.deadline(order.access, agent.deadline),
        idle: host.idle,
        stop: profile.stop,
    };
    let mut transcript = Transcript::default();
    let mut lines = Lines::new(|line: &[u8]| cli.events(line, &mut |event| transcript.take(event)));
    let ended = supervise(&job, &mut lines, cancellation).await;
    lines.finish();
    let dropped_lines = lines.dropped();
    let document = std::mem::take(&mut transcript.document);
    cli.document_events(&document, &mut |event| transcript.take(event));
    read_session_file(cli, &job.command, &mut transcript);
    cli.stderr_events(&ended.stderr, &mut |event| transcript.take(event));
    Recording { transcript, ended, dropped_lines, deadline: job.deadline }.report(cli, &turn)
}

/// A turn of a vendor's program, with the files that lie ready for it.
struct VendorTurn<'turn> {
    agent: &'turn VendorAgent,
    order: &'turn TurnOrder,
    files: TurnFiles,
    /// The JSON Schema of the answer in the strict dialect.
    schema: String,
    schema_file: PathBuf,
    /// The file to which the program may write its last message.
    last_message: PathBuf,
    /// Folders besides the clone that hold files which the prompt names.
    readable: Vec<PathBuf>,
}

impl<'turn> VendorTurn<'turn> {
    fn new(agent: &'turn VendorAgent, order: &'turn TurnOrder, files: TurnFiles) -> Self {
        let diff = order.context.diff_path.as_ref().and_then(|path| Path::new(path).parent());
        Self {
            agent,
            order,
            schema: strict::of(order.kind).to_string(),
            schema_file: files.folder.join("answer.schema.json"),
            last_message: files.folder.join("last-message.txt"),
            readable: std::iter::once(files.folder.as_path()).chain(diff).map(Path::to_owned).collect(),
            files,
        }
    }

    fn cli_turn(&self) -> CliTurn<'_> {
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

    fn write_files(&self, invocation: &Invocation) -> Result<(), String> {
        files::write_over(&self.schema_file, self.schema.as_bytes())?;
        invocation.files.iter().try_for_each(|(path, content)| files::write_over(path, content))
    }

    fn command(&self, invocation: Invocation) -> CommandLine {
        // A process that the program starts would see the variable too, and might write an answer in the program's stead.
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

fn read_session_file(cli: &dyn VendorCli, command: &CommandLine, transcript: &mut Transcript) {
    let session = transcript.session.clone();
    let Some(file) = session.and_then(|session| cli.session_file(&session)) else { return };
    for line in session_file::last_lines(&file, &command.environment) {
        cli.session_events(line.as_bytes(), &mut |event| transcript.take(event));
    }
}
