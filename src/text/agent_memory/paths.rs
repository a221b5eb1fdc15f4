//! Classifies files by their paths: language, manifest, test, or third-party code.

/// Languages by file extension.
const LANGUAGES: &[(&str, &[&str])] = &[
    ("Rust", &["rs"]),
    ("Python", &["py", "pyi"]),
    ("TypeScript", &["ts", "tsx", "mts", "cts"]),
    ("JavaScript", &["js", "jsx", "mjs", "cjs"]),
    ("Go", &["go"]),
    ("Java", &["java"]),
    ("Kotlin", &["kt", "kts"]),
    ("Scala", &["scala"]),
    ("C", &["c", "h"]),
    ("C++", &["cc", "cpp", "cxx", "hpp", "hh", "hxx"]),
    ("C#", &["cs"]),
    ("Ruby", &["rb", "rake"]),
    ("PHP", &["php"]),
    ("Swift", &["swift"]),
    ("Elixir", &["ex", "exs"]),
    ("Haskell", &["hs"]),
    ("Lua", &["lua"]),
    ("Dart", &["dart"]),
    ("Zig", &["zig"]),
    ("Shell", &["sh", "bash", "zsh"]),
    ("SQL", &["sql"]),
    ("HTML", &["html", "htm"]),
    ("CSS", &["css", "scss", "less"]),
    ("Markdown", &["md", "markdown"]),
    ("YAML", &["yml", "yaml"]),
    ("TOML", &["toml"]),
    ("JSON", &["json"]),
];

/// Languages that are not for programs.
const NOT_SOURCE: &[&str] = &["HTML", "CSS", "Markdown", "YAML", "TOML", "JSON", "SQL"];

/// Folders of third-party and generated code.
const FOREIGN: &[&str] = &[
    "node_modules",
    "vendor",
    "third_party",
    "dist",
    "build",
    "target",
    "fixtures",
    "testdata",
    "snapshots",
];

const TEST_FOLDERS: &[&str] = &["test", "tests", "spec", "specs", "__tests__", "e2e"];

/// Files that describe a repository, its build, tests and versions.
const MANIFESTS: &[&str] =
    &["cargo.toml", "package.json", "pyproject.toml", "go.mod", "makefile", "gnumakefile", "justfile"];

/// Manifests that make their folder a package.
const PACKAGES: &[&str] = &["cargo.toml", "package.json", "pyproject.toml", "go.mod"];

/// Main files, whose comments describe their folder.
const ENTRIES: &[&str] =
    &["lib.rs", "mod.rs", "main.rs", "__init__.py", "index.ts", "index.js", "main.go", "doc.go", "main.py"];

/// Returns the last part of a path.
pub(super) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns the folder of a file; empty for the root.
pub(super) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Returns the number of folders around a file.
pub(super) fn depth(path: &str) -> usize {
    path.matches('/').count()
}

/// Returns the language of a file.
pub(super) fn language(path: &str) -> Option<&'static str> {
    let (_, ending) = name(path).rsplit_once('.')?;
    let found =
        LANGUAGES.iter().find(|(_, endings)| endings.iter().any(|one| ending.eq_ignore_ascii_case(one)));
    found.map(|(language, _)| *language)
}

/// Returns whether a language is for programs.
pub(super) fn is_programmed(language: &str) -> bool {
    !NOT_SOURCE.contains(&language)
}

/// Returns whether a file is the repository's own code, except for tests.
pub(super) fn is_source(path: &str) -> bool {
    language(path).is_some_and(is_programmed) && !is_foreign(path) && !is_test(path)
}

/// Returns whether a file is third-party, generated or hidden.
pub(super) fn is_foreign(path: &str) -> bool {
    folder(path).split('/').any(|part| FOREIGN.contains(&part) || (part.starts_with('.') && part.len() > 1))
}

/// Returns whether a file is the main file of its folder.
pub(super) fn is_entry(path: &str) -> bool {
    ENTRIES.contains(&name(path))
}

/// Returns whether a file makes its folder a package.
pub(super) fn is_package(path: &str) -> bool {
    PACKAGES.contains(&name(path).to_ascii_lowercase().as_str()) && !is_foreign(path)
}

/// Returns whether a file is a README.
pub(super) fn is_readme(path: &str) -> bool {
    let name = name(path).to_ascii_lowercase();
    matches!(name.as_str(), "readme" | "readme.md" | "readme.rst" | "readme.txt" | "readme.markdown")
}

/// Returns whether a file is a CI workflow of GitHub.
pub(super) fn is_workflow(path: &str) -> bool {
    folder(path) == ".github/workflows" && language(path) == Some("YAML")
}

/// Returns whether a change of this file invalidates an agent memory.
pub fn is_manifest(path: &str) -> bool {
    let name = name(path).to_ascii_lowercase();
    let is_one = MANIFESTS.contains(&name.as_str()) && !is_foreign(path);
    is_one || is_workflow(path) || (is_readme(path) && depth(path) == 0)
}

/// Returns whether a file has tests.
pub(super) fn is_test(path: &str) -> bool {
    let file = name(path);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let by_name = ["_test", ".test", "_spec", ".spec", "Test", "Tests"].iter().any(|end| stem.ends_with(end));
    test_folder(path).is_some() || by_name || stem.starts_with("test_")
}

/// Returns the test folder around a test, else its own folder.
pub(super) fn test_place(path: &str) -> &str {
    test_folder(path).unwrap_or_else(|| folder(path))
}

fn test_folder(path: &str) -> Option<&str> {
    let mut end = 0;
    for part in folder(path).split('/') {
        end += part.len();
        if TEST_FOLDERS.contains(&part) {
            return path.get(..end);
        }
        end += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_belong_to_test_folders() {
        for (path, place) in [
            ("tests/it/main.rs", "tests"),
            ("packages/a/__tests__/b.ts", "packages/a/__tests__"),
            ("pkg/server_test.go", "pkg"),
            ("src/a.test.ts", "src"),
            ("test_a.py", ""),
            ("src/test/java/ATest.java", "src/test"),
        ] {
            assert!(is_test(path), "{path}");
            assert_eq!(test_place(path), place, "{path}");
        }
        assert!(!is_test("src/contest.rs") && !is_test("src/latest.py"));
    }

    #[test]
    fn manifests_are_recognised_by_name() {
        for path in ["Cargo.toml", "a/package.json", "README.md", ".github/workflows/ci.yml", "justfile"] {
            assert!(is_manifest(path), "{path}");
        }
        for path in ["node_modules/a/package.json", "docs/README.md", "src/main.rs", "fixtures/Cargo.toml"] {
            assert!(!is_manifest(path), "{path}");
        }
    }
}
