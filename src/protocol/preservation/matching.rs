//! Matches texts with their counterparts in a repaired answer, one to one.

use super::super::expectation::Complaint;

/// The maximum number of texts in a source that is repaired.
const MOST_TEXTS: usize = 400;

/// The maximum growth of a repaired answer: a multiple of its source, plus a number of bytes.
const MOST_GROWTH: usize = 4;
const MOST_ADDED: usize = 64 << 10;

/// Shortens a text for a complaint.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

/// Returns complaints about texts without a separate counterpart in the repaired answer.
pub(super) fn lost(said: &[String], repaired: &[String]) -> Vec<Complaint> {
    let complain = |expected: &str, found: String| vec![Complaint::new("", expected, found)];
    if said.len() > MOST_TEXTS || repaired.len() > MOST_TEXTS * 2 {
        return complain("an answer of a size that can be compared", format!("{} texts", said.len()));
    }
    let bytes = |texts: &[String]| texts.iter().map(String::len).sum::<usize>();
    if bytes(repaired) > MOST_GROWTH * bytes(said) + MOST_ADDED {
        return complain("an answer of about the size of its source", format!("{} bytes", bytes(repaired)));
    }
    let fits = |text: &String| {
        let all = (0..).zip(repaired);
        all.filter(|(_, other)| other.contains(text.as_str())).map(|(at, _)| at).collect()
    };
    let fitting: Vec<Vec<usize>> = said.iter().map(fits).collect();
    let mut placed: Vec<Option<usize>> = vec![None; repaired.len()];
    let mut missing = Vec::new();
    for (index, text) in said.iter().enumerate() {
        let mut tried = vec![false; repaired.len()];
        if !place(index, &fitting, &mut placed, &mut tried) {
            missing.push(shortened(text));
        }
    }
    let lost =
        |text: String| Complaint::new("", format!("“{text}” kept, in a place of its own"), "it is gone");
    missing.into_iter().map(lost).collect()
}

/// Finds a place for a text (Kuhn's matching): the owner of a taken place moves if it finds another.
fn place(index: usize, fitting: &[Vec<usize>], placed: &mut [Option<usize>], tried: &mut [bool]) -> bool {
    for at in fitting.get(index).into_iter().flatten() {
        let Some(seen) = tried.get_mut(*at).filter(|seen| !**seen) else { continue };
        *seen = true;
        let owner = placed.get(*at).copied().flatten();
        let is_free = owner.is_none_or(|owner| place(owner, fitting, placed, tried));
        if let (true, Some(slot)) = (is_free, placed.get_mut(*at)) {
            *slot = Some(index);
            return true;
        }
    }
    false
}
