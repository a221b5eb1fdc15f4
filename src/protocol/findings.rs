//! What the reviews of a change and of a plan share: dispositions of known items, new findings, and the rules that make
//! the words of a review and its state agree.

use std::collections::BTreeSet;

use crate::domain::item_status::{Disposition, ItemStatus};

use super::expectation::{Complaint, Expectation, Owner, Verdicts};
use super::text::{State, Text};

/// A reviewer's word on one item, whatever the flow calls its values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Disposed<'answer> {
    /// The item's id, as it was written.
    pub(super) item_id: &'answer str,
    pub(super) standing: ItemStatus,
    pub(super) note: Option<&'answer Text>,
}

/// A review, whatever the flow calls its lists.
#[derive(Debug)]
pub(super) struct Reviewed<'answer> {
    pub(super) state: State,
    /// New findings, the stronger lists first.
    pub(super) lists: [(ItemStatus, Option<&'answer Vec<Text>>); 3],
    /// The path of the dispositions.
    pub(super) path: &'static str,
    /// Its words on known items.
    pub(super) disposed: Vec<Disposed<'answer>>,
}

/// A review that keeps the rules, in the words of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// New findings with where they stand, each once, the stronger list first.
    pub findings: Vec<(ItemStatus, String)>,
    /// One word on each shown item that reviewers dispose of.
    pub dispositions: Vec<Disposition>,
}

impl Reviewed<'_> {
    /// What the review comes to: a blocking one that names nothing to fix is malformed, not an approval.
    pub(super) fn judge(&self, expectation: &Expectation, said: &mut Verdicts) -> Judgement {
        let dispositions = dispositions(self.path, &self.disposed, expectation, said);
        for shown in &expectation.shown {
            let is_disposed = dispositions.iter().any(|one| one.item == shown.id);
            if shown.owner != Owner::Gate && !is_disposed {
                let expected = format!("a disposition of `{}`", shown.id);
                said.complaints.push(Complaint::new(self.path, expected, "none").about([&shown.id]));
            }
        }
        let findings = self.findings(said);
        self.agree_with_state(expectation, &findings, &dispositions, said);
        Judgement { findings, dispositions }
    }

    /// New findings, each once: one that stands in two lists counts in the stronger.
    fn findings(&self, said: &mut Verdicts) -> Vec<(ItemStatus, String)> {
        let mut seen = BTreeSet::new();
        let mut findings = Vec::new();
        for (standing, list) in self.lists {
            for text in list.into_iter().flatten() {
                if seen.insert(normalised(text.as_str())) {
                    findings.push((standing, text.as_str().to_owned()));
                } else {
                    let remark = "a finding that stood twice counts once, in the stronger list";
                    said.remarks.push(remark.to_owned());
                }
            }
        }
        findings
    }

    fn agree_with_state(
        &self,
        expectation: &Expectation,
        findings: &[(ItemStatus, String)],
        dispositions: &[Disposition],
        said: &mut Verdicts,
    ) {
        let new = findings.iter().filter(|(standing, _)| standing.must_fix()).count();
        let active: Vec<&Disposition> = dispositions.iter().filter(|said| said.standing.must_fix()).collect();
        match self.state {
            State::Approved => {
                if new > 0 {
                    said.complain("/state", "blocking, with findings to fix", "approved");
                }
                said.complaints.extend(active.iter().map(|one| {
                    let expected = format!("`{}` resolved or future in an approving review", one.item);
                    Complaint::new(self.path, expected, one.standing.name()).about([&one.item])
                }));
            }
            State::Blocking => {
                if new == 0 && active.is_empty() && said.complaints.is_empty() {
                    let expected = "at least one blocking item, same-scope follow-up or active disposition";
                    said.complain("/state", expected, "blocking without anything to fix");
                }
                let was_must_fix =
                    |id: &str| expectation.item(id).is_some_and(|shown| shown.standing.must_fix());
                let lowered = dispositions
                    .iter()
                    .filter(|one| one.standing == ItemStatus::Future && was_must_fix(one.item.as_str()));
                said.complaints.extend(lowered.map(|one| {
                    let expected = format!("`{}` resolved or still to fix in a blocking review", one.item);
                    Complaint::new(self.path, expected, "future").about([&one.item])
                }));
            }
        }
    }
}

/// Words on items that were shown, each once.
pub(super) fn dispositions(
    path: &str,
    given: &[Disposed<'_>],
    expectation: &Expectation,
    said: &mut Verdicts,
) -> Vec<Disposition> {
    let mut seen = BTreeSet::new();
    let mut dispositions = Vec::new();
    for (index, one) in given.iter().enumerate() {
        let path = format!("{path}/{index}");
        let Some(shown) = expectation.item(one.item_id) else {
            expectation.unknown(&path, one.item_id, said);
            continue;
        };
        match shown.owner {
            Owner::Gate => {
                said.remarks.push(format!("`{}` is a gate's; only the gate resolves it", one.item_id));
            }
            Owner::Reviewer | Owner::FormerReviewer if !seen.insert(&shown.id) => {
                let found = format!("`{}` again", shown.id);
                said.complaints.push(Complaint::new(path, "each item once", found).about([&shown.id]));
            }
            Owner::Reviewer | Owner::FormerReviewer => {
                said.complaints.extend(empty_note(&path, one));
                dispositions.push(Disposition {
                    item: shown.id.clone(),
                    standing: one.standing,
                    note: one.note.map(|note| note.as_str().to_owned()),
                });
            }
        }
    }
    dispositions
}

/// An approving review says of every requirement that was shown that it is fulfilled.
pub(super) fn acknowledge(
    state: State,
    resolved: Option<&Vec<Text>>,
    expectation: &Expectation,
    said: &mut Verdicts,
) {
    let path = "/human_requirements_resolved";
    let named: BTreeSet<&str> = resolved.into_iter().flatten().map(Text::as_str).collect();
    let shown: BTreeSet<&str> =
        expectation.requirements.ids.iter().map(super::super::domain::ids::RequirementId::as_str).collect();
    for id in named.difference(&shown) {
        said.remarks.push(format!("`{id}` was not shown as a requirement and is left out"));
    }
    let missing: Vec<String> = shown.difference(&named).map(|id| format!("`{id}`")).collect();
    if state == State::Approved && !missing.is_empty() {
        let expected = "every requirement that was shown, in an approving review";
        let complaint = Complaint::new(path, expected, format!("no word on {}", missing.join(", ")));
        said.complaints.push(complaint.about(shown.difference(&named)).of_acknowledgement());
    }
}

/// Words that say nothing, where a note should say why an item is still open.
const EMPTY_WORDS: [&str; 13] = [
    "none",
    "n/a",
    "na",
    "no",
    "nil",
    "null",
    "-",
    "",
    "nothing",
    "ok",
    "no issues",
    "no blocking issues",
    "no blocking items",
];

/// An active disposition may go without a note, but a note that is there must say something.
fn empty_note(path: &str, disposed: &Disposed<'_>) -> Option<Complaint> {
    let note = disposed.note?.as_str();
    let says_nothing = EMPTY_WORDS.contains(&normalised(note).as_str());
    (disposed.standing.must_fix() && says_nothing).then(|| {
        let expected = "a note that says why the item is still open";
        Complaint::new(format!("{path}/note"), expected, note).about([disposed.item_id])
    })
}

/// A text without what does not change its meaning: list marker, emphasis, closing punctuation, case, spacing.
pub fn normalised(text: &str) -> String {
    let bare = text.replace(['*', '_', '`'], "").to_lowercase();
    let joined = bare.split_whitespace().collect::<Vec<_>>().join(" ");
    let unmarked = joined.trim_start_matches(['-', '+', '•', ' ']);
    unmarked.trim_end_matches(['.', '!', ';', ':', ',', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_normalised_stays_as_it_is(text in "[-+*_`a-cA-C.!;: \u{130}\u{3a3}]{0,24}") {
            prop_assert_eq!(normalised(&normalised(&text)), normalised(&text));
        }

        #[test]
        fn marks_of_a_list_do_not_change_what_is_said(text in "[a-z]{1,8}( [a-z]{1,8}){0,4}") {
            prop_assert_eq!(normalised(&format!("- **{text}**.")), normalised(&text));
        }
    }
}
