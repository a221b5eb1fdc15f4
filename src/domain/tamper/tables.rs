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

/// Endings of source files, which are text.
const SOURCE_ENDINGS: &[&str] = &[
    "rs", "py", "pyi", "js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "vue", "svelte", "go", "java",
    "kt", "kts", "scala", "groovy", "c", "h", "cc", "cpp", "cxx", "hpp", "hh", "m", "mm", "cs", "fs", "vb",
    "swift", "rb", "php", "pl", "pm", "lua", "r", "jl", "dart", "ex", "exs", "erl", "hs", "ml", "mli", "clj",
    "cljs", "nim", "zig", "sol", "sh", "bash", "zsh", "fish", "ps1", "sql", "css", "scss", "less", "html",
    "tf", "proto",
];

/// Endings of scripts and of configuration; files without an ending are such files too.
const SCRIPT_ENDINGS: &[&str] = &[
    "sh", "bash", "zsh", "fish", "ps1", "bat", "cmd", "mk", "yml", "yaml", "json", "toml", "ini", "cfg",
    "xml", "gradle",
];

const CI_FOLDERS: &[&str] = &[
    ".github/workflows",
    ".github/actions",
    ".gitea/workflows",
    ".forgejo/workflows",
    ".circleci",
    ".buildkite",
    ".semaphore",
    ".ci",
    ".husky",
    ".githooks",
];
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
    "lefthook.*",
    ".cirrus.yml",
    ".appveyor.yml",
    "cloudbuild.yaml",
    "buildspec.yml",
    "Dangerfile*",
];

/// Names of configuration of tools; `*` stands for any text.
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
    "tslint.json",
    "deno.json*",
    ".jshintrc",
    ".jscsrc",
    ".xo-config*",
    "dprint.json",
    ".dprint.json",
    "rome.json",
    ".c8rc*",
    ".pylintrc*",
    ".isort.cfg",
    ".style.yapf",
    ".bandit",
    "bandit.y*",
    ".pydocstyle*",
    ".pyre_configuration",
    "ty.toml",
    "pyrefly.toml",
    ".importlinter",
    "tarpaulin.toml",
    ".tarpaulin.toml",
    "mutants.toml",
    "staticcheck.conf",
    "revive.toml",
    ".phpcs*",
    "phpcs*",
    "phpmd.xml*",
    "infection.json*",
    "rector.php",
    "pmd*.xml",
    "spotbugs*",
    ".scalafmt.conf",
    ".scalafix.conf",
    "scalastyle*",
    "stylecop.json",
    ".globalconfig",
    "analysis_options.yaml",
    ".credo.exs",
    "coveralls.json",
    ".luacheckrc",
    "selene.toml",
    ".hlint.y*",
    ".solhint.json",
    ".sqlfluff",
    ".markdownlint*",
    ".yamllint*",
    ".hadolint*",
    ".tflint.hcl",
    ".checkov.y*",
    ".secretlintrc*",
    ".gitleaks.toml",
    ".snyk",
    ".codeclimate.yml",
    ".deepsource.toml",
    ".mega-linter.yml",
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
    "global.json",
    "bunfig.toml",
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
    "vite.config.*",
    "babel.config.*",
    "ava.config.*",
    "wdio.conf.*",
    "jasmine.json",
    "cypress.json",
    ".rspec",
    ".taprc",
    "build.gradle*",
    "settings.gradle*",
    "pom.xml",
    "CMakeLists.txt",
    "meson.build",
    "Directory.Build.*",
    "BUILD.bazel",
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
    names.iter().any(|known| match known.split_once('*') {
        Some((beginning, ending)) => {
            let (start, rest) = name.split_at_checked(beginning.len()).unwrap_or_default();
            start.eq_ignore_ascii_case(beginning) && rest.ends_with(ending)
        }
        None => name.eq_ignore_ascii_case(known),
    })
}

fn is_below(path: &str, folders: &[&str]) -> bool {
    let within = format!("/{}", path.to_ascii_lowercase());
    folders.iter().any(|folder| within.contains(&format!("/{folder}/")))
}

/// Returns whether a path is a test, by its folder or its name.
pub fn is_test(path: &str) -> bool {
    folders_of(path).any(|folder| TEST_FOLDERS.contains(&folder)) || has_test_name(name_of(path))
}

fn has_test_name(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    ["test_", "tests."].iter().any(|beginning| name.starts_with(beginning))
        || TEST_STEMS.iter().any(|ending| stem.len() > ending.len() && stem.ends_with(ending))
}

/// Returns whether test runners collect a test by this name, or in Rust by this folder.
pub fn is_collected(path: &str) -> bool {
    let name = name_of(path);
    let is_in_tests = folders_of(path).next().is_some_and(|folder| TEST_FOLDERS.contains(&folder));
    let is_of_rust = is_in_tests && ending_of(path) == Some("rs");
    !name.starts_with(['_', '.']) && (has_test_name(name) || is_of_rust)
}

/// Returns whether a path is source code by its ending.
pub fn is_source(path: &str) -> bool {
    ending_of(path).is_some_and(|ending| SOURCE_ENDINGS.contains(&ending.to_ascii_lowercase().as_str()))
}

/// Returns whether a path is a script or configuration by its ending.
pub fn is_script(path: &str) -> bool {
    ending_of(path).is_none_or(|ending| SCRIPT_ENDINGS.contains(&ending.to_ascii_lowercase().as_str()))
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
