//! The endings of a run, with their statuses, reasons and exit codes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::CommitSha;
use super::word_list::word_list;

/// The ending of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Ending {
    /// All reviewers approved the head, and all gates passed on it.
    Approved,
    Merged {
        commit: CommitSha,
    },
    /// The debaters agree.
    Consensus,
    /// A plan is approved.
    Planned,
    /// An approved plan is divided into child issues.
    Decomposed,
    /// A repair session improved the code.
    Kept,
    /// The change is approved, and the forge's checks are not finished.
    ApprovedCiPending,
    /// Findings remain, and the run has reached a limit.
    Blocked {
        reason: Blocked,
    },
    /// The run could not continue.
    Failed {
        reason: Failed,
    },
    Refused {
        reason: Refused,
    },
    /// The run waits until a quota or rate limit resets.
    Parked {
        resets_at: Timestamp,
        #[serde(default)]
        reason: Parked,
    },
    NeedsHuman {
        reason: NeedsHuman,
    },
    /// The debaters disagree, and a person must decide.
    Deadlock,
    /// A gate could not be measured.
    Inconclusive,
    /// The run received INT or TERM; its state is saved.
    Interrupted,
}

word_list!(
    /// The reason why a run ended with open findings.
    Blocked {
        /// The maximum number of rounds is reached.
        Rounds = "rounds",
        /// The coder did not change the head, twice in a row.
        NoChange = "no-change",
        /// A gate keeps failing.
        Gate = "gate",
        /// The budget of the run is spent.
        Budget = "budget",
    }
);
word_list!(
    /// The reason why a run could not continue.
    Failed {
        ReviewerUnavailable = "reviewer-unavailable",
        AgentFailed = "agent-failed",
        /// Another engine works on the subject.
        Superseded = "superseded",
        /// The forge could not be reached, or rejected a request.
        Forge = "forge",
        /// The disk could not be read or written.
        Disk = "disk",
        /// Any other error; a defect of this program.
        Error = "error",
    }
);
word_list!(
    /// The reason why a command was refused.
    Refused {
        /// The command line is invalid.
        Usage = "usage",
        Config = "config",
        /// Another process holds the subject's lock.
        Locked = "locked",
        /// The issue or pull request is closed, or a branch of the pull request is gone.
        ClosedSubject = "closed-subject",
        /// The pull request changes nothing compared to its base.
        NoChange = "no-change",
        /// A checkout has changes that would be overwritten.
        Dirty = "dirty",
        /// The repository's settings file names programs, and the user has not trusted the file.
        UntrustedConfig = "untrusted-config",
        /// The request is not implemented, or not possible in this repository.
        Unsupported = "unsupported",
    }
);
word_list!(
    /// The limit whose reset a run waits for.
    #[derive(Default)]
    Parked {
        /// The quota of an account or plan.
        #[default]
        Quota = "quota",
        /// The quota of an account or plan, whose reset time is unknown: the instant is a guess.
        QuotaUnknown = "quota-unknown",
        /// The number of requests in a short time.
        RateLimit = "rate-limit",
    }
);
word_list!(
    /// The decision that a person must take.
    NeedsHuman {
        Clarification = "clarification",
        /// A coder and a reviewer disagree.
        Dispute = "dispute",
        /// The head no longer contains the commits of the run.
        Rewritten = "rewritten",
        /// The thread has a record under our login that this engine did not publish.
        ForeignRecord = "foreign-record",
        Merge = "merge",
        /// A phase of a plan is assigned to a person.
        Phase = "phase",
        /// A text contains a secret and was not published.
        Secret = "secret",
    }
);

/// The consequences of an ending.
struct EndingRow {
    status: &'static str,
    exit_code: u8,
    run: AfterEnding,
}

/// The effect of an ending on the next command for the same subject.
enum AfterEnding {
    /// The next command opens a new run.
    Closed,
    /// The next command resumes the run, and asks its questions again.
    NewWindow,
    /// The next command resumes the run, and keeps the answers.
    SameWindow,
}

impl Ending {
    /// Returns all consequences of the ending.
    fn row(&self) -> EndingRow {
        use AfterEnding::{Closed, NewWindow, SameWindow};
        let row = |status, exit_code, run| EndingRow { status, exit_code, run };
        match self {
            Self::Approved => row("approved", 0, Closed),
            Self::Merged { .. } => row("merged", 0, Closed),
            Self::Consensus => row("consensus", 0, Closed),
            Self::Planned => row("planned", 0, Closed),
            Self::Decomposed => row("decomposed", 0, Closed),
            Self::Kept => row("kept", 0, Closed),
            // A new run would start with the whole budget.
            Self::Blocked { reason: Blocked::Budget } => row("blocked", 1, SameWindow),
            Self::Blocked { reason: Blocked::Rounds | Blocked::NoChange | Blocked::Gate } => {
                row("blocked", 1, Closed)
            }
            Self::Failed { .. } => row("failed", 1, Closed),
            Self::Refused { .. } => row("refused", 2, Closed),
            Self::Parked { .. } => row("parked", 3, NewWindow),
            // The coder's questions are still to be answered, in the thread or at a terminal.
            Self::NeedsHuman { reason: NeedsHuman::Clarification } => row("needs-human", 4, NewWindow),
            Self::NeedsHuman { .. } => row("needs-human", 4, Closed),
            Self::Deadlock => row("deadlock", 4, Closed),
            Self::ApprovedCiPending => row("approved-ci-pending", 5, NewWindow),
            Self::Inconclusive => row("inconclusive", 6, Closed),
            Self::Interrupted => row("interrupted", 130, NewWindow),
        }
    }

    /// Returns the `status` of an outcome.
    pub fn status(&self) -> &'static str {
        self.row().status
    }

    /// Returns the `reason` of an outcome.
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

    /// Returns whether all reviewers approved the head, and every gate held.
    pub fn approves(&self) -> bool {
        matches!(self, Self::Approved | Self::Merged { .. })
    }

    /// Returns whether the cause is outside of the change. What corrects it may be known to this machine only.
    pub fn has_outer_cause(&self) -> bool {
        matches!(self, Self::Inconclusive | Self::Failed { .. })
    }

    /// Returns the exit code of the process.
    pub fn exit_code(&self) -> u8 {
        self.row().exit_code
    }

    /// Returns whether the next command resumes the run instead of opening a new one.
    pub fn leaves_run_open(&self) -> bool {
        match self.row().run {
            AfterEnding::NewWindow | AfterEnding::SameWindow => true,
            AfterEnding::Closed => false,
        }
    }

    /// Returns the number of attempt windows that this ending closes: 1, or 0 for a spent budget, which fails no question.
    /// In a new window all questions are asked again.
    pub fn attempt_windows(&self) -> u32 {
        match self.row().run {
            AfterEnding::SameWindow => 0,
            AfterEnding::NewWindow | AfterEnding::Closed => 1,
        }
    }
}
