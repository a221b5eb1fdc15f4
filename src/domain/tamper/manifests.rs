//! The only table of sections of manifests that configure tools.

/// What a section of a manifest is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SectionUse {
    Tools,
    Toolchain,
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
    toolchain("Cargo.toml", &["profile"]),
    toolchain("Cargo.toml", &["patch"]),
    toolchain("Cargo.toml", &["replace"]),
    toolchain("Cargo.toml", &["package", "build"]),
    runner("Cargo.toml", &["package", "autotests"]),
    runner("Cargo.toml", &["workspace", "default-members"]),
    runner("Cargo.toml", &["workspace", "exclude"]),
    runner("Cargo.toml", &["lib", "harness"]),
    runner("Cargo.toml", &["test"]),
    runner("Cargo.toml", &["lib", "test"]),
    runner("Cargo.toml", &["lib", "doctest"]),
    tools("pyproject.toml", &["tool", "ruff"]),
    tools("pyproject.toml", &["tool", "mypy"]),
    tools("pyproject.toml", &["tool", "pyright"]),
    tools("pyproject.toml", &["tool", "pylint"]),
    tools("pyproject.toml", &["tool", "coverage"]),
    tools("pyproject.toml", &["tool", "bandit"]),
    tools("pyproject.toml", &["tool", "black"]),
    tools("pyproject.toml", &["tool", "isort"]),
    tools("pyproject.toml", &["tool", "flake8"]),
    tools("pyproject.toml", &["tool", "ty"]),
    tools("pyproject.toml", &["tool", "basedpyright"]),
    tools("pyproject.toml", &["tool", "pyrefly"]),
    tools("pyproject.toml", &["tool", "pyre"]),
    tools("pyproject.toml", &["tool", "vulture"]),
    tools("pyproject.toml", &["tool", "pydocstyle"]),
    tools("pyproject.toml", &["tool", "interrogate"]),
    tools("pyproject.toml", &["tool", "importlinter"]),
    tools("pyproject.toml", &["tool", "deptry"]),
    tools("pyproject.toml", &["tool", "mutmut"]),
    toolchain("pyproject.toml", &["build-system"]),
    runner("pyproject.toml", &["tool", "nox"]),
    runner("pyproject.toml", &["tool", "poe"]),
    runner("pyproject.toml", &["tool", "taskipy"]),
    runner("pyproject.toml", &["tool", "hatch", "envs"]),
    runner("pyproject.toml", &["tool", "pdm", "scripts"]),
    runner("pyproject.toml", &["tool", "pytest"]),
    runner("pyproject.toml", &["tool", "tox"]),
    runner("package.json", &["scripts"]),
    runner("package.json", &["jest"]),
    runner("package.json", &["mocha"]),
    runner("package.json", &["vitest"]),
    runner("package.json", &["ava"]),
    runner("package.json", &["tap"]),
    runner("package.json", &["babel"]),
    runner("package.json", &["husky"]),
    runner("package.json", &["lint-staged"]),
    toolchain("package.json", &["engines"]),
    toolchain("package.json", &["packageManager"]),
    toolchain("package.json", &["overrides"]),
    toolchain("package.json", &["resolutions"]),
    toolchain("package.json", &["pnpm"]),
    tools("package.json", &["xo"]),
    tools("package.json", &["standard"]),
    tools("package.json", &["jshintConfig"]),
    tools("package.json", &["jscpd"]),
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

const fn toolchain(manifest: &'static str, keys: &'static [&'static str]) -> ManifestSection {
    ManifestSection { manifest, keys, purpose: SectionUse::Toolchain }
}

const fn runner(manifest: &'static str, keys: &'static [&'static str]) -> ManifestSection {
    ManifestSection { manifest, keys, purpose: SectionUse::TestRunner }
}
