//! Inspects the program of an agent: path, version, login and the vendor's own checks. Never calls a model.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use crate::adapters::agents::driver::setup::{LoginState, Setup};
use crate::adapters::agents::driver::vendor_agent::VendorAgent;
use crate::adapters::agents::driver::vendor_cli::{ModelChoice, Profile, VendorCli};
use crate::adapters::agents::local::Program;
use crate::adapters::agents::scripted::script::TurnScript;
use crate::adapters::agents::vendors;
use crate::adapters::process::command::CommandLine;
use crate::adapters::process::environment;
use crate::adapters::process::probe::{Probed, probe};
use crate::adapters::process::search::{self, FoundProgram};
use crate::adapters::process::variables::Variables;
use crate::adapters::storage::fitness;
use crate::adapters::storage::run_file::KnownAgent;
use crate::cli::config::settings::Settings;
use crate::cli::run::programs;
use crate::domain::vendors::Vendor;

use super::agents::Look;
use super::judge::{self, Fixes, Need};
use super::report::{CheckGroup, DoctorCheck};

/// Time limit for the answer of a program. A busy machine needs some seconds; a person waits no longer.
pub(super) const PATIENCE: Duration = Duration::from_secs(14);

/// Inspects programs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inspector<'doctor> {
    pub(super) settings: &'doctor Settings,
    /// The keys of the repository's file that are not in the settings, because nobody has trusted them.
    pub(super) untrusted: &'doctor [String],
    pub(super) variables: &'doctor Variables,
    /// Our folder, in which the programs run.
    pub(super) folder: &'doctor Path,
    /// Whether to list programs that are neither needed nor installed.
    pub(super) all: bool,
}

impl Inspector<'_> {
    /// Inspects one agent or program. Returns nothing for a program that is neither needed nor installed.
    pub(super) async fn look(self, look: &Look) -> Option<CheckGroup> {
        match look {
            Look::Own(agent) => {
                let title = format!("{} ({})", agent.name, agent.role);
                let mut checks = vec![self.own(agent)];
                checks.extend(self.unset(std::slice::from_ref(agent)));
                Some(CheckGroup::new(title, checks))
            }
            Look::Vendor { vendor, need, known } => {
                let roles: Vec<&str> = known.iter().map(|agent| agent.role.name()).collect();
                let title = match need {
                    Need::Required => format!("{vendor} ({})", roles.join(", ")),
                    Need::Optional => format!("{vendor} (not needed)"),
                };
                Some(CheckGroup::new(title, self.vendor(*vendor, *need, known).await?))
            }
        }
    }

    /// Inspects a custom agent. Its program is never started, because its behaviour without a prompt is unknown.
    fn own(self, agent: &KnownAgent) -> DoctorCheck {
        match programs::program(agent, self.settings, self.variables) {
            Err(_) if self.is_untrusted(agent) => {
                let section = agent.name.detail.as_deref().unwrap_or_default();
                DoctorCheck::error(
                    "program",
                    format!("[agents.{section}] is in the repository's file, which is not trusted yet"),
                )
                .fix("trust it as described above")
            }
            Err(trouble) => DoctorCheck::error("program", trouble.message)
                .fix("see docs/agents.md, or name another agent"),
            Ok(Program::Command(own)) => DoctorCheck::ok("program", own.program.display().to_string()),
            Ok(Program::ScriptFile(path)) => match script(&path) {
                Ok(turns) => DoctorCheck::ok("file", format!("{}: {turns} turns", path.display())),
                Err(why) => DoctorCheck::error("file", format!("{}: {why}", path.display()))
                    .fix("fix that file (docs/agents.md)"),
            },
            Ok(Program::ScriptText(_) | Program::Vendor(_)) => {
                DoctorCheck::ok("program", agent.name.to_string())
            }
        }
    }

    /// Names the variables that the settings list for agents, and that are not set.
    fn unset(self, known: &[KnownAgent]) -> Option<DoctorCheck> {
        let programs: Vec<Program> = known
            .iter()
            .filter_map(|agent| programs::program(agent, self.settings, self.variables).ok())
            .collect();
        let names: BTreeSet<&str> =
            programs.iter().flat_map(|program| program.unset(self.variables)).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let names = (!names.is_empty()).then(|| names.join(", "))?;
        let fix = "set them (`export NAME=VALUE`), or remove them from `agents.*.env`";
        Some(DoctorCheck::warning("env", format!("listed in the settings, but not set: {names}")).fix(fix))
    }

    /// Returns whether the section of an agent is only in the untrusted file.
    fn is_untrusted(self, agent: &KnownAgent) -> bool {
        let section = agent.name.detail.as_deref().map(|detail| format!("agents.{detail}."));
        section.is_some_and(|section| self.untrusted.iter().any(|key| key.starts_with(&section)))
    }

    async fn vendor(self, vendor: Vendor, need: Need, known: &[KnownAgent]) -> Option<Vec<DoctorCheck>> {
        let cli = vendors::cli(vendor);
        let profile = cli.profile();
        let configured = self.settings.agents.get(vendor.name()).and_then(|agent| agent.cmd.as_deref());
        let cmd = configured.unwrap_or(profile.program);
        let sought = search::look_for(cmd, self.variables);
        let elsewhere = format!("name its path: --{vendor}-cmd PATH");
        let fixes = Fixes { install: profile.installation.how, elsewhere };
        let mut checks = vec![judge::program(need, cmd, &sought, &fixes)];
        let path = match (sought, need) {
            (FoundProgram::There(path), _) => path,
            (FoundProgram::Missing, Need::Optional) if !self.all => return None,
            (FoundProgram::Missing | FoundProgram::NotExecutable(_) | FoundProgram::NoFile(_), _) => {
                return Some(checks);
            }
        };
        checks.extend(self.unset(known));
        let (agents, troubles) = self.set_up(cli, need, known);
        checks.extend(troubles);
        let environment = self.environment(profile, agents.first());
        let is_root = fitness::is_root();
        let setup = Setup { program: &path, environment: &environment, agents: &agents, is_root };
        let (version, login, self_test) = tokio::join!(
            self.ask(&setup, &["--version"]),
            self.login(&setup, cli, need),
            self.self_test(&setup, cli)
        );
        checks.push(judge::version(need, profile.installation, &version));
        checks.push(login);
        let result = self_test.and_then(|probed| cli.self_test_result(&probed));
        checks.extend(cli.quirks(&setup).into_iter().chain(result).map(|found| judge::finding(need, found)));
        Some(checks)
    }

    /// Sets up the agents behind a program as a run would. Problems of an agent that is not needed are dropped.
    fn set_up(
        self,
        cli: &dyn VendorCli,
        need: Need,
        known: &[KnownAgent],
    ) -> (Vec<VendorAgent>, Vec<DoctorCheck>) {
        let (mut agents, mut checks) = (Vec::new(), Vec::new());
        for agent in known {
            match (programs::program(agent, self.settings, self.variables), need) {
                (Ok(Program::Vendor(set_up)), _) => agents.push(set_up),
                (Err(trouble), Need::Required) => {
                    let fix = match cli.model_choice() {
                        ModelChoice::Required { form } => format!("--{}-model {form}", agent.name.backend),
                        ModelChoice::Optional => "agent-loop config explain".to_owned(),
                    };
                    checks.push(DoctorCheck::error("settings", trouble.message).fix(fix));
                }
                (Ok(Program::Command(_) | Program::ScriptFile(_) | Program::ScriptText(_)), _)
                | (Err(_), Need::Optional) => {}
            }
        }
        (agents, checks)
    }

    /// Returns the part of a turn's environment that does not depend on the turn.
    fn environment(self, profile: &Profile, agent: Option<&VendorAgent>) -> Variables {
        let allowed = agent.map_or(&[][..], |agent| &agent.variables);
        let mut variables = environment::common(self.variables, allowed);
        variables.extend(environment::of_a_vendor(self.variables, profile.variables));
        let set = [
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("TZ", "UTC"),
            ("NO_COLOR", "1"),
            ("DISABLE_AUTOUPDATER", "1"),
            ("OPENCODE_DISABLE_AUTOUPDATE", "1"),
        ];
        variables.extend(set.map(|(name, value)| (name.into(), value.into())));
        variables.insert("GH_CONFIG_DIR".into(), self.folder.join("gh").into());
        variables
    }

    async fn ask(self, setup: &Setup<'_>, arguments: &[&str]) -> Probed {
        let command =
            CommandLine::new(setup.program, self.folder, setup.environment.clone()).arguments(arguments);
        let program = setup.program.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{program}-{}", arguments.first().unwrap_or(&"").trim_start_matches('-'));
        probe(command, self.folder, &name, PATIENCE).await
    }

    async fn login(self, setup: &Setup<'_>, cli: &dyn VendorCli, need: Need) -> DoctorCheck {
        let Profile { program, login, .. } = cli.profile();
        let typed = format!("`{program} {}`", login.check.join(" "));
        let (state, call) = match login.check {
            [] => (LoginState::LoggedOut, "it has no command that shows the login".to_owned()),
            words => match self.ask(setup, words).await {
                Probed::Answered(answer) => {
                    (cli.login(&answer), format!("{typed} does not show it ({})", answer.exit))
                }
                Probed::TooLong { seconds } => {
                    (LoginState::Unknown { why: None }, format!("{typed} did not answer within {seconds} s"))
                }
                Probed::NotStarted(why) => (LoginState::Unknown { why: None }, why),
            },
        };
        let state = match state {
            LoginState::LoggedOut => cli.login_by_setup(setup),
            LoginState::LoggedIn { .. } | LoginState::Unknown { .. } => state,
        };
        judge::login(need, login.how, &state, &call)
    }

    async fn self_test(self, setup: &Setup<'_>, cli: &dyn VendorCli) -> Option<Probed> {
        match cli.self_test(setup) {
            Some(arguments) => Some(self.ask(setup, arguments).await),
            None => None,
        }
    }
}

/// Returns the number of turns in a script.
fn script(path: &Path) -> Result<usize, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
    let script: TurnScript =
        serde_json::from_str(&text).map_err(|error| format!("not a valid script: {error}"))?;
    Ok(script.turns.len())
}
