//! `gates --base BRANCH`: the gates of the commit that is checked out, without a forge, for example in CI. The settings are
//! those on the base branch.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::adapters::clock::SystemClock;
use crate::adapters::files;
use crate::adapters::gates::LocalGates;
use crate::adapters::gates::score;
use crate::adapters::gates::settings::{GateSettings, MeasuredGates};
use crate::adapters::storage::folders::Folders;
use crate::cli::config::layer::{Layer, SettingSource};
use crate::cli::config::load::BaseLayers;
use crate::cli::repository::checkout_change::CheckoutChange;
use crate::cli::repository::{Repository, site};
use crate::cli::run::base::placeholder_branch;
use crate::cli::run::gates::{self, Sources};
use crate::cli::run::scope;
use crate::cli::run::secrets;
use crate::cli::run::signals;
use crate::cli::surroundings::Surroundings;
use crate::cli::view::explanation::ExplainedApproval;
use crate::cli::view::{print, sarif};
use crate::domain::ending::{Ending, Failed};
use crate::domain::explanation::{Condition, Explanation};
use crate::domain::gate::Measurement;
use crate::domain::gate_plan::{GateChoice, GatePlan};
use crate::domain::ids::{GateName, TreeSha};
use crate::domain::subject::Subject;
use crate::engine::measuring;
use crate::engine::outcome::{Outcome, RunError};
use crate::ledger::chain::task_key;
use crate::ports::cancellation::{Cancellation, cancellation};
use crate::ports::clock::Clock;
use crate::ports::gates::{GateOrder, GateReport, Gates};
use crate::text::redaction::Redactor;

use super::arguments::GatesArguments;

/// The gates of a checkout, ready to be measured.
struct CheckoutGates {
    change: CheckoutChange,
    repository: Repository,
    settings: GateSettings,
    choices: BTreeMap<GateName, GateChoice>,
    redactor: Redactor,
    subject: Subject,
}

/// Measures the gates of the commit that is checked out.
pub(super) async fn explain(
    arguments: &GatesArguments,
    surroundings: &Surroundings,
) -> Result<ExplainedApproval, Box<Outcome>> {
    let subject = Subject::Task(task_key("", &placeholder_branch(), "gates"));
    let explained = explained(arguments, subject, surroundings).await;
    explained.map_err(|trouble| Box::new(Outcome::of_error(None, trouble)))
}

async fn explained(
    arguments: &GatesArguments,
    subject: Subject,
    surroundings: &Surroundings,
) -> Result<ExplainedApproval, RunError> {
    let place = tempfile::tempdir().map_err(|error| disk(format!("could not make a folder: {error}")))?;
    let checkout = look(arguments, subject, place.path(), surroundings).await?;
    let sarif = arguments.sarif.as_ref().map(|path| surroundings.folder.join(path));
    let (canceller, stop) = cancellation();
    tokio::select! {
        explained = checkout.measure(sarif.as_deref(), stop) => explained,
        () = signals::listen(canceller.into()) => Err(RunError::new(Ending::Interrupted, "interrupted")),
    }
}

fn without_base() -> RunError {
    let message = "name a pull request, or the branch to compare HEAD with: --base";
    RunError::usage(message).with_next(format!("agent-loop gates --base {}", placeholder_branch()))
}

fn disk(why: String) -> RunError {
    RunError::failed(Failed::Disk, why)
}

async fn look(
    arguments: &GatesArguments,
    subject: Subject,
    place: &Path,
    surroundings: &Surroundings,
) -> Result<CheckoutGates, RunError> {
    let variables = &surroundings.variables;
    let folder = surroundings.folder_or(arguments.repository.dir.as_deref());
    let repository = Repository::find(&folder, variables).await?;
    let base = arguments.base.as_ref().ok_or_else(without_base)?;
    let change = CheckoutChange::since(&repository, base, variables).await?;
    let repository = Repository { home: change.home.clone(), ..repository };
    let flags = arguments.settings.values.clone();
    let flags =
        Layer::from_values(flags, SettingSource::Flag, &surroundings.folder).map_err(RunError::usage)?;
    let configuration = BaseLayers::look(&repository, base, surroundings).await?.merged(&[&flags])?;
    let settings = &configuration.settings.gates;
    gates::misnamed(settings, &subject)?;
    let unused = scope::check(&settings.scope, &repository, base, variables).await?;
    if let Some(why) = unused {
        print::talk(&format!("! {why}\n"));
    }
    let measured: MeasuredGates =
        gates::gates(&configuration.settings.gates, variables, &surroundings.cache)?;
    let choices = gates::choices(&configuration, &measured, Sources::All);
    let folders = Folders::new(place, "checkout");
    files::make_folder(folders.root()).map_err(disk)?;
    // Gates read the commits of the user's repository, and work in clones outside of it.
    symlink(&repository.common, folders.mirror()).map_err(|error| disk(error.to_string()))?;
    let settings = GateSettings { measured, variables: variables.clone(), folders };
    let redactor = Redactor::new(secrets::known(&configuration.settings, variables).values);
    Ok(CheckoutGates { change, repository, settings, choices, redactor, subject })
}

impl CheckoutGates {
    async fn measure(
        &self,
        sarif: Option<&Path>,
        cancellation: Cancellation,
    ) -> Result<ExplainedApproval, RunError> {
        let gates = LocalGates::new(&self.settings);
        let mut planned: Vec<(&GateName, GatePlan)> = Vec::new();
        let mut not_run = Vec::new();
        for (gate, choice) in &self.choices {
            match choice {
                GateChoice::On(plan) => planned.push((gate, *plan)),
                GateChoice::Off(why) => not_run.push(Condition::not_run(gate, *why)),
            }
        }
        planned.sort_by_key(|(gate, _)| [**gate != GateName::tamper(), **gate != GateName::tests()]);
        let mut conditions = Vec::new();
        for (gate, plan) in planned {
            let measured = self.measured(&gates, gate, cancellation.clone()).await?;
            conditions.push(Condition::of_gate(&measured, plan.weight));
        }
        conditions.extend(not_run);
        if let Some(path) = sarif {
            self.write_sarif(path, cancellation).await?;
        }
        let explanation = Explanation { head: self.change.head.clone(), conditions };
        let base = Some(self.change.base.clone());
        Ok(ExplainedApproval { subject: "HEAD".to_owned(), base, explanation })
    }

    fn order(&self, gate: &GateName, tree: Option<TreeSha>) -> Result<GateOrder, RunError> {
        let run = "checkout".parse().map_err(|error| RunError::failed(Failed::Error, format!("{error}")))?;
        Ok(GateOrder {
            run,
            subject: self.subject.clone(),
            gate: gate.clone(),
            attempt: SystemClock.unique(),
            base: self.change.base.clone(),
            head: self.change.head.clone(),
            tree,
            task: String::new(),
            workdir: None,
        })
    }

    async fn measured(
        &self,
        gates: &LocalGates,
        name: &GateName,
        cancellation: Cancellation,
    ) -> Result<Measurement, RunError> {
        let missing = || RunError::failed(Failed::Error, format!("the gate `{name}` is not measured here"));
        let gate = gates.gate(name).ok_or_else(missing)?;
        let workspace = site::reading(&self.settings.folders, &self.repository, &self.settings.variables);
        let order = self.order(name, Some(self.change.tree.clone()))?;
        match measuring::measure(&workspace, gates, gate, order, cancellation).await? {
            GateReport::Cancelled => Err(RunError::new(Ending::Interrupted, "interrupted")),
            GateReport::Measured { verdict, detail, findings, remedy, repetition, log: _ } => {
                Ok(Measurement {
                    gate: name.clone(),
                    head: self.change.head.clone(),
                    tree: Some(self.change.tree.clone()),
                    verdict,
                    detail: self.redactor.redact(&detail).text.into_owned(),
                    findings,
                    remedy,
                    repetition,
                })
            }
        }
    }

    async fn write_sarif(&self, path: &Path, cancellation: Cancellation) -> Result<(), RunError> {
        let order = self.order(&GateName::score(), None)?;
        let found = score::new_findings(&self.settings, &order, cancellation)
            .await
            .map_err(|why| RunError::new(Ending::Inconclusive, why))?;
        files::write_whole(path, format!("{}\n", sarif::log(&found)).as_bytes()).map_err(disk)
    }
}
