//! From what an agent said to an answer that keeps the rules: envelope, schema, kind, rules. The one way in.

use crate::domain::agent::ResponseKind;

use super::coder_followup::{CoderFollowup, Reply};
use super::envelope;
use super::expectation::{Complaint, Expectation};
use super::implementation::{Delivery, Implementation};
use super::pr_review::{Judgement, PrReview};
use super::schema;

/// An answer that keeps the rules of its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The coder's first answer.
    Implementation(Implementation, Delivery),
    /// A review.
    PrReview(PrReview, Judgement),
    /// The coder's answer to a review.
    CoderFollowup(CoderFollowup, Reply),
}

/// An answer, and what had to be looked past to read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The answer.
    pub answer: Answer,
    /// What the reader looked past, in words for the record.
    pub normalisations: Vec<String>,
}

/// Reads what an agent said.
///
/// # Errors
/// With everything that is wrong with it.
pub fn read(text: &str, expectation: &Expectation) -> Result<Reading, Vec<Complaint>> {
    let envelope = envelope::open(text)?;
    let complaints = schema::complaints(expectation.kind, &envelope.object);
    if !complaints.is_empty() {
        return Err(complaints);
    }
    let unreadable =
        |error: serde_json::Error| vec![Complaint::new("", "an answer of its kind", error.to_string())];
    let object = envelope.object;
    let (answer, remarks) = match expectation.kind {
        ResponseKind::Implementation => {
            let said: Implementation = serde_json::from_value(object).map_err(unreadable)?;
            let delivery = said.delivery()?;
            (Answer::Implementation(said, delivery), Vec::new())
        }
        ResponseKind::PrReview => {
            let said: PrReview = serde_json::from_value(object).map_err(unreadable)?;
            let judgement = said.judgement(expectation)?;
            let remarks = judgement.remarks.clone();
            (Answer::PrReview(said, judgement), remarks)
        }
        ResponseKind::CoderFollowup => {
            let said: CoderFollowup = serde_json::from_value(object).map_err(unreadable)?;
            let reply = said.reply(expectation)?;
            let remarks = reply.remarks.clone();
            (Answer::CoderFollowup(said, reply), remarks)
        }
    };
    let mut normalisations: Vec<String> =
        envelope.normalisations.into_iter().map(|done| done.name().to_owned()).collect();
    normalisations.extend(remarks);
    Ok(Reading { answer, normalisations })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing_shown(kind: ResponseKind) -> Expectation {
        Expectation { kind, shown: Vec::new() }
    }

    #[test]
    fn all_complaints_come_at_once_each_with_its_path() {
        let text = r#"{"schema_version":2,"kind":"pr_review","state":"maybe","summary":" ","prior_item_dispositions":[],"extra":1}"#;
        let paths: Vec<String> = read(text, &nothing_shown(ResponseKind::PrReview))
            .unwrap_err()
            .into_iter()
            .map(|one| one.path)
            .collect();
        assert_eq!(paths.len(), 4, "{paths:?}");
        for path in ["/schema_version", "/state", "/summary", ""] {
            assert!(paths.iter().any(|one| one == path), "{path} in {paths:?}");
        }
    }

    #[test]
    fn an_answer_of_another_kind_is_malformed() {
        let text = r#"{"schema_version":1,"kind":"pr_review","state":"approved","summary":"s","prior_item_dispositions":[]}"#;
        assert!(read(text, &nothing_shown(ResponseKind::PrReview)).is_ok());
        assert!(read(text, &nothing_shown(ResponseKind::CoderFollowup)).is_err());
        assert!(read(text, &nothing_shown(ResponseKind::Implementation)).is_err());
    }

    #[test]
    fn questions_need_nothing_but_a_summary() {
        let text = r#"{"schema_version":1,"kind":"implementation","summary":"s","clarification":{"questions":["Which?"]}}"#;
        let reading = read(text, &nothing_shown(ResponseKind::Implementation)).unwrap();
        assert!(matches!(reading.answer, Answer::Implementation(_, Delivery::Questions(_))));
        let bare = r#"{"schema_version":1,"kind":"implementation","summary":"s"}"#;
        assert!(read(bare, &nothing_shown(ResponseKind::Implementation)).is_err());
    }
}
