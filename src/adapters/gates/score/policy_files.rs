//! The files that configure scorers and the programs that scorers call. The base's files are in force on both sides, so a
//! change cannot raise its score by configuration.

use std::fs;
use std::path::Path;

use crate::adapters::files;
use crate::adapters::git::{MeasuredTrees, TreeEntry};
use crate::domain::digest;
use crate::domain::ids::CommitSha;
use crate::domain::tamper::tables::is_toolchain;
use crate::ports::workspace::WorkspaceError;

use super::project_code::ProjectCode;

/// The names of such files, in any folder.
const NAMES: &[&str] = &[
    ".aislopignore",
    ".gitignore",
    "biome.json",
    "biome.jsonc",
    "knip.json",
    "knip.jsonc",
    ".oxlintrc.json",
    "oxlint.json",
    "ruff.toml",
    ".ruff.toml",
    "clippy.toml",
    ".clippy.toml",
    "rustfmt.toml",
    ".rustfmt.toml",
    ".golangci.yml",
    ".golangci.yaml",
    ".golangci.toml",
    ".rubocop.yml",
    ".php-cs-fixer.php",
    ".php-cs-fixer.dist.php",
    ".clang-format",
    ".clang-tidy",
    ".editorconfig",
];

/// The folder of aislop's configuration, rules and baseline.
const FOLDER: &str = ".aislop";
const CONFIG: &str = ".aislop/config.yml";
/// In force where the base has no configuration: scorers search the folders above too. Without it, aislop calls every file
/// that its own formatter would change an error. The audit of dependencies depends on the network.
const DEFAULT_CONFIG: &[u8] = b"version: 1\nengines:\n  format: false\nsecurity:\n  audit: false\n";

/// In force, instead of the base's configuration, where no code of the project may run: a linter runs build scripts, and other
/// engines load configuration that is code.
const CONFIG_WITHOUT_PROJECT_CODE: &[u8] = b"version: 1\nengines:\n  format: false\n  lint: false\n  code-quality: false\n  ai-slop: true\n  architecture: false\n  security: true\nsecurity:\n  audit: false\n";

/// The engines that never run code of the project.
pub const ENGINES_WITHOUT_PROJECT_CODE: &[&str] = &["ai-slop", "security"];

/// The configuration files of a base.
#[derive(Debug, Clone)]
pub(super) struct PolicyFiles {
    base: CommitSha,
    paths: Vec<String>,
    project_code: ProjectCode,
    /// A hash of the paths and contents.
    pub(super) hash: String,
}

/// Returns the configuration files of a commit. One spawn.
pub(super) async fn of(
    trees: &MeasuredTrees,
    base: &CommitSha,
    project_code: ProjectCode,
) -> Result<PolicyFiles, WorkspaceError> {
    let entries = trees.entries(base).await?;
    let found: Vec<_> = entries.into_iter().filter(configures).collect();
    let mut lines: Vec<String> =
        found.iter().map(|entry| format!("{} {}\n", entry.content, entry.path)).collect();
    let paths = found.into_iter().map(|entry| entry.path).collect();
    lines.extend((project_code == ProjectCode::Never).then(|| "without project code".to_owned()));
    Ok(PolicyFiles { base: base.clone(), paths, project_code, hash: digest::abbreviated(lines.concat(), 16) })
}

/// Returns whether an entry is a configuration file. A submodule has no content, and configures nothing.
fn configures(entry: &TreeEntry) -> bool {
    is_policy(&entry.path) && !entry.content.starts_with("160000 ")
}

/// Returns whether a path configures a scorer or a program that it calls.
pub(super) fn is_policy(path: &str) -> bool {
    if path.split('/').any(|part| part == "..") {
        return false;
    }
    let mut parts = path.split('/').rev();
    let name = parts.next().unwrap_or_default();
    NAMES.contains(&name) || parts.any(|folder| folder == FOLDER) || is_toolchain(path)
}

impl PolicyFiles {
    /// Replaces the configuration files of an export by those of the base.
    pub(super) async fn put_on(
        &self,
        export: &Path,
        commit: &CommitSha,
        trees: &MeasuredTrees,
    ) -> Result<(), String> {
        if *commit != self.base {
            let entries = trees.entries(commit).await.map_err(|error| error.to_string())?;
            for entry in entries.iter().filter(|entry| is_policy(&entry.path)) {
                let path = export.join(&entry.path);
                files::remove(&path)
                    .map_err(|cause| format!("could not remove {}: {cause}", path.display()))?;
            }
            for path in &self.paths {
                let content = trees.content(&self.base, path).await.map_err(|error| error.to_string())?;
                write(&export.join(path), &content)?;
            }
        }
        let config = export.join(CONFIG);
        match self.project_code {
            ProjectCode::Never => {
                files::remove(&config)
                    .map_err(|cause| format!("could not remove {}: {cause}", config.display()))?;
                write(&config, CONFIG_WITHOUT_PROJECT_CODE)
            }
            ProjectCode::Allowed if fs::symlink_metadata(&config).is_err() => write(&config, DEFAULT_CONFIG),
            ProjectCode::Allowed => Ok(()),
        }
    }
}

fn write(path: &Path, content: &[u8]) -> Result<(), String> {
    if let Some(folder) = path.parent() {
        files::make_folder(folder)?;
    }
    files::write_over(path, content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_is_known_anywhere() {
        for path in [
            ".aislop/config.yml",
            "web/.aislop/rules.yml",
            ".aislopignore",
            "a/b/clippy.toml",
            ".cargo/config.toml",
        ] {
            assert!(is_policy(path), "{path}");
        }
        for path in ["src/aislop.rs", "clippy.toml.md", ".aislop", "src/main.ts", "../clippy.toml"] {
            assert!(!is_policy(path), "{path}");
        }
    }
}
