//! `task`, `issue` and `pr`: from the words of the command line to an engine, and to its outcome.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::adapters::agents::program::Program;
use crate::adapters::gates::tests::split;
use crate::adapters::state::folders::Folders;
use crate::adapters::state::run_file::{KnownAgent, RunFile};
use crate::domain::agent::{AgentName, Backend, Role};
use crate::domain::ending::{Ending, Failed, Refused};
use crate::domain::ids::{BranchName, GateName, IssueNumber, Label, PullRequestNumber};
use crate::domain::policy::{AfterApproval, OnReviewerFailure, TestTiming};
use crate::domain::roster::Seat;
use crate::domain::subject::Subject;
use crate::engine::outcome::{Outcome, Trouble};
use crate::engine::run::{Assignment, Bases, Engine};
use crate::flow::observed::Abilities;
use crate::flow::request::{Questions, Request, Reviewing};
use crate::ledger::chain::task_key;
use crate::ports::cancellation::cancellation;

use super::arguments::{ForgeChoice, ReviewerFailure, RunArguments, TaskArguments};
use super::lines::Talk;
use super::repository::Repository;
use super::signals;
use super::surroundings::Surroundings;
use super::terminal::Terminal;
use super::wiring::{self, RunSettings};

/// What is to be done, as the command line says it.
pub enum Order {
    /// `task`
    Task(String),
    /// `issue`
    Issue(IssueNumber),
    /// `pr`
    PullRequest(PullRequestNumber),
}

/// The words of a task, from the command line, a file, or stdin.
///
/// # Errors
/// When they can't be read, or there are none.
pub fn task_text(arguments: &TaskArguments, folder: &Path) -> Result<String, String> {
    let text = match (&arguments.text, &arguments.task_file) {
        (Some(text), _) => text.clone(),
        (None, Some(path)) if path.as_os_str() == "-" => {
            let mut text = String::new();
            let read = std::io::stdin().lock().read_to_string(&mut text);
            read.map_err(|error| format!("stdin can't be read: {error}"))?;
            text
        }
        (None, Some(path)) => std::fs::read_to_string(folder.join(path))
            .map_err(|error| format!("the task file {} can't be read: {error}", path.display()))?,
        (None, None) => String::new(),
    };
    if text.trim().is_empty() {
        Err("the task says nothing; say what is to be done".to_owned())
    } else {
        Ok(text)
    }
}

/// Runs to the end.
pub async fn run(
    order: Order,
    arguments: &RunArguments,
    questions: Questions,
    surroundings: &Surroundings,
) -> Outcome {
    let subject = match &order {
        // Before the repository is known a task has no key; nobody ever sees this one.
        Order::Task(_) => Subject::Task(task_key("", &placeholder_branch(), "")),
        Order::Issue(number) => Subject::Issue(*number),
        Order::PullRequest(number) => Subject::PullRequest(*number),
    };
    match prepare_and_run(order, arguments, questions, surroundings).await {
        Ok(outcome) => outcome,
        Err(trouble) => Outcome::bare(subject, trouble.ending, trouble.message),
    }
}

#[expect(clippy::expect_used, reason = "a constant that is a branch name")]
fn placeholder_branch() -> BranchName {
    "main".parse().expect("a branch name")
}

async fn prepare_and_run(
    order: Order,
    arguments: &RunArguments,
    questions: Questions,
    surroundings: &Surroundings,
) -> Result<Outcome, Trouble> {
    let folder = arguments
        .dir
        .as_ref()
        .map_or_else(|| surroundings.folder.clone(), |dir| surroundings.folder.join(dir));
    let repository = Repository::find(&folder, &surroundings.variables)
        .await
        .map_err(|why| Trouble::refused(Refused::Usage, why))?;
    refuse_other_forges(arguments.forge, &repository)?;
    let default_base = default_base(&order, arguments, &repository)?;
    let forge = wiring::forge(&repository, surroundings).map_err(|why| Trouble::failed(Failed::Disk, why))?;
    let folders = wiring::folders(forge.store(), &repository, surroundings);
    let base = arguments.base.as_ref().unwrap_or(&default_base);
    let (subject, assignment) = match order {
        Order::Task(text) => {
            let key = task_key(forge.store().repository_id(), base, &text);
            (Subject::Task(key), Assignment::Task(text))
        }
        Order::Issue(number) => (Subject::Issue(number), Assignment::Issue(number)),
        Order::PullRequest(number) => (Subject::PullRequest(number), Assignment::PullRequest(number)),
    };
    let local = Local::gather(arguments, &folders, &subject, surroundings)?;
    local.keep(&folders, &subject)?;
    let settings = RunSettings {
        agents: local.programs(),
        agent_deadline: Duration::from_secs(arguments.agent_timeout_seconds),
        test_command: local.file.test_command.clone(),
        test_deadline: Duration::from_secs(arguments.test_timeout_seconds),
        terminal: Terminal::new(if arguments.quiet { Talk::Quiet } else { Talk::Normal }),
    };
    let abilities = local.abilities();
    let world = wiring::world(&repository, surroundings, forge, settings)
        .map_err(|why| Trouble::failed(Failed::Disk, why))?;
    let (canceller, cancellation) = cancellation();
    let canceller = Arc::new(canceller);
    let bases = Bases { asked: arguments.base.clone(), default: default_base };
    let request = request(arguments, questions)?;
    let control = (Arc::clone(&canceller), cancellation);
    let engine = Engine::new(Arc::new(world), request, abilities, bases, control);
    let outcome = tokio::select! {
        outcome = engine.run(assignment) => outcome,
        () = signals::listen(canceller) => Outcome::bare(subject, Ending::Interrupted, "interrupted".to_owned()),
    };
    if let Some(number) = outcome.pull_request {
        local.keep(&folders, &Subject::PullRequest(number))?;
    }
    Ok(outcome)
}

fn refuse_other_forges(choice: ForgeChoice, repository: &Repository) -> Result<(), Trouble> {
    let github = match choice {
        ForgeChoice::Local => false,
        ForgeChoice::Github => true,
        ForgeChoice::Auto => repository.is_on_github(),
    };
    if !github {
        return Ok(());
    }
    let message =
        "GitHub is not there yet; add `--forge local` to work on the embedded forge of this repository";
    Err(Trouble::refused(Refused::Unsupported, message))
}

/// A detached HEAD is no branch to change; a pull request has its own.
fn default_base(
    order: &Order,
    arguments: &RunArguments,
    repository: &Repository,
) -> Result<BranchName, Trouble> {
    let found = arguments.base.as_ref().or(repository.branch.as_ref()).cloned();
    match (found, order) {
        (Some(branch), _) => Ok(branch),
        (None, Order::PullRequest(_)) => Ok(placeholder_branch()),
        (None, Order::Task(_) | Order::Issue(_)) => {
            let message = "HEAD is detached, so there is no current branch to change; name one with --base";
            Err(Trouble::refused(Refused::Usage, message))
        }
    }
}

fn request(arguments: &RunArguments, questions: Questions) -> Result<Request, Trouble> {
    let seat = |name: &str| -> Result<Seat, Trouble> {
        let parsed: AgentName =
            name.parse().map_err(|error| Trouble::failed(Failed::Error, format!("{error}")))?;
        Ok(Seat::from(&parsed))
    };
    Ok(Request {
        coder: arguments.coder.as_ref().map(Seat::from),
        reviewers: arguments.reviewer.iter().map(Seat::from).collect(),
        default_coder: seat("claude")?,
        default_reviewer: seat("codex")?,
        max_rounds: arguments.max_rounds,
        required_gates: arguments.test_command.as_ref().map(|_| vec![GateName::tests()]),
        test_timing: arguments.no_pre_review_tests.then_some(TestTiming::BeforeApproval),
        on_reviewer_failure: arguments.on_reviewer_failure.map(|what| match what {
            ReviewerFailure::Stop => OnReviewerFailure::Stop,
            ReviewerFailure::Continue => OnReviewerFailure::Continue,
        }),
        after_approval: arguments.auto_merge.then_some(AfterApproval::Merge),
        reviewing: if arguments.no_parallel_reviewers { Reviewing::Sequential } else { Reviewing::Parallel },
        questions,
        ci_timeout_seconds: arguments.ci_timeout_seconds,
        ci_poll_seconds: arguments.ci_poll_interval_seconds,
    })
}

/// What only this machine knows of a run: how to start its agents, and its test command.
struct Local {
    file: RunFile,
}

impl Local {
    /// From the command line, else from an earlier run on this subject, else from the last run in this repository.
    fn gather(
        arguments: &RunArguments,
        folders: &Folders,
        subject: &Subject,
        surroundings: &Surroundings,
    ) -> Result<Self, Trouble> {
        let config = |why: String| Trouble::refused(Refused::Config, why);
        let mut asked = Vec::new();
        for (role, name) in arguments
            .coder
            .iter()
            .map(|name| (Role::Coder, name))
            .chain(arguments.reviewer.iter().map(|name| (Role::Reviewer, name)))
        {
            asked.push(KnownAgent { role, name: absolute(name, &surroundings.folder)? });
        }
        if let Some(command) = &arguments.test_command {
            split(command).map_err(|why| Trouble::refused(Refused::Usage, why))?;
        }
        let own = RunFile::load(&folders.run_file(subject)).map_err(config)?;
        let last = RunFile::load(&last_file(folders)).map_err(config)?;
        let mut agents: Vec<KnownAgent> = asked;
        for known in own.agents.into_iter().chain(last.agents) {
            let same = |one: &KnownAgent| one.role == known.role && one.name.label == known.name.label;
            if !agents.iter().any(same) {
                agents.push(known);
            }
        }
        let test_command = arguments.test_command.clone().or(own.test_command).or(last.test_command);
        Ok(Self { file: RunFile { agents, test_command, task: own.task } })
    }

    fn keep(&self, folders: &Folders, subject: &Subject) -> Result<(), Trouble> {
        let disk = |why: String| Trouble::failed(Failed::Disk, why);
        self.file.save(&folders.run_file(subject)).map_err(disk)?;
        self.file.save(&last_file(folders)).map_err(disk)
    }

    fn programs(&self) -> BTreeMap<(Role, Label), Program> {
        let programs = self.file.agents.iter().filter_map(|known| {
            let path = known.name.detail.as_ref().map(PathBuf::from)?;
            let program = match known.name.backend {
                Backend::Command => Program::Command(path),
                Backend::Scripted => Program::ScriptFile(path),
                Backend::Claude
                | Backend::Codex
                | Backend::Gemini
                | Backend::Antigravity
                | Backend::Opencode
                | Backend::Host => return None,
            };
            Some(((known.role, known.name.label.clone()), program))
        });
        programs.collect()
    }

    fn abilities(&self) -> Abilities {
        let agents: BTreeSet<(Role, Label)> = self.programs().into_keys().collect();
        Abilities { agents, test_command: self.file.test_command.clone() }
    }
}

fn last_file(folders: &Folders) -> PathBuf {
    folders.root().join("last-run.json")
}

/// The agent with an absolute path, if it is one that works today and its file is there.
fn absolute(name: &AgentName, folder: &Path) -> Result<AgentName, Trouble> {
    let detail = match (name.backend, &name.detail) {
        (Backend::Command, Some(detail)) if !detail.contains('/') => {
            let message = format!("`command:{detail}` names no path; write `command:./{detail}`");
            return Err(Trouble::refused(Refused::Usage, message));
        }
        (Backend::Command | Backend::Scripted, Some(detail)) => detail,
        (backend, _) => {
            let message = format!(
                "the backend `{backend}` is not there yet; use `{}=command:PATH` (any program) or `{0}=scripted:FILE`",
                name.label
            );
            return Err(Trouble::refused(Refused::Unsupported, message));
        }
    };
    let path = folder.join(detail);
    if !path.is_file() {
        let message = format!("`{name}` names {}, and there is no such file", path.display());
        return Err(Trouble::refused(Refused::Usage, message));
    }
    let Some(path) = path.to_str() else {
        let message = format!("the path {} is not UTF-8; rename it, or make a link to it", path.display());
        return Err(Trouble::refused(Refused::Usage, message));
    };
    Ok(AgentName { label: name.label.clone(), backend: name.backend, detail: Some(path.to_owned()) })
}
