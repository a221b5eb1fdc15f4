//! The only tables of file names: what is a test, a CI workflow, a lock file, a tool's configuration. A rule of structure
//! replaces a table wherever there is one.

/// Endings of names of tests, before the file's own ending.
const TEST_STEMS: &[&str] = &[".test", "_test", "-test", ".spec", "_spec", "-spec", "Test", "Tests", "Spec"];
const TEST_FOLDERS: &[&str] = &["test", "tests", "spec", "specs", "__tests__", "e2e"];

/// Folders that tools skip by default.
const SKIPPED_FOLDERS: &[&str] = &[
    "vendor",
    "vendored",
    "third_party",
    "third-party",
    "node_modules",
    "dist",
    "build",
    "out",
    "target",
    "generated",
    "__generated__",
    "fixtures",
    "examples",
    "migrations",
    "coverage",
];

const CI_FOLDERS: &[&str] =
    &[".github/workflows", ".github/actions", ".circleci", ".buildkite", ".ci", ".husky", ".githooks"];
const CI_NAMES: &[&str] = &[
    ".gitlab-ci.yml",
    ".travis.yml",
    ".drone.yml",
    ".woodpecker.yml",
    ".pre-commit-config.yaml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "appveyor.yml",
    "Jenkinsfile",
    "lefthook.yml",
];

/// Names of configuration of tools; `*` at the end stands for any ending.
const TOOL_NAMES: &[&str] = &[
    "biome.json",
    "biome.jsonc",
    "knip.*",
    ".oxlintrc.json",
    "oxlint.json",
    "eslint.config.*",
    ".eslintrc*",
    "prettier.config.*",
    ".prettierrc*",
    "stylelint.config.*",
    ".stylelintrc*",
    "tsconfig*",
    "ruff.toml",
    ".ruff.toml",
    ".flake8",
    ".pylintrc",
    "pylintrc",
    "mypy.ini",
    ".mypy.ini",
    "pyrightconfig.json",
    "setup.cfg",
    "clippy.toml",
    ".clippy.toml",
    "rustfmt.toml",
    ".rustfmt.toml",
    "deny.toml",
    ".golangci.*",
    ".rubocop*",
    "phpstan.*",
    "psalm.xml",
    ".php-cs-fixer*",
    ".clang-format",
    ".clang-tidy",
    ".editorconfig",
    ".coveragerc",
    ".nycrc*",
    "codecov.yml",
    ".codecov.yml",
    "sonar-project.properties",
    ".swiftlint.yml",
    "detekt.yml",
    "checkstyle.xml",
    ".shellcheckrc",
];
/// Folders of configuration and baselines of tools.
const TOOL_FOLDERS: &[&str] = &[".aislop", ".semgrep", ".qlty"];

const TOOLCHAIN_NAMES: &[&str] = &[
    "rust-toolchain",
    "rust-toolchain.toml",
    ".tool-versions",
    "mise.toml",
    ".mise.toml",
    ".nvmrc",
    ".node-version",
    ".python-version",
    ".ruby-version",
    ".npmrc",
    ".yarnrc*",
    ".pnpmfile.cjs",
    ".envrc",
    "go.work",
];
const TOOLCHAIN_FOLDERS: &[&str] = &[".cargo"];

const RUNNER_NAMES: &[&str] = &[
    "jest.config.*",
    "vitest.config.*",
    "karma.conf.*",
    "playwright.config.*",
    "cypress.config.*",
    ".mocharc*",
    "pytest.ini",
    "conftest.py",
    "tox.ini",
    "noxfile.py",
    "phpunit.xml*",
    "nextest.toml",
    "build.rs",
    "Makefile",
    "GNUmakefile",
    "makefile",
    "justfile",
    "Justfile",
    "Taskfile.yml",
    "Rakefile",
];

const LOCK_NAMES: &[&str] =
    &["go.sum", "npm-shrinkwrap.json", "pnpm-lock.yaml", "bun.lockb", "package-lock.json"];

const POLICY_NAMES: &[&str] = &["agent-loop.toml", "CODEOWNERS"];

/// What a section of a manifest is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SectionUse {
    Tools,
    TestRunner,
}

/// A section of a manifest that configures tools.
#[derive(Debug, PartialEq, Eq)]
pub struct ManifestSection {
    /// The name of the manifest.
    pub manifest: &'static str,
    /// The keys that lead to the section.
    pub keys: &'static [&'static str],
    pub purpose: SectionUse,
}

/// The sections of manifests that configure tools.
pub const MANIFEST_SECTIONS: &[ManifestSection] = &[
    tools("Cargo.toml", &["lints"]),
    tools("Cargo.toml", &["workspace", "lints"]),
    runner("Cargo.toml", &["test"]),
    runner("Cargo.toml", &["lib", "test"]),
    runner("Cargo.toml", &["lib", "doctest"]),
    tools("pyproject.toml", &["tool", "ruff"]),
    tools("pyproject.toml", &["tool", "mypy"]),
    tools("pyproject.toml", &["tool", "pyright"]),
    tools("pyproject.toml", &["tool", "pylint"]),
    tools("pyproject.toml", &["tool", "coverage"]),
    tools("pyproject.toml", &["tool", "bandit"]),
    runner("pyproject.toml", &["tool", "pytest"]),
    runner("pyproject.toml", &["tool", "tox"]),
    runner("package.json", &["scripts"]),
    runner("package.json", &["jest"]),
    runner("package.json", &["mocha"]),
    runner("package.json", &["vitest"]),
    tools("package.json", &["eslintConfig"]),
    tools("package.json", &["eslintIgnore"]),
    tools("package.json", &["prettier"]),
    tools("package.json", &["stylelint"]),
    tools("package.json", &["knip"]),
    tools("package.json", &["nyc"]),
    tools("package.json", &["c8"]),
    runner("composer.json", &["scripts"]),
];

const fn tools(manifest: &'static str, keys: &'static [&'static str]) -> ManifestSection {
    ManifestSection { manifest, keys, purpose: SectionUse::Tools }
}

const fn runner(manifest: &'static str, keys: &'static [&'static str]) -> ManifestSection {
    ManifestSection { manifest, keys, purpose: SectionUse::TestRunner }
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn folders_of(path: &str) -> impl Iterator<Item = &str> {
    path.rsplit('/').skip(1)
}

/// Returns the ending of a file name, without the dot.
pub fn ending_of(path: &str) -> Option<&str> {
    name_of(path).rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, ending)| ending)
}

fn is_named(path: &str, names: &[&str]) -> bool {
    let name = name_of(path);
    names.iter().any(|known| match known.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == *known,
    })
}

fn is_below(path: &str, folders: &[&str]) -> bool {
    let within = format!("/{path}");
    folders.iter().any(|folder| within.contains(&format!("/{folder}/")))
}

/// Returns whether a path is a test, by its folder or its name.
pub fn is_test(path: &str) -> bool {
    let name = name_of(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    folders_of(path).any(|folder| TEST_FOLDERS.contains(&folder))
        || ["test_", "tests."].iter().any(|beginning| name.starts_with(beginning))
        || TEST_STEMS.iter().any(|ending| stem.len() > ending.len() && stem.ends_with(ending))
}

/// Returns whether tools skip the folder of a path by default.
pub fn is_skipped(path: &str) -> bool {
    folders_of(path).any(|folder| SKIPPED_FOLDERS.contains(&folder))
}

/// Returns whether a path is an ignore file, or changes how git shows files.
pub fn is_ignore_file(path: &str) -> bool {
    let name = name_of(path);
    name == ".gitattributes" || (name.starts_with('.') && name.ends_with("ignore"))
}

/// Returns whether a path configures a tool.
pub fn is_tool_config(path: &str) -> bool {
    is_named(path, TOOL_NAMES) || is_below(path, TOOL_FOLDERS)
}

/// Returns whether a path selects or redirects the programs of a toolchain.
pub fn is_toolchain(path: &str) -> bool {
    is_named(path, TOOLCHAIN_NAMES) || is_below(path, TOOLCHAIN_FOLDERS)
}

/// Returns whether a path decides how tests run.
pub fn is_test_runner(path: &str) -> bool {
    is_named(path, RUNNER_NAMES)
}

/// Returns whether a path is a workflow of a CI system, or a hook.
pub fn is_ci(path: &str) -> bool {
    is_named(path, CI_NAMES) || is_below(path, CI_FOLDERS)
}

/// Returns whether a path is a lock file.
pub fn is_lock_file(path: &str) -> bool {
    is_named(path, LOCK_NAMES) || ending_of(path) == Some("lock")
}

/// Returns whether a path is a policy of agent-loop or of the forge.
pub fn is_policy(path: &str) -> bool {
    is_named(path, POLICY_NAMES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_their_classes() {
        type Class = fn(&str) -> bool;
        let rows: &[(Class, &[&str], &[&str])] = &[
            (
                is_test,
                &[
                    "tests/a.rs",
                    "src/a.test.ts",
                    "a_test.go",
                    "test_a.py",
                    "src/ATest.java",
                    "src/tests.rs",
                    "x/__tests__/a.js",
                ],
                &["src/latest.rs", "src/contest.py", "attest/a.rs", "src/test", "testing.md", "_test.go/x"],
            ),
            (
                is_ci,
                &[".github/workflows/ci.yml", ".gitlab-ci.yml", "a/.husky/pre-push"],
                &[".github/ISSUE_TEMPLATE.md", "ci.yml"],
            ),
            (
                is_lock_file,
                &["Cargo.lock", "web/package-lock.json", "go.sum"],
                &["lock.rs", "locker.json", ".lock"],
            ),
            (
                is_ignore_file,
                &[".gitignore", "a/.eslintignore", ".gitattributes"],
                &["gitignore", "ignore", ".ignored"],
            ),
            (
                is_tool_config,
                &["eslint.config.mjs", ".eslintrc.json", ".aislop/config.yml", "a/clippy.toml"],
                &["src/clippy.rs", ".aislop"],
            ),
            (is_toolchain, &["rust-toolchain.toml", ".cargo/config.toml", ".npmrc"], &["cargo/config.toml"]),
            (is_test_runner, &["jest.config.js", "Makefile", "a/conftest.py"], &["Makefile.md"]),
            (is_policy, &["agent-loop.toml", ".github/CODEOWNERS"], &["docs/agent-loop.toml.md"]),
            (is_skipped, &["vendor/a.ts", "src/generated/a.ts"], &["src/vendor.ts"]),
        ];
        for (class, yes, no) in rows {
            for path in *yes {
                assert!(class(path), "{path}");
            }
            for path in *no {
                assert!(!class(path), "{path}");
            }
        }
    }
}
