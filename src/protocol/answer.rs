//! From what an agent said to an answer that keeps the rules: envelope, schema, kind, rules. The one way in.

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
use super::text::ReviewVerdict;
use super::{hesitation, opposition, preservation, schema, strict};

/// How an answer was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// It is what was asked for.
    AsAsked,
    /// Something around it was looked past, or its syntax was mended.
    Normalised,
    /// The text that counts most is malformed; another one is not.
    AnotherStream,
}

/// An answer that keeps the rules of its kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading<K: Kind> {
    pub said: K,
    pub meaning: K::Meaning,
    pub tier: Tier,
    /// What the reader looked past, mended or left out, in words for the record.
    pub normalisations: Vec<String>,
}

/// Reads what an agent said. The most trusted text counts; another one only if that is malformed, and if it is the only
/// valid one.
///
/// # Errors
/// With everything that is wrong with the most trusted text.
pub fn read<K: Kind>(raw: &RawAnswer, expectation: &Expectation) -> Result<Reading<K>, Vec<Complaint>> {
    let mut streams = raw.streams();
    let (_, first) = streams.next().unwrap_or((Stream::Message, ""));
    let complaints = match read_text::<K>(first, expectation) {
        Ok(reading) => return Ok(reading),
        Err(complaints) => bounded(complaints),
    };
    let others = streams.filter_map(|(stream, text)| Some((stream, read_text::<K>(text, expectation).ok()?)));
    let mut others: Vec<(Stream, Reading<K>)> = others.collect();
    let Some((stream, mut reading)) = others.pop() else { return Err(complaints) };
    let is_contradicted = others.iter().any(|(_, other)| other.said != reading.said)
        || leaves_doubt(first, reading.said.verdict())
        || approves_over(first, &reading);
    if is_contradicted {
        return Err(complaints);
    }
    reading.tier = Tier::AnotherStream;
    reading.normalisations.insert(0, format!("read from the {}", stream.name()));
    Ok(reading)
}

/// Whether a more trusted text leaves any doubt about a verdict. One that is whole and says the same leaves none.
fn leaves_doubt(trusted: &str, verdict: Option<&'static str>) -> bool {
    let says_the_same = envelope::open(trusted).is_ok_and(|envelope| {
        envelope::verdict(&envelope.object) == verdict && !hesitation::hesitates(&envelope.object)
    });
    if says_the_same {
        opposition::speaks_against(trusted, verdict)
    } else {
        opposition::leaves_doubt(trusted, verdict)
    }
}

/// Whether an answer approves, and leaves out something that a more trusted text wants fixed.
fn approves_over<K: Kind>(trusted: &str, reading: &Reading<K>) -> bool {
    let approves = reading.said.verdict().is_some_and(|verdict| verdict != ReviewVerdict::Blocking.name());
    approves && !object(&reading.said).is_ok_and(|object| preservation::fixes_are_kept(trusted, &object))
}

/// As many complaints as anybody reads, each short enough for a prompt and a record.
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

/// What is known of an answer whose kind is not.
#[derive(Debug, Clone, PartialEq)]
pub struct Understood {
    pub tier: Tier,
    /// The word by which it decides something.
    pub verdict: Option<&'static str>,
    /// What the reader looked past, mended or left out.
    pub normalisations: Vec<String>,
    /// The answer, in the form in which it is recorded.
    pub object: Value,
}

/// Reads what an agent said, whatever kind is expected.
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
    let Reading { said, tier, normalisations, .. } = reading;
    Ok(Understood { tier, verdict: said.verdict(), normalisations, object })
}

/// An answer in the form in which it is recorded.
///
/// # Errors
/// When it can't be expressed; a defect of this program.
pub fn object<K: Kind>(said: &K) -> Result<Value, Vec<Complaint>> {
    serde_json::to_value(said).map_err(|error| unreadable(&error))
}

fn unreadable(error: &serde_json::Error) -> Vec<Complaint> {
    vec![Complaint::new("", "an answer of its kind", error.to_string())]
}

fn read_text<K: Kind>(text: &str, expectation: &Expectation) -> Result<Reading<K>, Vec<Complaint>> {
    let OpenedAnswer { object, normalisations } = envelope::open(text)?;
    let object = strict::relaxed(K::KIND, object)?;
    let broken = schema::complaints(K::KIND, &object);
    if !broken.is_empty() {
        return Err(with_broken_rules::<K>(object, broken, expectation));
    }
    let mut said: K = serde_json::from_value(object).map_err(|error| unreadable(&error))?;
    if normalisations.contains(&Normalisation::OlderResolved) {
        said.take_older_acknowledgement(expectation);
    }
    let (meaning, remarks) = said.judged(expectation)?;
    let tier = if normalisations.is_empty() { Tier::AsAsked } else { Tier::Normalised };
    let mut normalisations: Vec<String> =
        normalisations.into_iter().map(|done| done.name().to_owned()).collect();
    normalisations.extend(remarks);
    Ok(Reading { said, meaning, tier, normalisations })
}

/// All errors at once: where an answer can be read but for keys that are too many, its rules are looked at too.
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

    const APPROVED: &str = r#"{"schema_version":1,"kind":"pr_review","state":"approved","summary":"s","prior_item_dispositions":[]}"#;
    const BLOCKING: &str = r#"{"schema_version":1,"kind":"pr_review","state":"blocking","summary":"s","blocking_items":["x"],"prior_item_dispositions":[]}"#;

    fn review(raw: &RawAnswer) -> Result<Reading<PrReview>, Vec<Complaint>> {
        read(raw, &Expectation::bare(ResponseKind::PrReview))
    }

    fn texts(file: &str, message: &str) -> RawAnswer {
        RawAnswer { native: None, file: Some(file.to_owned()), message: Some(message.to_owned()) }
    }

    #[test]
    fn all_complaints_come_at_once_each_with_its_path() {
        let text = r#"{"schema_version":2,"kind":"pr_review","state":"maybe","summary":" ","prior_item_dispositions":[],"extra":1}"#;
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
    fn a_broken_rule_is_named_beside_a_key_that_is_too_many() {
        let text = BLOCKING.replace(r#""blocking_items":["x"]"#, r#""extra":1"#);
        let paths: Vec<String> =
            review(&RawAnswer::message(text)).unwrap_err().into_iter().map(|one| one.path).collect();
        assert_eq!(paths, ["", "/state"]);
    }

    #[test]
    fn an_answer_of_another_kind_is_malformed() {
        for kind in ResponseKind::ALL {
            let understood = understand(&RawAnswer::message(APPROVED), &Expectation::bare(kind));
            assert_eq!(understood.is_ok(), kind == ResponseKind::PrReview, "{kind}");
        }
    }

    #[test]
    fn another_stream_is_read_where_the_trusted_one_is_malformed() {
        let reading = review(&texts("I wrote my answer to stdout.", APPROVED)).unwrap();
        assert_eq!((reading.tier, reading.said.verdict()), (Tier::AnotherStream, Some("approved")));
        assert_eq!(review(&texts(BLOCKING, APPROVED)).unwrap().said.verdict(), Some("blocking"));
        assert!(review(&texts("", APPROVED)).is_ok());
    }

    #[test]
    fn no_stream_approves_what_a_more_trusted_one_blocks() {
        let damaged = BLOCKING.replace("\"kind\":\"pr_review\",", "");
        assert!(review(&texts(&damaged, APPROVED)).is_err());
        assert!(review(&texts(&damaged[..60], APPROVED)).is_err());
        assert!(review(&texts("<!-- AGENT_STATE: blocking -->", APPROVED)).is_err());
        assert!(review(&texts(&damaged, BLOCKING)).is_ok());
    }

    #[test]
    fn no_stream_approves_over_a_finding_of_a_more_trusted_one() {
        let torn = BLOCKING.replace(r#""state":"blocking""#, r#""state":"approved""#);
        assert!(review(&texts(&torn, APPROVED)).is_err());
        let with_extra = APPROVED.replacen('{', r#"{"extra":1,"#, 1);
        assert!(review(&texts(&with_extra, APPROVED)).is_ok());
        let cut = torn.replace(r#""blocking_items":["x"]"#, r#""blocking_items":["the last line is lost"]"#);
        assert!(review(&texts(&cut[..cut.len() - 1], APPROVED)).is_err());
    }

    #[test]
    fn no_answer_brings_more_complaints_than_anybody_reads() {
        let text = BLOCKING.replace(r#"["x"]"#, &format!("[{}1]", "1,".repeat(50_000)));
        let complaints = review(&RawAnswer::message(text)).unwrap_err();
        assert!(complaints.len() <= 50, "{}", complaints.len());
        assert!(complaints.last().unwrap().found.contains("49"), "{}", complaints.last().unwrap());
    }

    #[test]
    fn two_streams_that_differ_are_no_answer() {
        let raw = RawAnswer {
            native: Some("{}".to_owned()),
            file: Some(APPROVED.to_owned()),
            message: Some(BLOCKING.to_owned()),
        };
        assert!(review(&raw).is_err());
    }

    #[test]
    fn the_older_marker_says_that_wishes_are_fulfilled() {
        let mut expectation = Expectation::bare(ResponseKind::PrReview);
        expectation.requirements.ids = vec!["hr-0123abcd".parse().unwrap()];
        let bare = RawAnswer::message(APPROVED);
        assert!(read::<PrReview>(&bare, &expectation).is_err());
        let marked = RawAnswer::message(format!("{APPROVED}\n<!-- HUMAN_REQUIREMENTS_RESOLVED -->"));
        assert!(read::<PrReview>(&marked, &expectation).is_ok());
    }
}
