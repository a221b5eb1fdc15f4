//! Reads manifests in TOML and JSON: names, tests, versions. Invalid manifests are ignored.

use serde_json::Value as Json;
use toml::{Table, Value as Toml};

use super::collected::ManifestCollector;

/// Names of test frameworks in manifests.
const FRAMEWORKS: &[&str] = &[
    "pytest",
    "hypothesis",
    "tox",
    "nox",
    "jest",
    "vitest",
    "mocha",
    "ava",
    "jasmine",
    "playwright",
    "@playwright/test",
    "cypress",
    "proptest",
    "quickcheck",
    "criterion",
    "rstest",
    "insta",
    "trybuild",
];

/// Reads `Cargo.toml`.
pub(super) fn cargo(text: &str, collector: &mut ManifestCollector<'_>) {
    let Ok(table) = text.parse::<Table>() else { return };
    let package = table.get("package").and_then(Toml::as_table);
    collector.name(package.and_then(|package| word(package, "name")));
    collector.about(package.and_then(|package| word(package, "description")));
    let inherited =
        table.get("workspace").and_then(|workspace| workspace.get("package")).and_then(Toml::as_table);
    for section in package.into_iter().chain(inherited) {
        for key in ["edition", "rust-version"] {
            collector.pin_of(key, word(section, key));
        }
    }
    if collector.is_at_the_root() {
        let workspace = table.contains_key("workspace");
        collector.command(if workspace { "cargo test --workspace" } else { "cargo test" });
    }
    for section in ["dev-dependencies", "dependencies"] {
        let names = table.get(section).and_then(Toml::as_table).into_iter().flat_map(Table::keys);
        collector.frameworks(names.map(String::as_str), FRAMEWORKS);
    }
}

/// Reads `pyproject.toml`.
pub(super) fn pyproject(text: &str, collector: &mut ManifestCollector<'_>) {
    let Ok(table) = text.parse::<Table>() else { return };
    let project = table.get("project").and_then(Toml::as_table);
    let poetry = table.get("tool").and_then(|tool| tool.get("poetry")).and_then(Toml::as_table);
    for section in project.into_iter().chain(poetry) {
        collector.name(word(section, "name"));
        collector.about(word(section, "description"));
        collector.pin_of("requires-python", word(section, "requires-python"));
    }
    let tools: Vec<&str> = table
        .get("tool")
        .and_then(Toml::as_table)
        .into_iter()
        .flat_map(Table::keys)
        .map(String::as_str)
        .collect();
    for (tool, command) in [("pytest", "pytest"), ("tox", "tox"), ("nox", "nox")] {
        if tools.contains(&tool) {
            collector.command(command);
        }
    }
    // Requirements such as `pytest>=8` occur in several places, so all words of the file are checked.
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-'));
    collector.frameworks(words, FRAMEWORKS);
}

/// Reads `package.json`.
pub(super) fn package_json(text: &str, runner: &str, collector: &mut ManifestCollector<'_>) {
    let Ok(json) = serde_json::from_str::<Json>(text) else { return };
    collector.name(json.get("name").and_then(Json::as_str));
    collector.about(json.get("description").and_then(Json::as_str));
    for (name, _) in members(&json, "scripts") {
        if is_about_tests(name) {
            collector.command(&format!("{runner} run {name}"));
        }
    }
    for (name, version) in members(&json, "engines") {
        collector.pin_of(name, version.as_str());
    }
    collector.pin_of("packageManager", json.get("packageManager").and_then(Json::as_str));
    for section in ["devDependencies", "dependencies"] {
        collector.frameworks(members(&json, section).map(|(name, _)| name), FRAMEWORKS);
    }
}

/// Returns whether the name of a script suggests a test or a check.
pub(super) fn is_about_tests(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["test", "check", "lint", "spec", "typecheck", "verify"].iter().any(|word| name.contains(word))
}

fn word<'table>(table: &'table Table, key: &str) -> Option<&'table str> {
    table.get(key).and_then(Toml::as_str)
}

fn members<'json>(json: &'json Json, key: &str) -> impl Iterator<Item = (&'json str, &'json Json)> {
    let object = json.get(key).and_then(Json::as_object);
    object.into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}
