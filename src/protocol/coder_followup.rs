//! `coder_followup`: the coder's answer to a review, item by item.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::ids::ItemId;

use super::expectation::{Complaint, Expectation, Owner};
use super::text::{HumanRequirements, State, Text, Version1};

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
    /// What was left out of the answer, and why.
    pub remarks: Vec<String>,
}

impl CoderFollowup {
    /// What the follow-up comes to.
    ///
    /// # Errors
    /// With every rule that it breaks: each must-fix item that was shown stands in exactly one list.
    pub fn reply(&self, expectation: &Expectation) -> Result<Reply, Vec<Complaint>> {
        let mut complaints = self.misplaced_items(expectation);
        let mut remarks = Vec::new();
        let disputes = self.disputes(expectation, &mut complaints);
        let mut notes = Vec::new();
        let lists = [
            ("addressed_item_notes", &self.addressed_item_notes, ids(Some(&self.addressed_items))),
            ("remaining_item_notes", &self.remaining_item_notes, ids(Some(&self.remaining_items))),
        ];
        for (name, map, listed) in lists {
            for (id, note) in map.iter().flatten() {
                match (listed.contains(&id.as_str()), find(expectation, id)) {
                    (true, Some(item)) => notes.push((item, note.as_str().to_owned())),
                    (true, None) => remarks.push(format!("`{id}` was not shown; its note is left out")),
                    (false, _) => complaints.push(Complaint::new(
                        format!("/{name}/{id}"),
                        "a note on an item of its own list",
                        "an id that is not in it",
                    )),
                }
            }
        }
        for id in self.listed() {
            if find(expectation, id).is_none() {
                remarks.push(format!("`{id}` was not shown and is left out"));
            }
        }
        if complaints.is_empty() { Ok(Reply { notes, disputes, remarks }) } else { Err(complaints) }
    }

    fn listed(&self) -> Vec<&str> {
        let mut all = ids(Some(&self.addressed_items));
        all.extend(ids(Some(&self.remaining_items)));
        all.extend(ids(self.disputed_items.as_ref()));
        all
    }

    fn misplaced_items(&self, expectation: &Expectation) -> Vec<Complaint> {
        let listed = self.listed();
        let count = |id: &ItemId| listed.iter().filter(|listed| **listed == id.as_str()).count();
        let mut complaints = Vec::new();
        for shown in &expectation.shown {
            let times = count(&shown.id);
            if times > 1 {
                complaints.push(Complaint::new(
                    "",
                    format!("`{}` in one list", shown.id),
                    "in more than one place",
                ));
            } else if times == 0 && shown.standing.must_fix() {
                complaints.push(Complaint::new(
                    "",
                    format!("`{}` in addressed_items, remaining_items or disputed_items", shown.id),
                    "in none",
                ));
            }
        }
        complaints
    }

    fn disputes(&self, expectation: &Expectation, complaints: &mut Vec<Complaint>) -> Vec<(ItemId, String)> {
        let disputed = ids(self.disputed_items.as_ref());
        for id in self.dispute_evidence.iter().flatten().map(|(id, _)| id) {
            if !disputed.contains(&id.as_str()) {
                complaints.push(Complaint::new(
                    format!("/dispute_evidence/{id}"),
                    "evidence for an item in disputed_items",
                    "an id that is not in it",
                ));
            }
        }
        let mut objections = Vec::new();
        for id in disputed {
            let evidence = self.dispute_evidence.as_ref().and_then(|evidence| evidence.get(id));
            let owner =
                expectation.shown.iter().find(|shown| shown.id.as_str() == id).map(|shown| shown.owner);
            match (owner, evidence) {
                (Some(Owner::Reviewer), Some(evidence)) => {
                    objections.extend(find(expectation, id).map(|item| (item, evidence.as_str().to_owned())));
                }
                (Some(Owner::Reviewer), None) => complaints.push(Complaint::new(
                    "/dispute_evidence",
                    format!("evidence for `{id}`"),
                    "none",
                )),
                (Some(Owner::Gate | Owner::FormerReviewer), _) => complaints.push(Complaint::new(
                    "/disputed_items",
                    "items of a reviewer on the roster",
                    format!("`{id}`, which can't be disputed"),
                )),
                (None, _) => complaints.push(Complaint::new(
                    "/disputed_items",
                    "items that were shown",
                    format!("`{id}`"),
                )),
            }
        }
        objections
    }
}

fn ids(list: Option<&Vec<Text>>) -> Vec<&str> {
    list.into_iter().flatten().map(Text::as_str).collect()
}

fn find(expectation: &Expectation, id: &str) -> Option<ItemId> {
    expectation.shown.iter().find(|shown| shown.id.as_str() == id).map(|shown| shown.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agent::ResponseKind;
    use crate::domain::disposition::Standing;
    use crate::protocol::expectation::ShownItem;

    fn expecting(owner: Owner) -> Expectation {
        let shown = ShownItem { id: ItemId::numbered(1), standing: Standing::Blocking, owner };
        Expectation { kind: ResponseKind::CoderFollowup, shown: vec![shown] }
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
        assert!(nowhere.reply(&expecting(Owner::Reviewer)).is_err());
        let twice = followup(r#""addressed_items":["item-1"],"remaining_items":["item-1"]"#);
        assert!(twice.reply(&expecting(Owner::Reviewer)).is_err());
        let once = followup(r#""addressed_items":["item-1"],"remaining_items":[]"#);
        assert!(once.reply(&expecting(Owner::Reviewer)).is_ok());
    }

    #[test]
    fn a_dispute_needs_evidence_and_somebody_to_dispute_with() {
        let bare = followup(r#""addressed_items":[],"remaining_items":[],"disputed_items":["item-1"]"#);
        assert!(bare.reply(&expecting(Owner::Reviewer)).is_err());
        let reasoned = followup(
            r#""addressed_items":[],"remaining_items":[],"disputed_items":["item-1"],"dispute_evidence":{"item-1":"line 3 checks it"}"#,
        );
        assert_eq!(
            reasoned.reply(&expecting(Owner::Reviewer)).unwrap().disputes,
            [(ItemId::numbered(1), "line 3 checks it".to_owned())]
        );
        assert!(reasoned.reply(&expecting(Owner::Gate)).is_err());
        assert!(reasoned.reply(&expecting(Owner::FormerReviewer)).is_err());
    }
}
