//! The paths and versions of the real programs.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The versions that `.ci/run` installs.
const PINNED: &str = include_str!("../../pinned/package.json");

/// An agent program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    Claude,
    Codex,
    Gemini,
    OpenCode,
}

impl Program {
    pub(super) const ALL: [Self; 4] = [Self::Claude, Self::Codex, Self::Gemini, Self::OpenCode];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Gemini => "gemini",
            Self::OpenCode => "opencode",
        }
    }

    /// Returns the model in the home of a test, if the program does not choose one.
    pub(super) fn model(self) -> Option<&'static str> {
        match self {
            Self::Codex => Some("gpt-5-mock"),
            Self::OpenCode => Some("mock/m"),
            Self::Claude | Self::Gemini => None,
        }
    }

    fn package(self) -> &'static str {
        match self {
            Self::Claude => "@anthropic-ai/claude-code",
            Self::Codex => "@openai/codex",
            Self::Gemini => "@google/gemini-cli",
            Self::OpenCode => "opencode-ai",
        }
    }

    pub(super) fn version(self) -> String {
        let pinned: Value = serde_json::from_str(PINNED).unwrap();
        pinned["dependencies"][self.package()].as_str().unwrap().to_owned()
    }

    /// Returns the path of the program. Tests that use it are ignored by default.
    pub(super) fn path(self) -> PathBuf {
        let mut paths = folders().into_iter().map(|folder| folder.join(self.name()));
        let (name, package, version) = (self.name(), self.package(), self.version());
        paths.find(|path| path.is_file()).unwrap_or_else(|| {
            panic!("{name} is missing (npm install --prefix DIR {package}@{version}, or .ci/programs)")
        })
    }
}

/// The folders that are searched for programs: first the installed ones, then `PATH`.
pub(super) fn folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Some(prefix) = variable("AGENT_LOOP_REAL_CLIS") {
        let modules = Path::new(&prefix).join("node_modules");
        folders.extend(native_codex(&modules));
        folders.push(modules.join(".bin"));
    }
    folders.extend(std::env::split_paths(&variable("PATH").unwrap()));
    folders
}

/// Returns Codex itself, without the script that starts it.
fn native_codex(modules: &Path) -> Option<PathBuf> {
    let below = |folder: &Path| -> Vec<PathBuf> {
        fs::read_dir(folder).map(|all| all.flatten().map(|entry| entry.path()).collect()).unwrap_or_default()
    };
    let vendors = below(&modules.join("@openai")).into_iter().map(|package| package.join("vendor"));
    vendors
        .flat_map(|vendor| below(&vendor))
        .map(|target| target.join("bin"))
        .find(|bin| bin.join("codex").is_file())
}

#[expect(clippy::disallowed_methods, reason = "where the real programs are")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
