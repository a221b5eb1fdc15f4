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
    let red: Vec<&str> = checks
        .iter()
        .filter(|check| check.state == CheckState::Failure)
        .map(|check| check.name.as_str())
        .collect();
    let known = seen.state.measured.on(&GateName::ci(), &at.head).map(|one| one.verdict);
    let against = seen.against();
    let is_red = seen.gates(&against).is_red(&GateName::ci());
    if !red.is_empty() && known != Some(Verdict::Fail) {
        return record(seen, at, Verdict::Fail, format!("red checks: {}", red.join(", ")));
    }
    if checks.iter().any(|check| check.state == CheckState::Pending) {
        return unfinished(seen, unanimous);
    }
    if is_red || (!checks.is_empty() && known.is_none()) {
        return record(seen, at, Verdict::Pass, format!("{} checks are green", checks.len()));
    }
    ControlFlow::Continue(())
}

fn record<T>(seen: &OpenReview<'_>, at: &ReviewAt, verdict: Verdict, detail: String) -> Decision<T> {
    let (gate, head) = (GateName::ci(), at.head.clone());
    let measured = Measurement { gate, head, tree: None, verdict, detail, findings: Vec::new() };
    first(seen.gates_record(at.round, gates_record(&seen.state.rounds, measured)))
}

fn unfinished(seen: &OpenReview<'_>, unanimous: &Unanimous) -> Decision<()> {
    let cx = seen.cx;
    let pending = || {
        let message =
            "approved by everyone; the forge's checks are not finished. Run the same command again later";
        first(seen.end(Conclusion::checks_pending(unanimous, message.to_owned())))
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
            first(Step::Wait { what: "the forge's checks".to_owned(), until })
        }
    }
}

fn after(instant: Timestamp, seconds: u64) -> Timestamp {
    let span = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    instant.checked_add(span).unwrap_or(Timestamp::MAX)
}
