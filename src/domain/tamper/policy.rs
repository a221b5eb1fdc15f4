//! The policy of the gate `tamper`: one row per kind of change, each with its consequence.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The consequence of a change of some kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Consequence {
    /// Ignore such a change.
    Off,
    /// Show such a change to the reviewers as a fact to judge.
    Report,
    /// Refuse such a change, unless the task names the file: then report it.
    #[default]
    Block,
}

/// Declares the kinds of changes, with their settings, defaults and titles.
macro_rules! rows {
    ($($(#[$doc:meta])* $field:ident: $kind:ident = $default:ident, $title:literal;)+) => {
        /// The kinds of changes that the gate looks for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum TamperKind {
            $($(#[$doc])* $kind),+
        }

        impl TamperKind {
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// Returns the name in settings and records.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => stringify!($field)),+
                }
            }

            /// Returns the title in messages.
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$kind => $title),+
                }
            }
        }

        /// Changes that weaken checks: what follows from each kind.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct TamperPolicy {
            /// Strictest action on a change that weakens checks: `off` disables the gate, `report` never blocks.
            pub strictest: Consequence,
            $($(#[$doc])* pub $field: Consequence,)+
        }

        impl TamperPolicy {
            /// Returns the consequence of a kind.
            pub fn of(&self, kind: TamperKind) -> Consequence {
                let row = match kind {
                    $(TamperKind::$kind => self.$field),+
                };
                row.min(self.strictest)
            }
        }

        impl Default for TamperPolicy {
            fn default() -> Self {
                Self { strictest: Consequence::Block, $($field: Consequence::$default),+ }
            }
        }
    };
}

rows! {
    /// New comments or attributes that silence a tool, such as `eslint-disable`.
    suppressions: Suppressions = Report, "new comments or attributes that silence a tool";
    /// Files that now claim to be generated, which tools skip.
    generated: Generated = Report, "files that now claim to be generated";
    /// Ignore files and `.gitattributes`.
    ignore_files: IgnoreFiles = Report, "ignore files";
    /// Configuration of linters, formatters, type checkers and scorers.
    tool_config: ToolConfig = Report, "configuration of tools";
    /// Changed settings of such tools in a manifest, such as `[lints]` or `[tool.ruff]`, which the score gate cannot replace by those of the merge base.
    manifests: Manifests = Block, "settings of tools in manifests";
    /// Files and sections of manifests that select or redirect the programs of a toolchain, or set build options.
    toolchain: Toolchain = Report, "files that select the programs of a toolchain";
    /// At least 20 new files of at most three lines.
    dilution: Dilution = Report, "many tiny new files";
    /// Deleted files, except tests.
    deletion: Deletion = Report, "deleted files";
    /// Files with a new ending, files with a hidden name, and code in a folder that tools skip.
    renames: Renames = Report, "files that tools skip by their name or folder";
    /// Code moved into tests.
    moved_into_tests: MovedIntoTests = Report, "code moved into tests";
    /// Deleted test files, tests moved out of the tests, and names that a test runner does not collect.
    tests_removed: TestsRemoved = Report, "removed tests";
    /// Changed or removed lines of existing tests, fewer tests or assertions, and skipped tests.
    tests_weakened: TestsWeakened = Report, "existing tests changed";
    /// Configuration of test runners, build scripts, files that the commands of gates name, and lines in scripts and configuration that leave tests out or hide a failure.
    test_runner: TestRunner = Report, "files that decide how tests run";
    /// Workflows of CI systems and hooks.
    ci: Ci = Report, "CI workflows and hooks";
    /// Lock files of package managers.
    lock_files: LockFiles = Report, "lock files";
    /// The policy of agent-loop itself, and `CODEOWNERS`.
    policy: Policy = Block, "policy files";
    /// Symbolic links inside the repository.
    links: Links = Report, "symbolic links";
    /// Symbolic links that leave the repository.
    links_outside: LinksOutside = Block, "symbolic links that leave the repository";
    /// New or changed submodules, whose content reviewers do not see.
    submodules: Submodules = Report, "submodules, whose content is not shown";
    /// Files that become executable.
    executables: Executables = Report, "files that become executable";
    /// New or changed binary files, whose content reviewers do not see.
    binaries: Binaries = Report, "binary files, whose content is not shown";
    /// Files that configure agents, such as `AGENTS.md` and `.claude`.
    agent_files: AgentFiles = Report, "configuration of agents";
    /// Files outside the stated scope.
    scope: Scope = Block, "files outside the stated scope";
    /// New file names with control characters, invisible characters or invalid UTF-8.
    names: Names = Block, "deceptive file names";
    /// Added lines with characters that change the direction of text or are invisible, and source files with NUL bytes.
    hidden_text: HiddenText = Block, "text that is not shown as it is";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_limits_every_row() {
        let usual = TamperPolicy::default();
        assert_eq!(usual.of(TamperKind::Scope), Consequence::Block);
        let mild = TamperPolicy { strictest: Consequence::Report, ..usual.clone() };
        let off = TamperPolicy { strictest: Consequence::Off, ..usual };
        for kind in TamperKind::ALL {
            assert_eq!(mild.of(*kind), Consequence::Report, "{}", kind.name());
            assert_eq!(off.of(*kind), Consequence::Off, "{}", kind.name());
        }
    }
}
