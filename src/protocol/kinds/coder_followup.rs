//! `coder_followup`: the coder's answer to a review, item by item.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::agent::ResponseKind;
use crate::domain::ids::ItemId;

use super::super::expectation::{Complaint, Expectation, Owner, Verdicts};
use super::super::text::{HumanRequirements, State, Text, Version1};
use super::Kind;

/// The value of `kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CoderFollowupKind {
    /// `coder_followup`
    CoderFollowup,
}

/// What the coder did about the items that it was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoderFollowup {
    /// Always 1.
    pub schema_version: Version1,
    /// Always `coder_followup`.
    pub kind: CoderFollowupKind,
    /// The coder's own opinion; it is shown and steers nothing.
    pub state: State,
    /// What was done and why.
    pub summary: Text,
    /// The ids of the items that are done.
    pub addressed_items: Vec<Text>,
    /// The ids of the items that are not.
    pub remaining_items: Vec<Text>,
    /// The ids of the items that the coder objects to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disputed_items: Option<Vec<Text>>,
    /// How an item was done, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addressed_item_notes: Option<BTreeMap<String, Text>>,
    /// Why an item is not done, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining_item_notes: Option<BTreeMap<String, Text>>,
    /// The reasons of each objection, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute_evidence: Option<BTreeMap<String, Text>>,
    /// The word on what people asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub human_requirements: Option<HumanRequirements>,
    /// The exact tests that were run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests_run: Option<Vec<Text>>,
}

/// A follow-up that keeps the rules, in the words of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Notes by item, addressed and remaining alike.
    pub notes: Vec<(ItemId, String)>,
    /// Objections with their evidence.
    pub disputes: Vec<(ItemId, String)>,
}

impl Kind for CoderFollowup {
    const KIND: ResponseKind = ResponseKind::CoderFollowup;
    type Meaning = Reply;

    fn verdict(&self) -> Option<&'static str> {
        Some(self.state.name())
    }

    fn meaning(&self, expectation: &Expectation, said: &mut Verdicts) -> Reply {
        self.look_for_misplaced_items(expectation, said);
        let disputes = self.disputes(expectation, said);
        let (addressed, remaining) = (self.addressed_item_notes.as_ref(), self.remaining_item_notes.as_ref());
        let mut notes = notes("/addressed_item_notes", (addressed, &self.addressed_items), expectation, said);
        let remaining = (remaining, self.remaining_items.as_slice());
        notes.extend(self::notes("/remaining_item_notes", remaining, expectation, said));
        for (path, list) in self.lists() {
            for id in list.into_iter().flatten() {
                if expectation.item(id.as_str()).is_none() {
                    expectation.unknown(path, id.as_str(), said);
                }
            }
        }
        HumanRequirements::check(self.human_requirements.as_ref(), expectation, said);
        Reply { notes, disputes }
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

    fn look_for_misplaced_items(&self, expectation: &Expectation, said: &mut Verdicts) {
        let lists = self.lists();
        let listed = lists.iter().flat_map(|(_, list)| list.iter().copied().flatten());
        let listed: Vec<&str> = listed.map(Text::as_str).collect();
        for shown in &expectation.shown {
            let times = listed.iter().filter(|listed| **listed == shown.id.as_str()).count();
            let lists = "addressed_items, remaining_items or disputed_items";
            if times > 1 {
                let complaint =
                    Complaint::new("", format!("`{}` in one list", shown.id), "in more than one place");
                said.complaints.push(complaint.about([&shown.id]));
            } else if times == 0 && shown.standing.must_fix() {
                let complaint = Complaint::new("", format!("`{}` in {lists}", shown.id), "in none");
                said.complaints.push(complaint.about([&shown.id]));
            }
        }
    }

    fn disputes(&self, expectation: &Expectation, said: &mut Verdicts) -> Vec<(ItemId, String)> {
        let disputed: Vec<&str> = self.disputed_items.iter().flatten().map(Text::as_str).collect();
        for id in self.dispute_evidence.iter().flatten().map(|(id, _)| id) {
            if !disputed.contains(&id.as_str()) {
                let expected = "evidence for an item in disputed_items";
                let complaint =
                    Complaint::new(format!("/dispute_evidence/{id}"), expected, "an id that is not in it");
                said.complaints.push(complaint.about([id]));
            }
        }
        let mut objections = Vec::new();
        for id in disputed {
            let evidence = self.dispute_evidence.as_ref().and_then(|evidence| evidence.get(id));
            // What is said of an id that was not shown is said where every list is looked at.
            let Some(shown) = expectation.item(id) else { continue };
            match (shown.owner, evidence) {
                (Owner::Reviewer, Some(evidence)) => {
                    objections.push((shown.id.clone(), evidence.as_str().to_owned()));
                }
                (Owner::Reviewer, None) => {
                    let complaint =
                        Complaint::new("/dispute_evidence", format!("evidence for `{id}`"), "none");
                    said.complaints.push(complaint.about([id]));
                }
                (Owner::Gate | Owner::FormerReviewer, _) => {
                    let found = format!("`{id}`, which can't be disputed");
                    let complaint =
                        Complaint::new("/disputed_items", "items of a reviewer on the roster", found);
                    said.complaints.push(complaint.about([id]));
                }
            }
        }
        objections
    }
}

/// The notes of one of the two maps; each belongs to an id of its own list.
fn notes(
    path: &str,
    (map, listed): (Option<&BTreeMap<String, Text>>, &[Text]),
    expectation: &Expectation,
    said: &mut Verdicts,
) -> Vec<(ItemId, String)> {
    let mut notes = Vec::new();
    for (id, note) in map.into_iter().flatten() {
        if !listed.iter().any(|listed| listed.as_str() == id) {
            let expected = "a note on an item of its own list";
            let complaint = Complaint::new(format!("{path}/{id}"), expected, "an id that is not in it");
            said.complaints.push(complaint.about([id]));
        } else if let Some(shown) = expectation.item(id) {
            notes.push((shown.id.clone(), note.as_str().to_owned()));
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::item_status::ItemStatus;
    use crate::protocol::expectation::{Completeness, ShownItem};

    fn expecting(owner: Owner) -> Expectation {
        let shown = ShownItem { id: ItemId::numbered(1), standing: ItemStatus::Blocking, owner };
        Expectation { shown: vec![shown], ..Expectation::bare(ResponseKind::CoderFollowup) }
    }

    fn followup(lists: &str) -> CoderFollowup {
        let json = format!(
            r#"{{"schema_version":1,"kind":"coder_followup","state":"approved","summary":"s",{lists}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn a_must_fix_item_stands_in_exactly_one_list() {
        let nowhere = followup(r#""addressed_items":[],"remaining_items":[]"#);
        assert!(nowhere.judged(&expecting(Owner::Reviewer)).is_err());
        let twice = followup(r#""addressed_items":["item-1"],"remaining_items":["item-1"]"#);
        assert!(twice.judged(&expecting(Owner::Reviewer)).is_err());
        let once = followup(r#""addressed_items":["item-1"],"remaining_items":[]"#);
        assert!(once.judged(&expecting(Owner::Reviewer)).is_ok());
    }

    #[test]
    fn a_dispute_needs_evidence_and_somebody_to_dispute_with() {
        let bare = followup(r#""addressed_items":[],"remaining_items":[],"disputed_items":["item-1"]"#);
        assert!(bare.judged(&expecting(Owner::Reviewer)).is_err());
        let reasoned = followup(
            r#""addressed_items":[],"remaining_items":[],"disputed_items":["item-1"],"dispute_evidence":{"item-1":"line 3 checks it"}"#,
        );
        assert_eq!(
            reasoned.judged(&expecting(Owner::Reviewer)).unwrap().0.disputes,
            [(ItemId::numbered(1), "line 3 checks it".to_owned())]
        );
        let nothing_shown = Expectation::bare(ResponseKind::CoderFollowup);
        assert_eq!(reasoned.judged(&nothing_shown).unwrap().0.disputes, []);
        assert!(reasoned.judged(&Expectation { ledger: Completeness::Gaps, ..nothing_shown }).is_err());
        assert!(reasoned.judged(&expecting(Owner::Gate)).is_err());
        assert!(reasoned.judged(&expecting(Owner::FormerReviewer)).is_err());
    }
}
