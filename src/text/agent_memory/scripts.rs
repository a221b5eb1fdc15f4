//! Manifests that are read line by line: make, just, Maven, Gradle, Ruby, C++, workflows of CI, containers, guides.

use super::facts::Facts;
use super::manifests::is_about_tests;

/// Words of a command that runs tests or checks.
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

/// `Makefile`: targets that are named for tests.
pub(super) fn makefile(text: &str, facts: &mut Facts<'_>) {
    for line in text.lines() {
        let Some((targets, rest)) = line.split_once(':') else { continue };
        let is_rule = !line.starts_with(['\t', ' ', '.', '#']) && !rest.starts_with('=');
        for target in targets.split_whitespace().filter(|target| is_rule && is_about_tests(target)) {
            facts.command(&format!("make {target}"));
        }
    }
}

/// `justfile`: recipes that are named for tests.
pub(super) fn justfile(text: &str, facts: &mut Facts<'_>) {
    for line in text.lines().filter(|line| !line.starts_with(['\t', ' ', '#', '@'])) {
        let Some((recipe, rest)) = line.split_once(':') else { continue };
        let name = recipe.split_whitespace().next().unwrap_or_default();
        if !rest.starts_with('=') && is_about_tests(name) {
            facts.command(&format!("just {name}"));
        }
    }
}

/// `.github/workflows/*.yml`: the lines that run tests, and the versions that are set up.
pub(super) fn workflow(text: &str, facts: &mut Facts<'_>) {
    let mut block: Option<usize> = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let bare = line.trim().trim_start_matches("- ");
        if block.is_some_and(|outer| indent <= outer && !bare.is_empty()) {
            block = None;
        }
        if block.is_some() {
            test_line(bare, facts);
        } else if let Some(command) = bare.strip_prefix("run:").map(str::trim) {
            if command.starts_with(['|', '>']) {
                block = Some(indent);
            } else {
                test_line(command.trim_matches(['"', '\'']), facts);
            }
        } else if let Some((key, version)) = bare.split_once(':')
            && key.ends_with("-version")
            && version.chars().any(|letter| letter.is_ascii_digit())
        {
            facts.pin_of(key, Some(version));
        }
    }
}

/// `CONTRIBUTING`: the lines of its code blocks that run tests.
pub(super) fn guide(text: &str, facts: &mut Facts<'_>) {
    let mut in_code = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("```") || line.starts_with("~~~") {
            in_code = !in_code;
        } else if in_code {
            test_line(line.trim_start_matches("$ "), facts);
        }
    }
}

fn test_line(line: &str, facts: &mut Facts<'_>) {
    let low = line.to_ascii_lowercase();
    let is_command = !line.starts_with('#') && !low.starts_with("echo");
    if is_command && COMMANDS.iter().any(|word| low.contains(word)) {
        facts.command(line);
    }
}

/// `go.mod`
pub(super) fn go_mod(text: &str, facts: &mut Facts<'_>) {
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("module ") {
            facts.name(Some(name));
        } else if line.starts_with("go ") || line.starts_with("toolchain ") {
            facts.pin(Some(line));
        }
    }
    facts.command("go test ./...");
    facts.frameworks(text.split_whitespace(), &["github.com/stretchr/testify", "github.com/onsi/ginkgo/v2"]);
}

/// `pom.xml`
pub(super) fn pom(text: &str, facts: &mut Facts<'_>) {
    for tag in ["maven.compiler.release", "maven.compiler.source", "java.version"] {
        facts.pin_of(tag, element(text, tag));
    }
    facts.command("mvn test");
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-'));
    facts.frameworks(words, &["junit", "junit-jupiter", "testng", "mockito-core", "spock-core"]);
}

fn element<'text>(text: &'text str, tag: &str) -> Option<&'text str> {
    let (_, rest) = text.split_once(&format!("<{tag}>"))?;
    rest.split_once('<').map(|(value, _)| value)
}

/// `build.gradle`, `build.gradle.kts`
pub(super) fn gradle(text: &str, facts: &mut Facts<'_>) {
    let says = ["sourceCompatibility", "targetCompatibility", "languageVersion", "jvmToolchain"];
    for line in text.lines().map(str::trim).filter(|line| says.iter().any(|word| line.contains(word))) {
        facts.pin(Some(line));
    }
    facts.command("gradle test");
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-'));
    facts.frameworks(words, &["junit", "junit-jupiter", "testng", "kotest", "spock-core"]);
}

/// `CMakeLists.txt`
pub(super) fn cmake(text: &str, facts: &mut Facts<'_>) {
    for line in text.lines().map(str::trim) {
        let low = line.to_ascii_lowercase();
        if low.starts_with("cmake_minimum_required") || low.contains("cmake_cxx_standard ") {
            facts.pin(Some(line));
        }
        if low.starts_with("enable_testing") || low.starts_with("include(ctest)") {
            facts.command("ctest");
        }
        let libraries = [("gtest", "GoogleTest"), ("googletest", "GoogleTest"), ("catch2", "Catch2")];
        for (_, name) in libraries.iter().filter(|(word, _)| low.contains(word)) {
            facts.framework(name);
        }
    }
}

/// `Gemfile`
pub(super) fn gemfile(text: &str, facts: &mut Facts<'_>) {
    for line in text.lines().map(str::trim) {
        if line.starts_with("ruby ") {
            facts.pin(Some(line));
        }
    }
    let gems: Vec<&str> = text.split(['"', '\'']).collect();
    if gems.contains(&"rspec") || gems.contains(&"rspec-rails") {
        facts.command("bundle exec rspec");
    }
    facts.frameworks(gems, &["rspec", "rspec-rails", "minitest", "capybara"]);
}

/// `setup.cfg`, `tox.ini`, `pytest.ini`
pub(super) fn ini(text: &str, facts: &mut Facts<'_>) {
    for line in text.lines().map(str::trim) {
        match line {
            "[tool:pytest]" | "[pytest]" => {
                facts.command("pytest");
                facts.framework("pytest");
            }
            "[tox]" => facts.command("tox"),
            _ => {
                let key = line.split('=').next().unwrap_or_default().trim();
                if key == "python_requires" {
                    facts.pin(Some(line));
                }
            }
        }
    }
}

/// `Dockerfile`: the images that it begins with.
pub(super) fn dockerfile(text: &str, facts: &mut Facts<'_>) {
    for line in text.lines().map(str::trim) {
        if line.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("from ")) {
            facts.pin(Some(line));
        }
    }
}

/// A file of versions, one a line.
pub(super) fn versions(text: &str, facts: &mut Facts<'_>) {
    for line in text.lines().filter(|line| !line.starts_with('#')).take(20) {
        facts.pin(Some(line));
    }
}
