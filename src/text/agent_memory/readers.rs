//! Selects the reader for each manifest.

use super::collected::{Collected, ManifestCollector};
use super::{manifests, paths, scripts};

/// Reads a manifest. `runner` is the program for the scripts of `package.json`.
pub(super) fn read(path: &str, text: &str, runner: &str, collected: &mut Collected) {
    let collector = &mut ManifestCollector { path, collected };
    if paths::is_workflow(path) {
        return scripts::workflow(text, collector);
    }
    match paths::name(path).to_ascii_lowercase().as_str() {
        "cargo.toml" => manifests::cargo(text, collector),
        "package.json" => manifests::package_json(text, runner, collector),
        "pyproject.toml" => manifests::pyproject(text, collector),
        "go.mod" => scripts::go_mod(text, collector),
        "makefile" | "gnumakefile" => scripts::makefile(text, collector),
        "justfile" => scripts::justfile(text, collector),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collected(path: &str, text: &str) -> Collected {
        let mut collected = Collected::default();
        read(path, text, "npm", &mut collected);
        collected
    }

    fn commands(path: &str, text: &str) -> Vec<String> {
        collected(path, text).commands.into_iter().map(|command| command.command).collect()
    }

    fn pins(path: &str, text: &str) -> Vec<String> {
        collected(path, text).pins.into_iter().map(|pin| pin.says).collect()
    }

    #[test]
    fn all_manifests_have_test_commands() {
        for (path, text, expected) in [
            ("Cargo.toml", "[package]\nname = \"a\"", "cargo test"),
            ("Cargo.toml", "[workspace]\nmembers = []", "cargo test --workspace"),
            ("package.json", r#"{"scripts": {"test": "jest", "build": "x"}}"#, "npm run test"),
            ("pyproject.toml", "[tool.pytest.ini_options]\n", "pytest"),
            ("go.mod", "module a\ngo 1.22\n", "go test ./..."),
            ("Makefile", "X := 1\ntest: build\n\tfoo: bar\nbuild:\n", "make test"),
            ("justfile", "test *args:\n  x\n", "just test"),
            (".github/workflows/ci.yml", "    - run: cargo clippy\n", "cargo clippy"),
            (
                ".github/workflows/ci.yml",
                "  run: |\n    echo test\n    make test\n  name: test\n",
                "make test",
            ),
        ] {
            assert_eq!(commands(path, text), [expected], "{path}: {text}");
        }
    }

    #[test]
    fn all_manifests_have_pinned_versions() {
        for (path, text, expected) in [
            ("Cargo.toml", "[package]\nedition = \"2024\"", "edition 2024"),
            ("package.json", r#"{"engines": {"node": ">=20"}}"#, "node >=20"),
            ("pyproject.toml", "[project]\nrequires-python = \">=3.11\"", "requires-python >=3.11"),
            ("go.mod", "module a\n\ngo 1.22\n", "go 1.22"),
            (".github/workflows/ci.yml", "  python-version: '3.12'\n", "python-version '3.12'"),
        ] {
            assert_eq!(pins(path, text), [expected], "{path}: {text}");
        }
    }

    #[test]
    fn frameworks_come_from_manifests() {
        let names = |path, text| collected(path, text).frameworks.into_iter().collect::<Vec<_>>();
        assert_eq!(names("Cargo.toml", "[dev-dependencies]\nproptest = \"1\"\nserde = \"1\""), ["proptest"]);
        assert_eq!(names("package.json", r#"{"devDependencies": {"vitest": "1"}}"#), ["vitest"]);
        assert_eq!(names("pyproject.toml", "[project]\ndependencies = [\"pytest>=8\"]"), ["pytest"]);
    }

    #[test]
    fn invalid_manifests_are_ignored() {
        for path in ["Cargo.toml", "package.json", "pyproject.toml", "Makefile"] {
            let found = collected(path, "{[\u{0}<<<\u{fffd}");
            assert!(
                found.commands.is_empty() && found.pins.is_empty() && found.name.is_none(),
                "{path}: {found:?}"
            );
        }
    }
}
