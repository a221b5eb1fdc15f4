//! Reads an agent's output as an answer that keeps the rules: envelope, schema, kind, rules. The only way in.

use serde_json::Value;

use crate::domain::agent::ResponseKind;

use super::envelope::{self, Normalisation, OpenedAnswer};
use super::expectation::{Complaint, Expectation, RuleReport};
use super::kinds::Kind;
use super::kinds::coder_followup::CoderFollowup;
use super::kinds::discuss_agenda::DiscussAgenda;
use super::kinds::discuss_review::DiscussReview;
use super::kinds::implementation::Implementation;
use super::kinds::plan_decomposition::PlanDecomposition;
use super::kinds::plan_review::PlanReview;
use super::kinds::plan_revision::PlanRevision;
use super::kinds::plan_state::PlanState;
use super::kinds::pr_review::PrReview;
use super::raw_answer::{RawAnswer, Stream};
use super::{schema, strict, vote};

/// The effort that it took to read an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// The text is the answer.
    AsAsked,
    /// Text around the object was ignored, or its syntax was repaired.
    Normalised,
    /// The most trusted text is malformed; another one is valid.
    AnotherStream,
}

/// An answer that keeps the rules of its kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading<K: Kind> {
    pub said: K,
    pub meaning: K::Meaning,
    pub tier: Tier,
    /// The normalisations, as text for the record.
    pub normalisations: Vec<String>,
    /// The content that was left out.
    pub left_out: Vec<String>,
}

/// Reads an agent's output. The most trusted text counts. If it is malformed, another text counts if it is the only valid one
/// and does not approve.
///
/// # Errors
/// Returns all complaints about the most trusted text.
pub fn read<K: Kind>(raw: &RawAnswer, expectation: &Expectation) -> Result<Reading<K>, Vec<Complaint>> {
    let mut streams = raw.streams();
    let (_, first) = streams.next().unwrap_or((Stream::Message, ""));
    let complaints = match read_text::<K>(first, expectation) {
        Ok(reading) => {
            let contradicted = vote::contradicted(raw, &object(&reading.said)?, expectation);
            return contradicted.map_or(Ok(reading), |complaint| Err(vec![complaint]));
        }
        Err(complaints) => bounded(complaints),
    };
    let others = streams.filter_map(|(stream, text)| Some((stream, read_text::<K>(text, expectation).ok()?)));
    let mut others: Vec<(Stream, Reading<K>)> = others.collect();
    let Some((stream, mut reading)) = others.pop() else { return Err(complaints) };
    let is_contradicted = others.iter().any(|(_, other)| other.said != reading.said);
    if is_contradicted || vote::is_approval(&object(&reading.said)?, expectation) {
        return Err(complaints);
    }
    reading.tier = Tier::AnotherStream;
    reading.normalisations.insert(0, format!("read from the {}", stream.name()));
    Ok(reading)
}

/// Limits the number and the length of complaints, for prompts and records.
fn bounded(mut complaints: Vec<Complaint>) -> Vec<Complaint> {
    const MOST: usize = 40;
    const LONGEST: usize = 300;
    let more = complaints.len().saturating_sub(MOST);
    complaints.truncate(MOST);
    for complaint in &mut complaints {
        for text in [&mut complaint.path, &mut complaint.expected, &mut complaint.found] {
            if let Some((end, _)) = text.char_indices().nth(LONGEST) {
                text.truncate(end);
                text.push('…');
            }
        }
    }
    if more > 0 {
        complaints.push(Complaint::new(
            "",
            "an answer that breaks fewer rules",
            format!("{more} more complaints"),
        ));
    }
    complaints
}

/// An answer of any kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Understood {
    pub tier: Tier,
    /// The verdict, for kinds that have one.
    pub verdict: Option<&'static str>,
    pub normalisations: Vec<String>,
    /// The content that does not count.
    pub left_out: Vec<String>,
    /// The answer in recorded form.
    pub object: Value,
}

/// Reads an agent's output for any expected kind.
///
/// # Errors
/// As [`read`].
pub fn understand(raw: &RawAnswer, expectation: &Expectation) -> Result<Understood, Vec<Complaint>> {
    match expectation.kind {
        ResponseKind::Implementation => understand_as::<Implementation>(raw, expectation),
        ResponseKind::PrReview => understand_as::<PrReview>(raw, expectation),
        ResponseKind::CoderFollowup => understand_as::<CoderFollowup>(raw, expectation),
        ResponseKind::PlanState => understand_as::<PlanState>(raw, expectation),
        ResponseKind::PlanRevision => understand_as::<PlanRevision>(raw, expectation),
        ResponseKind::PlanReview => understand_as::<PlanReview>(raw, expectation),
        ResponseKind::PlanDecomposition => understand_as::<PlanDecomposition>(raw, expectation),
        ResponseKind::DiscussReview => understand_as::<DiscussReview>(raw, expectation),
        ResponseKind::DiscussAgenda => understand_as::<DiscussAgenda>(raw, expectation),
    }
}

fn understand_as<K: Kind>(raw: &RawAnswer, expectation: &Expectation) -> Result<Understood, Vec<Complaint>> {
    let reading = read::<K>(raw, expectation)?;
    let object = object(&reading.said)?;
    let Reading { said, tier, normalisations, left_out, .. } = reading;
    Ok(Understood { tier, verdict: said.verdict(), normalisations, left_out, object })
}

/// Converts an answer to its recorded form.
///
/// # Errors
/// Fails if the answer cannot be converted: a defect of this program.
pub fn object<K: Kind>(said: &K) -> Result<Value, Vec<Complaint>> {
    serde_json::to_value(said).map_err(|error| unreadable(&error))
}

fn unreadable(error: &serde_json::Error) -> Vec<Complaint> {
    vec![Complaint::new("", "an answer of its kind", error.to_string())]
}

fn read_text<K: Kind>(text: &str, expectation: &Expectation) -> Result<Reading<K>, Vec<Complaint>> {
    let opened = envelope::open(text)?;
    let mut complaints = vote::complaints(&opened, expectation);
    let OpenedAnswer { object, normalisations, .. } = opened;
    let object = strict::relaxed(K::KIND, object)?;
    let mut broken = schema::complaints(K::KIND, &object);
    broken.retain(|one| one.path.is_empty() || complaints.iter().all(|known| known.path != one.path));
    if !broken.is_empty() {
        complaints.extend(with_broken_rules::<K>(object, broken, expectation));
        return Err(complaints);
    }
    let mut said: K = serde_json::from_value(object).map_err(|error| unreadable(&error))?;
    if normalisations.contains(&Normalisation::OlderResolved) {
        said.take_older_acknowledgement(expectation);
    }
    let (meaning, remarks) = match said.judged(expectation) {
        Ok(judged) if complaints.is_empty() => judged,
        judged => {
            complaints.extend(judged.err().into_iter().flatten());
            return Err(complaints);
        }
    };
    let tier = if normalisations.is_empty() { Tier::AsAsked } else { Tier::Normalised };
    let mut normalisations: Vec<String> =
        normalisations.into_iter().map(|done| done.name().to_owned()).collect();
    normalisations.extend(remarks.iter().cloned());
    Ok(Reading { said, meaning, tier, normalisations, left_out: remarks })
}

/// Adds the broken rules of an answer that is readable except for unknown keys, so that all errors are reported at once.
fn with_broken_rules<K: Kind>(
    object: Value,
    mut complaints: Vec<Complaint>,
    expectation: &Expectation,
) -> Vec<Complaint> {
    let pruned = schema::without_unknown_keys(K::KIND, object);
    if let Ok(said) = serde_json::from_value::<K>(pruned) {
        let mut verdicts = RuleReport::default();
        said.meaning(expectation, &mut verdicts);
        complaints.extend(verdicts.complaints);
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::expectation::Voter;

    const APPROVED: &str = r#"{"schema_version":1,"kind":"pr_review","nonce":"k3v9q2mt7x","state":"approved","summary":"s","prior_item_dispositions":[]}"#;
    const BLOCKING: &str = r#"{"schema_version":1,"kind":"pr_review","nonce":"k3v9q2mt7x","state":"blocking","summary":"s","blocking_items":["x"],"prior_item_dispositions":[]}"#;

    fn expecting(kind: ResponseKind) -> Expectation {
        let voter = Voter { label: "rev".parse().unwrap(), nonce: "k3v9q2mt7x".into() };
        Expectation::vote(kind, voter)
    }

    fn review(raw: &RawAnswer) -> Result<Reading<PrReview>, Vec<Complaint>> {
        read(raw, &expecting(ResponseKind::PrReview))
    }

    #[test]
    fn all_complaints_come_with_their_paths() {
        let text = r#"{"schema_version":2,"kind":"pr_review","nonce":"k3v9q2mt7x","state":"maybe","summary":" ","prior_item_dispositions":[],"extra":1}"#;
        let complaints = review(&RawAnswer::message(text)).unwrap_err();
        let paths: Vec<&str> = complaints.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(paths.len(), 4, "{paths:?}");
        for path in ["/schema_version", "/state", "/summary", ""] {
            assert!(paths.contains(&path), "{path} in {paths:?}");
        }
        let state = complaints.iter().find(|one| one.path == "/state").unwrap();
        assert_eq!(state.to_string(), "/state: expected one of \"approved\", \"blocking\", found \"maybe\"");
    }

    #[test]
    fn extra_keys_hide_no_broken_rule() {
        let text = BLOCKING.replace(r#""blocking_items":["x"]"#, r#""extra":1"#);
        let paths: Vec<String> =
            review(&RawAnswer::message(text)).unwrap_err().into_iter().map(|one| one.path).collect();
        assert_eq!(paths, ["", "/state"]);
    }

    #[test]
    fn another_kind_of_answer_is_malformed() {
        for kind in ResponseKind::ALL {
            let understood = understand(&RawAnswer::message(APPROVED), &expecting(kind));
            assert_eq!(understood.is_ok(), kind == ResponseKind::PrReview, "{kind}");
        }
    }

    #[test]
    fn complaints_about_an_answer_are_bounded() {
        let text = BLOCKING.replace(r#"["x"]"#, &format!("[{}1]", "1,".repeat(50_000)));
        let complaints = review(&RawAnswer::message(text)).unwrap_err();
        assert!(complaints.len() <= 50, "{}", complaints.len());
        assert!(complaints.last().unwrap().found.contains("49"), "{}", complaints.last().unwrap());
    }

    #[test]
    fn the_older_marker_fulfils_requirements() {
        let mut expectation = expecting(ResponseKind::PrReview);
        expectation.requirements.ids = vec!["hr-0123abcd".parse().unwrap()];
        let bare = RawAnswer::message(APPROVED);
        assert!(read::<PrReview>(&bare, &expectation).is_err());
        let marked = RawAnswer::message(format!("{APPROVED}\n<!-- HUMAN_REQUIREMENTS_RESOLVED -->"));
        assert!(read::<PrReview>(&marked, &expectation).is_ok());
    }
}
