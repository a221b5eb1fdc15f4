//! The proofs that an approval needs. Each can be created only by its check.

use crate::domain::gate::{Measurement, Verdict};
use crate::domain::ids::{CommitSha, GateName, RequirementId};
use crate::domain::revision::Revision;
use crate::domain::roster::Seat;
use crate::domain::vote::{Ballot, Vote};

/// The proof that every seat approves one revision and knows every requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unanimous(());

impl Unanimous {
    /// Creates the proof if the latest vote of every seat approves exactly this revision and knows all of these requirements. A
    /// panel without seats is never unanimous.
    pub fn among(
        seats: &[Seat],
        votes: &[Vote],
        revision: &Revision,
        required: &[RequirementId],
    ) -> Option<Self> {
        let approves = |seat: &Seat| votes.iter().any(|vote| approves(vote, seat, revision, required));
        (!seats.is_empty() && seats.iter().all(approves)).then_some(Self(()))
    }
}

/// Returns whether a vote is the seat's approval of exactly this revision, with all of these requirements.
pub fn approves(vote: &Vote, seat: &Seat, revision: &Revision, required: &[RequirementId]) -> bool {
    vote.agent == seat.label
        && vote.state == Ballot::Approved
        && vote.head == *revision
        && required.iter().all(|id| vote.requirements.contains(id))
}

/// The proof that every required gate passed on one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatesHold(());

impl GatesHold {
    /// Creates the proof if the latest measurement of every required gate is a pass on exactly this commit.
    pub fn on(required: &[GateName], measured: &[Measurement], head: &CommitSha) -> Option<Self> {
        let holds = |gate: &GateName| {
            measured.iter().any(|one| one.gate == *gate && one.head == *head && one.verdict == Verdict::Pass)
        };
        required.iter().all(holds).then_some(Self(()))
    }
}

/// The proof that all reviewers approve and all gates passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval(());

impl Approval {
    pub fn of(_: Unanimous, _: GatesHold) -> Self {
        Self(())
    }
}
