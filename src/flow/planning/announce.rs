//! Converts the records of a planning to announcements.

use crate::domain::announcement::Announcement;
use crate::domain::plan::Plan;

use super::super::machine::At;
use super::super::run::opened;
use super::records::PlanningEntry;

/// Converts a record.
pub(super) fn announce(at: At<'_>, record: &PlanningEntry) -> Announcement {
    let round = at.round;
    match record {
        PlanningEntry::Opened(record) => opened(None, &record.roster, &record.policy),
        PlanningEntry::Plan(record) => {
            let Plan { steps, deferred } = record.response.plan();
            Announcement::Planned {
                round,
                agent: record.given.agent.clone(),
                plan: record.plan.clone(),
                steps: steps.len(),
                deferred: deferred.into_iter().map(|stage| stage.title).collect(),
                summary: record.response.summary().to_owned(),
                usage: record.given.usage,
            }
        }
        PlanningEntry::PlanReview(review) => Announcement::PlanReviewed {
            round,
            agent: review.given.agent.clone(),
            plan: review.plan.clone(),
            state: review.response.state.into(),
            summary: review.response.summary.as_str().to_owned(),
            items: review.findings.opened.clone(),
            dispositions: review.findings.dispositions.clone(),
            usage: review.given.usage,
        },
        PlanningEntry::PlanApproved(record) => {
            Announcement::PlanApproved { plan: record.plan.clone(), unfiled: record.unfiled.clone() }
        }
        PlanningEntry::Decomposed(record) => Announcement::Divided {
            issues: record.phases.iter().filter_map(|phase| phase.issue).collect(),
            parts: record.phases.len(),
        },
        PlanningEntry::Split(record) => Announcement::Divided {
            issues: record.stages.iter().map(|stage| stage.issue).collect(),
            parts: record.stages.len(),
        },
        PlanningEntry::PhaseStarted(record) => {
            Announcement::PhaseStarted { phase: record.phase, issue: record.issue }
        }
        PlanningEntry::Concluded(concluded) => concluded.announced(),
    }
}
