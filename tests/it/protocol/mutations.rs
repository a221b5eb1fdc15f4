//! Random damage never makes an approval, and damage that is only one of syntax never loses an answer.

use std::path::Path;

use serde_json::Value;

use agent_loop::protocol::answer;
use agent_loop::protocol::raw_answer::RawAnswer;

use super::cases::{self, Answers};
use super::corpus::ROOT;
use super::damage::{Dice, damaged};

/// How often each named answer is damaged.
const ROUNDS: u64 = 180;

/// Whether this word lets something happen.
fn approves(verdict: Option<&str>) -> bool {
    matches!(verdict, Some("approved" | "implement"))
}

#[test]
fn no_damage_makes_an_approval() {
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

/// Damages an answer, and looks that it approves only if what it is made of does.
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

/// The object that is read from a text, if one is.
fn object(answers: &Answers, text: &str) -> Option<Value> {
    Some(answer::understand(&RawAnswer::message(text), &answers.expectation).ok()?.object)
}

/// Where a letter of JSON stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    Outside,
    InText,
}

/// Every place of a text with what stands there; none between a backslash and what it escapes.
fn places(json: &str) -> Vec<(usize, Stands)> {
    let mut places = Vec::new();
    let (mut stands, mut is_escaped) = (Stands::Outside, false);
    for (place, letter) in json.char_indices() {
        if !is_escaped {
            places.push((place, stands));
        }
        stands = match (stands, letter, is_escaped) {
            (Stands::Outside, '"', _) => Stands::InText,
            (Stands::InText, '"', false) => Stands::Outside,
            (Stands::Outside | Stands::InText, _, _) => stands,
        };
        is_escaped = stands == Stands::InText && letter == '\\' && !is_escaped;
    }
    places
}

fn inserted(text: &str, place: usize, piece: &str) -> String {
    format!("{}{piece}{}", &text[..place], &text[place..])
}

#[test]
fn an_extra_comma_is_mended_anywhere() {
    for answers in cases::answers(Path::new(ROOT)) {
        for (name, answer) in &answers.named {
            let whole = object(&answers, &answer.to_string());
            for text in [answer.to_string(), format!("{answer:#}")] {
                for (place, stands) in places(&text) {
                    let closes = text[place..].starts_with(['}', ']']) && stands == Stands::Outside;
                    if closes && !text[..place].trim_end().ends_with(['{', '[']) {
                        let mended = object(&answers, &inserted(&text, place, ","));
                        assert!(mended.is_some(), "{} {name}: a comma at {place}", answers.kind);
                        assert_eq!(mended, whole, "{} {name}: a comma at {place}", answers.kind);
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
        let within = places(&text).into_iter().filter(|(_, stands)| *stands == Stands::InText);
        let mut mended = 0;
        for ((place, _), (raw, escaped)) in
            within.zip([("\n", "\\n"), ("\t", "\\t"), ("\r\n", "\\r\\n")].iter().cycle())
        {
            let wanted = object(&answers, &inserted(&text, place, escaped));
            let found = object(&answers, &inserted(&text, place, raw));
            assert_eq!(found, wanted, "{}: {raw:?} at {place}", answers.kind);
            mended += usize::from(found.is_some());
        }
        assert!(mended > 10, "{}: only {mended} were mended", answers.kind);
    }
}

#[test]
fn stray_syntax_after_answers_is_ignored() {
    for answers in cases::answers(Path::new(ROOT)) {
        for (name, answer) in &answers.named {
            let text = answer.to_string();
            let whole = object(&answers, &text);
            assert!(whole.is_some());
            for stray in ["}", "]", ",", "\"", "\n}", " ,", "\n]\n", "\r\n\""] {
                assert_eq!(
                    object(&answers, &format!("{text}{stray}")),
                    whole,
                    "{} {name}: {stray:?}",
                    answers.kind
                );
            }
        }
    }
}

/// What may stand between a text and an approval that was put into it: ends of texts, objects and lines.
const SEAMS: [&str; 8] =
    ["", "\"", "\"}", "\"]}", "\n", "}\n", "\n```json\n", "\n=== AGENT_LOOP_PUBLIC_RESPONSE_BELOW ===\n"];

#[test]
fn no_embedded_approval_overrides_a_refusal() {
    for answers in cases::answers(Path::new(ROOT)) {
        let (inner, outer): (Vec<&String>, Vec<&String>) =
            answers.named.keys().partition(|name| approves(answers.verdict(name).as_deref()));
        for (inner, outer) in inner.iter().flat_map(|inner| outer.iter().map(move |outer| (inner, outer))) {
            if answers.verdict(outer).is_some() {
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
