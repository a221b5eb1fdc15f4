//! A home for each test: files and variables that make a real program use only our model server.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use super::child::{command, run};
use super::program::{Program, folders};

/// A credential that only our model server accepts.
const KEY: &str = "key-of-no-account";

/// The address of a proxy that does not exist.
const NOBODY: &str = "http://127.0.0.1:9";

/// The kind of login. It determines the messages about a used-up quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Login {
    ApiKey,
    Subscription,
}

pub(super) struct Home {
    folder: TempDir,
    variables: BTreeMap<&'static str, String>,
}

impl Home {
    /// Creates a home. Codex rejects a home below TMPDIR, so both are in the build folder.
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut home = Self { folder, variables: BTreeMap::new() };
        for folder in [home.home(), home.temporary(), home.work(), home.beside()] {
            fs::create_dir_all(folder).unwrap();
        }
        let path = std::env::join_paths(folders()).unwrap().into_string().unwrap();
        for (name, value) in [
            ("PATH", path),
            ("HOME", home.home().display().to_string()),
            ("TMPDIR", home.temporary().display().to_string()),
            ("TZ", "UTC".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            // Requests to other machines (OpenCode: for packages) fail at once.
            ("HTTPS_PROXY", NOBODY.to_owned()),
            ("https_proxy", NOBODY.to_owned()),
            ("NO_PROXY", "127.0.0.1,localhost".to_owned()),
            ("no_proxy", "127.0.0.1,localhost".to_owned()),
        ] {
            home.variables.insert(name, value);
        }
        home
    }

    pub(super) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    fn temporary(&self) -> PathBuf {
        self.folder.path().join("temporary")
    }

    /// Returns the working folder of the program.
    pub(super) fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Returns a folder for other files of a turn.
    pub(super) fn beside(&self) -> PathBuf {
        self.folder.path().join("beside")
    }

    /// Returns all variables.
    pub(super) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// Adds a variable.
    pub(super) fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.insert(name, value.to_owned());
        self
    }

    /// Makes a program use the model at this address, without retries.
    pub(super) fn with(self, program: Program, url: &str) -> Self {
        match program {
            Program::Claude => self.claude(url, Login::ApiKey),
            Program::Codex => self.codex(url),
            Program::Gemini => self.gemini(url),
            Program::OpenCode => self.opencode(url),
        }
    }

    pub(super) fn claude(mut self, url: &str, login: Login) -> Self {
        let credential = match login {
            Login::ApiKey => ("ANTHROPIC_API_KEY", KEY.to_owned()),
            Login::Subscription => ("CLAUDE_CODE_OAUTH_TOKEN", format!("sk-ant-oat01-{KEY}")),
        };
        self.variables.extend([
            credential,
            ("ANTHROPIC_BASE_URL", url.to_owned()),
            ("CLAUDE_CODE_MAX_RETRIES", "0".to_owned()),
            // The idle time limit for the model, in milliseconds.
            ("API_TIMEOUT_MS", "5000".to_owned()),
            ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1".to_owned()),
            // Without this, root may not run the program without confirmations.
            ("IS_SANDBOX", "1".to_owned()),
        ]);
        self
    }

    /// The name of a model that Codex does not know: then it offers its classic tools.
    fn codex(mut self, url: &str) -> Self {
        let home = self.home().join(".codex");
        let config = format!(
            "model = \"gpt-5-mock\"\nmodel_provider = \"mock\"\n\n[model_providers.mock]\nname = \"mock\"\n\
             base_url = \"{url}/v1\"\nenv_key = \"CODEX_API_KEY\"\nwire_api = \"responses\"\n\
             request_max_retries = 0\nstream_max_retries = 0\nstream_idle_timeout_ms = 5000\n"
        );
        write(&home.join("config.toml"), &config);
        self.variables.insert("CODEX_HOME", home.display().to_string());
        self.variables.insert("CODEX_API_KEY", KEY.to_owned());
        self
    }

    fn gemini(mut self, url: &str) -> Self {
        let settings = json!({
            "general": {"maxAttempts": 1, "enableAutoUpdate": false},
            "model": {"name": "gemini-2.5-pro"},
            "privacy": {"usageStatisticsEnabled": false},
            "security": {"auth": {"selectedType": "gemini-api-key"}},
        });
        write(&self.home().join(".gemini/settings.json"), &settings.to_string());
        self.variables.insert("GEMINI_API_KEY", KEY.to_owned());
        self.variables.insert("GOOGLE_GEMINI_BASE_URL", url.to_owned());
        self
    }

    fn opencode(mut self, url: &str) -> Self {
        let config = json!({
            "provider": {"mock": {
                "npm": "@ai-sdk/openai-compatible",
                "options": {"baseURL": format!("{url}/v1"), "apiKey": KEY},
                "models": {"m": {}},
            }},
            "enabled_providers": ["mock"], "model": "mock/m", "small_model": "mock/m",
            "share": "disabled", "autoupdate": false,
        });
        write(&self.home().join(".config/opencode/opencode.json"), &config.to_string());
        self.variables.insert("OPENCODE_DISABLE_AUTOUPDATE", "1".to_owned());
        self.variables.insert("OPENCODE_DISABLE_MODELS_FETCH", "1".to_owned());
        self
    }

    /// Returns a command for a program in the working folder, with only our variables.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = command(program);
        command.env_clear().envs(&self.variables).current_dir(self.work());
        command
    }

    /// Turns the working folder into a git repository.
    pub(super) fn repository(self) -> Self {
        let ended = run(self.command(Path::new("git")).args(["init", "--quiet"]), "");
        assert_eq!(ended.exit, Some(0), "{}", ended.stderr);
        self
    }

    pub(super) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.work().join(name)).unwrap_or_default()
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}
