//! Whom a run would ask, and what is seen of their programs. Nobody asks a model here.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::adapters::agents::driver::installation::{self, GeminiLogin, GeminiSign};
use crate::adapters::agents::driver::vendor_agent::VendorAgent;
use crate::adapters::agents::driver::vendor_cli::{ModelChoice, Profile, VendorCli};
use crate::adapters::agents::local::Program;
use crate::adapters::agents::scripted::script::Script;
use crate::adapters::agents::vendors;
use crate::adapters::process::command::CommandLine;
use crate::adapters::process::environment::{self, Variables};
use crate::adapters::process::probe::{Probed, probe};
use crate::adapters::process::search::{self, Lookup};
use crate::adapters::state::fitness;
use crate::adapters::state::run_file::KnownAgent;
use crate::cli::config::settings::Settings;
use crate::cli::run::remembered::Remembered;
use crate::cli::run::{models, programs};
use crate::domain::access::Power;
use crate::domain::agent::{Backend, Role};
use crate::domain::vendors::Vendor;

use super::judge::{self, LoginCheck, LoginSeen, Need};
use super::quirks::{self, Quirk};
use super::report::{Check, Group, Verdict};

/// How long a program has for an answer. A busy machine needs some; a person waits no longer.
pub(super) const PATIENCE: Duration = Duration::from_secs(14);
/// A file of a vendor's settings is never longer, in bytes.
const LONGEST_SETTINGS: u64 = 1 << 20;

/// One thing to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Look {
    /// A vendor's program, and whoever is behind it.
    Vendor {
        vendor: Vendor,
        /// Whether the run needs it.
        need: Need,
        /// Who it is, in which roles.
        known: Vec<KnownAgent>,
    },
    /// An agent of the user's own.
    Own(KnownAgent),
}

/// What is looked at: whom the run needs, in the order of roles, and then the other vendors.
pub(super) fn looks(settings: &Settings) -> Vec<Look> {
    let seated = programs::seated(&[], &Remembered::default(), settings);
    let repair =
        settings.roles.repair.iter().map(|name| KnownAgent { role: Role::Repair, name: name.clone() });
    let mut looks: Vec<Look> = Vec::new();
    for agent in seated.into_iter().chain(repair) {
        match agent.name.backend {
            Backend::Command | Backend::Scripted | Backend::Host => looks.push(Look::Own(agent)),
            Backend::Vendor(vendor) => needed(&mut looks, vendor, agent),
        }
    }
    for vendor in Vendor::ALL.iter().copied() {
        let is_listed =
            |look: &Look| matches!(look, Look::Vendor { vendor: listed, .. } if *listed == vendor);
        if !looks.iter().any(is_listed)
            && let Ok(name) = vendor.name().parse()
        {
            let known = vec![KnownAgent { role: Role::Coder, name }];
            looks.push(Look::Vendor { vendor, need: Need::Optional, known });
        }
    }
    looks
}

/// One program may be behind several agents.
fn needed(looks: &mut Vec<Look>, wanted: Vendor, agent: KnownAgent) {
    let same = looks.iter_mut().find_map(|look| match look {
        Look::Vendor { vendor, known, .. } if *vendor == wanted => Some(known),
        Look::Vendor { .. } | Look::Own(_) => None,
    });
    match same {
        Some(known) => known.push(agent),
        None => looks.push(Look::Vendor { vendor: wanted, need: Need::Required, known: vec![agent] }),
    }
}

/// What everyone is looked at with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inspector<'eyes> {
    /// The settings of a run.
    pub(super) settings: &'eyes Settings,
    pub(super) variables: &'eyes Variables,
    /// A folder of ours, in which the programs run.
    pub(super) folder: &'eyes Path,
    /// Whether what is neither needed nor there is listed, too.
    pub(super) all: bool,
}

impl Inspector<'_> {
    /// Looks at one; nothing, if it is neither needed nor there.
    pub(super) async fn look(self, look: &Look) -> Option<Group> {
        match look {
            Look::Own(agent) => {
                let title = format!("{} ({})", agent.name, agent.role);
                Some(Group::new(title, vec![self.own(agent)]))
            }
            Look::Vendor { vendor, need, known } => {
                let roles: Vec<&str> = known.iter().map(|agent| agent.role.name()).collect();
                let title = match need {
                    Need::Required => format!("{vendor} ({})", roles.join(", ")),
                    Need::Optional => format!("{vendor} (not needed)"),
                };
                Some(Group::new(title, self.vendor(*vendor, *need, known).await?))
            }
        }
    }

    /// An agent of the user's own: never started, since nobody knows what it does without a prompt.
    fn own(self, agent: &KnownAgent) -> Check {
        let error = |name, seen: String| Check::new(Verdict::Error, name, seen);
        match programs::program(agent, self.settings, self.variables) {
            Err(trouble) => {
                error("program", trouble.message).mend("see docs/agents.md, or name another agent")
            }
            Ok(Program::Command(own)) => {
                let sought = search::look_for(&own.program, self.variables);
                judge::program(agent.name.backend, Need::Required, &own.program.to_string_lossy(), &sought)
            }
            Ok(Program::ScriptFile(path)) => match script(&path) {
                Ok(turns) => Check::ok("file", format!("{}: {turns} turns", path.display())),
                Err(why) => error("file", format!("{}: {why}", path.display()))
                    .mend("correct that file (docs/agents.md)"),
            },
            Ok(Program::ScriptText(_) | Program::Vendor(_)) => Check::ok("program", agent.name.to_string()),
        }
    }

    async fn vendor(self, vendor: Vendor, need: Need, known: &[KnownAgent]) -> Option<Vec<Check>> {
        let (cli, facts) = (vendors::cli(vendor), installation::facts(vendor));
        let profile = cli.profile();
        let configured = self.settings.agents.get(vendor.name()).and_then(|agent| agent.cmd.as_deref());
        let cmd = configured.unwrap_or(profile.program);
        let sought = search::look_for(cmd, self.variables);
        let program = judge::program(Backend::Vendor(vendor), need, cmd, &sought);
        let path = match (sought, need) {
            (Lookup::There(path), _) => path,
            (Lookup::Missing, Need::Optional) if !self.all => return None,
            (Lookup::Missing | Lookup::NotExecutable(_) | Lookup::NoFile(_), _) => {
                return Some(vec![program]);
            }
        };
        let mut checks = vec![program];
        let (agents, troubles) = self.set_up(cli, need, known);
        checks.extend(troubles);
        let environment = self.environment(profile, agents.first());
        let seen = Seen { vendor, need, path: &path, environment: &environment, agents: &agents };
        let (version, login, sandbox) =
            tokio::join!(self.ask(&seen, &["--version"]), self.login(&seen, cli), self.sandbox(&seen),);
        checks.push(judge::version(need, facts, &version));
        checks.push(login);
        checks.extend(seen.quirks().into_iter().chain(sandbox).map(|quirk| quirks::judge(need, &quirk)));
        Some(checks)
    }

    /// Everyone behind a program, as a run would set them up. Of those whom nobody named nothing is asked.
    fn set_up(self, cli: &dyn VendorCli, need: Need, known: &[KnownAgent]) -> (Vec<VendorAgent>, Vec<Check>) {
        let (mut agents, mut checks) = (Vec::new(), Vec::new());
        for agent in known {
            match (programs::program(agent, self.settings, self.variables), need) {
                (Ok(Program::Vendor(set_up)), _) => agents.push(set_up),
                (Err(trouble), Need::Required) => {
                    let mend = match cli.model_choice() {
                        ModelChoice::Required { form } => format!("--{}-model {form}", agent.name.backend),
                        ModelChoice::Optional => "agent-loop config explain".to_owned(),
                    };
                    checks.push(Check::new(Verdict::Error, "settings", trouble.message).mend(mend));
                }
                (Ok(Program::Command(_) | Program::ScriptFile(_) | Program::ScriptText(_)), _)
                | (Err(_), Need::Optional) => {}
            }
        }
        (agents, checks)
    }

    /// The environment of a turn, as far as it does not depend on the turn. No token of the forge is in it.
    fn environment(self, profile: &Profile, agent: Option<&VendorAgent>) -> Variables {
        let allowed = agent.map_or(&[][..], |agent| &agent.variables);
        let mut variables = environment::common(self.variables, allowed);
        variables.extend(environment::of_a_vendor(self.variables, profile.variables, profile.prefixes));
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

    async fn ask(self, seen: &Seen<'_>, arguments: &[&str]) -> Probed {
        let command = CommandLine::new(seen.path, self.folder, seen.environment.clone()).arguments(arguments);
        let name = format!("{}-{}", seen.vendor, arguments.first().unwrap_or(&"").trim_start_matches('-'));
        probe(command, self.folder, &name, PATIENCE).await
    }

    async fn login(self, seen: &Seen<'_>, cli: &dyn VendorCli) -> Check {
        let profile = cli.profile();
        let typed = format!("{} {}", profile.program, profile.login.check.join(" "));
        let check = LoginCheck { need: seen.need, typed: &typed, how: profile.login.how };
        match (seen.vendor, profile.login.check) {
            (Vendor::Gemini, _) => match gemini(seen.environment) {
                Ok(login) => check.gemini(login),
                Err(why) => check.judge(&LoginSeen::Unknown { why }),
            },
            (_, []) => check.judge(&LoginSeen::Unknown { why: "it has no call that tells".to_owned() }),
            (vendor, words) => {
                let state = check.said((vendor, cli), &self.ask(seen, words).await);
                check.judge(&seen.explained(state))
            }
        }
    }

    /// Whether a command can run in Codex's own sandbox: a tenth of a second, and no model.
    async fn sandbox(self, seen: &Seen<'_>) -> Option<Quirk> {
        let bounded = seen.agents.iter().any(|agent| agent.power == Power::Bounded);
        if seen.vendor != Vendor::Codex || !bounded || seen.home_in_temp().is_some() {
            return None;
        }
        Some(Quirk::Sandbox(self.ask(seen, &["sandbox", "--", "true"]).await))
    }
}

/// A vendor's program that is there.
struct Seen<'seen> {
    vendor: Vendor,
    need: Need,
    path: &'seen Path,
    environment: &'seen Variables,
    agents: &'seen [VendorAgent],
}

impl Seen<'_> {
    fn variable(&self, name: &str) -> Option<&OsStr> {
        self.environment
            .get(OsStr::new(name))
            .map(std::ffi::OsString::as_os_str)
            .filter(|value| !value.is_empty())
    }

    /// Codex's home: it knows neither its own variable for a key nor the keys of other providers when it is asked.
    fn codex_home(&self) -> Option<PathBuf> {
        let own = self.variable("CODEX_HOME").map(PathBuf::from);
        own.or_else(|| Some(Path::new(self.variable("HOME")?).join(".codex")))
    }

    fn explained(&self, state: LoginSeen) -> LoginSeen {
        if self.vendor != Vendor::Codex || state != LoginSeen::Out {
            return state;
        }
        if self.variable("CODEX_API_KEY").is_some() {
            return LoginSeen::In { with: Some("CODEX_API_KEY") };
        }
        let names = |text: &str| text.contains("model_provider");
        let in_arguments = self.agents.iter().flat_map(|agent| &agent.arguments).any(|word| names(word));
        let settings = self.codex_home().and_then(|home| small_text(&home.join("config.toml")));
        if in_arguments || settings.is_some_and(|text| names(&text)) {
            let why = "its settings name a provider, whose key it does not look at before the first turn";
            return LoginSeen::Unknown { why: why.to_owned() };
        }
        LoginSeen::Out
    }

    fn home_in_temp(&self) -> Option<Quirk> {
        let temp = self.variable("TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
        let real = |path: PathBuf| path.canonicalize().unwrap_or(path);
        quirks::home_in_temp(&real(self.codex_home()?), &real(temp))
    }

    fn quirks(&self) -> Vec<Quirk> {
        let real = self.path.canonicalize().unwrap_or_else(|_| self.path.to_owned());
        let dangerous = self.agents.iter().any(|agent| agent.power == Power::Dangerous);
        let bounded = self.agents.iter().any(|agent| agent.power == Power::Bounded);
        match self.vendor {
            Vendor::Claude => {
                let told = self.variable("IS_SANDBOX").is_some_and(|value| value == "1");
                let refuses = dangerous && fitness::is_root() && !told;
                refuses.then_some(Quirk::RefusesRoot).into_iter().collect()
            }
            Vendor::Codex => {
                let launcher = quirks::native_beside(&real).map(|native| Quirk::Launcher { native });
                let home = self.home_in_temp().filter(|_| bounded);
                home.into_iter().chain(launcher).collect()
            }
            Vendor::Antigravity => {
                quirks::is_squatted(self.vendor, &real).then_some(Quirk::Squatted).into_iter().collect()
            }
            Vendor::Opencode => {
                let models = self.agents.iter().filter_map(|agent| agent.model.as_deref());
                models.filter_map(|model| quirks::hosted(self.vendor, model)).collect()
            }
            Vendor::Gemini => Vec::new(),
        }
    }
}

/// Which login Gemini CLI would use, from its settings and from the environment of a turn.
fn gemini(environment: &Variables) -> Result<GeminiLogin, String> {
    let variable = |name: &str| environment.get(OsStr::new(name)).filter(|value| !value.is_empty());
    let is_true = |name: &str| variable(name).is_some_and(|value| value == "true");
    let folder = variable("HOME").map(|home| Path::new(home).join(".gemini"));
    let file = folder.as_ref().map(|folder| folder.join("settings.json"));
    let text = file.as_deref().and_then(small_text);
    let settings: Option<Value> = text
        .map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|_| "its settings.json can't be read".to_owned())?;
    let selected = settings.as_ref().and_then(|settings| settings.pointer("/security/auth/selectedType"));
    let signs = [
        (is_true("GOOGLE_GENAI_USE_GCA"), GeminiSign::Account),
        (is_true("GOOGLE_GENAI_USE_VERTEXAI"), GeminiSign::Vertex),
        (variable("GOOGLE_GEMINI_BASE_URL").is_some(), GeminiSign::Gateway),
        (variable("GEMINI_API_KEY").is_some(), GeminiSign::Key),
    ];
    let signs: Vec<GeminiSign> =
        signs.into_iter().filter_map(|(is_set, sign)| is_set.then_some(sign)).collect();
    let login = installation::gemini(selected.and_then(Value::as_str), &signs);
    // A file of its own may hold variables.
    let has_file = folder.is_some_and(|folder| folder.join(".env").is_file());
    Ok(if login == GeminiLogin::None && has_file { GeminiLogin::KeyElsewhere } else { login })
}

/// The text of a file of the user's, if it is one that can be settings.
fn small_text(path: &Path) -> Option<String> {
    let facts = std::fs::metadata(path).ok()?;
    let fits = facts.is_file() && facts.len() <= LONGEST_SETTINGS;
    if fits { std::fs::read_to_string(path).ok() } else { None }
}

/// How many turns a script has.
fn script(path: &Path) -> Result<usize, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("it can't be read: {error}"))?;
    let script: Script =
        serde_json::from_str(&text).map_err(|error| format!("it makes no sense: {error}"))?;
    Ok(script.turns.len())
}

/// The models that are asked in each role, where somebody named some.
pub(super) fn model_lines(known: &[KnownAgent], settings: &Settings) -> Vec<String> {
    let line = |agent: &KnownAgent| {
        let chain =
            models::chain(&agent.name, agent.role, settings).ok().filter(|chain| !chain.is_empty())?;
        Some(format!("{}: {}", agent.role, chain.join(", ")))
    };
    known.iter().filter_map(line).collect()
}
