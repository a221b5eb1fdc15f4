//! Gates and items: when a gate is measured, the effect of a measurement on the items of its gate, and whether all gates
//! passed. This code does not know what a gate measures.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::domain::correction::Correction;
use crate::domain::ending::Blocked;
use crate::domain::gate::{Measurement, Verdict};
use crate::domain::gate_plan::{GatePlan, GateWeight};
use crate::domain::ids::{BranchName, CommitSha, GateName, ItemId};
use crate::domain::item::{Item, OpenedItem};
use crate::domain::item_status::ItemStatus;
use crate::pattern::pattern;
use crate::protocol::context::ContextSubject;

use super::ask::Against;
use super::conclusion::Conclusion;
use super::context::FlowContext;
use super::items::{self, GateChanges};
use super::results::MeasuredAt;
use super::rounds::{Gating, RoundAt, Rounds};
use super::run::RunState;
use super::step::{Decision, MeasureOrder, Step, first};

/// The record of a gate's measurement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatesRecord {
    pub head: CommitSha,
    /// The measurement; earlier versions of the format allow several.
    pub measurements: Vec<Measurement>,
    pub opened: Vec<OpenedItem>,
    /// Open items of the gate that were found again, with the new text.
    pub updated: Vec<OpenedItem>,
    pub resolved: Vec<ItemId>,
    pub next_item: u64,
}

/// The latest measurement of each gate in a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Measured(BTreeMap<GateName, Streak>);

/// A measurement, with the number of consecutive measurements with the same result.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Streak {
    latest: Measurement,
    alike: u32,
}

/// The number of equal failures, each after an attempt to fix them, that shows that a gate cannot pass.
const MOST_ALIKE: u32 = 3;

impl Measured {
    /// Applies a record to the measurements and the items.
    pub fn take_in(&mut self, round: u32, record: &GatesRecord, rounds: &mut Rounds<CommitSha>) {
        let is_red = |measured: &Measurement| measured.verdict == Verdict::Fail;
        // The failure of an advisory gate opens no item.
        let has_items = !record.opened.is_empty() || !record.updated.is_empty();
        let gating =
            if has_items && record.measurements.iter().any(is_red) { Gating::Red } else { Gating::Open };
        let at = RoundAt { round, head: record.head.clone() };
        // A failed gate opens items; a record has one measurement.
        let owner = record.measurements.iter().find(|one| is_red(one)).or(record.measurements.first());
        if let Some(owner) = owner {
            let changes = GateChanges {
                round,
                gate: &owner.gate,
                opened: &record.opened,
                updated: &record.updated,
                resolved: &record.resolved,
            };
            rounds.measured(&at, gating, &changes, record.next_item);
        }
        for measured in &record.measurements {
            let before = self.0.get(&measured.gate).filter(|before| says_the_same(&before.latest, measured));
            let alike = before.map_or(1, |before| before.alike + 1);
            self.0.insert(measured.gate.clone(), Streak { latest: measured.clone(), alike });
        }
    }

    /// Returns the measurement of a gate that failed on this commit, for the third time in a row with the same output.
    fn stuck(&self, gate: &GateName, head: &CommitSha) -> Option<&Measurement> {
        let is_stuck = |one: &&Streak| one.alike >= MOST_ALIKE && one.latest.verdict == Verdict::Fail;
        self.0.get(gate).filter(is_stuck).map(|one| &one.latest).filter(|latest| latest.head == *head)
    }

    /// Starts a new run.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns the latest measurement of a gate.
    pub fn latest(&self, gate: &GateName) -> Option<&Measurement> {
        self.0.get(gate).map(|one| &one.latest)
    }

    /// Returns the latest measurement of a gate, if it was on this commit.
    pub fn on(&self, gate: &GateName, head: &CommitSha) -> Option<&Measurement> {
        self.latest(gate).filter(|measured| measured.head == *head)
    }

    pub fn all(&self) -> Vec<Measurement> {
        self.0.values().map(|one| one.latest.clone()).collect()
    }
}

/// Returns whether two measurements have the same verdict and output, apart from times, durations, addresses and ids.
fn says_the_same(one: &Measurement, other: &Measurement) -> bool {
    static CHANGING: LazyLock<Regex> = pattern!(
        r"\b([0-9]+:[0-9][0-9](:[0-9][0-9])?(\.[0-9]+)?|[0-9]+(\.[0-9]+)? ?(ms|s|secs?|seconds)|0x[0-9a-f]+|[0-9a-f]{7,})\b"
    );
    let texts = |measured: &Measurement| -> Vec<String> {
        let findings = measured.findings.iter().map(|finding| &finding.text);
        let texts = std::iter::once(&measured.detail).chain(findings);
        texts.map(|text| CHANGING.replace_all(text, "#").into_owned()).collect()
    };
    one.verdict == other.verdict && texts(one) == texts(other)
}

/// The point of a run at which its gates are checked.
#[derive(Debug, Clone, Copy)]
pub struct GateContext<'now> {
    pub run: &'now RunState,
    pub rounds: &'now Rounds<CommitSha>,
    pub measured: &'now Measured,
    /// The commit with which the head is compared.
    pub against: &'now Against,
    /// The task or issue that the change is for, if it is known from our own records.
    pub task: Option<&'now ContextSubject>,
}

impl GateContext<'_> {
    /// Publishes a measurement on the commit of a point. A required gate that could not be measured ends the run.
    pub fn publish<T>(
        &self,
        weight: GateWeight,
        measured: &Measurement,
        at: &RoundAt<CommitSha>,
        record: impl Fn(u32, GatesRecord) -> Step,
    ) -> Decision<T> {
        match (weight, measured.verdict) {
            (GateWeight::Required, Verdict::Pass | Verdict::Fail) => {
                first(record(at.round, gates_record(self.rounds, measured.clone())))
            }
            (GateWeight::Advisory, Verdict::Pass | Verdict::Fail | Verdict::Inconclusive) => {
                first(record(at.round, advisory_record(self.rounds, measured.clone())))
            }
            (GateWeight::Required, Verdict::Inconclusive) => {
                let message =
                    format!("the gate `{}` could not be measured: {}", measured.gate, measured.detail);
                let conclusion = Conclusion::inconclusive(message).about(&at.head);
                first(conclusion.corrected_by(measured.remedy.clone()))
            }
        }
    }

    /// Returns the measurement of a gate on the commit of a point.
    pub fn measurement<'cx>(
        &self,
        cx: &FlowContext<'cx>,
        gate: &GateName,
        at: &RoundAt<CommitSha>,
    ) -> Decision<&'cx Measurement> {
        let place = MeasuredAt { run: &self.run.id, round: at.round, head: &at.head };
        match cx.results.measurement(gate, place) {
            Some(measured) => ControlFlow::Continue(measured),
            None => first(Step::Measure(MeasureOrder {
                gate: gate.clone(),
                run: self.run.id.clone(),
                round: at.round,
                against: self.against.clone(),
                head: at.head.clone(),
                task: self.task.map(ContextSubject::text).unwrap_or_default(),
            })),
        }
    }

    /// Returns the end of a run in which no further turn of the coder can make a gate pass: it failed three times in a row with
    /// the same output. Where the base branch fails in the same way, a person corrects the command of the gate.
    pub fn hopeless(
        &self,
        cx: &FlowContext<'_>,
        required: &[GateName],
        at: &RoundAt<CommitSha>,
        base: &BranchName,
    ) -> Decision<Option<Conclusion>> {
        let Some(red) = required.iter().find_map(|gate| self.measured.stuck(gate, &at.head)) else {
            return ControlFlow::Continue(None);
        };
        let mut correction = None;
        let on_base = match cx.tip(base)? {
            None => format!("the branch `{base}` is gone"),
            Some(tip) => {
                let there = RoundAt { round: at.round, head: tip.clone() };
                let measured = self.measurement(cx, &red.gate, &there)?;
                let place = format!("`{base}` at {}", tip.short());
                match measured.verdict {
                    Verdict::Pass => format!("{place} passes, so this change breaks it"),
                    Verdict::Fail if says_the_same(measured, red) => {
                        correction = Some(Correction::Command);
                        let correct = if red.gate == GateName::tests() {
                            "If the command is wrong, run it again with the right `--test-command`"
                        } else {
                            "If the command of the gate is wrong, correct it"
                        };
                        format!("{place} fails in the same way, so this change is not the cause. {correct}")
                    }
                    Verdict::Fail => format!("{place} fails too, in another way"),
                    Verdict::Inconclusive => format!("{place} could not be measured: {}", measured.detail),
                }
            }
        };
        let last = red.detail.lines().last().unwrap_or_default().trim();
        let message = format!(
            "the gate `{}` failed {MOST_ALIKE} times in a row with the same output (last line: {last}). {on_base}",
            red.gate
        );
        ControlFlow::Continue(Some(Conclusion::blocked(Blocked::Gate, message).corrected_by(correction)))
    }

    /// Measures the gates until all required ones have passed on this commit, and each advisory one has been measured.
    pub fn hold(
        &self,
        cx: &FlowContext<'_>,
        planned: &[(&GateName, GatePlan)],
        at: &RoundAt<CommitSha>,
        record: impl Fn(u32, GatesRecord) -> Step,
    ) -> Decision<()> {
        let is_done = |(gate, plan): &&(&GateName, GatePlan)| {
            self.measured.on(gate, &at.head).is_some_and(|one| match plan.weight {
                GateWeight::Required => one.verdict == Verdict::Pass,
                GateWeight::Advisory => true,
            })
        };
        match planned.iter().find(|gate| !is_done(gate)) {
            Some((gate, plan)) => self.publish(plan.weight, self.measurement(cx, gate, at)?, at, record),
            None => ControlFlow::Continue(()),
        }
    }

    /// Returns whether the gate has an open item: only another measurement resolves it.
    pub fn is_red(&self, gate: &GateName) -> bool {
        !items::open_of(&self.rounds.items(), gate).is_empty()
    }
}

/// Applies a measurement to the items of its gate, finding by finding: a new one opens an item, a known one updates its text,
/// and one that is no longer found is resolved.
pub fn gates_record(rounds: &Rounds<CommitSha>, measured: Measurement) -> GatesRecord {
    let items = rounds.items();
    let known = items::open_of(&items, &measured.gate);
    let found = findings(&measured);
    let mut next_item = rounds.next_item();
    let (mut opened, mut updated) = (Vec::new(), Vec::new());
    for (key, text) in &found {
        let status = ItemStatus::Blocking;
        let (key, text) = (key.clone(), text.clone());
        if let Some(item) = known.iter().find(|item| item.key == key) {
            updated.push(OpenedItem { id: item.id.clone(), status, text, key });
        } else {
            opened.push(OpenedItem { id: ItemId::numbered(next_item), status, text, key });
            next_item += 1;
        }
    }
    let is_gone = |item: &&&Item| !found.iter().any(|(key, _)| *key == item.key);
    let resolved = known.iter().filter(is_gone).map(|item| item.id.clone()).collect();
    let head = measured.head.clone();
    GatesRecord { head, measurements: vec![measured.published()], opened, updated, resolved, next_item }
}

/// Records the measurement of an advisory gate: it opens no items, and resolves those from when the gate was required.
fn advisory_record(rounds: &Rounds<CommitSha>, measured: Measurement) -> GatesRecord {
    let resolved =
        items::open_of(&rounds.items(), &measured.gate).iter().map(|item| item.id.clone()).collect();
    let (head, next_item) = (measured.head.clone(), rounds.next_item());
    GatesRecord {
        head,
        measurements: vec![measured.published()],
        opened: Vec::new(),
        updated: Vec::new(),
        resolved,
        next_item,
    }
}

/// Returns the findings of a failed gate by key. A gate without findings has a single one without a key.
fn findings(measured: &Measurement) -> Vec<(Option<String>, String)> {
    let blocks: Vec<_> = measured.blocks().collect();
    match (measured.verdict, blocks.as_slice()) {
        (Verdict::Pass | Verdict::Inconclusive, _) => Vec::new(),
        (Verdict::Fail, []) => {
            let title = format!("The gate `{}` failed on {}:", measured.gate, measured.head.short());
            vec![(None, format!("{title}\n\n{}", measured.detail))]
        }
        (Verdict::Fail, blocks) => {
            blocks.iter().map(|one| (Some(one.key.clone()), one.text.clone())).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::gate::Finding;

    fn measured(verdict: Verdict, keys: &[&str]) -> Measurement {
        let finding = |key: &&str| Finding::blocking((*key).to_owned(), format!("fix {key}"));
        Measurement {
            gate: "lint".parse().unwrap(),
            head: "a".repeat(40).parse().unwrap(),
            tree: None,
            verdict,
            detail: "output".to_owned(),
            findings: keys.iter().map(finding).collect(),
            remedy: None,
            repetition: None,
        }
    }

    /// Returns the ids that a record opens, updates and resolves.
    fn changes(record: &GatesRecord) -> (Vec<&str>, Vec<&str>, Vec<&str>) {
        fn ids(items: &[OpenedItem]) -> Vec<&str> {
            items.iter().map(|item| item.id.as_str()).collect()
        }
        (ids(&record.opened), ids(&record.updated), record.resolved.iter().map(ItemId::as_str).collect())
    }

    #[test]
    fn findings_are_matched_by_key() {
        let (mut rounds, mut all) = (Rounds::default(), Measured::default());
        let mut measure = |one: Measurement| {
            let record = gates_record(&rounds, one);
            all.take_in(1, &record, &mut rounds);
            record
        };
        let first = measure(measured(Verdict::Fail, &["a", "b"]));
        assert_eq!(changes(&first), (vec!["item-1", "item-2"], vec![], vec![]));
        let second = measure(measured(Verdict::Fail, &["b", "c"]));
        assert_eq!(changes(&second), (vec!["item-3"], vec!["item-2"], vec!["item-1"]));
        let third = measure(measured(Verdict::Pass, &[]));
        assert_eq!(changes(&third), (vec![], vec![], vec!["item-2", "item-3"]));
    }

    #[test]
    fn changing_numbers_are_not_compared() {
        let says = |detail: &str| Measurement { detail: detail.to_owned(), ..measured(Verdict::Fail, &[]) };
        for (one, other, same) in [
            ("1 failed in 0.02s", "1 failed in 1.31s", true),
            ("12:03:04 red", "12:04:59.123 red", true),
            ("at 0x7f3a00 in 1a2b3c4d", "at 0x7f3a10 in 5a2b3c4e", true),
            ("expected 3, got 4", "expected 3, got 5", false),
            ("1 failed", "2 failed", false),
        ] {
            assert_eq!(says_the_same(&says(one), &says(other)), same, "{one} / {other}");
        }
        assert!(!says_the_same(&measured(Verdict::Fail, &["a"]), &measured(Verdict::Fail, &["b"])));
        assert!(!says_the_same(&measured(Verdict::Fail, &[]), &measured(Verdict::Pass, &[])));
    }

    #[test]
    fn gates_without_findings_own_one_item() {
        let (mut rounds, mut all) = (Rounds::default(), Measured::default());
        for expected in [(vec!["item-1"], vec![]), (vec![], vec!["item-1"])] {
            let record = gates_record(&rounds, measured(Verdict::Fail, &[]));
            all.take_in(1, &record, &mut rounds);
            let (opened, updated, resolved) = changes(&record);
            assert_eq!((opened, updated), expected);
            assert!(resolved.is_empty());
        }
    }
}
