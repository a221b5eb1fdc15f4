//! The terms of a debate: its debaters, its analyzer and its rules.

use crate::domain::access::Access;
use crate::domain::agent::Role;
use crate::domain::debate::{DebatePolicy, ResearchPolicy};
use crate::domain::roster::{Participant, Seat, Voters};

/// The terms of a debate, which has no coder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebateTerms {
    pub debaters: Voters,
    pub analyzer: Option<Seat>,
    pub policy: DebatePolicy,
}

/// Returns the access of debaters: web tools only if the debate uses research.
pub(super) fn access(research: ResearchPolicy) -> Access {
    match research {
        ResearchPolicy::Forbidden => Access::Read,
        ResearchPolicy::Required | ResearchPolicy::Optional => Access::ReadAndWeb,
    }
}

impl DebateTerms {
    pub(super) fn seats(&self) -> impl Iterator<Item = (Role, &Seat)> {
        let debaters = self.debaters.seats().iter().map(|seat| (Role::Debater, seat));
        debaters.chain(self.analyzer.iter().map(|seat| (Role::Analyzer, seat)))
    }

    /// Returns the debaters and the analyzer with their access.
    pub(super) fn participants(&self) -> Vec<Participant> {
        let participant = |(role, seat): (Role, &Seat)| {
            let access = match role {
                Role::Debater => access(self.policy.research),
                Role::Coder | Role::Reviewer | Role::Analyzer | Role::Repair => Access::Read,
            };
            Participant { role, access, label: seat.label.clone() }
        };
        self.seats().map(participant).collect()
    }
}
