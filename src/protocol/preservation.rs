//! Whether an answer that was written anew still says what its source said: the same verdict, every finding, note, step
//! and test in a place of its own, and nothing that approves beyond it. A repaired answer that fails here is dropped.

use std::collections::BTreeSet;

use serde_json::Value;

use super::envelope;
use super::expectation::Complaint;
use super::findings::normalised;
use super::opposition;

/// A source that says more than this is not compared, and so not repaired.
const MOST_TEXTS: usize = 400;

/// Shorter words of a text that is no JSON are not looked for: they are headings and single words.
const SHORTEST_SENTENCE: usize = 12;

/// Names whose values are ids or closed words, not content.
const NOT_CONTENT: [&str; 13] = [
    "kind",
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

/// Looks whether `repaired`, a valid answer, keeps what `source` said.
///
/// # Errors
/// With everything that was lost, or that was added and approves.
pub fn check(source: &str, repaired: &Value, verdict: Option<&'static str>) -> Result<(), Vec<Complaint>> {
    let whole = envelope::open(source).ok().map(|envelope| envelope.object);
    let mut complaints = Vec::new();
    if let Some(verdict) = verdict.filter(|verdict| *verdict != "blocking") {
        complaints.extend(verdict_is_kept(source, whole.as_ref(), verdict));
    }
    if let Some(source) = &whole {
        let kind = |value: &Value| value.get("kind").cloned();
        if kind(source).is_some_and(|said| Some(said) != kind(repaired)) {
            complaints.push(Complaint::new("/kind", "the kind of the source", "another one"));
        }
    }
    complaints.extend(approvals_added(whole.as_ref(), source, repaired));
    let said = whole.as_ref().map_or_else(|| sentences(source), texts);
    complaints.extend(lost(&said, &texts(repaired)));
    if complaints.is_empty() { Ok(()) } else { Err(complaints) }
}

/// An approval is only ever taken from a whole object that says so: what was cut off may have said more.
fn verdict_is_kept(source: &str, whole: Option<&Value>, verdict: &'static str) -> Option<Complaint> {
    let said = whole.and_then(|whole| whole.get("state").or_else(|| whole.get("outcome")));
    let is_said = said.and_then(Value::as_str).is_some_and(|word| word == verdict);
    let is_kept = is_said && !opposition::speaks_against(source, Some(verdict));
    (!is_kept).then(|| {
        Complaint::new(
            "/state",
            format!("`{verdict}` only where the source, whole, says so"),
            "a source that does not",
        )
    })
}

/// Dispositions and acknowledgements that lift something, and that the source does not have.
fn approvals_added(whole: Option<&Value>, source: &str, repaired: &Value) -> Vec<Complaint> {
    let before = whole.map(lifted).unwrap_or_default();
    let added = |one: &&(String, String)| match whole {
        Some(_) => !before.contains(*one),
        None => !source.contains(&one.0),
    };
    lifted(repaired)
        .iter()
        .filter(added)
        .map(|(id, word)| {
            Complaint::new("", "nothing lifted that the source does not lift", format!("`{id}` {word}"))
                .about([id])
        })
        .collect()
}

/// Every id that an answer resolves, puts off, or calls fulfilled.
fn lifted(answer: &Value) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for list in ["prior_item_dispositions", "prior_plan_item_dispositions"] {
        for one in answer.get(list).and_then(Value::as_array).into_iter().flatten() {
            let text = |name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let (id, word) = (text("item_id"), text("disposition"));
            if matches!(word.as_str(), "resolved" | "future") {
                found.insert((id, word));
            }
        }
    }
    for id in answer.get("human_requirements_resolved").and_then(Value::as_array).into_iter().flatten() {
        found.insert((id.as_str().unwrap_or_default().to_owned(), "fulfilled".to_owned()));
    }
    found
}

/// Every text of an answer that is content.
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

/// What a text that is no whole object says: entries of lists, and what stands in quotes.
fn sentences(source: &str) -> Vec<String> {
    let is_sentence = |text: &String| text.len() >= SHORTEST_SENTENCE && text.contains(' ');
    let entries = source.lines().filter_map(|line| {
        let line = line.trim();
        let numbered = line.trim_start_matches(|letter: char| letter.is_ascii_digit());
        line.strip_prefix(['-', '*', '+'])
            .or_else(|| numbered.strip_prefix(['.', ')']).filter(|_| numbered.len() < line.len()))
    });
    let quoted = source.split('"').skip(1).step_by(2);
    entries.chain(quoted).map(normalised).filter(is_sentence).collect()
}

/// The texts that stand nowhere in the repaired answer, each looked for in a place of its own.
fn lost(said: &[String], repaired: &[String]) -> Vec<Complaint> {
    let complain = |expected: &str, found: String| vec![Complaint::new("", expected, found)];
    if said.len() > MOST_TEXTS || repaired.len() > MOST_TEXTS * 2 {
        return complain("an answer of a size that can be compared", format!("{} texts", said.len()));
    }
    let mut placed: Vec<Option<usize>> = vec![None; repaired.len()];
    let mut missing = Vec::new();
    for (index, text) in said.iter().enumerate() {
        let mut tried = vec![false; repaired.len()];
        if !place(index, said, repaired, &mut placed, &mut tried) {
            missing.push(text.chars().take(80).collect::<String>());
        }
    }
    let lost =
        |text: String| Complaint::new("", format!("“{text}” kept, in a place of its own"), "it is gone");
    missing.into_iter().map(lost).collect()
}

/// Finds a place for a text; one that is taken is given up by its owner if that finds another (Kuhn's matching).
fn place(
    index: usize,
    said: &[String],
    repaired: &[String],
    placed: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    let Some(text) = said.get(index) else { return false };
    for (place_index, candidate) in repaired.iter().enumerate() {
        let Some(seen) = tried.get_mut(place_index) else { continue };
        if *seen || !candidate.contains(text.as_str()) {
            continue;
        }
        *seen = true;
        let owner = placed.get(place_index).copied().flatten();
        let is_free = owner.is_none_or(|owner| place(owner, said, repaired, placed, tried));
        if let (true, Some(slot)) = (is_free, placed.get_mut(place_index)) {
            *slot = Some(index);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn review(state: &str, blocking: &[&str]) -> Value {
        json!({
            "schema_version": 1, "kind": "pr_review", "state": state, "summary": "looked at it",
            "blocking_items": blocking, "prior_item_dispositions": []
        })
    }

    fn keeps(source: &str, repaired: &Value) -> bool {
        let verdict = if repaired["state"] == "approved" { "approved" } else { "blocking" };
        check(source, repaired, Some(verdict)).is_ok()
    }

    #[test]
    fn an_approval_is_kept_and_never_made() {
        let extra = |state: &str| review(state, &[]).to_string().replacen('{', "{\"extra\":true,", 1);
        assert!(keeps(&extra("approved"), &review("approved", &[])));
        assert!(!keeps(&extra("blocking"), &review("approved", &[])));
        assert!(!keeps("Looks good to me, approved!", &review("approved", &[])));
        assert!(!keeps("<!-- AGENT_STATE: approved -->", &review("approved", &[])));
        let cut = extra("approved");
        assert!(!keeps(&cut[..cut.len() - 1], &review("approved", &[])));
        assert!(keeps(&extra("approved"), &review("blocking", &["found one after all"])));
    }

    #[test]
    fn every_finding_has_a_place_of_its_own() {
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
    fn nothing_is_lifted_that_the_source_does_not_lift() {
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
}
