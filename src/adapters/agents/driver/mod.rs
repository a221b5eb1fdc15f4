//! Runs a vendor's program for one turn. The program's own file defines the command line and evaluates the ending.

pub mod conclusion;
pub mod installation;
pub(super) mod lenient;
mod report;
pub(super) mod session_file;
pub mod setup;
pub mod transcript;
pub mod vendor_agent;
pub mod vendor_cli;
mod vendor_turn;

use std::sync::atomic::{AtomicBool, Ordering};

use crate::adapters::agents::turn_files::{Allowed, TurnFiles};
use crate::adapters::agents::turn_host::{TurnHost, unstarted};
use crate::adapters::agents::vendors;
use crate::adapters::process::command::CommandLine;
use crate::adapters::process::output::lines::Lines;
use crate::adapters::process::output::listener::{Listener, Remaining};
use crate::adapters::process::supervision::{Job, supervise};
use crate::ports::agents::{TurnOrder, TurnReport, TurnResult};
use crate::ports::cancellation::Cancellation;

use report::Recording;
use transcript::{Finish, Transcript};
use vendor_agent::VendorAgent;
use vendor_cli::VendorCli;
use vendor_turn::VendorTurn;

/// Runs a turn with a vendor's program.
pub(in crate::adapters::agents) async fn take(
    host: &TurnHost,
    agent: &VendorAgent,
    order: &TurnOrder,
    cancellation: Cancellation,
) -> TurnReport {
    let cli = vendors::cli(agent.vendor);
    let profile = cli.profile();
    let allowed = Allowed { names: &agent.variables, vendor: profile.variables };
    let prepared = TurnFiles::make(host, order, allowed).and_then(|files| {
        let turn = VendorTurn::new(agent, order, files);
        let invocation = cli.invocation(&turn.cli_turn());
        turn.write_files(&invocation)?;
        Ok((turn, invocation))
    });
    let (turn, invocation) = match prepared {
        Ok(prepared) => prepared,
        Err(why) => return unstarted(TurnResult::Disk(why)),
    };
    let limit = host.limit(order.access, agent.limit.as_ref());
    let job = Job {
        command: turn.command(invocation),
        marker: turn.files.turn_id.clone(),
        children: turn.files.children.clone(),
        log: turn.files.log.clone(),
        deadline: limit.duration,
        idle: host.idle,
        stop: profile.stop,
    };
    let mut transcript = Transcript::default();
    let finished = AtomicBool::new(false);
    let lines = Lines::new(|line: &[u8]| {
        cli.events(line, &mut |event| transcript.take(event));
        finished.store(transcript.finished == Finish::Seen, Ordering::Relaxed);
    });
    let mut listener = StreamListener { lines, finished: &finished };
    let ended = supervise(&job, &mut listener, cancellation).await;
    listener.lines.finish();
    let dropped_lines = listener.lines.dropped();
    let document = std::mem::take(&mut transcript.document);
    cli.document_events(&document, &mut |event| transcript.take(event));
    read_session_file(cli, &job.command, &mut transcript);
    cli.stderr_events(&ended.stderr, &mut |event| transcript.take(event));
    Recording { transcript, ended, dropped_lines, limit }.report(cli, &turn)
}

/// Reads the lines of a program, and notices the terminal event of its turn.
struct StreamListener<'turn, F> {
    lines: Lines<F>,
    finished: &'turn AtomicBool,
}

impl<F: FnMut(&[u8]) + Send> Listener for StreamListener<'_, F> {
    fn hear(&mut self, chunk: &[u8]) {
        self.lines.hear(chunk);
    }

    fn remaining(&self) -> Remaining {
        if self.finished.load(Ordering::Relaxed) { Remaining::Nothing } else { Remaining::Something }
    }
}

fn read_session_file(cli: &dyn VendorCli, command: &CommandLine, transcript: &mut Transcript) {
    let session = transcript.session.clone();
    let Some(file) = session.and_then(|session| cli.session_file(&session)) else { return };
    for line in session_file::last_lines(&file, &command.environment) {
        cli.session_events(line.as_bytes(), &mut |event| transcript.take(event));
    }
}
