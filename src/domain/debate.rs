//! The rules of a debate: its length, the treatment of failed debaters, and the policy for online research.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::execution::DeferredWork;
use super::word_list::word_list;

word_list!(
    /// Whether debaters research online.
    #[derive(Default, PartialOrd, Ord, JsonSchema)]
    ResearchPolicy {
        /// Web tools are off: debaters use the repository and the issue only.
        #[default]
        Forbidden = "none",
        /// Every debater researches, and names a source for each external fact.
        Required = "required",
        /// Debaters decide whether the question depends on current external facts.
        Optional = "auto",
    }
);

word_list!(
    /// The reaction to a failed turn of a debater.
    #[derive(Default, PartialOrd, Ord, JsonSchema)]
    OnDebaterFailure {
        /// Publish the votes of the others, and end the run.
        #[default]
        Fail = "fail",
        /// Continue with at least two votes; such a round never ends in consensus.
        Partial = "partial",
    }
);

word_list!(
    /// The way in which a debate ended.
    DebateResult {
        /// All debaters gave the same vote in the first round.
        Unanimous = "unanimous",
        /// All debaters gave the same vote in a later round.
        Converged = "converged",
        /// The votes differed to the end.
        Deadlock = "deadlock",
    }
);

/// The rules of a debate, fixed by its `opened` record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DebatePolicy {
    /// The number of rounds after the first, in which debaters answer each other.
    pub max_rounds: u32,
    pub research: ResearchPolicy,
    pub on_failure: OnDebaterFailure,
    /// What happens to the proposed issues when all debaters vote to split an issue.
    #[serde(default, skip_serializing_if = "DeferredWork::is_listed")]
    pub stages: DeferredWork,
}

impl Default for DebatePolicy {
    fn default() -> Self {
        Self {
            max_rounds: 2,
            research: ResearchPolicy::default(),
            on_failure: OnDebaterFailure::default(),
            stages: DeferredWork::default(),
        }
    }
}

impl DebatePolicy {
    /// Returns the number of rounds including the first.
    pub fn rounds(self) -> u32 {
        self.max_rounds.saturating_add(1)
    }
}
