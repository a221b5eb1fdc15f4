//! How a run ends: every status, reason and exit code of the program, as one closed enum.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::CommitSha;

/// How a run ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Ending {
    /// Everyone approved this head, and every gate passed on it.
    Approved,
    Merged {
        commit: CommitSha,
    },
    /// Approved; the forge's checks are not finished.
    ApprovedCiPending,
    /// Something is left to fix, and the loop has done what it may.
    Blocked {
        reason: Blocked,
    },
    /// The loop could not do its work.
    Failed {
        reason: Failed,
    },
    Refused {
        reason: Refused,
    },
    /// The run waits for an allowance to come back.
    Parked {
        resets_at: Timestamp,
        #[serde(default)]
        reason: Parked,
    },
    NeedsHuman {
        reason: NeedsHuman,
    },
    /// A gate could not be measured.
    Inconclusive,
    /// INT or TERM; the state is safe.
    Interrupted,
}

/// Declares a closed list of reasons with the names that outcomes and records use.
macro_rules! reasons {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        $(#[$doc])*
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant),+
        }

        impl $name {
            /// The value of `reason` in outcomes and records.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }
        }
    };
}

reasons!(
    /// Why a run ended with something left to fix.
    Blocked {
        /// The maximum of rounds is reached.
        Rounds = "rounds",
        /// The coder left the head as it was, twice in a row.
        NoChange = "no-change",
        /// What the run may cost is spent.
        Budget = "budget",
    }
);
reasons!(
    /// Why the loop could not do its work.
    Failed {
        ReviewerUnavailable = "reviewer-unavailable",
        AgentFailed = "agent-failed",
        /// Another engine works on the subject.
        Superseded = "superseded",
        /// The forge could not be reached, or said no.
        Forge = "forge",
        /// The disk could not be read or written.
        Disk = "disk",
        /// Anything else; a defect of this program.
        Error = "error",
    }
);
reasons!(
    Refused {
        /// The words of the command line are off.
        Usage = "usage",
        Config = "config",
        /// Somebody else holds the subject's lock.
        Locked = "locked",
        /// The issue or pull request is closed.
        ClosedSubject = "closed-subject",
        /// A checkout holds changes that would be in the way.
        Dirty = "dirty",
        /// The repository's file of settings names programs, and its user has not said that they trust it.
        UntrustedConfig = "untrusted-config",
        /// What was asked for is not there yet, or not possible here.
        Unsupported = "unsupported",
    }
);
reasons!(
    /// What a run waits for.
    #[derive(Default)]
    Parked {
        /// The allowance of an account or plan.
        #[default]
        Quota = "quota",
        /// The limit of requests in a short time.
        RateLimit = "rate-limit",
    }
);
reasons!(
    /// What a person must decide.
    NeedsHuman {
        Clarification = "clarification",
        /// A coder and a reviewer disagree.
        Dispute = "dispute",
        /// The head no longer contains the loop's own commits.
        Rewritten = "rewritten",
        /// A record stands under our login that this engine did not publish.
        ForeignRecord = "foreign-record",
        Merge = "merge",
        /// What was about to be published holds a secret.
        Secret = "secret",
    }
);

impl Ending {
    /// The value of `status` in an outcome.
    pub fn status(&self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Merged { .. } => "merged",
            Self::ApprovedCiPending => "approved-ci-pending",
            Self::Blocked { .. } => "blocked",
            Self::Failed { .. } => "failed",
            Self::Refused { .. } => "refused",
            Self::Parked { .. } => "parked",
            Self::NeedsHuman { .. } => "needs-human",
            Self::Inconclusive => "inconclusive",
            Self::Interrupted => "interrupted",
        }
    }

    /// The value of `reason` in an outcome.
    pub fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Approved
            | Self::Merged { .. }
            | Self::ApprovedCiPending
            | Self::Inconclusive
            | Self::Interrupted => None,
            Self::Blocked { reason } => Some(reason.name()),
            Self::Failed { reason } => Some(reason.name()),
            Self::Refused { reason } => Some(reason.name()),
            Self::Parked { reason, .. } => Some(reason.name()),
            Self::NeedsHuman { reason } => Some(reason.name()),
        }
    }

    /// The exit code of the process.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Approved | Self::Merged { .. } => 0,
            Self::Blocked { .. } | Self::Failed { .. } => 1,
            Self::Refused { .. } => 2,
            Self::Parked { .. } => 3,
            Self::NeedsHuman { .. } => 4,
            Self::ApprovedCiPending => 5,
            Self::Inconclusive => 6,
            Self::Interrupted => 130,
        }
    }

    /// Whether a later command goes on with the same run rather than opening a new one.
    pub fn leaves_run_open(&self) -> bool {
        match self {
            Self::Parked { .. }
            | Self::ApprovedCiPending
            | Self::Interrupted
            // What was spent counts on: a new run would have the whole budget again.
            | Self::Blocked { reason: Blocked::Budget } => true,
            Self::Approved
            | Self::Merged { .. }
            | Self::Blocked { reason: Blocked::Rounds | Blocked::NoChange }
            | Self::Failed { .. }
            | Self::Refused { .. }
            | Self::NeedsHuman { .. }
            | Self::Inconclusive => false,
        }
    }

    /// By how many sittings this ending moves a run on, 1 or 0. In a new sitting the run's questions are asked anew. A spent
    /// budget fails no question: the sitting goes on, with what was answered.
    pub fn sittings(&self) -> u32 {
        match self {
            Self::Blocked { reason: Blocked::Budget } => 0,
            Self::Blocked { reason: Blocked::Rounds | Blocked::NoChange }
            | Self::Parked { .. }
            | Self::ApprovedCiPending
            | Self::Interrupted
            | Self::Approved
            | Self::Merged { .. }
            | Self::Failed { .. }
            | Self::Refused { .. }
            | Self::NeedsHuman { .. }
            | Self::Inconclusive => 1,
        }
    }
}
