//! Looks up subjects among all that were surveyed.

use crate::domain::subject::Subject;

use super::survey::SubjectSummary;

/// Returns a subject, or the pull request that it led to.
pub fn current<'all>(all: &'all [SubjectSummary], subject: &Subject) -> Option<&'all SubjectSummary> {
    let of = |subject: &Subject| all.iter().find(|known| known.subject == *subject);
    let known = of(subject)?;
    known.state.delivered().map_or(Some(known), |number| of(&Subject::PullRequest(number)))
}

/// Returns whether the run of a subject, or that of the pull request that it led to, ended with success.
pub fn has_succeeded(all: &[SubjectSummary], subject: &Subject) -> bool {
    current(all, subject).is_some_and(|known| known.outcome.ending.exit_code() == 0)
}
