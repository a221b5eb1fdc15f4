//! Decides whether `local pr merge` may merge: what a run has approved, what no run has opened or reviewed, anything else only
//! if the command line allows it.

use std::path::Path;

use crate::cli::commands::status;
use crate::cli::repository::open::OpenRepository;
use crate::cli::repository::survey::{self, SubjectState, SubjectSummary};
use crate::cli::repository::verdict::RunVerdict;
use crate::cli::surroundings::Surroundings;
use crate::domain::branch_names;
use crate::domain::gate::Verdict;
use crate::domain::ids::PullRequestNumber;
use crate::domain::pull_request::{Check, CheckState, PullRequest};
use crate::domain::subject::Subject;
use crate::domain::vote::Ballot;
use crate::engine::outcome::Outcome;
use crate::text::markdown::count;

/// What a person allows to merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MergeConsent {
    Approved,
    Anything,
}

/// The approval of the head of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MergeApproval {
    Given,
    /// No run has opened or reviewed the pull request. It may have checks that have not passed.
    NoRun(Vec<String>),
    /// The reasons why the head is not approved, and the command that goes on.
    Missing(Vec<String>, String),
}

impl MergeApproval {
    /// Reads the approval of an open pull request with these checks.
    pub(super) async fn look(
        pull_request: &PullRequest,
        checks: &[Check],
        folder: &Path,
        surroundings: &Surroundings,
    ) -> Result<Self, String> {
        let subject = Subject::PullRequest(pull_request.number);
        let known = match OpenRepository::find(Some(folder), surroundings).await? {
            Some(here) => survey::known(&here, subject).await,
            None => None,
        };
        let checks = checks.iter().filter(|check| check.state != CheckState::Success);
        let unmet = checks.map(|check| format!("check `{}` is {}", check.name, check.state.name())).collect();
        Ok(match known {
            Some(known) => Self::of(&known, unmet, pull_request),
            None => Self::without_review(unmet, pull_request),
        })
    }

    /// Returns the approval of a pull request that no run has reviewed: the work of an agent needs a review.
    fn without_review(unmet: Vec<String>, pull_request: &PullRequest) -> Self {
        if !branch_names::is_of_a_run(pull_request.head_ref.as_str()) {
            return Self::NoRun(unmet);
        }
        let why = vec!["its run has not reviewed it".to_owned()];
        Self::Missing([why, unmet].concat(), format!("agent-loop pr {}", pull_request.number))
    }

    fn of(known: &SubjectSummary, unmet: Vec<String>, pull_request: &PullRequest) -> Self {
        let why = match (&known.state, &known.verdict) {
            (SubjectState::Running(_), _) => {
                let follow = status::next_command(known).unwrap_or_default();
                return Self::Missing(vec!["a run is working on it".to_owned()], follow);
            }
            (SubjectState::Unreadable(why), _) => vec![why.clone()],
            (_, None | Some(RunVerdict::NoRun)) => return Self::without_review(unmet, pull_request),
            (_, Some(RunVerdict::Approved)) if unmet.is_empty() => return Self::Given,
            (_, Some(RunVerdict::Approved)) => Vec::new(),
            (_, Some(RunVerdict::ApprovedOther)) => vec!["its run approved an older head".to_owned()],
            (_, Some(RunVerdict::OlderThanRequirement)) => {
                vec!["a person added a requirement after the approval".to_owned()]
            }
            (_, Some(RunVerdict::Open)) => vec!["its run has not ended".to_owned()],
            (_, Some(RunVerdict::Ended(_))) => open_points(known),
        };
        Self::Missing([why, unmet].concat(), format!("agent-loop pr {}", pull_request.number))
    }

    /// Refuses a merge that the command line does not allow.
    pub(super) fn must_allow(&self, number: PullRequestNumber, consent: MergeConsent) -> Result<(), String> {
        match (self, consent) {
            (Self::Given | Self::NoRun(_), _) | (_, MergeConsent::Anything) => Ok(()),
            (Self::Missing(why, command), MergeConsent::Approved) => Err(format!(
                "pull request {number} is not approved: {}. Continue with `{command}`, or merge it as it is: \
                 `agent-loop local pr merge {number} --unapproved`",
                why.join(", ")
            )),
        }
    }

    /// Returns what to say beside a merge.
    pub(super) fn beside_merge(&self) -> String {
        match self {
            Self::Given => String::new(),
            Self::NoRun(unmet) => {
                let all = std::iter::once("no run of agent-loop has reviewed it");
                format!(" ({})", all.chain(unmet.iter().map(String::as_str)).collect::<Vec<_>>().join(", "))
            }
            Self::Missing(why, _) => format!(" (not approved: {})", why.join(", ")),
        }
    }
}

/// Returns how the run ended, and what an approval still needs.
fn open_points(known: &SubjectSummary) -> Vec<String> {
    let outcome: &Outcome = &known.outcome;
    let mut points = vec![format!("its run ended as {}", status::describe(known))];
    let findings = outcome.open_items().count();
    points.extend((findings > 0).then(|| format!("{} to fix", count(findings, "finding"))));
    let votes = outcome.view.votes.iter().filter(|vote| vote.state != Ballot::Approved);
    points.extend(votes.map(|vote| format!("`{}`: {}", vote.agent, vote.state.name())));
    let gates = outcome.view.gates.iter().filter(|gate| gate.verdict != Verdict::Pass);
    points.extend(gates.map(|gate| format!("gate {}: {}", gate.gate, gate.verdict.name())));
    points
}
