//! Reads the data of an older comment: base64 of plain JSON. Its syntax is checked strictly, its members leniently.

use std::sync::LazyLock;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use crate::domain::agent::Role;
use crate::domain::item_status::{Disposition, ItemStatus};
use crate::pattern::pattern;
use crate::protocol::json;

use super::comment::{Head, LARGEST, OlderComment, OlderFinding};
use super::flow::OlderFlow;
use super::names::{item_id, label, number};
use super::reason::OlderReason;
use super::words::{standing, standing_and_note};
use crate::protocol::placeholder::says_nothing;

/// A decoder that ignores trailing bits. [`unpack`] converts both alphabets to this one and removes the padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, NO_PAD.with_decode_allow_trailing_bits(true));

static COMMIT: LazyLock<Regex> = pattern!(r"\b(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40})\b");

/// The members that are read. All are optional, and others are ignored.
#[derive(Deserialize)]
struct Data {
    flow: Option<String>,
    role: Option<String>,
    agent: Option<String>,
    round_number: Option<u32>,
    subject: Option<Value>,
    prior_items: Option<Vec<ListedItem>>,
    dispositions: Option<Vec<Word>>,
    new_items: Option<Vec<ListedItem>>,
    canonical_plan: Option<Value>,
    raw_structured_coder_response: Option<Value>,
    next_item: Option<Value>,
    next_item_number: Option<Value>,
}

/// An item in a list, with all known names of its members.
#[derive(Deserialize)]
struct ListedItem {
    id: Option<String>,
    item_id: Option<String>,
    text: Option<String>,
    summary: Option<String>,
    body: Option<String>,
    disposition: Option<String>,
    status: Option<String>,
    kind: Option<String>,
    severity: Option<String>,
    reviewer: Option<String>,
    agent: Option<String>,
    notes: Option<Value>,
}

/// A disposition of an item.
#[derive(Deserialize)]
struct Word {
    item_id: Option<String>,
    id: Option<String>,
    disposition: Option<String>,
    status: Option<String>,
    note: Option<String>,
}

/// Reads the data of a comment.
pub(super) fn read(id: &str, packed: &str, flow: OlderFlow) -> Result<OlderComment, OlderReason> {
    let text = unpack(packed).map_err(OlderReason::Damaged)?;
    let data = parse(&text).map_err(OlderReason::Damaged)?;
    match data.foreign_flow(flow) {
        Some(flow) => Err(OlderReason::Flow(flow)),
        None => data.comment(id).bounded(),
    }
}

fn unpack(packed: &str) -> Result<String, String> {
    let too_large = || format!("it holds more than {LARGEST} bytes");
    if packed.len() / 4 * 3 > LARGEST + 3 {
        return Err(too_large());
    }
    let url_safe = packed.trim_end_matches('=').replace('+', "-").replace('/', "_");
    let bytes = BASE64.decode(url_safe).map_err(|error| format!("base64: {error}"))?;
    if bytes.len() > LARGEST {
        return Err(too_large());
    }
    String::from_utf8(bytes).map_err(|error| format!("UTF-8: {error}"))
}

fn parse(text: &str) -> Result<Data, String> {
    let parsed = json::first_value(text).map_err(|error| format!("JSON: {error}"))?;
    if text.get(parsed.length..).is_none_or(|rest| !rest.trim().is_empty()) {
        return Err("JSON: text follows the object".to_owned());
    }
    if !parsed.value.is_object() {
        return Err("JSON: it is not an object".to_owned());
    }
    serde_json::from_value(parsed.value).map_err(|error| format!("JSON: {error}"))
}

impl Data {
    /// Returns the flow if it is not this one. Without a flow, data with a plan belongs to planning.
    fn foreign_flow(&self, wanted: OlderFlow) -> Option<String> {
        let unnamed = if self.canonical_plan.is_some() { "plan" } else { "pr" };
        let flow = self.flow.as_deref().unwrap_or(unnamed).trim().to_lowercase();
        (!wanted.names().contains(&flow.as_str())).then_some(flow)
    }

    /// Returns the role of the author. Data without a role and without a coder's answer is a reviewer's.
    fn role(&self) -> Role {
        match self.role.as_deref().map(|role| role.trim().to_lowercase()) {
            Some(role) if role == "reviewer" => Role::Reviewer,
            Some(_) => Role::Coder,
            None if self.raw_structured_coder_response.is_some() => Role::Coder,
            None => Role::Reviewer,
        }
    }

    fn comment(self, id: &str) -> OlderComment {
        let role = self.role();
        let hints = [&self.next_item, &self.next_item_number];
        let next_item = hints.into_iter().flatten().filter_map(next_item).max().unwrap_or(0);
        let new = self.new_items.into_iter().flatten().map(ListedItem::finding);
        OlderComment {
            id: id.to_owned(),
            speaker: label(self.agent.as_deref()),
            role,
            head: self.subject.as_ref().and_then(head),
            round: self.round_number,
            prior: self.prior_items.map(|items| items.into_iter().map(ListedItem::finding).collect()),
            words: self.dispositions.into_iter().flatten().filter_map(Word::disposition).collect(),
            new: new.filter(|finding| finding.id.is_some() || !says_nothing(&finding.text)).collect(),
            next_item,
        }
    }
}

impl ListedItem {
    /// Converts an item. The most recent member decides about the status; without any the item is blocking.
    fn finding(self) -> OlderFinding {
        let words = [&self.disposition, &self.status, &self.kind, &self.severity];
        let known = words.into_iter().flatten().find_map(|word| standing(word));
        let texts = [self.text, self.summary, self.body].into_iter().flatten();
        let mut texts = texts.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        OlderFinding {
            id: [self.id, self.item_id].iter().flatten().find_map(|id| item_id(id)),
            reviewer: self.reviewer.or(self.agent).map(|name| label(Some(&name))),
            status: known.unwrap_or(ItemStatus::Blocking),
            text: texts.next().unwrap_or_default(),
            notes: self.notes.as_ref().map(notes).unwrap_or_default(),
        }
    }
}

impl Word {
    /// Converts a disposition; `None` if it has no id or no known status.
    fn disposition(self) -> Option<Disposition> {
        let item = [self.item_id, self.id].iter().flatten().find_map(|id| item_id(id))?;
        let (status, beside) = standing_and_note(&self.disposition.or(self.status)?)?;
        let note = self.note.map(|note| note.trim().to_owned()).filter(|note| !says_nothing(note));
        Some(Disposition { item, status, note: note.or(beside) })
    }
}

/// Returns the head of a subject. A subject without a commit still differs from others.
fn head(subject: &Value) -> Option<Head> {
    if subject.is_null() {
        return None;
    }
    Some(Head(commit(subject).unwrap_or_else(|| subject.to_string())))
}

fn commit(subject: &Value) -> Option<String> {
    match subject {
        Value::String(text) => COMMIT.find(text).map(|found| found.as_str().to_ascii_lowercase()),
        Value::Object(members) => {
            let is_head = |key: &str| key.to_ascii_lowercase().contains("head");
            let is_base = |key: &str| key.to_ascii_lowercase().contains("base");
            let head = members.iter().filter(|(key, _)| is_head(key)).find_map(|(_, value)| commit(value));
            head.or_else(|| {
                members.iter().filter(|(key, _)| !is_base(key)).find_map(|(_, value)| commit(value))
            })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

/// Reads the number of the next item from a number or an id.
fn next_item(hint: &Value) -> Option<u64> {
    match hint {
        Value::Number(found) => found.as_u64().filter(|found| u32::try_from(*found).is_ok()),
        Value::String(text) => item_id(text).as_ref().and_then(number),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Reads notes from a text, a list of texts, or objects with a text.
fn notes(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if says_nothing(text) => Vec::new(),
        Value::String(text) => vec![text.trim().to_owned()],
        Value::Array(values) => values.iter().flat_map(notes).collect(),
        Value::Object(members) => ["text", "note", "body"]
            .into_iter()
            .find_map(|key| members.get(key))
            .map(notes)
            .unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;
    use serde_json::json;

    fn packed(json: &str) -> String {
        URL_SAFE_NO_PAD.encode(json)
    }

    fn damage(json: &str) -> String {
        match read("1", &packed(json), OlderFlow::Review) {
            Err(OlderReason::Damaged(what)) => what,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_one_bounded_object_is_read() {
        assert!(matches!(read("1", "???", OlderFlow::Review), Err(OlderReason::Damaged(_))));
        assert!(matches!(read("1", "", OlderFlow::Review), Err(OlderReason::Damaged(_))));
        assert!(damage("{\"agent\":").starts_with("JSON"));
        assert!(damage("{\"agent\":\"a\",\"agent\":\"b\"}").contains("repeated"));
        assert!(damage("{} {}").contains("follows"));
        assert!(damage("[]").contains("not an object"));
        assert!(damage("{\"round_number\":-1}").starts_with("JSON"));
        assert!(damage(&format!("{{\"x\":\"{}\"}}", "y".repeat(LARGEST))).contains("more than"));
        let many = vec!["{}"; 10_001].join(",");
        assert!(damage(&format!("{{\"prior_items\":[{many}]}}")).contains("10000 items"));
    }

    #[test]
    fn unknown_and_missing_members_are_tolerated() {
        let comment =
            read("1", &packed("{\"mood\":\"fine\",\"prior_items\":null}"), OlderFlow::Review).unwrap();
        assert!(comment.is_review() && comment.prior.is_none() && comment.ids().next().is_none());
        assert_eq!(comment.speaker.as_str(), "reviewer");
    }

    #[test]
    fn coders_are_recognised_by_role() {
        for coder in
            ["{\"role\":\"coder\"}", "{\"raw_structured_coder_response\":\"x\"}", "{\"role\":\"planner\"}"]
        {
            assert!(!read("1", &packed(coder), OlderFlow::Review).unwrap().is_review(), "{coder}");
        }
    }

    #[test]
    fn heads_are_found_in_any_subject() {
        let (head_sha, base_sha) = ("a".repeat(40), "b".repeat(40));
        for subject in [
            json!(head_sha),
            json!(head_sha.to_uppercase()),
            json!(format!("pr-7@{head_sha}")),
            json!({ "base_sha": base_sha, "head_sha": head_sha }),
            json!({ "commit": head_sha, "base": { "sha": base_sha } }),
            json!({ "a_tree": base_sha, "pull_request": 7, "head": { "sha": head_sha } }),
        ] {
            assert_eq!(head(&subject), Some(Head(head_sha.clone())), "{subject}");
        }
    }

    #[test]
    fn subjects_without_commits_differ() {
        assert_eq!(head(&Value::Null), None);
        assert_ne!(head(&json!("pr-7")), head(&json!("pr-8")));
    }

    proptest! {
        #[test]
        fn no_data_makes_the_reader_panic(text in ".{0,200}") {
            let _ = read("1", &text, OlderFlow::Review);
            let _ = read("1", &packed(&text), OlderFlow::Planning);
        }
    }
}
