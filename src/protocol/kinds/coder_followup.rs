//! `coder_followup`: the coder's answer to a review, item by item.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::agent::ResponseKind;

use super::super::expectation::{Complaint, Expectation, Owner, RuleReport};
use super::super::placeholder::says_nothing;
use super::super::recorded::{ItemNote, Reply, ReplyKind};
use super::super::text::{ReviewVerdict, Text, Version1};
use super::Kind;
use super::shared::{HumanRequirements, KindTag};

/// The coder's reply to the findings in its prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoderFollowup {
    /// Always 1.
    pub schema_version: Version1,
    /// Always `coder_followup`.
    pub kind: KindTag<Self>,
    /// The coder's own opinion; it decides nothing.
    pub state: ReviewVerdict,
    /// What was done and why.
    pub summary: Text,
    /// The ids of the items that are fixed.
    pub addressed_items: Vec<Text>,
    /// The ids of the items that are left open.
    pub remaining_items: Vec<Text>,
    /// The ids of the items that the coder disputes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disputed_items: Option<Vec<Text>>,
    /// How each item was fixed, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addressed_item_notes: Option<BTreeMap<String, Text>>,
    /// Why each item is left open, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining_item_notes: Option<BTreeMap<String, Text>>,
    /// The evidence against each disputed item, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute_evidence: Option<BTreeMap<String, Text>>,
    /// The acknowledgement of human requirements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub human_requirements: Option<HumanRequirements>,
    /// The exact test commands that were run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests_run: Option<Vec<Text>>,
}

impl Kind for CoderFollowup {
    const KIND: ResponseKind = ResponseKind::CoderFollowup;
    type Meaning = Reply;

    fn verdict(&self) -> Option<&'static str> {
        Some(self.state.name())
    }

    fn meaning(&self, expectation: &Expectation, report: &mut RuleReport) -> Reply {
        self.check_lists(expectation, report);
        self.check_disputes(expectation, report);
        self.check_notes(report);
        for (path, list) in self.lists() {
            for id in list.into_iter().flatten() {
                if expectation.item(id.as_str()).is_none() {
                    expectation.unknown(path, id.as_str(), report);
                }
            }
        }
        HumanRequirements::check(self.human_requirements.as_ref(), expectation, report);
        self.reply().about(|id| expectation.item(id.as_str()).is_some())
    }
}

impl CoderFollowup {
    fn lists(&self) -> [(&'static str, Option<&Vec<Text>>); 3] {
        [
            ("/addressed_items", Some(&self.addressed_items)),
            ("/remaining_items", Some(&self.remaining_items)),
            ("/disputed_items", self.disputed_items.as_ref()),
        ]
    }

    fn check_lists(&self, expectation: &Expectation, report: &mut RuleReport) {
        let lists = self.lists();
        let listed = lists.iter().flat_map(|(_, list)| list.iter().copied().flatten());
        let listed: Vec<&str> = listed.map(Text::as_str).collect();
        for shown in &expectation.shown {
            let times = listed.iter().filter(|listed| **listed == shown.id.as_str()).count();
            let lists = "addressed_items, remaining_items or disputed_items";
            if times > 1 {
                let complaint =
                    Complaint::new("", format!("`{}` in one list", shown.id), "in more than one place");
                report.complaints.push(complaint.about([&shown.id]));
            } else if times == 0 && shown.status.must_fix() {
                let complaint = Complaint::new("", format!("`{}` in {lists}", shown.id), "in none");
                report.complaints.push(complaint.about([&shown.id]));
            }
        }
    }

    fn check_disputes(&self, expectation: &Expectation, report: &mut RuleReport) {
        let disputed: Vec<&str> = self.disputed_items.iter().flatten().map(Text::as_str).collect();
        for id in self.dispute_evidence.iter().flat_map(BTreeMap::keys) {
            if !disputed.contains(&id.as_str()) {
                let expected = "evidence for an item in disputed_items";
                let complaint =
                    Complaint::new(format!("/dispute_evidence/{id}"), expected, "an id that is not in it");
                report.complaints.push(complaint.about([id]));
            }
        }
        for id in disputed {
            // An id that was not shown is reported with those of the other lists.
            let Some(shown) = expectation.item(id) else { continue };
            match (shown.owner, self.evidence(id)) {
                (Owner::Reviewer, Some(_)) => {}
                (Owner::Reviewer, None) => {
                    let complaint =
                        Complaint::new("/dispute_evidence", format!("evidence for `{id}`"), "none");
                    report.complaints.push(complaint.about([id]));
                }
                (Owner::Gate | Owner::FormerReviewer, _) => {
                    let found = format!("`{id}`, which cannot be disputed");
                    let complaint =
                        Complaint::new("/disputed_items", "items of a reviewer on the roster", found);
                    report.complaints.push(complaint.about([id]));
                }
            }
        }
    }

    /// Checks that each note belongs to an id of its own list.
    fn check_notes(&self, report: &mut RuleReport) {
        let maps = [
            ("/addressed_item_notes", &self.addressed_item_notes, &self.addressed_items),
            ("/remaining_item_notes", &self.remaining_item_notes, &self.remaining_items),
        ];
        for (path, notes, listed) in maps {
            for id in notes.iter().flat_map(BTreeMap::keys) {
                if !listed.iter().any(|listed| listed.as_str() == id) {
                    let expected = "a note on an item of its own list";
                    let complaint =
                        Complaint::new(format!("{path}/{id}"), expected, "an id that is not in it");
                    report.complaints.push(complaint.about([id]));
                }
            }
        }
    }

    fn evidence(&self, id: &str) -> Option<&Text> {
        self.dispute_evidence.as_ref()?.get(id).filter(|text| !says_nothing(text.as_str()))
    }
}

impl ReplyKind for CoderFollowup {
    fn reply(&self) -> Reply {
        let notes = [&self.addressed_item_notes, &self.remaining_item_notes].into_iter().flatten().flatten();
        let disputed = self.disputed_items.iter().flatten().map(Text::as_str);
        Reply {
            notes: notes.filter_map(|(id, note)| ItemNote::new(id, note.as_str())).collect(),
            disputes: disputed.filter_map(|id| ItemNote::new(id, self.evidence(id)?.as_str())).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ItemId;
    use crate::domain::item_status::ItemStatus;
    use crate::protocol::expectation::{Completeness, ShownItem};

    fn expecting(owner: Owner) -> Expectation {
        let shown = ShownItem { id: ItemId::numbered(1), status: ItemStatus::Blocking, owner };
        Expectation { shown: vec![shown], ..Expectation::bare(ResponseKind::CoderFollowup) }
    }

    fn followup(lists: &str) -> CoderFollowup {
        let json = format!(
            r#"{{"schema_version":1,"kind":"coder_followup","state":"approved","summary":"s",{lists}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn every_must_fix_has_one_list() {
        let nowhere = followup(r#""addressed_items":[],"remaining_items":[]"#);
        assert!(nowhere.judged(&expecting(Owner::Reviewer)).is_err());
        let twice = followup(r#""addressed_items":["item-1"],"remaining_items":["item-1"]"#);
        assert!(twice.judged(&expecting(Owner::Reviewer)).is_err());
        let once = followup(r#""addressed_items":["item-1"],"remaining_items":[]"#);
        assert!(once.judged(&expecting(Owner::Reviewer)).is_ok());
    }

    #[test]
    fn disputes_need_evidence_and_a_reviewer() {
        let bare = followup(r#""addressed_items":[],"remaining_items":[],"disputed_items":["item-1"]"#);
        assert!(bare.judged(&expecting(Owner::Reviewer)).is_err());
        let reasoned = followup(
            r#""addressed_items":[],"remaining_items":[],"disputed_items":["item-1"],"dispute_evidence":{"item-1":"line 3 checks it"}"#,
        );
        assert_eq!(
            reasoned.judged(&expecting(Owner::Reviewer)).unwrap().0.disputes,
            [ItemNote { item: ItemId::numbered(1), text: "line 3 checks it".to_owned() }]
        );
        let nothing_shown = Expectation::bare(ResponseKind::CoderFollowup);
        assert_eq!(reasoned.judged(&nothing_shown).unwrap().0.disputes, []);
        assert!(reasoned.judged(&Expectation { ledger: Completeness::Gaps, ..nothing_shown }).is_err());
        assert!(reasoned.judged(&expecting(Owner::Gate)).is_err());
        assert!(reasoned.judged(&expecting(Owner::FormerReviewer)).is_err());
    }

    #[test]
    fn a_recorded_reply_needs_no_expectation() {
        let recorded = followup(
            r#""addressed_items":["item-1"],"addressed_item_notes":{"item-1":"done","no id!":"x"},
               "remaining_items":["item-2"],"remaining_item_notes":{"item-2":"hard"},
               "disputed_items":["item-3","item-4"],"dispute_evidence":{"item-3":"see line 3"}"#,
        );
        let note = |number, text: &str| ItemNote { item: ItemId::numbered(number), text: text.to_owned() };
        assert_eq!(recorded.reply().notes, [note(1, "done"), note(2, "hard")]);
        assert_eq!(recorded.reply().disputes, [note(3, "see line 3")]);
    }
}
