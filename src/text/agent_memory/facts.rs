//! What manifests say, gathered file by file: each text on one line, bounded, without control characters.

use std::collections::BTreeSet;

use crate::domain::agent_memory::{Pin, TestCommand};
use crate::text::sanitize::{one_line, unmarked};

use super::{kinds, manifests, scripts};

/// The longest text of a repository that is repeated, in characters.
pub(super) const LINE: usize = 160;
/// The longest first paragraph of a README, in characters.
pub(super) const PARAGRAPH: usize = 600;
/// A text is cut at so many times its longest before it is made clean: no cost grows with what a stranger wrote.
const CUT: usize = 3;

/// A text of the repository on one line.
pub(super) fn clean(text: &str, most: usize) -> String {
    let start: String = text.chars().take(most.saturating_mul(CUT)).collect();
    one_line(&unmarked(&start), most)
}

/// The same, if anything is left.
pub(super) fn cleaned(text: &str, most: usize) -> Option<String> {
    Some(clean(text, most)).filter(|text| !text.is_empty())
}

/// What was said.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) name: Option<String>,
    pub(super) about: Option<String>,
    pub(super) commands: Vec<TestCommand>,
    pub(super) frameworks: BTreeSet<String>,
    pub(super) pins: Vec<Pin>,
}

/// What one manifest says, as it is read.
pub(super) struct Facts<'said> {
    path: &'said str,
    said: &'said mut Said,
}

impl Facts<'_> {
    /// Whether the manifest lies at the root.
    pub(super) fn is_at_the_root(&self) -> bool {
        kinds::depth(self.path) == 0
    }

    /// The name of the whole, if this is a manifest of the whole and the first that says it.
    pub(super) fn name(&mut self, name: Option<&str>) {
        if self.is_at_the_root() && self.said.name.is_none() {
            self.said.name = name.and_then(|name| cleaned(name, LINE));
        }
    }

    /// What the whole is for.
    pub(super) fn about(&mut self, about: Option<&str>) {
        if self.is_at_the_root() && self.said.about.is_none() {
            self.said.about = about.and_then(|about| cleaned(about, PARAGRAPH));
        }
    }

    /// A command that runs tests.
    pub(super) fn command(&mut self, command: &str) {
        let Some(command) = cleaned(command, LINE) else { return };
        if !self.said.commands.iter().any(|known| known.command == command) {
            self.said.commands.push(TestCommand { command, source: clean(self.path, LINE) });
        }
    }

    /// A test framework.
    pub(super) fn framework(&mut self, name: &str) {
        self.said.frameworks.insert(clean(name, LINE));
    }

    /// Those of the names that are test frameworks.
    pub(super) fn frameworks<'name>(&mut self, names: impl IntoIterator<Item = &'name str>, known: &[&str]) {
        for name in names.into_iter().filter(|name| known.contains(name)) {
            self.framework(name);
        }
    }

    /// A version.
    pub(super) fn pin(&mut self, says: Option<&str>) {
        let Some(says) = says.and_then(|says| cleaned(says, LINE)) else { return };
        let pin = Pin { source: clean(self.path, LINE), says };
        if !self.said.pins.contains(&pin) {
            self.said.pins.push(pin);
        }
    }

    /// The version of something.
    pub(super) fn pin_of(&mut self, what: &str, version: Option<&str>) {
        if let Some(version) = version {
            self.pin(Some(&format!("{what} {}", version.trim())));
        }
    }
}

/// Reads a manifest. `runner` is what runs the scripts of `package.json`.
pub(super) fn read(path: &str, text: &str, runner: &str, said: &mut Said) {
    let facts = &mut Facts { path, said };
    if kinds::is_workflow(path) {
        return scripts::workflow(text, facts);
    }
    if kinds::is_guide(path) {
        return scripts::guide(text, facts);
    }
    match kinds::name(path).to_ascii_lowercase().as_str() {
        "cargo.toml" => manifests::cargo(text, facts),
        "package.json" => manifests::package_json(text, runner, facts),
        "pyproject.toml" => manifests::pyproject(text, facts),
        "composer.json" => manifests::composer(text, facts),
        "rust-toolchain" | "rust-toolchain.toml" => manifests::rust_toolchain(text, facts),
        "setup.cfg" | "tox.ini" | "pytest.ini" => scripts::ini(text, facts),
        "noxfile.py" => facts.command("nox"),
        "go.mod" => scripts::go_mod(text, facts),
        "pom.xml" => scripts::pom(text, facts),
        "build.gradle" | "build.gradle.kts" => scripts::gradle(text, facts),
        "gemfile" => scripts::gemfile(text, facts),
        "makefile" | "gnumakefile" => scripts::makefile(text, facts),
        "justfile" => scripts::justfile(text, facts),
        "cmakelists.txt" => scripts::cmake(text, facts),
        "dockerfile" => scripts::dockerfile(text, facts),
        ".nvmrc" | ".node-version" | ".python-version" | ".ruby-version" | ".tool-versions" => {
            scripts::versions(text, facts);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(path: &str, text: &str) -> Said {
        let mut said = Said::default();
        read(path, text, "npm", &mut said);
        said
    }

    fn commands(path: &str, text: &str) -> Vec<String> {
        said(path, text).commands.into_iter().map(|command| command.command).collect()
    }

    fn pins(path: &str, text: &str) -> Vec<String> {
        said(path, text).pins.into_iter().map(|pin| pin.says).collect()
    }

    #[test]
    fn each_kind_of_manifest_names_its_tests() {
        for (path, text, expected) in [
            ("Cargo.toml", "[package]\nname = \"a\"", "cargo test"),
            ("Cargo.toml", "[workspace]\nmembers = []", "cargo test --workspace"),
            ("package.json", r#"{"scripts": {"test": "jest", "build": "x"}}"#, "npm run test (jest)"),
            ("pyproject.toml", "[tool.pytest.ini_options]\n", "pytest"),
            ("setup.cfg", "[tool:pytest]\n", "pytest"),
            ("go.mod", "module a\ngo 1.22\n", "go test ./..."),
            ("pom.xml", "<project/>", "mvn test"),
            ("build.gradle", "", "gradle test"),
            ("Gemfile", "gem 'rspec'\n", "bundle exec rspec"),
            ("composer.json", r#"{"scripts": {"test": "phpunit"}}"#, "composer run test"),
            ("Makefile", "X := 1\ntest: build\n\tfoo: bar\nbuild:\n", "make test"),
            ("justfile", "test *args:\n  x\n", "just test"),
            ("CMakeLists.txt", "enable_testing()\n", "ctest"),
            (".github/workflows/ci.yml", "    - run: cargo clippy\n", "cargo clippy"),
            (
                ".github/workflows/ci.yml",
                "  run: |\n    echo test\n    make test\n  name: test\n",
                "make test",
            ),
            ("CONTRIBUTING.md", "test\n```\n$ make lint\n```\n", "make lint"),
        ] {
            assert_eq!(commands(path, text), [expected], "{path}: {text}");
        }
    }

    #[test]
    fn each_kind_of_manifest_pins_its_versions() {
        for (path, text, expected) in [
            ("Cargo.toml", "[package]\nedition = \"2024\"", "edition 2024"),
            ("rust-toolchain.toml", "[toolchain]\nchannel = \"1.95\"", "1.95"),
            ("rust-toolchain", "nightly\n", "nightly"),
            ("package.json", r#"{"engines": {"node": ">=20"}}"#, "node >=20"),
            ("pyproject.toml", "[project]\nrequires-python = \">=3.11\"", "requires-python >=3.11"),
            ("go.mod", "module a\n\ngo 1.22\n", "go 1.22"),
            ("pom.xml", "<java.version>21</java.version>", "java.version 21"),
            (".nvmrc", "v20\n", "v20"),
            ("Dockerfile", "# x\nFROM rust:1.95 AS build\n", "FROM rust:1.95 AS build"),
            (".github/workflows/ci.yml", "  python-version: '3.12'\n", "python-version '3.12'"),
        ] {
            assert_eq!(pins(path, text), [expected], "{path}: {text}");
        }
    }

    #[test]
    fn frameworks_are_those_that_manifests_ask_for() {
        let names = |path, text| said(path, text).frameworks.into_iter().collect::<Vec<_>>();
        assert_eq!(names("Cargo.toml", "[dev-dependencies]\nproptest = \"1\"\nserde = \"1\""), ["proptest"]);
        assert_eq!(names("package.json", r#"{"devDependencies": {"vitest": "1"}}"#), ["vitest"]);
        assert_eq!(names("pyproject.toml", "[project]\ndependencies = [\"pytest>=8\"]"), ["pytest"]);
    }

    #[test]
    fn a_manifest_that_makes_no_sense_says_nothing() {
        for path in ["Cargo.toml", "package.json", "pyproject.toml", "composer.json", "Gemfile", "Makefile"] {
            let said = said(path, "{[\u{0}<<<\u{fffd}");
            assert!(
                said.commands.is_empty() && said.pins.is_empty() && said.name.is_none(),
                "{path}: {said:?}"
            );
        }
    }
}
