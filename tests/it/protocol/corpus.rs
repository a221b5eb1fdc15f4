//! Checks that each answer of the corpus has the expected result.

use std::path::Path;

use agent_loop::protocol::answer::{self, Tier, Understood};
use agent_loop::protocol::envelope::ANSWER_LIMIT;
use agent_loop::protocol::expectation::Complaint;
use agent_loop::protocol::raw_answer::RawAnswer;

use super::cases::{self, Case, Outcome};

/// The folder of the corpus.
pub(super) const ROOT: &str = "fixtures/responses";

fn tier_name(tier: Tier) -> &'static str {
    match tier {
        Tier::AsAsked => "as-asked",
        Tier::Normalised => "normalised",
        Tier::AnotherStream => "another-stream",
    }
}

fn paths(complaints: &[Complaint]) -> Vec<String> {
    let mut paths: Vec<String> = complaints.iter().map(|complaint| complaint.path.clone()).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// Returns the difference from the expected result, if there is one.
fn deviation(case: &Case) -> Option<String> {
    let found = answer::understand(&case.raw, &case.expectation);
    match (&case.outcome, found) {
        (Outcome::Refused { paths: wanted }, Err(complaints)) => {
            let found = paths(&complaints);
            let is_as_said = found == *wanted;
            (!is_as_said).then(|| format!("complains of {found:?}, not of {wanted:?}: {complaints:?}"))
        }
        (Outcome::Refused { .. }, Ok(understood)) => {
            Some(format!("is not refused but read as {understood:?}"))
        }
        (Outcome::Understood { .. }, Err(complaints)) => Some(format!("is refused: {complaints:?}")),
        (Outcome::Understood { tier, verdict, normalisations, object }, Ok(understood)) => {
            let Understood { tier: found_tier, verdict: found_verdict, .. } = understood;
            let is_as_said = tier_name(found_tier) == *tier
                && found_verdict == verdict.as_deref()
                && normalisations.as_ref().is_none_or(|wanted| understood.normalisations == *wanted)
                && object.as_ref().is_none_or(|wanted| understood.object == *wanted);
            (!is_as_said).then(|| {
                format!("is {tier} {verdict:?} {normalisations:?} {object:?} but came out as {understood:?}")
            })
        }
    }
}

#[test]
fn corpus_answers_match_their_cases() {
    let cases = cases::all(Path::new(ROOT));
    let wrong: Vec<String> =
        cases.iter().filter_map(|case| Some(format!("{} {}", case.name, deviation(case)?))).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn the_corpus_is_large() {
    assert!(cases::stored(Path::new(ROOT)) >= 1_000);
}

#[test]
fn answers_of_limit_size_are_read() {
    for answers in cases::answers(Path::new(ROOT)) {
        let answer = answers.named["least"].to_string();
        let padded = |length: usize| RawAnswer::message(" ".repeat(length - answer.len()) + &answer);
        assert!(answer::understand(&padded(ANSWER_LIMIT), &answers.expectation).is_ok(), "{}", answers.kind);
        assert!(
            answer::understand(&padded(ANSWER_LIMIT + 1), &answers.expectation).is_err(),
            "{}",
            answers.kind
        );
    }
}

#[test]
fn no_prefix_is_an_answer() {
    for answers in cases::answers(Path::new(ROOT)) {
        for (name, answer) in &answers.named {
            let text = answer.to_string();
            for (end, _) in text.char_indices() {
                let cut = RawAnswer::message(&text[..end]);
                let understood = answer::understand(&cut, &answers.expectation);
                assert!(understood.is_err(), "{} {name} cut at {end}", answers.kind);
            }
        }
    }
}
