//! Reads manifests line by line: make, just, Go, CI workflows.

use super::collected::ManifestCollector;
use super::manifests::is_about_tests;

/// Words in commands that run tests or checks.
const COMMANDS: &[&str] = &[
    "test",
    "pytest",
    "tox",
    "nox",
    "clippy",
    "lint",
    "rspec",
    "phpunit",
    "ctest",
    "jest",
    "vitest",
    "mypy",
    "ruff",
    "fmt --check",
];

/// Reads the test targets of a `Makefile`.
pub(super) fn makefile(text: &str, collector: &mut ManifestCollector<'_>) {
    for line in text.lines() {
        let Some((targets, rest)) = line.split_once(':') else { continue };
        let is_rule = !line.starts_with(['\t', ' ', '.', '#']) && !rest.starts_with('=');
        for target in targets.split_whitespace().filter(|target| is_rule && is_about_tests(target)) {
            collector.command(&format!("make {target}"));
        }
    }
}

/// Reads the test recipes of a `justfile`.
pub(super) fn justfile(text: &str, collector: &mut ManifestCollector<'_>) {
    for line in text.lines().filter(|line| !line.starts_with(['\t', ' ', '#', '@'])) {
        let Some((recipe, rest)) = line.split_once(':') else { continue };
        let name = recipe.split_whitespace().next().unwrap_or_default();
        if !rest.starts_with('=') && is_about_tests(name) {
            collector.command(&format!("just {name}"));
        }
    }
}

/// Reads the test commands and versions of `.github/workflows/*.yml`.
pub(super) fn workflow(text: &str, collector: &mut ManifestCollector<'_>) {
    let mut block: Option<usize> = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let bare = line.trim().trim_start_matches("- ");
        if block.is_some_and(|outer| indent <= outer && !bare.is_empty()) {
            block = None;
        }
        if block.is_some() {
            test_line(bare, collector);
        } else if let Some(command) = bare.strip_prefix("run:").map(str::trim) {
            if command.starts_with(['|', '>']) {
                block = Some(indent);
            } else {
                test_line(command.trim_matches(['"', '\'']), collector);
            }
        } else if let Some((key, version)) = bare.split_once(':')
            && key.ends_with("-version")
            && version.chars().any(|letter| letter.is_ascii_digit())
        {
            collector.pin_of(key, Some(version));
        }
    }
}

fn test_line(line: &str, collector: &mut ManifestCollector<'_>) {
    let low = line.to_ascii_lowercase();
    let is_command = !line.starts_with('#') && !low.starts_with("echo");
    if is_command && COMMANDS.iter().any(|word| low.contains(word)) {
        collector.command(line);
    }
}

/// Reads `go.mod`.
pub(super) fn go_mod(text: &str, collector: &mut ManifestCollector<'_>) {
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("module ") {
            collector.name(Some(name));
        } else if line.starts_with("go ") || line.starts_with("toolchain ") {
            collector.pin(Some(line));
        }
    }
    collector.command("go test ./...");
    collector
        .frameworks(text.split_whitespace(), &["github.com/stretchr/testify", "github.com/onsi/ginkgo/v2"]);
}
