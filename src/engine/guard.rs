//! Keeps secrets out of published texts: rewrites texts, counts the findings, and stops the run if configured.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::failure::TurnFailure;
use crate::ledger::body::Body;
use crate::protocol::json::with_plain_letters;
use crate::protocol::raw_answer::RawAnswer;
use crate::text::redaction::{Redactor, Secret};

use super::outcome::RunError;
use crate::domain::ending::{Ending, NeedsHuman};

/// The reaction to a secret in a text that is about to be published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnSecret {
    /// Replace the secret, and continue.
    #[default]
    Replace,
    /// Publish nothing, and end the run.
    Stop,
}

/// The secrets of a run.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// The known values; the shapes of tokens are known to the guard.
    pub values: Vec<Secret>,
    /// The reaction to a secret.
    pub on_hit: OnSecret,
}

/// Keeps secrets out of published texts.
#[derive(Debug, Default)]
pub struct Guard {
    secrets: Secrets,
    /// Created when it is first needed: compiling its patterns takes some milliseconds.
    redactor: OnceLock<Redactor>,
    found: Mutex<BTreeMap<String, usize>>,
}

impl Guard {
    pub fn new(secrets: Secrets) -> Self {
        Self { secrets, ..Self::default() }
    }

    /// Returns the number of redactions so far, by kind of secret.
    pub fn found(&self) -> BTreeMap<String, usize> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Removes secrets from an answer.
    ///
    /// # Errors
    /// When the answer has secrets and the run must stop; then the answer must not be stored.
    pub(super) fn answer(&self, raw: RawAnswer) -> Result<RawAnswer, TurnFailure> {
        let mut hits = Vec::new();
        let clean = raw.map(|text| self.text(&with_plain_letters(&text), &mut hits));
        match self.judged(&hits) {
            Ok(()) => Ok(clean),
            Err(kinds) => Err(TurnFailure::Secret { kinds }),
        }
    }

    /// Removes the secrets that a program printed from a failure.
    pub(super) fn failure(&self, failure: TurnFailure) -> TurnFailure {
        let mut hits = Vec::new();
        let mut clean = |text: String| self.text(&text, &mut hits);
        let failure = failure.with_texts(&mut clean);
        self.judged(&hits).map_or_else(|kinds| TurnFailure::Secret { kinds }, |()| failure)
    }

    /// Removes secrets from a message for people. Secrets that stop a run have stopped it before.
    pub(super) fn message(&self, text: &str) -> String {
        self.text(text, &mut Vec::new())
    }

    /// Removes secrets from a record's body.
    pub(super) fn body(&self, body: &Body) -> Result<Body, RunError> {
        let mut hits = Vec::new();
        let clean = body.rewritten(|text| self.text(text, &mut hits));
        self.judged(&hits).map_err(|kinds| stop(&kinds)).map(|()| clean)
    }

    /// Removes secrets from a text.
    pub(super) fn words(&self, text: &str) -> Result<String, RunError> {
        let mut hits = Vec::new();
        let clean = self.text(text, &mut hits);
        self.judged(&hits).map_err(|kinds| stop(&kinds)).map(|()| clean)
    }

    fn text(&self, text: &str, hits: &mut Vec<String>) -> String {
        let redactor = self.redactor.get_or_init(|| Redactor::new(self.secrets.values.clone()));
        let redacted = redactor.redact(text);
        hits.extend(redacted.hits);
        redacted.text.into_owned()
    }

    fn judged(&self, hits: &[String]) -> Result<(), Vec<String>> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        for kind in hits {
            *found.entry(kind.clone()).or_default() += 1;
        }
        match self.secrets.on_hit {
            OnSecret::Stop if !hits.is_empty() => Err(hits.to_vec()),
            OnSecret::Stop | OnSecret::Replace => Ok(()),
        }
    }
}

fn stop(kinds: &[String]) -> RunError {
    let message = format!(
        "a text to publish contains a secret ({}), and `redact.on_hit` is `stop`; nothing was published",
        kinds.join(", ")
    );
    RunError::new(Ending::NeedsHuman { reason: NeedsHuman::Secret }, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_secrets_are_found() {
        let token = format!("ghp_{}", "a1".repeat(18));
        let spelled = |text: String, letter: char| format!("{text}\\u{:04x}", u32::from(letter));
        let written = token.chars().fold(String::new(), spelled);
        for text in [format!("{{\"summary\":\"{written}\"}}"), format!("{{\"n\":\"\\\\{written}\"}}")] {
            let clean = Guard::default().answer(RawAnswer::message(text)).unwrap();
            assert!(clean.most_trusted().contains("[redacted: github-token]"), "{clean:?}");
        }
    }

    #[test]
    fn quoted_escapes_stay() {
        for text in [r#"{"summary":"write \\u0041 for A"}"#, r#"{"summary":"\u0022 and \u000a"}"#, "plain"] {
            let clean = Guard::default().answer(RawAnswer::message(text)).unwrap();
            assert_eq!(clean.most_trusted(), text);
        }
    }
}
