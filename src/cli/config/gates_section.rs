//! The settings `[gates.…]`: each field is a key, its comment the help, its default the default.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::gate::FlakyTests;
use crate::domain::gate_plan::{GatePlan, GateTiming, GateWeight};
use crate::domain::tamper::policy::TamperPolicy;

use super::seconds::seconds;

/// Checks that must pass on the approved commit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GatesSettings {
    /// The project's tests.
    pub tests: Tests,
    /// A further command that must succeed, for example `lint` or `types`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub command: BTreeMap<String, CommandSection>,
    /// The score of a deterministic scorer: the change may not lower the score of the merge base.
    pub score: ScoreSection,
    /// Changes that weaken checks: a row per kind, each `off`, `report` (reviewers judge it) or `block`.
    pub tamper: TamperPolicy,
    /// Gate to turn off, by name: `tests`, `score`, `tamper`, or a section of `gates.command`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub off: Vec<String>,
    /// Patterns of the files that the change may touch, such as `src/**/*.rs`; a folder stands for all files below it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scope: Vec<String>,
    /// Use of scorer engines that run code of the project, such as build scripts.
    pub run_project_code: RunProjectCode,
    /// The forge's checks, with `review.auto_merge`.
    pub ci: Ci,
}

/// When engines of a scorer that run code of the project are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunProjectCode {
    /// Use them, except for pull requests from forks.
    #[default]
    Auto,
    /// Use them for forks too.
    Always,
    /// Turn them off for the merge base and the head.
    Never,
}

/// Use of the score gate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ScoreMode {
    /// Do not use the score gate.
    Off,
    /// Use the score gate if a scorer is found.
    #[default]
    Auto,
    /// Refuse to run without a scorer.
    Required,
}

/// The score gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScoreSection {
    /// Score gate: the change may not lower the quality of the merge base.
    pub mode: ScoreMode,
    /// Command that runs aislop, if not `aislop`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aislop_command: Option<String>,
    /// Command that runs another scorer, whose output has the format of `schemas/score.schema.json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Minimum score, from 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_score: Option<u8>,
    /// Maximum number of points by which the score may fall.
    pub max_drop: u8,
    /// Refuse new findings of severity `error`.
    pub no_new_errors: bool,
    /// Maximum number of new warnings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_new_warnings: Option<u32>,
    /// Maximum number of added comments that silence a tool, minus those that the change removes.
    pub max_new_suppressions: u32,
    /// An engine of the scorer, for example `lint`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub engines: BTreeMap<String, EngineSection>,
    /// Engines that must measure both merge base and head; by default all of aislop's except formatting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_engines: Option<Vec<String>>,
    /// Accept files that the scorer cannot score.
    pub allow_unscoreable: bool,
    /// Accept a score although engines failed, were skipped or lack a program.
    pub allow_incomplete: bool,
    /// Time limit for one scan, in seconds.
    pub timeout_seconds: NonZeroU64,
}

/// An engine of the scorer, for example `lint`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EngineSection {
    /// Maximum number of new findings of the engine, of any severity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_new: Option<u32>,
}

impl ScoreSection {
    pub fn names_a_scorer(&self) -> bool {
        self.command.is_some() || self.aislop_command.is_some()
    }
}

impl Default for ScoreSection {
    fn default() -> Self {
        Self {
            mode: ScoreMode::Auto,
            aislop_command: None,
            command: None,
            min_score: None,
            max_drop: 0,
            no_new_errors: true,
            max_new_warnings: None,
            max_new_suppressions: 0,
            engines: BTreeMap::new(),
            required_engines: None,
            allow_unscoreable: false,
            allow_incomplete: false,
            timeout_seconds: seconds(300),
        }
    }
}

/// The project's tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tests {
    /// Test command that must succeed on the approved commit. It runs without a shell; for `&&`, `|` and the like use `sh -c '…'`.
    pub command: Option<String>,
    /// Command that prepares each fresh clone once, for the coder and for the test command. A clone contains only files that git tracks: no `node_modules`, `.venv` or build folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setup: Option<String>,
    /// Run the test command before each review of a new commit too.
    pub before_review: bool,
    /// Tests that fail, and pass when run again on the same files: `fail`, or `allow`.
    pub flaky: FlakyTests,
    /// Time limit for the test command, in seconds.
    pub timeout_seconds: NonZeroU64,
}

impl Default for Tests {
    fn default() -> Self {
        Self {
            command: None,
            setup: None,
            before_review: true,
            flaky: FlakyTests::default(),
            timeout_seconds: seconds(1800),
        }
    }
}

/// A further command that must succeed, for example `lint` or `types`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CommandSection {
    /// Command that must succeed. It runs without a shell, in a clone that `gates.tests.setup` has prepared.
    pub command: String,
    /// Require the gate for an approval; otherwise its result is only published.
    pub required: bool,
    /// Run the command before each review of a new commit too.
    pub before_review: bool,
    /// A command that fails, and passes when run again on the same files: `fail`, or `allow`.
    pub flaky: FlakyTests,
    /// Time limit for the command, in seconds.
    pub timeout_seconds: NonZeroU64,
}

impl CommandSection {
    pub fn plan(&self) -> GatePlan {
        GatePlan {
            timing: if self.before_review { GateTiming::BeforeReview } else { GateTiming::BeforeApproval },
            weight: if self.required { GateWeight::Required } else { GateWeight::Advisory },
        }
    }
}

impl Default for CommandSection {
    fn default() -> Self {
        Self {
            command: String::new(),
            required: true,
            before_review: true,
            flaky: FlakyTests::default(),
            timeout_seconds: seconds(1800),
        }
    }
}

/// The forge's checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ci {
    /// Name of the only check that must be green. If not set: every check that the target branch requires; if it requires none, all checks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_name: Option<String>,
    /// How long to wait before a merge for the first check of a commit, in seconds. After that, the commit counts as having no checks.
    pub start_seconds: u64,
    /// How long to wait for unfinished checks before a merge, in seconds.
    pub timeout_seconds: u64,
    /// Interval between two requests for unfinished checks, in seconds.
    pub poll_interval_seconds: NonZeroU64,
}

impl Default for Ci {
    fn default() -> Self {
        Self {
            check_name: None,
            start_seconds: 30,
            timeout_seconds: 1200,
            poll_interval_seconds: seconds(30),
        }
    }
}
