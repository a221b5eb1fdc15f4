//! The programs on which a measurement depends: a remembered measurement is void after any of them was replaced.

use crate::adapters::process::search::{FoundProgram, identity, look_for};
use crate::adapters::process::variables::Variables;

/// The programs that commands and scorers call without naming them.
const CALLED: &[&str] = &[
    "node",
    "cargo",
    "cargo-clippy",
    "rustc",
    "rustfmt",
    "ruff",
    "python3",
    "go",
    "gofmt",
    "golangci-lint",
    "java",
    "ruby",
    "rubocop",
    "php",
    "php-cs-fixer",
    "dotnet",
    "clang-format",
    "clang-tidy",
    "cppcheck",
];

/// Returns the identities of the programs on `PATH` that are usually called, and of those with these names.
pub(super) fn identities<'name>(
    names: impl IntoIterator<Item = &'name str>,
    variables: &Variables,
) -> Vec<String> {
    let is_on_path = |name: &&str| !name.contains('/') || name.starts_with('/');
    let names = CALLED.iter().copied().chain(names.into_iter().filter(is_on_path));
    let found = names.filter_map(|name| match look_for(name, variables) {
        FoundProgram::There(path) => Some(identity(&path)),
        FoundProgram::NotExecutable(_) | FoundProgram::NoFile(_) | FoundProgram::Missing => None,
    });
    found.collect()
}
