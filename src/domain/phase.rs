//! A phase of an approved plan: who does it, and how far it is.

use schemars::JsonSchema;

use super::ids::IssueNumber;
use super::word_list::word_list;

word_list!(
    /// Who does a phase.
    #[derive(JsonSchema)]
    Automation {
        /// Agents, in a pull request.
        AgentPr = "agent-pr",
        /// A person.
        HumanAction = "human-action",
        /// Agents or people; a person closes it.
        ManualClose = "manual-close",
    }
);

/// What a part of an issue is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartKind {
    /// A part of a plan.
    Phase,
    /// A part that was split off.
    Stage,
}

/// A phase with its issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedPhase {
    pub kind: PartKind,
    pub number: usize,
    pub issue: IssueNumber,
    pub title: String,
    pub automation: Automation,
    /// The issues of the phases that must be done first.
    pub after: Vec<IssueNumber>,
    pub handoff: Handoff,
    /// The content of the phase, for agents.
    pub text: String,
}

/// Whether a phase was handed over to its own run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handoff {
    NotYet,
    Started,
}

/// The state of the issue of a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChildState {
    Open,
    Done,
    /// Closed as not planned.
    Dropped,
}

/// How far a phase is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhaseProgress {
    Done,
    Dropped,
    /// These issues must be done first.
    Blocked(Vec<IssueNumber>),
    /// A person must do it, or close it.
    ForPerson,
    InProgress,
    Ready,
}

impl PlannedPhase {
    /// Creates the part for a stage that was split off: agents can do it at any time.
    pub fn stage(number: usize, issue: IssueNumber, title: &str) -> Self {
        let (after, handoff) = (Vec::new(), Handoff::NotYet);
        let (title, text) = (title.to_owned(), String::new());
        let (kind, automation) = (PartKind::Stage, Automation::AgentPr);
        Self { kind, number, issue, title, automation, after, handoff, text }
    }

    /// Returns how far the phase is, given the state of each issue.
    pub fn progress(&self, state_of: impl Fn(IssueNumber) -> ChildState) -> PhaseProgress {
        match state_of(self.issue) {
            ChildState::Done => return PhaseProgress::Done,
            ChildState::Dropped => return PhaseProgress::Dropped,
            ChildState::Open => {}
        }
        let is_open = |issue: &IssueNumber| state_of(*issue) != ChildState::Done;
        let open: Vec<IssueNumber> = self.after.iter().copied().filter(is_open).collect();
        match (self.automation, self.handoff) {
            _ if !open.is_empty() => PhaseProgress::Blocked(open),
            (_, Handoff::Started) => PhaseProgress::InProgress,
            (Automation::HumanAction | Automation::ManualClose, Handoff::NotYet) => PhaseProgress::ForPerson,
            (Automation::AgentPr, Handoff::NotYet) => PhaseProgress::Ready,
        }
    }

    /// Names the part for messages.
    pub fn named(&self) -> String {
        let kind = match self.kind {
            PartKind::Phase => "phase",
            PartKind::Stage => "stage",
        };
        format!("{kind} {} “{}” (#{})", self.number, self.title, self.issue)
    }

    /// Returns the command for a phase that agents do.
    pub fn command(&self) -> Option<String> {
        match self.automation {
            Automation::AgentPr => Some(format!("agent-loop issue {}", self.issue)),
            Automation::HumanAction | Automation::ManualClose => None,
        }
    }

    /// Returns the next command for the phase, or what a person must do.
    pub fn advice(&self) -> String {
        let issue = self.issue;
        match self.automation {
            Automation::AgentPr => format!("`agent-loop issue {issue}`"),
            Automation::HumanAction => {
                format!("do the work, say so in a comment on #{issue} and close #{issue}")
            }
            Automation::ManualClose => {
                format!(
                    "do the work or run `agent-loop issue {issue}`, then close #{issue} after its validation"
                )
            }
        }
    }
}

impl PhaseProgress {
    /// Describes the progress in a few words.
    pub fn words(&self) -> String {
        match self {
            Self::Done => "done".to_owned(),
            Self::Dropped => "closed as not planned".to_owned(),
            Self::Blocked(issues) => {
                let issues: Vec<String> = issues.iter().map(|issue| format!("#{issue}")).collect();
                format!("waits for {}", issues.join(", "))
            }
            Self::ForPerson => "waits for a person".to_owned(),
            Self::InProgress => "in progress".to_owned(),
            Self::Ready => "can start".to_owned(),
        }
    }
}
