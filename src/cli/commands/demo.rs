//! `demo`: the whole loop on a small project with a real bug. The agents are scripted; git, the forge, the tests and the
//! merge are real.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use crate::adapters::agent_memory::Memory;
use crate::adapters::agents::local::{Program, RepairAgent};
use crate::adapters::clock::SystemClock;
use crate::adapters::embedded_forge::rows::{NewRow, SubjectKind, Writer};
use crate::adapters::gates::settings::{GateCommand, MeasuredGates};
use crate::adapters::gates::tamper::settings::TamperSettings;
use crate::adapters::process::capture::capture;
use crate::adapters::process::command::CommandLine;
use crate::adapters::process::environment;
use crate::adapters::process::search::{FoundProgram, look_for};
use crate::adapters::process::variables::Variables;
use crate::cli::arguments::common::JsonOutput;
use crate::cli::config::settings::Review;
use crate::cli::repository::Repository;
use crate::cli::repository::site::{self, Site};
use crate::cli::run::attended::attended;
use crate::cli::run::directories::Directories;
use crate::cli::run::programs;
use crate::cli::run::wiring::{self, RunSettings};
use crate::cli::surroundings::Surroundings;
use crate::cli::view::ending::{complain, conclude};
use crate::cli::view::lines::Verbosity;
use crate::cli::view::live::Live;
use crate::cli::view::paint::{Paint, Screen};
use crate::cli::view::place::CommandPlace;
use crate::cli::view::print;
use crate::cli::view::terminal::{Display, Events, Terminal};
use crate::domain::agent::Role;
use crate::domain::ending::Ending;
use crate::domain::gate::FlakyTests;
use crate::domain::gate_plan::GateChoice;
use crate::domain::ids::{GateName, IssueNumber, Label};
use crate::domain::policy::AfterApproval;
use crate::domain::roster::{Seat, SeatKey};
use crate::domain::shell::quoted;
use crate::domain::subject::Subject;
use crate::domain::tamper::policy::TamperPolicy;
use crate::domain::trust::Trust;
use crate::engine::guard::Secrets;
use crate::engine::outcome::Outcome;
use crate::engine::run::{Assignment, Bases, Engine, EngineConfig};
use crate::flow::abilities::Abilities;
use crate::flow::budget::Budget;
use crate::flow::names;
use crate::flow::persistence::Persistence;
use crate::flow::request::{PlanningChoices, Questions, Request, ReviewSessions, Reviewing};
use crate::flow::terms::Overrides;
use crate::ports::cancellation::cancellation;
use crate::ports::clock::Clock;
use crate::ports::forge::{AuthorRole, IssueState, RunDisplay};

/// `demo`
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Keep the folder, and print commands to explore it
    #[arg(long)]
    pub keep: bool,
    /// Print the outcome on stdout as one JSON object; with `--json=events` also each event before it, one per line.
    /// Then only warnings are printed on stderr
    #[arg(long, value_name = "WHAT", num_args = 0..=1, require_equals = true, default_missing_value = "outcome")]
    pub json: Option<JsonOutput>,
}

const PROJECT: [(&str, &str); 2] = [
    ("median.sh", include_str!("../../../fixtures/demo/median.sh")),
    ("tests.sh", include_str!("../../../fixtures/demo/tests.sh")),
];
const ISSUE_TITLE: &str = "median.sh is wrong for an even number of values";
const ISSUE_BODY: &str = include_str!("../../../fixtures/demo/issue.md");
const CODER: &str = include_str!("../../../fixtures/demo/coder.json");
const CAREFUL: &str = include_str!("../../../fixtures/demo/careful.json");
const QUICK: &str = include_str!("../../../fixtures/demo/quick.json");
const TEST_COMMAND: &str = "sh tests.sh";

/// Runs the demo and prints its outcome.
pub async fn run(arguments: &DemoArguments, surroundings: &Surroundings) -> ExitCode {
    match show(arguments, surroundings).await {
        Ok(code) => code,
        Err(why) => complain(&why, 1, &surroundings.place),
    }
}

async fn show(arguments: &DemoArguments, surroundings: &Surroundings) -> Result<ExitCode, String> {
    let temporary = tempfile::Builder::new().prefix("agent-loop-demo-").tempdir();
    let temporary = temporary.map_err(|error| format!("cannot create a temporary folder: {error}"))?;
    let project = temporary.path().join("project");
    let ours = Surroundings {
        variables: surroundings.variables.clone(),
        folder: project.clone(),
        state: temporary.path().join("state").join("agent-loop"),
        configuration: temporary.path().join("configuration"),
        cache: temporary.path().join("cache"),
        place: CommandPlace::default(),
    };
    make_project(&project, &ours).await?;
    let is_for_people = arguments.json.is_none();
    if is_for_people {
        print::talk(&introduction(&project));
    }
    let outcome = run_loop(&ours, Arc::new(terminal(arguments.json, &ours))).await?;
    let outcome = if outcome.ending == Ending::Interrupted && !arguments.keep {
        Outcome { message: "the demo was not finished".to_owned(), ..outcome }
    } else {
        outcome
    };
    let code = conclude(&outcome, "", arguments.json, &ours.place);
    if arguments.keep {
        let root = temporary.keep();
        print::talk(&directions(&root.join("project"), &root, &typed_as(&surroundings.variables)));
    } else if is_for_people {
        print::talk("\nThe project was removed; `agent-loop demo --keep` keeps it for you to explore.\n");
    }
    Ok(code)
}

/// Creates the same views as in a real run.
fn terminal(json: Option<JsonOutput>, ours: &Surroundings) -> Terminal {
    let seen = Screen::look(&ours.variables, print::talk_is_seen);
    let paint = Paint::wanted(&ours.variables, seen);
    let (display, events) = match (json, seen) {
        (Some(JsonOutput::Events), _) => (Display::Lines(Verbosity::Quiet), Events::Printed),
        (Some(JsonOutput::Outcome), _) => (Display::Lines(Verbosity::Quiet), Events::Off),
        (None, Screen::Terminal) => (Display::Live(Live::new(paint)), Events::Off),
        (None, Screen::Plain) => (Display::Lines(Verbosity::Normal), Events::Off),
    };
    Terminal::new(display, paint, events, Duration::from_secs(30))
}

fn introduction(project: &Path) -> String {
    format!(
        "A shell script with a bug and a failing test, in {}\nIssue #1: {ISSUE_TITLE}\n\n",
        project.display()
    )
}

fn directions(project: &Path, root: &Path, ours: &str) -> String {
    let (project, state) = (project.display(), root.join("state"));
    format!(
        "\nLook around:\n  cd {project}\n  export XDG_STATE_HOME={}\n  git log --graph --oneline\n  {ours} status\n  \
         {ours} logs pr/2 --list\n  {ours} local pr view 2 --comments\nRemove all of it: rm -r {}\n",
        state.display(),
        root.display()
    )
}

/// Returns what a person types to run this program: its path, unless the program that `PATH` has is the same file.
fn typed_as(variables: &Variables) -> String {
    const NAME: &str = "agent-loop";
    let Ok(running) = std::env::current_exe() else { return NAME.to_owned() };
    match look_for(NAME, variables) {
        FoundProgram::There(found) if is_same_file(&found, &running) => NAME.to_owned(),
        FoundProgram::There(_)
        | FoundProgram::NotExecutable(_)
        | FoundProgram::NoFile(_)
        | FoundProgram::Missing => quoted(&running.display().to_string()),
    }
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    real(one).is_some_and(|one| Some(one) == real(other))
}

async fn make_project(project: &Path, ours: &Surroundings) -> Result<(), String> {
    for (name, text) in PROJECT {
        let path = project.join(name);
        let made =
            path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&path, text));
        made.map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    }
    let commands: [&[&str]; 5] = [
        &["init", "--quiet", "--initial-branch=main"],
        &["config", "user.name", "Ada"],
        &["config", "user.email", "ada@localhost"],
        &["add", "--all"],
        &["commit", "--quiet", "--message", "A script for the median"],
    ];
    for arguments in commands {
        let command = CommandLine::new("git", project, environment::common(&ours.variables, &[]))
            .variable("GIT_CONFIG_GLOBAL", "/dev/null")
            .variable("GIT_CONFIG_NOSYSTEM", "1")
            .arguments(arguments);
        let captured = capture(&command).await.map_err(|error| error.hinting("is git installed?"))?;
        if !captured.exit.is_success() {
            return Err(format!("`{}` failed: {}", command.shown(), captured.stderr.trim()));
        }
    }
    Ok(())
}

/// Returns the issue of the demo.
fn issue() -> Result<NewRow, String> {
    let login = "ada".parse().map_err(|error| format!("{error}"))?;
    Ok(NewRow {
        kind: SubjectKind::Issue(IssueState::Open),
        title: ISSUE_TITLE.to_owned(),
        body: ISSUE_BODY.to_owned(),
        writer: Writer { login, role: AuthorRole::Owner },
    })
}

async fn run_loop(ours: &Surroundings, terminal: Arc<Terminal>) -> Result<Outcome, String> {
    let repository = Repository::find(&ours.folder, &ours.variables).await?;
    let main = repository.branch.clone().ok_or("the sample has no branch")?;
    let forge = site::embedded(&repository, ours)?;
    let number = forge.store().create(&issue()?, SystemClock.now())?;
    let label = |name: &str| name.parse::<Label>().map_err(|error| error.to_string());
    let scripts =
        [(Role::Coder, "sam", CODER), (Role::Reviewer, "careful", CAREFUL), (Role::Reviewer, "quick", QUICK)];
    let mut agents = BTreeMap::new();
    for (role, name, script) in scripts {
        agents.insert(SeatKey { role, label: label(name)? }, Program::ScriptText(script.to_owned()));
    }
    let test = GateCommand {
        command: TEST_COMMAND.to_owned(),
        deadline: Duration::from_mins(5),
        flaky: FlakyTests::Fail,
    };
    let gates = MeasuredGates {
        commands: BTreeMap::from([(GateName::tests(), test)]),
        tamper: Some(TamperSettings { policy: TamperPolicy::default(), scope: Vec::new() }),
        ..MeasuredGates::default()
    };
    let abilities =
        Abilities { agents: agents.keys().cloned().collect(), gates: gates.names(), ..Abilities::default() };
    let settings = RunSettings {
        agents,
        directories: Directories::new(),
        agent_limit: programs::usual_limit(Review::default().agent_timeout_seconds),
        agent_idle: None,
        repair: RepairAgent {
            program: None,
            limit: programs::usual_limit(Review::default().agent_timeout_seconds),
        },
        gates,
        logs: None,
        memory: Memory::Off,
        terminal: Arc::clone(&terminal),
    };
    let world = wiring::world(&Site::embedded(repository, ours)?, ours, settings)?;
    let (canceller, cancellation) = cancellation();
    let canceller = Arc::new(canceller);
    let bases = Bases { asked: None, default: main };
    let config = EngineConfig {
        request: request()?,
        abilities,
        bases,
        trust: Trust::default(),
        secrets: Secrets::default(),
        prompt_limit: usize::MAX,
        display: RunDisplay::Comments,
    };
    let engine = Engine::new(world, config, Arc::clone(&canceller), cancellation);
    let subject = Subject::Issue(IssueNumber(number));
    let assignment = Assignment { flow: names::DELIVERY, subject, task: None };
    let begun = SystemClock.now();
    let outcome = attended(engine.run(assignment), canceller, &terminal).await.ok_or("interrupted")?;
    let elapsed = Some(SystemClock.now().duration_since(begun).unsigned_abs());
    Ok(Outcome { elapsed, ..outcome })
}

fn request() -> Result<Request, String> {
    let seat = |name: &str| -> Result<Seat, String> {
        let parsed: crate::domain::agent::AgentName =
            format!("{name}=scripted:{name}").parse().map_err(|error| format!("{error}"))?;
        Ok(Seat::from(&parsed))
    };
    Ok(Request {
        asked: Overrides {
            coder: Some(seat("sam")?),
            reviewers: vec![seat("careful")?, seat("quick")?],
            max_rounds: Some(4),
            gates: [GateName::tamper(), GateName::tests()].map(|gate| (gate, GateChoice::REQUIRED)).into(),
            after_approval: Some(AfterApproval::Merge),
            ..Overrides::default()
        },
        configured: Overrides::default(),
        default_coder: seat("sam")?,
        default_reviewer: seat("careful")?,
        debating: Reviewing::Sequential,
        kept_roles: BTreeSet::new(),
        reviewing: Reviewing::Parallel,
        persistence: Persistence::default(),
        sessions: ReviewSessions::Fresh,
        questions: Questions::Stop,
        planning: PlanningChoices::default(),
        ci_check: None,
        ci_start_seconds: 0,
        ci_timeout_seconds: 0,
        ci_poll_seconds: 1,
        budget: Budget::default(),
    })
}
