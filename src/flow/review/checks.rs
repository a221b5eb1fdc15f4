//! The forge's board of checks as a gate: red checks open an item, unfinished ones are awaited only for a merge.

use std::ops::ControlFlow;

use jiff::{SignedDuration, Timestamp};

use crate::domain::gate::{Measurement, Verdict};
use crate::domain::ids::GateName;
use crate::domain::instant::was_set_back;
use crate::domain::policy::AfterApproval;
use crate::domain::pull_request::{Check, CheckState};

use super::super::approval::Unanimous;
use super::super::conclusion::Conclusion;
use super::super::gates::gates_record;
use super::super::step::{Decision, Step, first};
use super::seen::{OpenReview, ReviewAt};

/// Opens an item for the red checks of a head.
pub(super) fn red(seen: &OpenReview<'_>, at: &ReviewAt) -> Decision<()> {
    let red = named(seen.cx.checks(&at.head)?, |state| state == CheckState::Failure);
    if red.is_empty() || known(seen, at) == Some(Verdict::Fail) {
        return ControlFlow::Continue(());
    }
    record(seen, at, Verdict::Fail, format!("red checks: {}", red.join(", ")))
}

/// Waits for the board of a head that everyone approves; nothing is left to do when all of its checks are green.
pub(super) fn finished(seen: &OpenReview<'_>, at: &ReviewAt, unanimous: &Unanimous) -> Decision<()> {
    let checks = seen.cx.checks(&at.head)?;
    let pending = named(checks, |state| state != CheckState::Success);
    if !pending.is_empty() {
        return unfinished(seen, unanimous, &pending);
    }
    match (checks.len(), known(seen, at)) {
        (0, _) => match reported_before(seen, at)?.as_slice() {
            [] => ControlFlow::Continue(()),
            expected => unfinished(seen, unanimous, expected),
        },
        (_, Some(Verdict::Pass)) => ControlFlow::Continue(()),
        (green, Some(Verdict::Fail | Verdict::Inconclusive) | None) => {
            record(seen, at, Verdict::Pass, format!("{green} checks are green"))
        }
    }
}

/// What a record says of the board of this head.
fn known(seen: &OpenReview<'_>, at: &ReviewAt) -> Option<Verdict> {
    seen.state.measured.on(&GateName::ci(), &at.head).map(|one| one.verdict)
}

fn named(checks: &[Check], is_one: fn(CheckState) -> bool) -> Vec<&str> {
    checks.iter().filter(|check| is_one(check.state)).map(|check| check.name.as_str()).collect()
}

/// The checks of an earlier head, if the forge had any: on a new head it only needs some time to start them again.
fn reported_before<'now>(seen: &OpenReview<'now>, at: &ReviewAt) -> Decision<Vec<&'now str>> {
    for head in seen.state.heads.iter().filter(|head| **head != at.head) {
        let checks = seen.cx.checks(head)?;
        if !checks.is_empty() {
            return ControlFlow::Continue(named(checks, |_| true));
        }
    }
    ControlFlow::Continue(Vec::new())
}

fn record<T>(seen: &OpenReview<'_>, at: &ReviewAt, verdict: Verdict, detail: String) -> Decision<T> {
    let (gate, head) = (GateName::ci(), at.head.clone());
    let measured = Measurement { gate, head, tree: None, verdict, detail, findings: Vec::new() };
    first(seen.gates_record(at.round, gates_record(&seen.state.rounds, measured)))
}

/// Checks without a result are awaited before a merge; otherwise the run ends, and a later command looks again.
fn unfinished(seen: &OpenReview<'_>, unanimous: &Unanimous, checks: &[&str]) -> Decision<()> {
    let cx = seen.cx;
    let on = format!("{} on {}", checks.join(", "), seen.observed.pull.head.short());
    let pending = || {
        let message =
            format!("approved by everyone; no result yet from {on}. Run the same command again later");
        first(seen.end(Conclusion::checks_pending(unanimous, message)))
    };
    match seen.run.terms.policy.after_approval {
        AfterApproval::Leave => pending(),
        AfterApproval::Merge => {
            let since = cx.waiting_since.unwrap_or(cx.now);
            let deadline = after(since, cx.request.ci_timeout_seconds);
            if cx.now >= deadline || was_set_back(since, cx.now) {
                return pending();
            }
            let until = after(cx.now, cx.request.ci_poll_seconds).min(deadline);
            first(Step::Wait { what: on, until })
        }
    }
}

fn after(instant: Timestamp, seconds: u64) -> Timestamp {
    let span = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    instant.checked_add(span).unwrap_or(Timestamp::MAX)
}
