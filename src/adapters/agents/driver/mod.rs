//! Runs a vendor's program for one turn: what its file here says to do is done, and what came of it is handed back to
//! that file to be judged.

pub mod conclusion;
pub mod installation;
pub(super) mod lenient;
pub(super) mod session_file;
pub mod transcript;
pub mod vendor_cli;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::adapters::agents::accounting;
use crate::adapters::agents::local::{LocalAgents, failed};
use crate::adapters::agents::turn_files::{self, Allowed, TurnFiles};
use crate::adapters::agents::vendors;
use crate::adapters::clock::SystemClock;
use crate::adapters::files;
use crate::adapters::process::command::CommandLine;
use crate::adapters::process::output::lines::Lines;
use crate::adapters::process::supervision::{End, Ended, Job, supervise};
use crate::domain::agent::Backend;
use crate::domain::failure::TurnFailure;
use crate::domain::turn::SessionNote;
use crate::domain::usage::Usage;
use crate::domain::vendors::Vendor;
use crate::ports::agents::{TurnOrder, TurnReport, TurnResult};
use crate::ports::cancellation::Cancellation;
use crate::ports::clock::Clock;
use crate::protocol::envelope::ANSWER_LIMIT;
use crate::protocol::strict;

use transcript::Transcript;
use vendor_cli::{CliTurn, Invocation, Power, ProcessEnd, Sessions, VendorCli};

/// A vendor's program, as it was configured for a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorAgent {
    pub vendor: Vendor,
    /// A path, or a name to be found in `PATH`.
    pub program: PathBuf,
    /// The model that is asked when a turn names none.
    pub model: Option<String>,
    /// How hard it is to think, in the program's own words.
    pub effort: Option<String>,
    /// What the user adds to the command line.
    pub arguments: Vec<String>,
    /// The variables of ours that it may see besides the common ones and its vendor's own.
    pub variables: Vec<String>,
    /// How long a turn of it may take, if not as long as anybody's.
    pub deadline: Option<Duration>,
    pub power: Power,
}

/// Files of a turn, outside of the clone.
struct VendorFiles {
    schema: String,
    schema_file: PathBuf,
    last_message: PathBuf,
    readable: Vec<PathBuf>,
}

/// Takes a turn with a vendor's program.
pub(in crate::adapters::agents) async fn take(
    agents: &LocalAgents,
    agent: &VendorAgent,
    order: &TurnOrder,
    cancellation: Cancellation,
) -> TurnReport {
    let spawn = |detail| failed(TurnFailure::Spawn { detail });
    let cli = vendors::cli(agent.vendor);
    let profile = cli.profile();
    let allowed = Allowed { names: &agent.variables, vendor: profile.variables, prefixes: profile.prefixes };
    let offer = match turn_files::make(agents, order, allowed) {
        Ok(offer) => offer,
        Err(detail) => return spawn(detail),
    };
    let papers = papers(order, &offer);
    let invocation = cli.invocation(&turn(agent, order, (&papers, &offer)));
    if let Err(detail) = write_files(&papers, &invocation) {
        return spawn(detail);
    }
    let deadline = agents.deadline(order, agent.deadline);
    let job = Job {
        command: command(agent, order, &offer, invocation),
        token: offer.token.clone(),
        children: offer.children.clone(),
        log: offer.log.clone(),
        deadline,
        idle: agents.idle,
        manners: profile.manners,
    };
    let mut transcript = Transcript::default();
    let mut lines = Lines::new(|line: &[u8]| cli.events(line, &mut |event| transcript.take(event)));
    let ended = supervise(&job, &mut lines, cancellation).await;
    lines.finish();
    let dropped = lines.dropped();
    let document = std::mem::take(&mut transcript.document);
    cli.document_events(&document, &mut |event| transcript.take(event));
    read_session_file(cli, &job.command, &mut transcript);
    cli.stderr_events(&ended.stderr, &mut |event| transcript.take(event));
    let result = result(cli, &transcript, &ended, (&papers, deadline));
    let asked = order.model.as_deref().or(agent.model.as_deref()).or(profile.usual_model);
    let sitting = Sitting { agent, order, asked };
    report(cli, &sitting, Heard { transcript, ended, dropped }, result, offer.log)
}

fn papers(order: &TurnOrder, offer: &TurnFiles) -> VendorFiles {
    let diff = order.context.diff_path.as_ref().and_then(|path| Path::new(path).parent());
    VendorFiles {
        schema: strict::of(order.kind).to_string(),
        schema_file: offer.folder.join("answer.schema.json"),
        last_message: offer.folder.join("last-message.txt"),
        readable: std::iter::once(offer.folder.as_path()).chain(diff).map(Path::to_owned).collect(),
    }
}

fn turn<'turn>(
    agent: &'turn VendorAgent,
    order: &'turn TurnOrder,
    (papers, offer): (&'turn VendorFiles, &'turn TurnFiles),
) -> CliTurn<'turn> {
    CliTurn {
        role: order.role,
        prompt: &order.prompt,
        model: order.model.as_deref().or(agent.model.as_deref()),
        effort: agent.effort.as_deref(),
        arguments: &agent.arguments,
        session: session_of(agent, order),
        power: agent.power,
        workdir: &order.workdir,
        readable: &papers.readable,
        schema: &papers.schema,
        schema_file: &papers.schema_file,
        last_message: &papers.last_message,
        environment: &offer.environment,
    }
}

fn write_files(papers: &VendorFiles, invocation: &Invocation) -> Result<(), String> {
    files::write_over(&papers.schema_file, papers.schema.as_bytes())?;
    for (path, content) in &invocation.files {
        files::write_over(path, content)?;
    }
    Ok(())
}

fn command(agent: &VendorAgent, order: &TurnOrder, offer: &TurnFiles, invocation: Invocation) -> CommandLine {
    // Whatever it starts would have the variable too, and might answer in its stead: its answer is its message.
    let mut environment = offer.environment.clone();
    environment.remove(OsStr::new("AGENT_LOOP_RESPONSE"));
    let command = CommandLine::new(&agent.program, &order.workdir, environment)
        .arguments(&invocation.arguments)
        .variable("TZ", "UTC")
        .variable("NO_COLOR", "1")
        .input(invocation.input)
        .prompt(invocation.prompt);
    let variables = invocation.variables.into_iter();
    variables.fold(command, |command, (name, value)| command.variable(name, value))
}

fn read_session_file(cli: &dyn VendorCli, command: &CommandLine, transcript: &mut Transcript) {
    let session = transcript.session.clone();
    let Some(file) = session.and_then(|session| cli.session_file(&session)) else { return };
    for line in session_file::last_lines(&file, &command.environment) {
        cli.session_events(line.as_bytes(), &mut |event| transcript.take(event));
    }
}

fn result(
    cli: &dyn VendorCli,
    transcript: &Transcript,
    ended: &Ended,
    (papers, deadline): (&VendorFiles, Duration),
) -> TurnResult {
    let exit = match &ended.end {
        End::Exited(exit) => *exit,
        End::Cancelled => return TurnResult::Cancelled,
        End::NotStarted(detail) => {
            return TurnResult::Failed(TurnFailure::Spawn { detail: detail.clone() });
        }
        End::TimedOut => {
            return TurnResult::Failed(TurnFailure::Timeout { seconds: deadline.as_secs() });
        }
        End::Hung { seconds } => return TurnResult::Failed(TurnFailure::Hang { seconds: *seconds }),
    };
    // What can't be read is no answer; the stream may hold one.
    let text = |path: &Path| {
        let bytes =
            files::read_foreign(path, ANSWER_LIMIT).ok().filter(|bytes| bytes.len() <= ANSWER_LIMIT)?;
        String::from_utf8(bytes).ok().filter(|text| !text.trim().is_empty())
    };
    let last_message = text(&papers.last_message);
    let ending = ProcessEnd {
        exit,
        stderr: &ended.stderr,
        last_message: last_message.as_deref(),
        now: SystemClock.now(),
    };
    cli.outcome(transcript, &ending).map_or_else(TurnResult::Failed, TurnResult::Answered)
}

/// What a program said and how it ended.
struct Heard {
    transcript: Transcript,
    ended: Ended,
    dropped: u64,
}

/// Who was asked, and how.
struct Sitting<'turn> {
    agent: &'turn VendorAgent,
    order: &'turn TurnOrder,
    asked: Option<&'turn str>,
}

/// The session to go on with: of this program, and in this folder.
fn session_of<'turn>(agent: &VendorAgent, order: &'turn TurnOrder) -> Option<&'turn SessionNote> {
    order
        .session
        .as_ref()
        .filter(|note| note.backend == Backend::Vendor(agent.vendor) && note.folder == order.workdir)
}

fn report(
    cli: &dyn VendorCli,
    sitting: &Sitting<'_>,
    heard: Heard,
    result: TurnResult,
    log: PathBuf,
) -> TurnReport {
    let warnings = warnings(&heard, &result);
    let Heard { transcript, ended, .. } = heard;
    let Sitting { agent, order, asked } = *sitting;
    let earlier = session_of(agent, order).map(|note| note.counted).unwrap_or_default();
    let spent = match transcript.usage {
        Some(counted) => accounting::counted(cli.profile().counting.of_turn(counted, earlier), &ended.end),
        None => accounting::uncounted(&order.prompt, &transcript, &ended.end),
    };
    let counted = transcript.usage.unwrap_or(earlier);
    let session = match cli.profile().sessions {
        Sessions::ById => transcript.session.filter(|id| is_plain(id)).map(|id| SessionNote {
            id,
            backend: Backend::Vendor(agent.vendor),
            folder: order.workdir.clone(),
            model: order.model.clone(),
            counted,
        }),
        Sessions::None => None,
    };
    TurnReport {
        result,
        usage: Usage {
            calls: 1,
            milliseconds: ended.milliseconds,
            // Some programs report the cost of each step.
            priced_calls: u64::from(spent.priced_calls > 0 || spent.micro_usd > 0),
            ..spent
        },
        // A program that does not say what ran was told what to run, if anybody said.
        model: transcript.model.or_else(|| asked.map(str::to_owned)),
        log: Some(log),
        session,
        warnings,
    }
}

/// Whether an id of a session can stand in a command line: it is neither a flag nor a path.
fn is_plain(id: &str) -> bool {
    let is_letter = |letter: u8| letter.is_ascii_alphanumeric() || b"-_".contains(&letter);
    (1..=100).contains(&id.len()) && id.bytes().all(is_letter) && !id.starts_with('-')
}

fn warnings(heard: &Heard, result: &TurnResult) -> Vec<String> {
    let mut warnings = heard.transcript.warnings.clone();
    if let (TurnResult::Answered(_), [_, ..]) = (result, heard.transcript.denied.as_slice()) {
        warnings.push(format!("answered, though it was not allowed: {}", heard.transcript.denied.join("; ")));
    }
    if let Some((percent, resets_at)) = heard.transcript.low {
        warnings.push(format!("{percent} % of its allowance is used; it is back at {resets_at}"));
    }
    if heard.dropped > 0 {
        warnings.push(format!("{} lines of its output were too long to be looked at", heard.dropped));
    }
    warnings
}
