//! The gates of a review: when each is measured, what its verdict does to the items, when a board of checks is awaited.

use jiff::{SignedDuration, Timestamp};

use crate::domain::ending::{Ending, Failed};
use crate::domain::gate::{Measurement, Verdict};
use crate::domain::ids::{GateName, ItemId};
use crate::domain::instant::was_set_back;
use crate::domain::item::OpenedItem;
use crate::domain::item_status::ItemStatus;
use crate::domain::policy::{AfterApproval, TestTiming};
use crate::domain::pull_request::CheckState;
use crate::ledger::payload::Gates;
use crate::ledger::record::Payload;

use super::super::observed::passed;
use super::super::step::{Measure, Step, publish};
use super::items;
use super::next::Review;
use super::reviewers::Place;

impl Review<'_, '_> {
    /// The test command on a head that the coder has just made, before reviewers spend time on it.
    pub(super) fn pre_review_gate(&self, place: &Place) -> Option<Step> {
        let policy = &self.run.terms.policy;
        let tests = GateName::tests();
        let measured_here = self.state.measurement(&tests).is_some_and(|one| one.head == place.head);
        let policy_wants = policy.required_gates.contains(&tests)
            && policy.test_timing == TestTiming::BeforeReviewAndApproval
            && self.state.ours.as_ref() == Some(&place.head);
        // A red gate is looked at again on every new head, whoever made it: nothing else can resolve its item.
        let was_red = items::open_item(&self.state.items(), &tests).is_some();
        if measured_here || !(policy_wants || was_red) {
            return None;
        }
        Some(self.test_gate(place))
    }

    pub(super) fn test_gate(&self, place: &Place) -> Step {
        let results = self.seen.common.results;
        let Some(measured) = results.measurement(&self.run.id, place.round, &place.head) else {
            let run = self.run.id.clone();
            return Step::Measure(Measure { run, round: place.round, head: place.head.clone() });
        };
        match measured.verdict {
            Verdict::Pass | Verdict::Fail => self.gate_record(place, measured.clone()),
            Verdict::Inconclusive => {
                let message = format!("the test command could not be measured: {}", measured.detail);
                self.conclude(Ending::Inconclusive, message)
            }
        }
    }

    /// A red gate opens its item or says anew what is wrong; a green one resolves it.
    pub(super) fn gate_record(&self, place: &Place, measured: Measurement) -> Step {
        let items = self.state.items();
        let open = items::open_item(&items, &measured.gate).map(|item| item.id.clone());
        let says = |id: ItemId| OpenedItem { id, standing: ItemStatus::Blocking, text: red_text(&measured) };
        let next_item = self.state.next_item;
        let (opened, updated, resolved) = match (passed(&measured), open) {
            (true, open) => (Vec::new(), Vec::new(), Vec::from_iter(open)),
            (false, Some(id)) => (Vec::new(), vec![says(id)], Vec::new()),
            (false, None) => (vec![says(ItemId::numbered(next_item))], Vec::new(), Vec::new()),
        };
        let next_item = next_item + u64::try_from(opened.len()).unwrap_or(0);
        let head = place.head.clone();
        let gates = Gates { head, measurements: vec![measured], opened, updated, resolved, next_item };
        publish(&self.run.id, place.round, Payload::Gates(gates))
    }

    /// Everyone approved: the gates on that very head, then the end.
    pub(super) fn final_gates(&self, place: &Place) -> Step {
        if !self.everyone_approves(place) {
            let message = "nothing is left to fix, and yet not everyone approves this head".to_owned();
            return self.conclude(Ending::Failed { reason: Failed::ReviewerUnavailable }, message);
        }
        if self.run.terms.policy.required_gates.contains(&GateName::tests()) && !self.tests_passed(place) {
            return self.test_gate(place);
        }
        self.ci_board(place)
    }

    pub(super) fn tests_passed(&self, place: &Place) -> bool {
        self.state.measurement(&GateName::tests()).is_some_and(|one| one.head == place.head && passed(one))
    }

    /// Red checks open an item like any gate; unfinished ones are awaited only for a merge.
    pub(super) fn ci_board(&self, place: &Place) -> Step {
        let checks = &self.seen.pull_request.checks;
        let red: Vec<&str> = checks
            .iter()
            .filter(|check| check.state == CheckState::Failure)
            .map(|check| check.name.as_str())
            .collect();
        let known = self.state.measurement(&GateName::ci()).filter(|one| one.head == place.head);
        let open = items::open_item(&self.state.items(), &GateName::ci()).is_some();
        if !red.is_empty() && known.is_none_or(passed) {
            return self.gate_record(
                place,
                Self::ci(place, Verdict::Fail, format!("red checks: {}", red.join(", "))),
            );
        }
        if checks.iter().any(|check| check.state == CheckState::Pending) {
            return self.unfinished_board();
        }
        if open || (!checks.is_empty() && known.is_none()) {
            return self.gate_record(
                place,
                Self::ci(place, Verdict::Pass, format!("{} checks are green", checks.len())),
            );
        }
        self.approved(place)
    }

    pub(super) fn ci(place: &Place, verdict: Verdict, detail: String) -> Measurement {
        Measurement {
            gate: GateName::ci(),
            head: place.head.clone(),
            tree: None,
            verdict,
            detail,
            findings: Vec::new(),
        }
    }

    pub(super) fn unfinished_board(&self) -> Step {
        let common = &self.seen.common;
        let pending =
            "approved by everyone; the forge's checks are not finished. Run the same command again later"
                .to_owned();
        match self.run.terms.policy.after_approval {
            AfterApproval::Leave => self.conclude(Ending::ApprovedCiPending, pending),
            AfterApproval::Merge => {
                let since = common.waiting_since.unwrap_or(common.now);
                let deadline = after(since, common.request.ci_timeout_seconds);
                if common.now >= deadline || was_set_back(since, common.now) {
                    return self.conclude(Ending::ApprovedCiPending, pending);
                }
                let until = after(common.now, common.request.ci_poll_seconds).min(deadline);
                Step::Wait { what: "the forge's checks".to_owned(), until }
            }
        }
    }
}

fn red_text(measured: &Measurement) -> String {
    format!("The gate `{}` is red on {}:\n\n{}", measured.gate, measured.head.short(), measured.detail)
}

fn after(instant: Timestamp, seconds: u64) -> Timestamp {
    let span = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    instant.checked_add(span).unwrap_or(Timestamp::MAX)
}
