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
    /// Debaters agree.
    Consensus,
    /// A plan is approved.
    Planned,
    /// An approved plan is cut into child issues.
    Decomposed,
    /// A repair session kept what it improved.
    Kept,
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
    /// Debaters do not agree, and a person must decide.
    Deadlock,
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
        /// A gate stays red.
        Gate = "gate",
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
        /// The issue or pull request is closed, or a branch of the pull request is gone.
        ClosedSubject = "closed-subject",
        /// The pull request changes nothing against its base.
        NoChange = "no-change",
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
        /// The same, and nobody said until when: the instant is a guess.
        QuotaUnknown = "quota-unknown",
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
        /// A phase of a plan is a person's.
        Phase = "phase",
        /// What was about to be published holds a secret.
        Secret = "secret",
    }
);

/// What follows from an ending.
struct EndingRow {
    status: &'static str,
    exit_code: u8,
    run: AfterEnding,
}

/// What a later command does with a run that ended so.
enum AfterEnding {
    /// It opens a new run.
    Closed,
    /// It goes on with the run, and asks its questions anew.
    NewSitting,
    /// It goes on with the run and with what was answered.
    SameSitting,
}

impl Ending {
    /// Everything that follows from an ending, one row for each.
    fn row(&self) -> EndingRow {
        use AfterEnding::{Closed, NewSitting, SameSitting};
        let row = |status, exit_code, run| EndingRow { status, exit_code, run };
        match self {
            Self::Approved => row("approved", 0, Closed),
            Self::Merged { .. } => row("merged", 0, Closed),
            Self::Consensus => row("consensus", 0, Closed),
            Self::Planned => row("planned", 0, Closed),
            Self::Decomposed => row("decomposed", 0, Closed),
            Self::Kept => row("kept", 0, Closed),
            // What was spent counts on: a new run would have the whole budget again.
            Self::Blocked { reason: Blocked::Budget } => row("blocked", 1, SameSitting),
            Self::Blocked { reason: Blocked::Rounds | Blocked::NoChange | Blocked::Gate } => {
                row("blocked", 1, Closed)
            }
            Self::Failed { .. } => row("failed", 1, Closed),
            Self::Refused { .. } => row("refused", 2, Closed),
            Self::Parked { .. } => row("parked", 3, NewSitting),
            Self::NeedsHuman { .. } => row("needs-human", 4, Closed),
            Self::Deadlock => row("deadlock", 4, Closed),
            Self::ApprovedCiPending => row("approved-ci-pending", 5, NewSitting),
            Self::Inconclusive => row("inconclusive", 6, Closed),
            Self::Interrupted => row("interrupted", 130, NewSitting),
        }
    }

    /// The value of `status` in an outcome.
    pub fn status(&self) -> &'static str {
        self.row().status
    }

    /// The value of `reason` in an outcome.
    pub fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Approved
            | Self::Merged { .. }
            | Self::Consensus
            | Self::Planned
            | Self::Decomposed
            | Self::Kept
            | Self::Deadlock
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
        self.row().exit_code
    }

    /// Whether a later command goes on with the same run rather than opening a new one.
    pub fn leaves_run_open(&self) -> bool {
        match self.row().run {
            AfterEnding::NewSitting | AfterEnding::SameSitting => true,
            AfterEnding::Closed => false,
        }
    }

    /// By how many sittings this ending moves a run on, 1 or 0. In a new sitting the run's questions are asked anew. A spent
    /// budget fails no question: the sitting goes on, with what was answered.
    pub fn sittings(&self) -> u32 {
        match self.row().run {
            AfterEnding::SameSitting => 0,
            AfterEnding::NewSitting | AfterEnding::Closed => 1,
        }
    }
}
