//! Runs a goal to its end: repository, settings, remembered flags, agents, then the engine.

use std::path::Path;
use std::sync::Arc;

use crate::adapters::any_forge::AnyForge;
use crate::adapters::clock::SystemClock;
use crate::adapters::dry_run::read_only;
use crate::adapters::embedded_forge::store::Store;
use crate::adapters::files;
use crate::adapters::process::guard::KillGuard;
use crate::adapters::storage::folders::Folders;
use crate::adapters::storage::journals::FileJournals;
use crate::adapters::storage::lock;
use crate::adapters::storage::run_file::{RunFile, StartCommand};
use crate::cli::arguments::run::RunArguments;
use crate::cli::config::layer::{Layer, SettingSource};
use crate::cli::config::load::BaseLayers;
use crate::cli::config::settings::Settings;
use crate::cli::repository::Repository;
use crate::cli::repository::new_forge::NewForge;
use crate::cli::repository::site::{self, ForgeSite, Site};
use crate::cli::surroundings::Surroundings;
use crate::cli::usage::recorder::UsageRecorder;
use crate::cli::view::terminal::Terminal;
use crate::domain::ending::{Ending, Failed};
use crate::domain::explanation::Explanation;
use crate::domain::ids::BranchName;
use crate::domain::subject::Subject;
use crate::engine::outcome::{Outcome, RunError};
use crate::engine::run::{Assignment, Bases, Engine, EngineConfig};
use crate::flow::abilities::Abilities;
use crate::flow::request::Questions;
use crate::ledger::chain::task_key;
use crate::ports::World;
use crate::ports::cancellation::cancellation;
use crate::ports::clock::Clock;
use crate::ports::forge::Thread;
use crate::ports::operator::Operator;
use crate::ports::run_event::RunEvent;

use super::attended::attended;
use super::beginning::Beginning;
use super::display::terminal;
use super::gates;
use super::goal::{Answers, Goal, GoalTarget, RunInvocation};
use super::learning::Learning;
use super::order::RunOrder;
use super::permissions::Permissions;
use super::planning;
use super::programs::ResolvedAgents;
use super::remembered::{self, Remembered};
use super::remembering::RememberingOperator;
use super::unseen::UnseenFiles;
use super::wiring::{self, RunSettings};
use super::{after_debate, base, directories, memory, overrides, programs, secrets, withheld};
use super::{rehearse, retain};

/// The result of a command.
#[derive(Debug, Clone, PartialEq)]
pub enum RunResult {
    Ended(Box<Outcome>),
    /// A dry run: the steps that would be performed.
    DryRun(Box<rehearse::DryRun>),
}

/// Runs a goal to its end.
pub async fn run(
    goal: Goal,
    arguments: &RunArguments,
    invocation: RunInvocation,
    surroundings: &Surroundings,
) -> RunResult {
    let subject = goal.subject();
    // Boxed, like all large futures of a run: copies on the stack would keep its memory until the end.
    match Box::pin(prepare_and_run(goal, arguments, invocation, surroundings)).await {
        Ok(conclusion) => conclusion,
        Err(trouble) => RunResult::Ended(Box::new(Outcome::of_error(subject, trouble))),
    }
}

/// Returns the subject that the forge is asked about before a run: the key of a task is not known yet, but any key shows
/// whether its branch could be made.
fn probed_subject(goal: &Goal) -> Subject {
    goal.subject().unwrap_or_else(|| Subject::Task(task_key("", &base::placeholder_branch(), "probe")))
}

fn disk(why: String) -> RunError {
    RunError::failed(Failed::Disk, why)
}

struct RunInputs {
    site: Site,
    /// The embedded forge, if this command created it.
    created: Option<NewForge>,
    default_base: BranchName,
    base: BranchName,
    found: BaseLayers,
    flags: Layer,
}

/// Finds the repository, its forge, the target branch, and the settings on that branch.
async fn look(
    goal: &Goal,
    arguments: &RunArguments,
    surroundings: &Surroundings,
) -> Result<RunInputs, RunError> {
    let folder = surroundings.folder_or(arguments.repository.dir.as_deref());
    let flags = arguments.settings.values.clone();
    let flags =
        Layer::from_values(flags, SettingSource::Flag, &surroundings.folder).map_err(RunError::usage)?;
    let repository = find_repository(&folder, &flags, surroundings).await?;
    let guess = base::default_base(goal, arguments, &repository);
    let layers = BaseLayers::of_the_forge(&repository, guess.as_ref().ok(), surroundings).await?;
    let choice = layers.merged(&[&flags])?.settings.forge;
    let (site, default_base, created, found) =
        match ForgeSite::of(&choice, &repository, &surroundings.variables)? {
            ForgeSite::Embedded => {
                let default_base = guess?;
                let base = arguments.base.as_ref().unwrap_or(&default_base);
                refuse_missing(goal, base, &repository, surroundings).await?;
                // The file is created only after its settings are known to be valid.
                let found = BaseLayers::look(&repository, base, surroundings).await?;
                found.merged(&[&flags])?;
                let is_new = !Store::exists(&repository.common);
                let site = Site::embedded_for(&probed_subject(goal), repository, surroundings)?;
                let created = is_new.then(|| NewForge::of(&site.repository, &site.folders, surroundings));
                (site, default_base, created, Some(found))
            }
            ForgeSite::Github(address) => {
                let subject = probed_subject(goal);
                let github =
                    Site::github_for(&subject, repository, &address, &choice.gh_command, surroundings);
                let (site, default_base) = github.await?;
                (site, default_base, None, None)
            }
        };
    let (default_base, found) = match base::continued(goal, &default_base, &site) {
        Some(earlier) => (earlier, None),
        None => (default_base, found),
    };
    let base = arguments.base.clone().unwrap_or_else(|| default_base.clone());
    let found = match found {
        Some(found) => found,
        None => BaseLayers::look(&site.repository, &base, surroundings).await?,
    };
    Ok(RunInputs { site, created, default_base, base, found, flags })
}

/// Finds the repository around a folder. Outside of any, a repository of the forge may be named.
async fn find_repository(
    folder: &Path,
    flags: &Layer,
    surroundings: &Surroundings,
) -> Result<Repository, RunError> {
    let variables = &surroundings.variables;
    let missing = match Repository::find(folder, variables).await {
        Err(error) if folder.is_dir() => error,
        found => return found,
    };
    let named = BaseLayers::of_the_user(surroundings)?.merged(&[flags])?.settings.forge.repository;
    if named.is_some() { Repository::outside(folder, variables).await } else { Err(missing) }
}

/// Refuses a number where there is no forge, which a refusal does not create, and a target branch that does not exist.
async fn refuse_missing(
    goal: &Goal,
    base: &BranchName,
    repository: &Repository,
    surroundings: &Surroundings,
) -> Result<(), RunError> {
    let exists = |thread| site::without_forge(repository, thread).map_err(RunError::usage);
    match &goal.target {
        // The forge knows the target of a pull request; the head branch may be gone.
        GoalTarget::PullRequest(number) => return exists(Thread::PullRequest(*number)),
        GoalTarget::Issue(number) => exists(Thread::Issue(*number))?,
        GoalTarget::Task(_) => {}
    }
    let lacking = repository.lacks(base, &surroundings.variables).await.map_err(RunError::usage)?;
    lacking.map_or(Ok(()), |lacking| Err(lacking.into()))
}

/// Returns the inputs that only this command has: the text of a task, and the target branch on the command line.
fn task_and_base(
    goal: &Goal,
    base: BranchName,
    arguments: &RunArguments,
) -> (Option<String>, Option<BranchName>) {
    match &goal.target {
        GoalTarget::Task(text) => (Some(text.clone()), Some(base)),
        GoalTarget::Issue(_) | GoalTarget::PullRequest(_) => (None, arguments.base.clone()),
    }
}

/// Explains what an approval of a pull request needs. Gates are measured, and nothing is published.
pub async fn explain(
    goal: Goal,
    arguments: &RunArguments,
    surroundings: &Surroundings,
) -> Result<Explanation, Box<Outcome>> {
    let subject = goal.subject();
    let explained = async {
        let inputs = look(&goal, arguments, surroundings).await?;
        let ready = prepare(goal, inputs, arguments, RunInvocation::UNATTENDED, surroundings)?;
        ready.check_names().await?;
        ready.explain().await
    };
    explained.await.map_err(|trouble| Box::new(Outcome::of_error(subject, trouble)))
}

async fn prepare_and_run(
    goal: Goal,
    arguments: &RunArguments,
    invocation: RunInvocation,
    surroundings: &Surroundings,
) -> Result<RunResult, RunError> {
    let mut inputs = look(&goal, arguments, surroundings).await?;
    let created = inputs.created.take();
    let result = run_there(goal, inputs, arguments, invocation, surroundings).await;
    let has_begun = match &result {
        Ok(RunResult::Ended(outcome)) => !matches!(outcome.ending, Ending::Refused { .. }),
        Ok(RunResult::DryRun(_)) | Err(_) => false,
    };
    if let Some(created) = created.filter(|_| !has_begun) {
        created.forget();
    }
    result
}

async fn run_there(
    goal: Goal,
    inputs: RunInputs,
    arguments: &RunArguments,
    invocation: RunInvocation,
    surroundings: &Surroundings,
) -> Result<RunResult, RunError> {
    let ready = prepare(goal, inputs, arguments, invocation, surroundings)?;
    ready.check_names().await?;
    if arguments.dry_run {
        ready.unseen.warn(&ready.terminal).await;
        let Ready { world, plan, folders, .. } = ready;
        let rehearsal = rehearse::run(world, plan, folders).await;
        return Ok(RunResult::DryRun(Box::new(rehearsal)));
    }
    ready.begin().await
}

struct Ready {
    world: World,
    forge: AnyForge,
    plan: RunOrder,
    file: RunFile,
    subject: Subject,
    folders: Folders,
    settings: Settings,
    terminal: Arc<Terminal>,
    learning: Learning,
    unseen: UnseenFiles,
}

impl Ready {
    /// Refuses or warns of names of gates and patterns of files that match nothing.
    async fn check_names(&self) -> Result<(), RunError> {
        let misnamed = gates::misnamed(&self.settings.gates, &self.subject)?;
        let unused = self.unseen.check_scope(&self.settings.gates.scope).await?;
        warn(&self.terminal, [misnamed, unused]);
        Ok(())
    }

    async fn explain(self) -> Result<Explanation, RunError> {
        let Self { world, plan, folders, subject, settings, terminal, unseen, .. } = self;
        unseen.warn(&terminal).await;
        let beginning = Beginning::of(&subject, &folders.clone().with_logs(settings.paths.logs.as_deref()));
        files::make_folder(folders.locks()).map_err(disk)?;
        // A run would use the same clones.
        let path = FileJournals::lock_path(folders.locks(), &subject);
        let lock = lock::take(&path, &subject, SystemClock.now())?;
        let (canceller, cancellation) = cancellation();
        let canceller = Arc::new(canceller);
        let engine = Engine::new(read_only(world), plan.config, Arc::clone(&canceller), cancellation);
        let explained = attended(engine.explain(plan.assignment), canceller, &terminal).await;
        drop(lock);
        beginning.forget();
        explained.unwrap_or_else(|| Err(RunError::new(Ending::Interrupted, "interrupted")))
    }

    async fn begin(self) -> Result<RunResult, RunError> {
        let Self { world, forge, plan, file, subject, folders, settings, terminal, learning, unseen } = self;
        let with_logs = folders.clone().with_logs(settings.paths.logs.as_deref());
        let beginning = Beginning::of(&subject, &with_logs);
        remembered::keep(&file, &folders, &subject).map_err(disk)?;
        if let AnyForge::Embedded(embedded) = &forge {
            // A refused command that began at the same time may have removed the forge that it created.
            embedded.store().must_exist().map_err(disk)?;
        }
        let recorder = UsageRecorder::begin(&with_logs, &subject);
        let program = std::env::current_exe().ok();
        let guard = program.and_then(|program| KillGuard::start(&program, &folders.subjects()));
        let (operator, own) = (world.operator, subject.clone());
        let operator = RememberingOperator { operator, folders: folders.clone(), own, file: file.clone() };
        let world = World { operator: Arc::new(operator), ..world };
        let (outcome, ()) =
            tokio::join!(Box::pin(drive(world, plan, subject.clone(), &terminal)), unseen.warn(&terminal));
        let outcome = recorder.end(Outcome { forge_calls: forge.calls(), ..outcome });
        drop(guard);
        warn(&terminal, [learning.learn(&outcome)]);
        let known_tests = learning.memory.test_command();
        let outcome = after_debate::named(&file, Outcome { known_tests, ..outcome });
        let outcome = beginning.forget_if_idle(outcome);
        retain::after_a_run(&with_logs, &settings.retention);
        Ok(RunResult::Ended(Box::new(outcome)))
    }
}

/// Reads everything that a run needs. Has no side effects. Never inlined: 40 kB of the stack would be kept for the whole run.
#[inline(never)]
fn prepare(
    goal: Goal,
    inputs: RunInputs,
    arguments: &RunArguments,
    RunInvocation { trigger, answers }: RunInvocation,
    surroundings: &Surroundings,
) -> Result<Ready, RunError> {
    let RunInputs { site, default_base, base, found, flags, .. } = inputs;
    let (folders, forge) = (site.folders.clone(), site.forge.clone());
    let (text, named) = task_and_base(&goal, base.clone(), arguments);
    let mut assignment = assignment(goal, &forge.repository_id(), &base);
    let subject = assignment.subject.clone();
    let earlier = Remembered::load(&folders, &subject).map_err(RunError::config)?;
    let flags = earlier.repeated(trigger, &assignment.flow, flags);
    let configuration = found.merged(&[&earlier.layer().map_err(RunError::config)?, &flags])?;
    let (settings, variables) = (&configuration.settings, &surroundings.variables);
    assignment.flow = planning::flow(&assignment, trigger, &configuration).map_err(RunError::usage)?;

    let (asked, agents) = programs::of_command(&assignment.flow, &configuration, &earlier, variables)?;
    let ResolvedAgents { everyone, programs: able, missing } = agents;
    let seated = programs::seated(&asked, &earlier, settings);
    let directories = directories::directories(&everyone, &seated, settings)?;
    let gates = gates::gates(&gates::of_site(&settings.gates, &site), variables, &surroundings.cache)?;
    let repair = programs::repair(settings, variables)?;
    let permissions = Permissions::of(trigger, &earlier, &settings.turns);
    let begun_dangerously = permissions.begun_dangerously(trigger, &earlier);
    let after_debate = after_debate::agents(asked.cast, &seated, &earlier, &found, variables)?;
    let command = StartCommand { flow: assignment.flow.clone(), flags: flags.values };
    let file = earlier.with(asked.agents, command, text, named);
    let logs = settings.paths.logs.clone();
    let file = RunFile { logs, after_debate, begun_dangerously, ..file };

    let [withheld, unset] = withheld::warnings(&seated, &able, &repair, variables);
    let terminal = Arc::new(terminal(settings, arguments.output.json, surroundings));
    warn(&terminal, [found.warning, permissions.warning(&subject), withheld, unset]);
    let unseen = UnseenFiles::of(&site.repository, base, &gates, variables);
    let no_issues = forge.no_issues();
    let abilities = Abilities { agents: programs::able(&able), gates: gates.names(), missing, no_issues };
    let questions = questions(answers, settings);
    let request = overrides::request(&configuration, &everyone, &file.agents, questions, &gates)
        .map_err(RunError::config)?;
    let engine_config = EngineConfig {
        request,
        abilities,
        bases: Bases { asked: arguments.base.clone(), default: default_base },
        trust: settings.trust.trust(),
        secrets: secrets::known(settings, variables),
        display: settings.forge.display(),
        prompt_limit: usize::try_from(settings.turns.max_prompt_characters.get()).unwrap_or(usize::MAX),
    };
    let memory = memory::memory(&settings.agent_memory, arguments.refresh.refresh(), surroundings, &folders)
        .map_err(RunError::config)?;
    let learning = Learning::new(memory.clone(), gates.tests(), &engine_config.secrets);
    let plan = RunOrder { config: engine_config, assignment };
    let run_settings = RunSettings {
        agents: able,
        directories,
        agent_limit: programs::usual_limit(settings.review.agent_timeout_seconds),
        agent_idle: settings.turns.idle(),
        repair,
        gates,
        logs: settings.paths.logs.clone(),
        memory,
        terminal: Arc::clone(&terminal),
    };
    site.note()?;
    let world = wiring::world(&site, surroundings, run_settings).map_err(disk)?;
    let settings = settings.clone();
    Ok(Ready { world, forge, plan, file, subject, folders, settings, terminal, learning, unseen })
}

fn warn(terminal: &Terminal, texts: impl IntoIterator<Item = Option<String>>) {
    for text in texts.into_iter().flatten() {
        terminal.tell(&RunEvent::Warning { text });
    }
}

async fn drive(world: World, plan: RunOrder, subject: Subject, terminal: &Terminal) -> Outcome {
    let (canceller, cancellation) = cancellation();
    let canceller = Arc::new(canceller);
    let engine = Engine::new(world, plan.config, Arc::clone(&canceller), cancellation);
    let begun = SystemClock.now();
    let outcome = attended(Box::pin(engine.run(plan.assignment)), canceller, terminal).await;
    let outcome =
        outcome.unwrap_or_else(|| Outcome::bare(subject, Ending::Interrupted, "interrupted".to_owned()));
    let elapsed = Some(SystemClock.now().duration_since(begun).unsigned_abs());
    Outcome { failed_logs: terminal.failed(), elapsed, ..outcome }
}

fn questions(answers: Answers, settings: &Settings) -> Questions {
    match answers {
        Answers::AtTheTerminal => {
            Questions::Interactive { at_most: settings.review.max_clarification_rounds }
        }
        Answers::Nobody => Questions::Stop,
    }
}

fn assignment(goal: Goal, repository: &str, base: &BranchName) -> Assignment {
    let (subject, task) = match goal.target {
        GoalTarget::Task(text) => (Subject::Task(task_key(repository, base, &text)), Some(text)),
        GoalTarget::Issue(number) => (Subject::Issue(number), None),
        GoalTarget::PullRequest(number) => (Subject::PullRequest(number), None),
    };
    Assignment { flow: goal.flow, subject, task }
}
