//! The coder and the reviewers of a run. Every roster has a coder and at least one reviewer, with distinct labels.

use serde::{Deserialize, Serialize};

use super::access::Access;
use super::agent::{AgentName, Backend, Role};
use super::ids::Label;

/// An agent of a run as records show it: without paths and commands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seat {
    pub label: Label,
    pub backend: Backend,
    /// The model that was requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

impl From<&AgentName> for Seat {
    fn from(name: &AgentName) -> Self {
        Self { label: name.label.clone(), backend: name.backend, model: None }
    }
}

impl Seat {
    /// Returns the company whose models answer; `None` for programs of the user and for scripts.
    pub fn house(&self) -> Option<&str> {
        match self.backend {
            Backend::Vendor(vendor) => Some(vendor.house(self.model.as_deref())),
            Backend::Command | Backend::Scripted => None,
        }
    }
}

/// The voters of a run in the configured order: at least one, with distinct labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Seat>", into = "Vec<Seat>")]
pub struct Voters(Vec<Seat>);

/// The coder and the reviewers of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roster {
    coder: Seat,
    reviewers: Voters,
}

/// The role and the label of an agent: they identify its seat in a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeatKey {
    pub role: Role,
    pub label: Label,
}

/// A participant of a run. Its folders depend on these fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    pub role: Role,
    pub access: Access,
    pub label: Label,
}

/// An error for seats that do not form a roster.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRoster {
    #[error("a run needs at least one reviewer: name one with `--reviewer`")]
    NoReviewer,
    #[error(
        "two reviewers have the label `{0}`: give each its own, as in `--reviewer strict=AGENT --reviewer second=AGENT`"
    )]
    SameLabel(Label),
}

impl TryFrom<Vec<Seat>> for Voters {
    type Error = InvalidRoster;

    fn try_from(seats: Vec<Seat>) -> Result<Self, InvalidRoster> {
        if seats.is_empty() {
            return Err(InvalidRoster::NoReviewer);
        }
        for (index, seat) in seats.iter().enumerate() {
            if seats.iter().skip(index + 1).any(|other| other.label == seat.label) {
                return Err(InvalidRoster::SameLabel(seat.label.clone()));
            }
        }
        Ok(Self(seats))
    }
}

impl From<Voters> for Vec<Seat> {
    fn from(Voters(seats): Voters) -> Self {
        seats
    }
}

impl SeatKey {
    pub fn new(role: Role, label: &Label) -> Self {
        Self { role, label: label.clone() }
    }
}

impl Voters {
    pub fn seats(&self) -> &[Seat] {
        &self.0
    }

    pub fn labels(&self) -> impl Iterator<Item = &Label> {
        self.0.iter().map(|seat| &seat.label)
    }
}

impl Roster {
    pub fn new(coder: Seat, reviewers: Voters) -> Self {
        Self { coder, reviewers }
    }

    pub fn coder(&self) -> &Seat {
        &self.coder
    }

    /// Returns the reviewers in the configured order.
    pub fn reviewers(&self) -> &[Seat] {
        self.reviewers.seats()
    }

    pub fn voters(&self) -> &Voters {
        &self.reviewers
    }

    /// Returns the coder, then the reviewers, each with role and access.
    pub fn participants(&self) -> Vec<Participant> {
        let of = |role, access| move |seat: &Seat| Participant { role, access, label: seat.label.clone() };
        let reviewers = self.reviewers().iter().map(of(Role::Reviewer, Access::Read));
        std::iter::once(of(Role::Coder, Access::Edit)(&self.coder)).chain(reviewers).collect()
    }

    /// Returns the reviewers whose models are made by the same company as the coder's: they may share its blind spots.
    pub fn dependent_reviewers(&self) -> impl Iterator<Item = &Seat> {
        let house = self.coder.house();
        self.reviewers().iter().filter(move |seat| house.is_some() && seat.house() == house)
    }

    pub fn reviewer(&self, label: &Label) -> Option<&Seat> {
        self.reviewers().iter().find(|seat| seat.label == *label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(name: &str, model: Option<&str>) -> Seat {
        let name: AgentName = name.parse().unwrap();
        Seat { model: model.map(str::to_owned), ..Seat::from(&name) }
    }

    #[test]
    fn reviewers_of_one_house_are_dependent() {
        let own = "bob=command:./bob.sh";
        for (coder, reviewer, model, is_dependent) in [
            ("claude", "strict=claude", None, true),
            ("claude", "codex", None, false),
            ("gemini", "agy", None, true),
            ("claude", "opencode", Some("anthropic/claude-sonnet"), true),
            ("claude", "opencode", Some("openai/gpt"), false),
            ("claude", "opencode", None, false),
            ("opencode", "second=opencode", None, true),
            (own, "second=command:./bob.sh", None, false),
            ("sam=scripted:a.json", "claude", None, false),
            ("sam=scripted:a.json", "ann=scripted:a.json", None, false),
        ] {
            let roster = Roster::new(seat(coder, None), vec![seat(reviewer, model)].try_into().unwrap());
            assert_eq!(roster.dependent_reviewers().count() == 1, is_dependent, "{coder} {reviewer}");
        }
    }
}
