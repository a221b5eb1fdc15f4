//! Collects facts from manifests.

use std::collections::BTreeSet;

use crate::domain::agent_memory::{Pin, TestCommand};

use super::cleaning::{LINE, PARAGRAPH, clean, cleaned};
use super::paths;

/// The facts from the manifests of a repository.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) name: Option<String>,
    pub(super) about: Option<String>,
    pub(super) commands: Vec<TestCommand>,
    pub(super) frameworks: BTreeSet<String>,
    pub(super) pins: Vec<Pin>,
}

/// Collects the facts from one manifest.
pub(super) struct ManifestCollector<'all> {
    pub(super) path: &'all str,
    pub(super) collected: &'all mut Collected,
}

impl ManifestCollector<'_> {
    pub(super) fn is_at_the_root(&self) -> bool {
        paths::depth(self.path) == 0
    }

    /// Adds the name of the repository, if the manifest is at the root and the first with a name.
    pub(super) fn name(&mut self, name: Option<&str>) {
        if self.is_at_the_root() && self.collected.name.is_none() {
            self.collected.name = name.and_then(|name| cleaned(name, LINE));
        }
    }

    /// Adds the description of the repository under the same conditions.
    pub(super) fn about(&mut self, about: Option<&str>) {
        if self.is_at_the_root() && self.collected.about.is_none() {
            self.collected.about = about.and_then(|about| cleaned(about, PARAGRAPH));
        }
    }

    /// Adds a command that runs tests.
    pub(super) fn command(&mut self, command: &str) {
        let Some(command) = cleaned(command, LINE) else { return };
        if !self.collected.commands.iter().any(|known| known.command == command) {
            self.collected.commands.push(TestCommand { command, source: clean(self.path, LINE) });
        }
    }

    /// Adds the names of test frameworks among these names.
    pub(super) fn frameworks<'name>(&mut self, names: impl IntoIterator<Item = &'name str>, known: &[&str]) {
        for name in names.into_iter().filter(|name| known.contains(name)) {
            self.collected.frameworks.insert(clean(name, LINE));
        }
    }

    /// Adds a version that the manifest pins.
    pub(super) fn pin(&mut self, version: Option<&str>) {
        let Some(says) = version.and_then(|version| cleaned(version, LINE)) else { return };
        let pin = Pin { source: clean(self.path, LINE), says };
        if !self.collected.pins.contains(&pin) {
            self.collected.pins.push(pin);
        }
    }

    /// Adds the version of `what`, if the manifest has one.
    pub(super) fn pin_of(&mut self, what: &str, version: Option<&str>) {
        if let Some(version) = version {
            self.pin(Some(&format!("{what} {}", version.trim())));
        }
    }
}
