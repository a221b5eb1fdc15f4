//! Random damage never creates an approval, and damage of the syntax alone never loses an answer.

use std::path::Path;

use serde_json::Value;

use agent_loop::protocol::answer;
use agent_loop::protocol::raw_answer::RawAnswer;

use super::cases::{self, Answers};
use super::corpus::ROOT;
use super::damage::{Dice, damaged};

/// The number of damages for each named answer.
const ROUNDS: u64 = 180;

/// Returns whether a verdict approves something.
fn approves(verdict: Option<&str>) -> bool {
    matches!(verdict, Some("approved" | "implement"))
}

#[test]
fn no_damage_creates_an_approval() {
    let (mut tried, mut read) = (0, 0);
    for answers in cases::answers(Path::new(ROOT)) {
        for name in answers.named.keys() {
            for seed in 0..ROUNDS {
                tried += 1;
                read += usize::from(survives(&answers, name, seed));
            }
        }
    }
    assert!(tried >= 2_500, "only {tried}");
    assert!(read * 25 > tried, "of {tried} only {read} were read, so that little was tried");
}

/// Damages an answer, and checks that the result approves only if a source approves.
fn survives(answers: &Answers, name: &str, seed: u64) -> bool {
    let approves_already = |name: &str| approves(answers.verdict(name).as_deref());
    let alike: Vec<&String> =
        answers.named.keys().filter(|other| approves_already(other) == approves_already(name)).collect();
    let mut dice = Dice::new(seed);
    let other = &answers.named[*dice.one_of(&alike)];
    let text = damaged(&answers.named[name], other, &mut dice);
    let understood = answer::understand(&RawAnswer::message(&text), &answers.expectation);
    let verdict = understood.as_ref().ok().and_then(|understood| understood.verdict);
    assert!(
        approves_already(name) || !approves(verdict),
        "{} {name}, seed {seed}, approves: {text}",
        answers.kind
    );
    understood.is_ok()
}

/// Returns the object that is read from a text.
fn object(answers: &Answers, text: &str) -> Option<Value> {
    Some(answer::understand(&RawAnswer::message(text), &answers.expectation).ok()?.object)
}

/// The context of a letter in JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Outside,
    InText,
}

/// Returns all positions of a text with their contexts, except between a backslash and the escaped letter.
fn places(json: &str) -> Vec<(usize, Context)> {
    let mut places = Vec::new();
    let (mut context, mut is_escaped) = (Context::Outside, false);
    for (place, letter) in json.char_indices() {
        if !is_escaped {
            places.push((place, context));
        }
        context = match (context, letter, is_escaped) {
            (Context::Outside, '"', _) => Context::InText,
            (Context::InText, '"', false) => Context::Outside,
            (Context::Outside | Context::InText, _, _) => context,
        };
        is_escaped = context == Context::InText && letter == '\\' && !is_escaped;
    }
    places
}

fn inserted(text: &str, place: usize, piece: &str) -> String {
    format!("{}{piece}{}", &text[..place], &text[place..])
}

#[test]
fn extra_commas_are_removed_anywhere() {
    for answers in cases::answers(Path::new(ROOT)) {
        for (name, answer) in &answers.named {
            let whole = object(&answers, &answer.to_string());
            for text in [answer.to_string(), format!("{answer:#}")] {
                for (place, context) in places(&text) {
                    let closes = text[place..].starts_with(['}', ']']) && context == Context::Outside;
                    if closes && !text[..place].trim_end().ends_with(['{', '[']) {
                        let repaired = object(&answers, &inserted(&text, place, ","));
                        assert!(repaired.is_some(), "{} {name}: a comma at {place}", answers.kind);
                        assert_eq!(repaired, whole, "{} {name}: a comma at {place}", answers.kind);
                    }
                }
            }
        }
    }
}

#[test]
fn raw_control_characters_are_read_anywhere() {
    for answers in cases::answers(Path::new(ROOT)) {
        let text = answers.named["least"].to_string();
        let within = places(&text).into_iter().filter(|(_, context)| *context == Context::InText);
        let mut repaired = 0;
        for ((place, _), (raw, escaped)) in
            within.zip([("\n", "\\n"), ("\t", "\\t"), ("\r\n", "\\r\\n")].iter().cycle())
        {
            let wanted = object(&answers, &inserted(&text, place, escaped));
            let found = object(&answers, &inserted(&text, place, raw));
            assert_eq!(found, wanted, "{}: {raw:?} at {place}", answers.kind);
            repaired += usize::from(found.is_some());
        }
        assert!(repaired > 10, "{}: only {repaired} were repaired", answers.kind);
    }
}

#[test]
fn stray_syntax_after_answers_is_ignored() {
    for answers in cases::answers(Path::new(ROOT)) {
        for (name, answer) in &answers.named {
            let text = answer.to_string();
            let whole = object(&answers, &text);
            assert!(whole.is_some());
            // An approving vote has no other text beside it.
            let wanted =
                whole.filter(|_| !answers.kind.is_vote() || !approves(answers.verdict(name).as_deref()));
            for stray in ["}", "]", ",", "\"", "\n}", " ,", "\n]\n", "\r\n\""] {
                assert_eq!(
                    object(&answers, &format!("{text}{stray}")),
                    wanted,
                    "{} {name}: {stray:?}",
                    answers.kind
                );
            }
        }
    }
}

/// Separators before an inserted approval: ends of texts, objects and lines.
const SEAMS: [&str; 8] =
    ["", "\"", "\"}", "\"]}", "\n", "}\n", "\n```json\n", "\n=== AGENT_LOOP_PUBLIC_RESPONSE_BELOW ===\n"];

#[test]
fn no_embedded_approval_overrides_a_refusal() {
    for answers in cases::answers(Path::new(ROOT)) {
        let (inner, outer): (Vec<&String>, Vec<&String>) =
            answers.named.keys().partition(|name| approves(answers.verdict(name).as_deref()));
        for (inner, outer) in inner.iter().flat_map(|inner| outer.iter().map(move |outer| (inner, outer))) {
            if answers.kind.is_vote() {
                is_never_taken_out(&answers, &answers.named[*inner], &answers.named[*outer]);
            }
        }
    }
}

fn is_never_taken_out(answers: &Answers, inner: &Value, outer: &Value) {
    let text = outer.to_string();
    for (place, _) in text.char_indices() {
        let behind = if place % 2 == 0 { "" } else { "\"" };
        for before in SEAMS {
            let nested = inserted(&text, place, &format!("{before}{inner}{behind}"));
            let understood = answer::understand(&RawAnswer::message(&nested), &answers.expectation);
            let verdict = understood.ok().and_then(|understood| understood.verdict);
            assert!(!approves(verdict), "{}: read out of {nested}", answers.kind);
        }
    }
}
