//! `pr_review`: a reviewer's answer on a pull request, and the rules that make its words and its state agree.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::disposition::{Disposition, Standing};
use crate::domain::ids::ItemId;

use super::expectation::{Complaint, Expectation, Owner};
use super::text::{State, Text, Version1};

/// The value of `kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PrReviewKind {
    /// `pr_review`
    PrReview,
}

/// A review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrReview {
    /// Always 1.
    pub schema_version: Version1,
    /// Always `pr_review`.
    pub kind: PrReviewKind,
    /// Whether the change is approved as it is.
    pub state: State,
    /// What was looked at and what was found, for people.
    pub summary: Text,
    /// New findings that must be fixed before approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocking_items: Option<Vec<Text>>,
    /// New small findings in files touched by the change, to be done in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_pr_followups: Option<Vec<Text>>,
    /// New findings that are worth a change of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub future_followups: Option<Vec<Text>>,
    /// Where each item that was shown stands now.
    pub prior_item_dispositions: Vec<ItemDisposition>,
    /// The ids of the human requirements that the change fulfils.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub human_requirements_resolved: Option<Vec<Text>>,
    /// What was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Vec<Coverage>>,
}

/// A reviewer's word on an item that was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemDisposition {
    /// The item's id.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"))]
    pub item_id: String,
    /// Where it stands.
    pub disposition: DispositionValue,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// Where an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DispositionValue {
    /// It is done.
    Resolved,
    /// It must be fixed.
    Blocking,
    /// It is small and must be done in this pull request.
    SamePr,
    /// It is worth a change of its own.
    Future,
}

impl From<DispositionValue> for Standing {
    fn from(value: DispositionValue) -> Self {
        match value {
            DispositionValue::Resolved => Self::Resolved,
            DispositionValue::Blocking => Self::Blocking,
            DispositionValue::SamePr => Self::SamePr,
            DispositionValue::Future => Self::Future,
        }
    }
}

/// The parts of a file that a reviewer says it has read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// The file.
    pub path: Text,
    /// The tokens of its hunks.
    pub hunks: Vec<Text>,
}

/// A review that keeps the rules, in the words of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// New findings with where they stand, each once, the stronger list first.
    pub findings: Vec<(Standing, String)>,
    /// One word on each shown item that reviewers dispose of.
    pub dispositions: Vec<Disposition>,
    /// What was left out of the answer, and why.
    pub remarks: Vec<String>,
}

impl PrReview {
    /// What the review comes to.
    ///
    /// # Errors
    /// With every rule that it breaks: a blocking review that names nothing to fix is malformed, not an approval.
    pub fn judgement(&self, expectation: &Expectation) -> Result<Judgement, Vec<Complaint>> {
        let mut complaints = Vec::new();
        let mut remarks = Vec::new();
        let dispositions = self.dispositions(expectation, &mut complaints, &mut remarks);
        let findings = self.findings(&mut remarks);
        self.agree_with_state(expectation, &findings, &dispositions, &mut complaints);
        if complaints.is_empty() {
            Ok(Judgement { findings, dispositions, remarks })
        } else {
            Err(complaints)
        }
    }

    fn dispositions(
        &self,
        expectation: &Expectation,
        complaints: &mut Vec<Complaint>,
        remarks: &mut Vec<String>,
    ) -> Vec<Disposition> {
        let mut said = BTreeSet::new();
        let mut dispositions = Vec::new();
        for (index, given) in self.prior_item_dispositions.iter().enumerate() {
            let path = format!("/prior_item_dispositions/{index}");
            let shown = expectation.shown.iter().find(|shown| shown.id.as_str() == given.item_id);
            match shown.map(|shown| (shown, shown.owner)) {
                None => {
                    remarks.push(format!("`{}` was not shown; its disposition is left out", given.item_id));
                }
                Some((_, Owner::Gate)) => {
                    remarks.push(format!("`{}` is a gate's; only the gate resolves it", given.item_id));
                }
                Some((shown, Owner::Reviewer | Owner::FormerReviewer)) => {
                    if !said.insert(shown.id.clone()) {
                        complaints.push(Complaint::new(
                            path,
                            "each item once",
                            format!("`{}` again", shown.id),
                        ));
                        continue;
                    }
                    complaints.extend(given.empty_note(&path));
                    dispositions.push(given.in_ledger_words(&shown.id));
                }
            }
        }
        for shown in &expectation.shown {
            if shown.owner != Owner::Gate && !said.contains(&shown.id) {
                complaints.push(Complaint::new(
                    "/prior_item_dispositions",
                    format!("a disposition of `{}`", shown.id),
                    "none",
                ));
            }
        }
        dispositions
    }

    /// New findings, each once: one that stands in two lists counts in the stronger.
    fn findings(&self, remarks: &mut Vec<String>) -> Vec<(Standing, String)> {
        let lists = [
            (Standing::Blocking, &self.blocking_items),
            (Standing::SamePr, &self.same_pr_followups),
            (Standing::Future, &self.future_followups),
        ];
        let mut seen = BTreeSet::new();
        let mut findings = Vec::new();
        for (standing, list) in lists {
            for text in list.iter().flatten() {
                if seen.insert(normalised(text.as_str())) {
                    findings.push((standing, text.as_str().to_owned()));
                } else {
                    remarks.push("a finding that stood twice counts once, in the stronger list".to_owned());
                }
            }
        }
        findings
    }

    fn agree_with_state(
        &self,
        expectation: &Expectation,
        findings: &[(Standing, String)],
        dispositions: &[Disposition],
        complaints: &mut Vec<Complaint>,
    ) {
        let new = findings.iter().filter(|(standing, _)| standing.must_fix()).count();
        let active: Vec<&Disposition> = dispositions.iter().filter(|said| said.standing.must_fix()).collect();
        match self.state {
            State::Approved => {
                if new > 0 {
                    complaints.push(Complaint::new("/state", "blocking, with findings to fix", "approved"));
                }
                complaints.extend(active.iter().map(|said| {
                    Complaint::new(
                        "/prior_item_dispositions",
                        format!("`{}` resolved or future in an approving review", said.item),
                        said.standing.name(),
                    )
                }));
            }
            State::Blocking => {
                if new == 0 && active.is_empty() && complaints.is_empty() {
                    complaints.push(Complaint::new(
                        "/state",
                        "at least one blocking item, same-pr follow-up or active disposition",
                        "blocking without anything to fix",
                    ));
                }
                let lowered = dispositions.iter().filter(|said| {
                    said.standing == Standing::Future
                        && expectation
                            .shown
                            .iter()
                            .any(|shown| shown.id == said.item && shown.standing.must_fix())
                });
                complaints.extend(lowered.map(|said| {
                    Complaint::new(
                        "/prior_item_dispositions",
                        format!("`{}` resolved, same-pr or blocking in a blocking review", said.item),
                        "future",
                    )
                }));
            }
        }
    }
}

impl ItemDisposition {
    /// An active disposition may go without a note, but a note that is there must say something.
    fn empty_note(&self, path: &str) -> Option<Complaint> {
        let note = self.note.as_ref()?;
        let says_nothing = [
            "none",
            "n/a",
            "na",
            "no",
            "nil",
            "null",
            "-",
            "no blocking issues",
            "no issues",
            "nothing",
            "ok",
        ]
        .contains(&normalised(note.as_str()).as_str());
        (Standing::from(self.disposition).must_fix() && says_nothing).then(|| {
            Complaint::new(
                format!("{path}/note"),
                "a note that says why the item is still open",
                note.as_str(),
            )
        })
    }

    fn in_ledger_words(&self, id: &ItemId) -> Disposition {
        Disposition {
            item: id.clone(),
            standing: self.disposition.into(),
            note: self.note.as_ref().map(|note| note.as_str().to_owned()),
        }
    }
}

/// A text without what does not change its meaning: list marker, emphasis, closing punctuation, case, spacing.
pub fn normalised(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let joined = words.join(" ").to_lowercase();
    let unmarked = joined.trim_start_matches(['-', '*', '+', '•', ' ']).replace(['*', '_', '`'], "");
    unmarked.trim_end_matches(['.', '!', ';', ':', ',', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agent::ResponseKind;
    use crate::protocol::expectation::ShownItem;

    fn review(json: &str) -> PrReview {
        serde_json::from_str(json).unwrap()
    }

    fn expecting(standing: Standing, owner: Owner) -> Expectation {
        Expectation {
            kind: ResponseKind::PrReview,
            shown: vec![ShownItem { id: ItemId::numbered(1), standing, owner }],
        }
    }

    fn nothing_shown() -> Expectation {
        Expectation { kind: ResponseKind::PrReview, shown: Vec::new() }
    }

    #[test]
    fn a_blocking_review_that_names_nothing_is_malformed() {
        let empty = review(
            r#"{"schema_version":1,"kind":"pr_review","state":"blocking","summary":"hm","prior_item_dispositions":[]}"#,
        );
        assert!(empty.judgement(&nothing_shown()).is_err());
    }

    #[test]
    fn an_approving_review_may_leave_nothing_open() {
        let contradiction = review(
            r#"{"schema_version":1,"kind":"pr_review","state":"approved","summary":"ok","blocking_items":["x"],"prior_item_dispositions":[]}"#,
        );
        assert!(contradiction.judgement(&nothing_shown()).is_err());
        let active = review(
            r#"{"schema_version":1,"kind":"pr_review","state":"approved","summary":"ok","prior_item_dispositions":[{"item_id":"item-1","disposition":"blocking"}]}"#,
        );
        assert!(active.judgement(&expecting(Standing::Blocking, Owner::Reviewer)).is_err());
    }

    #[test]
    fn every_shown_item_is_disposed_of_once_but_a_gates_item_by_nobody() {
        let silent = review(
            r#"{"schema_version":1,"kind":"pr_review","state":"approved","summary":"ok","prior_item_dispositions":[]}"#,
        );
        assert!(silent.judgement(&expecting(Standing::Blocking, Owner::Reviewer)).is_err());
        assert!(silent.judgement(&expecting(Standing::Blocking, Owner::Gate)).is_ok());
    }

    #[test]
    fn a_finding_in_two_lists_counts_once_in_the_stronger() {
        let twice = review(
            r#"{"schema_version":1,"kind":"pr_review","state":"blocking","summary":"s","blocking_items":["- **Fix** it."],"same_pr_followups":["fix it"],"prior_item_dispositions":[]}"#,
        );
        let judgement = twice.judgement(&nothing_shown()).unwrap();
        assert_eq!(judgement.findings, [(Standing::Blocking, "- **Fix** it.".to_owned())]);
    }

    #[test]
    fn a_blocking_review_may_not_wave_a_must_fix_item_into_the_future() {
        let lowering = review(
            r#"{"schema_version":1,"kind":"pr_review","state":"blocking","summary":"s","blocking_items":["y"],"prior_item_dispositions":[{"item_id":"item-1","disposition":"future"}]}"#,
        );
        assert!(lowering.judgement(&expecting(Standing::Blocking, Owner::Reviewer)).is_err());
        assert!(lowering.judgement(&expecting(Standing::Future, Owner::Reviewer)).is_ok());
    }
}
