//! Rules for reviews of changes and plans: dispositions of known items, new findings, and the consistency of a review's state
//! with its findings.

use std::collections::BTreeSet;

use crate::domain::ids::RequirementId;
use crate::domain::item_status::{Disposition, ItemStatus};

use super::comparison::normalised;
use super::expectation::{Complaint, Expectation, Owner, RuleReport};
use super::placeholder::says_nothing;
use super::text::{ReviewVerdict, Text};

/// A review's disposition of one item, for any kind of review.
#[derive(Debug, Clone, Copy)]
pub struct GivenDisposition<'answer> {
    /// The id of the item as the reviewer wrote it.
    pub item_id: &'answer str,
    pub status: ItemStatus,
    pub note: Option<&'answer Text>,
}

/// The content of a review, for any kind of review.
#[derive(Debug)]
pub struct ReviewContent<'answer> {
    pub verdict: ReviewVerdict,
    /// New findings, the most severe list first.
    pub findings: [(ItemStatus, &'answer [Text]); 3],
    pub dispositions: Vec<GivenDisposition<'answer>>,
    /// The JSON pointer of the dispositions, for complaints.
    pub(super) dispositions_path: &'static str,
    pub resolved_requirements: &'answer [Text],
    /// What the reviewer could not read or judge.
    pub unreviewed: &'answer [Text],
}

/// A valid review, in the terms of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// New findings with their status, each once, the most severe first.
    pub findings: Vec<(ItemStatus, String)>,
    /// One disposition of each shown item that reviewers judge.
    pub dispositions: Vec<Disposition>,
}

impl ReviewContent<'_> {
    /// Judges a review. A blocking review that names nothing to fix is malformed, not an approval.
    pub(super) fn judge(&self, expectation: &Expectation, report: &mut RuleReport) -> Judgement {
        let dispositions = dispositions(self.dispositions_path, &self.dispositions, expectation, report);
        for shown in &expectation.shown {
            let is_disposed = dispositions.iter().any(|one| one.item == shown.id);
            if shown.owner != Owner::Gate && !is_disposed {
                let expected = format!("a disposition of `{}`", shown.id);
                report
                    .complaints
                    .push(Complaint::new(self.dispositions_path, expected, "none").about([&shown.id]));
            }
        }
        let findings = self.new_findings(report);
        self.agree_with_verdict(expectation, &findings, &dispositions, report);
        self.acknowledge(expectation, report);
        Judgement { findings, dispositions }
    }

    /// Returns new findings, each once: a finding in two lists counts in the more severe one.
    fn new_findings(&self, report: &mut RuleReport) -> Vec<(ItemStatus, String)> {
        let mut seen = BTreeSet::new();
        let mut findings = Vec::new();
        for (status, list) in self.findings {
            for text in list {
                if says_nothing(text.as_str()) {
                    report.remarks.push(format!("the placeholder `{}` is left out", text.as_str()));
                } else if seen.insert(normalised(text.as_str())) {
                    findings.push((status, text.as_str().to_owned()));
                } else {
                    let remark = "a finding in two lists counts once, in the more severe list";
                    report.remarks.push(remark.to_owned());
                }
            }
        }
        findings
    }

    fn agree_with_verdict(
        &self,
        expectation: &Expectation,
        findings: &[(ItemStatus, String)],
        dispositions: &[Disposition],
        report: &mut RuleReport,
    ) {
        let new = findings.iter().filter(|(status, _)| status.must_fix()).count();
        match self.verdict {
            ReviewVerdict::Approved => {
                if new > 0 {
                    report.complain("/state", "blocking, with findings to fix", "approved");
                }
                if let Some(part) = self.unreviewed.iter().find(|part| !says_nothing(part.as_str())) {
                    report.complain("/unreviewed", "nothing in an approving review", part.as_str());
                }
                // This includes items that were not shown. Statements about a gate's item never count.
                let is_gates =
                    |id: &str| expectation.item(id).is_some_and(|shown| shown.owner == Owner::Gate);
                let active = self.dispositions.iter();
                let active = active.filter(|one| one.status.must_fix() && !is_gates(one.item_id));
                report.complaints.extend(active.map(|one| {
                    let expected = format!("`{}` resolved or future in an approving review", one.item_id);
                    Complaint::new(self.dispositions_path, expected, one.status.name()).about([one.item_id])
                }));
            }
            ReviewVerdict::Blocking => {
                let keeps_open = dispositions.iter().any(|one| one.status.must_fix());
                if new == 0 && !keeps_open && report.complaints.is_empty() {
                    let expected = "at least one blocking item, same-scope follow-up or active disposition";
                    report.complain("/state", expected, "blocking without anything to fix");
                }
                let was_must_fix =
                    |id: &str| expectation.item(id).is_some_and(|shown| shown.status.must_fix());
                let lowered = dispositions
                    .iter()
                    .filter(|one| one.status == ItemStatus::Future && was_must_fix(one.item.as_str()));
                report.complaints.extend(lowered.map(|one| {
                    let expected = format!("`{}` resolved or still to fix in a blocking review", one.item);
                    Complaint::new(self.dispositions_path, expected, "future").about([&one.item])
                }));
            }
        }
    }

    /// Checks that an approving review names every requirement that was shown.
    fn acknowledge(&self, expectation: &Expectation, report: &mut RuleReport) {
        let path = "/human_requirements_resolved";
        let named: BTreeSet<&str> = self.resolved_requirements.iter().map(Text::as_str).collect();
        let shown: BTreeSet<&str> = expectation.requirements.ids.iter().map(RequirementId::as_str).collect();
        for id in named.difference(&shown) {
            report.remarks.push(format!("`{id}` was not shown as a requirement and is left out"));
        }
        let missing: Vec<String> = shown.difference(&named).map(|id| format!("`{id}`")).collect();
        if self.verdict == ReviewVerdict::Approved && !missing.is_empty() {
            let expected = "every requirement that was shown, in an approving review";
            let complaint = Complaint::new(path, expected, format!("no word on {}", missing.join(", ")));
            report.complaints.push(complaint.about(shown.difference(&named)).of_acknowledgement());
        }
    }
}

/// Returns the dispositions of shown items, each once.
pub(super) fn dispositions(
    path: &str,
    given: &[GivenDisposition<'_>],
    expectation: &Expectation,
    report: &mut RuleReport,
) -> Vec<Disposition> {
    let mut seen = BTreeSet::new();
    let mut dispositions = Vec::new();
    for (index, one) in given.iter().enumerate() {
        let path = format!("{path}/{index}");
        let Some(shown) = expectation.item(one.item_id) else {
            expectation.unknown(&path, one.item_id, report);
            continue;
        };
        match shown.owner {
            // A reviewer may answer each item that it was shown; only the gate resolves this one.
            Owner::Gate => {}
            Owner::Reviewer | Owner::FormerReviewer if !seen.insert(&shown.id) => {
                let found = format!("`{}` again", shown.id);
                report.complaints.push(Complaint::new(path, "each item once", found).about([&shown.id]));
            }
            Owner::Reviewer | Owner::FormerReviewer => {
                report.complaints.extend(empty_note(&path, one));
                dispositions.push(Disposition {
                    item: shown.id.clone(),
                    status: one.status,
                    note: one.note.map(Text::as_str).filter(|note| !says_nothing(note)).map(str::to_owned),
                });
            }
        }
    }
    dispositions
}

/// Checks the note of an active disposition: it may be absent, but not empty.
fn empty_note(path: &str, disposed: &GivenDisposition<'_>) -> Option<Complaint> {
    let note = disposed.note?.as_str();
    (disposed.status.must_fix() && says_nothing(note)).then(|| {
        let expected = "a note that says why the item is still open";
        Complaint::new(format!("{path}/note"), expected, note).about([disposed.item_id])
    })
}
