//! The forge's checks of a head as a gate: failed ones open items, unfinished ones are awaited only for a merge.

use std::ops::ControlFlow;

use jiff::{SignedDuration, Timestamp};

use crate::domain::gate::{Finding, Measurement, Verdict};
use crate::domain::ids::{CommitSha, GateName};
use crate::domain::instant::was_set_back;
use crate::domain::policy::AfterApproval;
use crate::domain::pull_request::{Check, CheckArrival, CheckBoard, CheckState};

use super::super::approval::Unanimous;
use super::super::conclusion::Conclusion;
use super::super::gates::gates_record;
use super::super::step::{Decision, Step, first};
use super::seen::{OpenReview, ReviewAt};
use crate::domain::explanation::{Condition, ConditionKind, ConditionState};

/// The combined result of the relevant checks of a commit.
enum Judged<'now> {
    Red(Vec<&'now Check>),
    /// Some have no result yet.
    Unfinished(Vec<String>),
    /// Required checks that nothing has started.
    Missing(Vec<String>),
    Unreadable(&'now str),
    Green(usize),
    /// There are no checks, and none is required.
    Nothing(CheckArrival),
}

/// Opens an item for each failed check of a head.
pub(super) fn red(seen: &OpenReview<'_>, at: &ReviewAt) -> Decision<()> {
    let Judged::Red(red) = judged(seen, &at.head)? else { return ControlFlow::Continue(()) };
    if known(seen, at) == Some(Verdict::Fail) {
        return ControlFlow::Continue(());
    }
    let names: Vec<&str> = red.iter().map(|check| check.name.as_str()).collect();
    let findings = red.into_iter().map(finding).collect();
    record(seen, at, Verdict::Fail, format!("failed checks: {}", names.join(", ")), findings)
}

/// Waits for the checks of a head that everyone approves.
pub(super) fn finished(seen: &OpenReview<'_>, at: &ReviewAt, unanimous: &Unanimous) -> Decision<()> {
    let every = seen.cx.request.ci_poll_seconds;
    match judged(seen, &at.head)? {
        Judged::Red(red) => {
            unfinished(seen, unanimous, &red.into_iter().map(named).collect::<Vec<_>>(), every)
        }
        Judged::Unfinished(names) => unfinished(seen, unanimous, &names, every),
        // They may never start, so only two reads are waited for.
        Judged::Missing(names) => unfinished(seen, unanimous, &names, every.saturating_mul(2)),
        Judged::Unreadable(why) => pending(seen, unanimous, &format!("the checks cannot be read: {why}")),
        Judged::Nothing(arrival) => match (reported_before(seen, at)?.as_slice(), arrival) {
            ([], CheckArrival::ByHand) => ControlFlow::Continue(()),
            ([], CheckArrival::AfterThePush) => {
                wait(seen, &["the first check".to_owned()], every, seen.cx.request.ci_start_seconds)
            }
            (expected, _) => unfinished(seen, unanimous, expected, every),
        },
        Judged::Green(_) if known(seen, at) == Some(Verdict::Pass) => ControlFlow::Continue(()),
        Judged::Green(count) => {
            let detail =
                if count == 1 { "1 check is green".to_owned() } else { format!("{count} checks are green") };
            record(seen, at, Verdict::Pass, detail, Vec::new())
        }
    }
}

/// Returns the condition that the checks of a head are green, if it has any or needs some.
pub(super) fn condition(seen: &OpenReview<'_>, head: &CommitSha) -> Decision<Option<Condition>> {
    use ConditionState::{Met, Pending, Unmet};
    let names = |checks: &[&Check]| checks.iter().copied().map(named).collect::<Vec<_>>().join(", ");
    let (state, evidence, remedy) = match judged(seen, head)? {
        Judged::Nothing(_) => return ControlFlow::Continue(None),
        Judged::Green(count) => (Met, format!("{count} green"), None),
        Judged::Red(red) => (Unmet, format!("failed: {}", names(&red)), Some("a commit on which they pass")),
        Judged::Unfinished(names) | Judged::Missing(names) => {
            (Pending, format!("no result yet from {}", names.join(", ")), Some("their result"))
        }
        Judged::Unreadable(why) => (Pending, format!("cannot be read: {why}"), Some("access to the checks")),
    };
    let (kind, name) = (ConditionKind::Checks, GateName::ci().to_string());
    ControlFlow::Continue(Some(Condition { kind, name, state, evidence, findings: Vec::new(), remedy }))
}

fn unfinished(seen: &OpenReview<'_>, unanimous: &Unanimous, names: &[String], every: u64) -> Decision<()> {
    wait(seen, names, every, seen.cx.request.ci_timeout_seconds)?;
    pending(seen, unanimous, &format!("no result yet from {}", names.join(", ")))
}

/// Judges the checks that count: the one that was named, else those that the base branch requires, else all of them.
fn judged<'now>(seen: &OpenReview<'now>, head: &CommitSha) -> Decision<Judged<'now>> {
    let board = seen.cx.checks(head)?;
    let wanted: Vec<&str> = if let Some(name) = &seen.cx.request.ci_check {
        vec![name]
    } else {
        let rules = seen.cx.rules(&seen.observed.pull.base_ref)?;
        rules.required_checks.iter().map(String::as_str).collect()
    };
    ControlFlow::Continue(judge(board, &wanted))
}

fn judge<'now>(board: &'now CheckBoard, wanted: &[&str]) -> Judged<'now> {
    let counts = |check: &&Check| wanted.is_empty() || wanted.contains(&check.name.as_str());
    let counted: Vec<&Check> = board.checks.iter().filter(counts).collect();
    let of = |state| counted.iter().copied().filter(move |check| check.state == state);
    let red: Vec<&Check> = of(CheckState::Failure).collect();
    let pending: Vec<String> = of(CheckState::Pending).map(named).collect();
    let is_shown = |name: &&&str| counted.iter().any(|check| check.name == **name);
    let missing: Vec<String> =
        wanted.iter().filter(|name| !is_shown(name)).map(|name| format!("{name} (not reported)")).collect();
    let unreadable = board.unreadable.as_deref().filter(|_| wanted.is_empty() || !missing.is_empty());
    if !red.is_empty() {
        Judged::Red(red)
    } else if let Some(why) = unreadable {
        Judged::Unreadable(why)
    } else if !pending.is_empty() {
        Judged::Unfinished([pending, missing].concat())
    } else if !missing.is_empty() {
        Judged::Missing(missing)
    } else if counted.is_empty() {
        Judged::Nothing(board.arrival)
    } else {
        Judged::Green(counted.len())
    }
}

/// Names a check, with the forge's word for an unusual result.
fn named(check: &Check) -> String {
    check.conclusion.as_ref().map_or_else(|| check.name.clone(), |word| format!("{} ({word})", check.name))
}

fn finding(check: &Check) -> Finding {
    let link = check.url.iter().map(|url| format!(": {url}"));
    let said = check.excerpt.iter().map(|excerpt| format!("\n\n{excerpt}"));
    let text = format!("The check {} failed", named(check));
    Finding::blocking(check.name.clone(), std::iter::once(text).chain(link).chain(said).collect())
}

/// Returns the recorded verdict on the checks of this head.
fn known(seen: &OpenReview<'_>, at: &ReviewAt) -> Option<Verdict> {
    seen.state.measured.on(&GateName::ci(), &at.head).map(|one| one.verdict)
}

/// Returns the checks of an earlier head, if it had any: on a new head the forge only needs some time to start them again.
fn reported_before(seen: &OpenReview<'_>, at: &ReviewAt) -> Decision<Vec<String>> {
    for head in seen.state.heads.iter().filter(|head| **head != at.head) {
        let board = seen.cx.checks(head)?;
        if !board.checks.is_empty() {
            return ControlFlow::Continue(board.checks.iter().map(|check| check.name.clone()).collect());
        }
    }
    ControlFlow::Continue(Vec::new())
}

fn record<T>(
    seen: &OpenReview<'_>,
    at: &ReviewAt,
    verdict: Verdict,
    detail: String,
    findings: Vec<Finding>,
) -> Decision<T> {
    let (gate, head) = (GateName::ci(), at.head.clone());
    let measured =
        Measurement { gate, head, tree: None, verdict, detail, findings, remedy: None, repetition: None };
    first(seen.gates_record(at.round, gates_record(&seen.state.rounds, measured)))
}

/// Waits before a merge, at most so many seconds altogether, and decides again every so many seconds. Without a merge
/// nothing is awaited.
pub(super) fn wait(seen: &OpenReview<'_>, names: &[String], every: u64, at_most: u64) -> Decision<()> {
    let cx = seen.cx;
    match seen.run.terms.policy.after_approval {
        AfterApproval::Leave => ControlFlow::Continue(()),
        AfterApproval::Merge => {
            let since = cx.waiting_since.unwrap_or(cx.now);
            let deadline = after(since, at_most);
            if cx.now >= deadline || was_set_back(since, cx.now) {
                return ControlFlow::Continue(());
            }
            let until = after(cx.now, every).min(deadline);
            let what = format!("{} on {}", names.join(", "), seen.observed.pull.head.short());
            first(Step::Wait { what, until })
        }
    }
}

/// Ends the run: a later command looks at the checks again.
pub(super) fn pending(seen: &OpenReview<'_>, unanimous: &Unanimous, why: &str) -> Decision<()> {
    let head = seen.observed.pull.head.short();
    let message = format!("approved by everyone at {head}; {why}. Run the same command again later");
    first(seen.end(Conclusion::checks_pending(unanimous, message)))
}

fn after(instant: Timestamp, seconds: u64) -> Timestamp {
    let span = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    instant.checked_add(span).unwrap_or(Timestamp::MAX)
}
