//! The forge's board of checks as a gate: red checks open an item, unfinished ones are awaited only for a merge.

use std::ops::ControlFlow;

use jiff::{SignedDuration, Timestamp};

use crate::domain::gate::{Measurement, Verdict};
use crate::domain::ids::GateName;
use crate::domain::instant::was_set_back;
use crate::domain::policy::AfterApproval;
use crate::domain::pull_request::CheckState;

use super::super::approval::Unanimous;
use super::super::conclusion::Conclusion;
use super::super::gates::gates_record;
use super::super::step::{Decision, Step, first};
use super::seen::{OpenReview, ReviewAt};

/// Looks at the board of a head that everyone approves; nothing is left to do when it holds.
pub(super) fn board(seen: &OpenReview<'_>, at: &ReviewAt, unanimous: &Unanimous) -> Decision<()> {
    let checks = &seen.observed.pull.checks;
    let known = seen.state.measured.on(&GateName::ci(), &at.head).map(|one| one.verdict);
    let named = |is_one: fn(CheckState) -> bool| -> Vec<&str> {
        checks.iter().filter(|check| is_one(check.state)).map(|check| check.name.as_str()).collect()
    };
    let red = named(|state| state == CheckState::Failure);
    if !red.is_empty() && known != Some(Verdict::Fail) {
        return record(seen, at, Verdict::Fail, format!("red checks: {}", red.join(", ")));
    }
    let pending = named(|state| state != CheckState::Success);
    if !pending.is_empty() {
        return unfinished(seen, unanimous, &pending);
    }
    if checks.is_empty() {
        return match reported_before(seen, at)?.as_slice() {
            [] => ControlFlow::Continue(()),
            expected => unfinished(seen, unanimous, expected),
        };
    }
    if known == Some(Verdict::Pass) {
        return ControlFlow::Continue(());
    }
    record(seen, at, Verdict::Pass, format!("{} checks are green", checks.len()))
}

/// The checks of an earlier head, if the forge had any: on a new head it only needs some time to start them again.
fn reported_before<'now>(seen: &OpenReview<'now>, at: &ReviewAt) -> Decision<Vec<&'now str>> {
    for head in seen.state.heads.iter().filter(|head| **head != at.head) {
        let checks = seen.cx.checks(head)?;
        if !checks.is_empty() {
            return ControlFlow::Continue(checks.iter().map(|check| check.name.as_str()).collect());
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
