//! Looks at the program behind an agent: its path, version and login, and what its vendor's file finds. Asks no model.

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
use super::judge::{self, Mends, Need};
use super::report::{CheckGroup, DoctorCheck, DoctorVerdict};

/// How long a program has for an answer. A busy machine needs some seconds; a person waits no longer.
pub(super) const PATIENCE: Duration = Duration::from_secs(14);

/// Looks at programs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inspector<'doctor> {
    /// The settings of a run.
    pub(super) settings: &'doctor Settings,
    pub(super) variables: &'doctor Variables,
    /// A folder of ours, in which the programs run.
    pub(super) folder: &'doctor Path,
    /// Whether programs are listed, too, that are neither needed nor installed.
    pub(super) all: bool,
}

impl Inspector<'_> {
    /// Looks at one agent or program; returns nothing for a program that is neither needed nor installed.
    pub(super) async fn look(self, look: &Look) -> Option<CheckGroup> {
        match look {
            Look::Own(agent) => {
                let title = format!("{} ({})", agent.name, agent.role);
                Some(CheckGroup::new(title, vec![self.own(agent)]))
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

    /// Looks at an agent of the user's own. Its program is never started: nobody knows what it does without a prompt.
    fn own(self, agent: &KnownAgent) -> DoctorCheck {
        let error = |name, seen: String| DoctorCheck::new(DoctorVerdict::Error, name, seen);
        match programs::program(agent, self.settings, self.variables) {
            Err(trouble) => {
                error("program", trouble.message).mend("see docs/agents.md, or name another agent")
            }
            Ok(Program::Command(own)) => {
                let sought = search::look_for(&own.program, self.variables);
                let elsewhere = "name another path (docs/agents.md)".to_owned();
                let mends = Mends { install: "install it", elsewhere };
                judge::program(Need::Required, &own.program.to_string_lossy(), &sought, &mends)
            }
            Ok(Program::ScriptFile(path)) => match script(&path) {
                Ok(turns) => DoctorCheck::ok("file", format!("{}: {turns} turns", path.display())),
                Err(why) => error("file", format!("{}: {why}", path.display()))
                    .mend("correct that file (docs/agents.md)"),
            },
            Ok(Program::ScriptText(_) | Program::Vendor(_)) => {
                DoctorCheck::ok("program", agent.name.to_string())
            }
        }
    }

    async fn vendor(self, vendor: Vendor, need: Need, known: &[KnownAgent]) -> Option<Vec<DoctorCheck>> {
        let cli = vendors::cli(vendor);
        let profile = cli.profile();
        let configured = self.settings.agents.get(vendor.name()).and_then(|agent| agent.cmd.as_deref());
        let cmd = configured.unwrap_or(profile.program);
        let sought = search::look_for(cmd, self.variables);
        let elsewhere = format!("say where it is: --{vendor}-cmd PATH");
        let mends = Mends { install: profile.installation.how, elsewhere };
        let mut checks = vec![judge::program(need, cmd, &sought, &mends)];
        let path = match (sought, need) {
            (FoundProgram::There(path), _) => path,
            (FoundProgram::Missing, Need::Optional) if !self.all => return None,
            (FoundProgram::Missing | FoundProgram::NotExecutable(_) | FoundProgram::NoFile(_), _) => {
                return Some(checks);
            }
        };
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

    /// Sets up the agents behind a program as a run would. Trouble with an agent that is not needed is not told.
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
                    let mend = match cli.model_choice() {
                        ModelChoice::Required { form } => format!("--{}-model {form}", agent.name.backend),
                        ModelChoice::Optional => "agent-loop config explain".to_owned(),
                    };
                    checks
                        .push(DoctorCheck::new(DoctorVerdict::Error, "settings", trouble.message).mend(mend));
                }
                (Ok(Program::Command(_) | Program::ScriptFile(_) | Program::ScriptText(_)), _)
                | (Err(_), Need::Optional) => {}
            }
        }
        (agents, checks)
    }

    /// Returns the environment of a turn, as far as it does not depend on the turn.
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
            [] => (LoginState::LoggedOut, "it has no call that tells".to_owned()),
            words => match self.ask(setup, words).await {
                Probed::Answered(answer) => {
                    (cli.login(&answer), format!("{typed} does not tell ({})", answer.exit))
                }
                Probed::TooLong { seconds } => {
                    (LoginState::Unknown { why: None }, format!("{typed} said nothing in {seconds} s"))
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
    let text = std::fs::read_to_string(path).map_err(|error| format!("it can't be read: {error}"))?;
    let script: TurnScript =
        serde_json::from_str(&text).map_err(|error| format!("it makes no sense: {error}"))?;
    Ok(script.turns.len())
}
