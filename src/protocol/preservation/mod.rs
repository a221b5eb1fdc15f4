//! Checks that a repaired answer keeps the content of its source: the same verdict, every finding, note, step and test as a
//! separate entry, and no added approval. A repaired answer that fails is dropped.

mod matching;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::pattern::pattern;

use super::comparison::normalised;
use super::envelope;
use super::expectation::{Complaint, Expectation};
use super::vote;
use matching::{lost, shortened};

/// The minimum length of a sentence in a text that is not JSON: shorter ones are headings and single words.
const SHORTEST_SENTENCE: usize = 12;

/// Names whose values are ids or closed words, not content.
const NOT_CONTENT: [&str; 14] = [
    "kind",
    "nonce",
    "state",
    "item_id",
    "disposition",
    "outcome",
    "automation",
    "status",
    "analyzer_framing",
    "addressed_items",
    "remaining_items",
    "disputed_items",
    "addressed_ids",
    "human_requirements_resolved",
];

/// The lists of findings in reviews of all kinds, the most severe first.
const BLOCKING: [&str; 2] = ["blocking_items", "blocking_plan_issues"];
const SAME_SCOPE: [&str; 2] = ["same_pr_followups", "same_plan_followups"];
const FUTURE: &str = "future_followups";

/// Checks whether `repaired`, a valid answer, keeps the content of `source`.
///
/// # Errors
/// Returns complaints about lost content and added approvals.
pub fn check(source: &str, repaired: &Value, expectation: &Expectation) -> Result<(), Vec<Complaint>> {
    let opened = envelope::open(source).ok();
    let whole = opened.as_ref().map(|opened| &opened.object);
    let mut complaints = Vec::new();
    if vote::is_approval(repaired, expectation) && !vote::approves_plainly(source, expectation) {
        let expected = "an approval only where the source is whole, stands alone and approves";
        complaints.push(Complaint::new("/state", expected, "a source that does not"));
    }
    if let Some(source) = whole {
        let kind = |value: &Value| value.get("kind").cloned();
        if kind(source).is_some_and(|said| Some(said) != kind(repaired)) {
            complaints.push(Complaint::new("/kind", "the kind of the source", "another one"));
        }
    }
    complaints.extend(approvals_added(whole, source, repaired));
    complaints.extend(made_milder(whole, source, repaired));
    let said = match &opened {
        Some(opened) => [texts(&opened.object), sentences(&opened.prose)].concat(),
        None => sentences(source),
    };
    complaints.extend(lost(&said, &texts(repaired)));
    if complaints.is_empty() { Ok(()) } else { Err(complaints) }
}

/// Returns complaints about added dispositions and acknowledgements that resolve something. A damaged source resolves only
/// what it states plainly, and once.
fn approvals_added(whole: Option<&Value>, source: &str, repaired: &Value) -> Vec<Complaint> {
    let before = whole.map_or_else(|| lifted_plainly(source), lifted);
    lifted(repaired)
        .iter()
        .filter(|one| !before.contains(*one))
        .map(|(id, word)| {
            Complaint::new("", "nothing lifted that the source does not lift", format!("`{id}` {word}"))
                .about([id])
        })
        .collect()
}

/// The statement that a human requirement is fulfilled.
const FULFILLED: &str = "fulfilled";

/// Returns every id that an answer resolves, postpones, or calls fulfilled.
fn lifted(answer: &Value) -> BTreeSet<(String, String)> {
    let mut found: BTreeSet<(String, String)> =
        disposed(answer).into_iter().filter(|(_, word)| is_lifting(word)).collect();
    // Only the coder can state that it has addressed or disputes an item.
    for list in [RESOLVED, "addressed_items", "disputed_items"] {
        for id in answer.get(list).and_then(Value::as_array).into_iter().flatten() {
            let word = if list == RESOLVED { FULFILLED } else { list };
            found.insert((id.as_str().unwrap_or_default().to_owned(), word.to_owned()));
        }
    }
    found
}

fn lifted_plainly(source: &str) -> BTreeSet<(String, String)> {
    let words = disposed_plainly(source);
    let is_said_once =
        |id: &String, word: &String| words.iter().all(|(other, said)| other != id || said == word);
    let lifting = words.iter().filter(|(id, word)| is_lifting(word) && is_said_once(id, word)).cloned();
    let listed = [RESOLVED, "addressed_items", "disputed_items"].into_iter().flat_map(|list| {
        let word = if list == RESOLVED { FULFILLED } else { list };
        quoted(list_of(source, list)).map(move |id| (id.to_owned(), word.to_owned()))
    });
    lifting.chain(listed).collect()
}

fn is_lifting(word: &str) -> bool {
    matches!(word, "resolved" | "future")
}

fn disposed(answer: &Value) -> Vec<(String, String)> {
    let lists = ["prior_item_dispositions", "prior_plan_item_dispositions"];
    let all = lists.iter().filter_map(|list| answer.get(*list)?.as_array()).flatten();
    let text = |one: &Value, name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    all.map(|one| (text(one, "item_id"), text(one, "disposition"))).collect()
}

/// Returns the dispositions in a text that is not a whole object: an id and a status within one pair of braces.
fn disposed_plainly(source: &str) -> Vec<(String, String)> {
    let only = |found: &Regex, piece: &str| {
        let mut all = found.captures_iter(piece).filter_map(|one| Some(one.get(1)?.as_str().to_owned()));
        all.next().filter(|_| all.next().is_none())
    };
    let pieces = source.split(['{', '}']);
    pieces.filter_map(|piece| Some((only(&ITEM, piece)?, only(&WORD, piece)?))).collect()
}

static ITEM: LazyLock<Regex> = pattern!(r#"["']?item_id["']?\s*:\s*["']([^"']+)["']"#);
static WORD: LazyLock<Regex> = pattern!(r#"["']?disposition["']?\s*:\s*["']([a-z-]+)["']"#);

/// Returns complaints about findings that no longer have to be fixed.
fn made_milder(whole: Option<&Value>, source: &str, repaired: &Value) -> Vec<Complaint> {
    let mut complaints = lost_fixes(whole, source, repaired);
    let put_off = found_in(repaired, &[FUTURE]);
    let before = whole.map(|whole| found_in(whole, &[FUTURE]));
    let was_put_off = |text: &&String| match &before {
        Some(before) => {
            before.iter().any(|known| known.contains(text.as_str()) || text.contains(known.as_str()))
        }
        None => source.contains(FUTURE),
    };
    complaints.extend(put_off.iter().filter(|text| !was_put_off(text)).map(|text| {
        Complaint::new(
            "/future_followups",
            "nothing put off that the source does not put off",
            shortened(text),
        )
    }));
    complaints
}

/// Returns the findings that must be fixed according to the source and not according to another answer.
fn lost_fixes(whole: Option<&Value>, source: &str, answer: &Value) -> Vec<Complaint> {
    let said = |lists: &[&str]| match whole {
        Some(whole) => found_in(whole, lists),
        None => lists
            .iter()
            .flat_map(|list| quoted(list_of(source, list)).map(normalised))
            .filter(|text| is_sentence(text))
            .collect(),
    };
    let must_fix = [BLOCKING, SAME_SCOPE].concat();
    let mut complaints = lost(&said(&BLOCKING), &found_in(answer, &BLOCKING));
    complaints.extend(lost(&said(&must_fix), &found_in(answer, &must_fix)));
    complaints
}

/// Returns the findings of an answer in these lists.
fn found_in(answer: &Value, lists: &[&str]) -> Vec<String> {
    lists.iter().filter_map(|list| answer.get(*list)).flat_map(texts).collect()
}

/// Returns the text after a key of an incomplete object, up to the next key of an answer.
fn list_of<'source>(source: &'source str, key: &str) -> &'source str {
    let begin =
        |text: &str, key: &str| text.find(&format!("\"{key}\"")).map(|start| (start, start + key.len() + 2));
    let Some((_, start)) = begin(source, key) else { return "" };
    let behind = source.get(start..).unwrap_or_default();
    let end = ANSWER_KEYS.iter().filter_map(|key| begin(behind, key)).map(|(start, _)| start).min();
    behind.get(..end.unwrap_or(behind.len())).unwrap_or_default()
}

/// The list of human requirements that a review calls fulfilled.
const RESOLVED: &str = "human_requirements_resolved";

/// Keys at which a list of a damaged answer ends at the latest.
const ANSWER_KEYS: [&str; 20] = [
    "schema_version",
    "kind",
    "state",
    "summary",
    BLOCKING[0],
    BLOCKING[1],
    SAME_SCOPE[0],
    SAME_SCOPE[1],
    FUTURE,
    "prior_item_dispositions",
    "prior_plan_item_dispositions",
    RESOLVED,
    "addressed_items",
    "remaining_items",
    "disputed_items",
    "addressed_item_notes",
    "remaining_item_notes",
    "dispute_evidence",
    "human_requirements",
    "tests_run",
];

fn quoted(source: &str) -> impl Iterator<Item = &str> {
    source.split('"').skip(1).step_by(2)
}

/// Returns all texts of an answer that are content.
fn texts(answer: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(answer, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.extend(Some(normalised(text)).filter(|text| !text.is_empty())),
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        Value::Object(members) => {
            let content = members.iter().filter(|(name, _)| !NOT_CONTENT.contains(&name.as_str()));
            content.for_each(|(_, member)| collect(member, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Returns the statements of an incomplete object: list entries and quoted strings.
fn sentences(source: &str) -> Vec<String> {
    let entries = source.lines().filter_map(|line| {
        let line = line.trim();
        let numbered = line.trim_start_matches(|letter: char| letter.is_ascii_digit());
        line.strip_prefix(['-', '*', '+'])
            .or_else(|| numbered.strip_prefix(['.', ')']).filter(|_| numbered.len() < line.len()))
    });
    entries.chain(quoted(source)).map(normalised).filter(|text| is_sentence(text)).collect()
}

fn is_sentence(text: &str) -> bool {
    text.len() >= SHORTEST_SENTENCE && text.contains(' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agent::ResponseKind;
    use crate::protocol::expectation::Voter;
    use serde_json::json;

    fn review(state: &str, blocking: &[&str]) -> Value {
        json!({
            "schema_version": 1, "kind": "pr_review", "nonce": "k3v9q2mt7x", "state": state,
            "summary": "looked at it",
            "blocking_items": blocking, "prior_item_dispositions": []
        })
    }

    fn keeps(source: &str, repaired: &Value) -> bool {
        let voter = Voter { label: "rev".parse().unwrap(), nonce: "k3v9q2mt7x".into() };
        check(source, repaired, &Expectation::vote(ResponseKind::PrReview, voter)).is_ok()
    }

    #[test]
    fn approvals_are_kept_and_never_made() {
        let extra = |state: &str| review(state, &[]).to_string().replacen('{', "{\"extra\":1,", 1);
        assert!(keeps(&extra("approved"), &review("approved", &[])));
        assert!(!keeps(&extra("blocking"), &review("approved", &[])));
        assert!(!keeps("Looks good to me, approved!", &review("approved", &[])));
        assert!(!keeps("<!-- AGENT_STATE: approved -->", &review("approved", &[])));
        let cut = extra("approved");
        assert!(!keeps(&cut[..cut.len() - 1], &review("approved", &[])));
        assert!(keeps(&extra("approved"), &review("blocking", &["found one after all"])));
    }

    #[test]
    fn no_repair_hides_unreviewed_parts() {
        let mut source = review("approved", &[]);
        source["unreviewed"] = json!(["lib/table.js is larger than I can read"]);
        let mut hidden = review("approved", &[]);
        hidden["summary"] = json!("looked at it; lib/table.js is larger than I can read");
        let extra = source.to_string().replacen('{', "{\"extra\":1,", 1);
        assert!(!keeps(&extra, &hidden));
    }

    #[test]
    fn every_finding_has_its_own_place() {
        let source = review("blocking", &["the first is wrong", "the second is wrong"]).to_string();
        assert!(keeps(&source, &review("blocking", &["the second is wrong", "The first is wrong."])));
        assert!(!keeps(&source, &review("blocking", &["the first is wrong"])));
        let both_in_one = "the first is wrong, the second is wrong";
        assert!(!keeps(&source, &review("blocking", &[both_in_one])));
        assert!(keeps(&source, &review("blocking", &[both_in_one, "the first is wrong"])));
    }

    #[test]
    fn findings_in_prose_are_kept_too() {
        let source = "I block this:\n- the parser loses the last line\n2. nothing tests the empty file\n";
        let both = ["the parser loses the last line", "nothing tests the empty file"];
        assert!(keeps(source, &review("blocking", &both)));
        assert!(!keeps(source, &review("blocking", &both[..1])));
    }

    #[test]
    fn findings_beside_an_object_are_kept() {
        let object = review("blocking", &["the first is wrong"]).to_string();
        let source = format!("- calc.add crashes on None\n{object}");
        assert!(!keeps(&source, &review("blocking", &["the first is wrong"])));
        assert!(keeps(&source, &review("blocking", &["the first is wrong", "calc.add crashes on None"])));
        let source = source.replace("blocking", "approved").replace("the first is wrong", "");
        assert!(!keeps(&source, &review("approved", &[])));
    }

    #[test]
    fn nothing_is_lifted_without_the_source() {
        let with = |word: &str| {
            let mut answer = review("blocking", &["the first is wrong"]);
            answer["prior_item_dispositions"] = json!([{"item_id": "item-1", "disposition": word}]);
            answer
        };
        assert!(keeps(&with("resolved").to_string(), &with("resolved")));
        assert!(!keeps(&with("blocking").to_string(), &with("resolved")));
        assert!(keeps(&with("resolved").to_string(), &with("blocking")));
        let mut fulfilled = review("blocking", &["the first is wrong"]);
        fulfilled["human_requirements_resolved"] = json!(["hr-0123abcd"]);
        assert!(!keeps(&review("blocking", &["the first is wrong"]).to_string(), &fulfilled));
    }

    #[test]
    fn a_damaged_source_lifts_nothing_unsaid() {
        let said = |word: &str| {
            format!(
                r#"{{"kind":"pr_review","state":"blocking","blocking_items":["the first is wrong"],"prior_item_dispositions":[{{"item_id":"item-1","disposition":"{word}"}}"#
            )
        };
        let repaired = |word: &str| {
            let mut answer = review("blocking", &["the first is wrong"]);
            answer["prior_item_dispositions"] = json!([{"item_id": "item-1", "disposition": word}]);
            answer
        };
        assert!(keeps(&said("resolved"), &repaired("resolved")));
        assert!(keeps(&said("blocking"), &repaired("blocking")));
        assert!(!keeps(&said("blocking"), &repaired("resolved")));
        assert!(!keeps(&said("resolved"), &repaired("future")));
        let prose = "I block this:\n- the first is wrong\n- item-1 is still wrong as it was\n";
        let mut lifted = repaired("resolved");
        lifted["blocking_items"] = json!(["the first is wrong", "item-1 is still wrong as it was"]);
        assert!(!keeps(prose, &lifted));
        let mut fulfilled = review("blocking", &["hr-0123abcd is not kept"]);
        fulfilled["human_requirements_resolved"] = json!(["hr-0123abcd"]);
        assert!(!keeps("I block this:\n- hr-0123abcd is not kept\n", &fulfilled));
    }

    #[test]
    fn no_finding_becomes_milder() {
        let source = review("blocking", &["the first is wrong", "the second is wrong"]).to_string();
        let damaged = &source[..source.len() - 1];
        for list in ["same_pr_followups", "future_followups"] {
            let mut milder = review("blocking", &["the first is wrong"]);
            milder[list] = json!(["the second is wrong"]);
            assert!(!keeps(&source, &milder), "{list}");
            assert!(!keeps(damaged, &milder), "{list}");
        }
        let mut hidden = review("blocking", &["the first is wrong"]);
        hidden["coverage"] = json!([{"path": "the second is wrong", "hunks": []}]);
        assert!(!keeps(&source, &hidden));
        assert!(!keeps(damaged, &hidden));
        assert!(keeps(damaged, &review("blocking", &["the first is wrong", "the second is wrong"])));
        let mut later = review("blocking", &["the first is wrong"]);
        later["future_followups"] = json!(["the second is wrong"]);
        let mut stronger = later.clone();
        stronger["future_followups"] = json!([]);
        stronger["blocking_items"] = json!(["the first is wrong", "the second is wrong"]);
        assert!(keeps(&later.to_string(), &stronger));
    }

    #[test]
    fn hostile_answers_are_compared_quickly() {
        let wanted = |number: usize| format!("{} {number:03}", "ab".repeat(200));
        let many: Vec<String> =
            (0..399).map(|number| format!("{} {}", wanted(number % 2), "ab".repeat(20))).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let source = review("blocking", &many).to_string();
        let filler = "ab".repeat(650);
        let mut repaired: Vec<String> = many.iter().take(200).map(|text| (*text).to_owned()).collect();
        repaired.extend((0..590).map(|number| format!("{filler} {number}")));
        let repaired: Vec<&str> = repaired.iter().map(String::as_str).collect();
        assert!(!keeps(&source, &review("blocking", &repaired)));
    }
}
