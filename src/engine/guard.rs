//! Keeps secrets out of what is published: rewrites texts, counts what was found, and says when a run has to stop.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::domain::failure::TurnFailure;
use crate::ledger::codec;
use crate::ledger::record::Payload;
use crate::protocol::raw_answer::RawAnswer;
use crate::text::redact::{Redactor, Secret};

use super::outcome::Trouble;
use crate::domain::ending::{Ending, Failed, NeedsHuman};

/// What is done when a secret is found in what is about to be published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnSecret {
    /// It is replaced, and the run goes on.
    #[default]
    Replace,
    /// Nothing is published, and the run ends.
    Stop,
}

/// What must not be published.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// Values that are known to this run; shapes of tokens are known anyway.
    pub values: Vec<Secret>,
    /// What is done when one is found.
    pub on_hit: OnSecret,
}

/// Keeps secrets out of what is published.
#[derive(Debug, Default)]
pub struct Guard {
    secrets: Secrets,
    /// Made when it is first needed: its patterns take some milliseconds to compile.
    redactor: OnceLock<Redactor>,
    found: Mutex<BTreeMap<String, usize>>,
}

impl Guard {
    /// A guard that knows these secrets.
    pub fn new(secrets: Secrets) -> Self {
        Self { secrets, ..Self::default() }
    }

    /// How often what was found so far.
    pub fn found(&self) -> BTreeMap<String, usize> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// An answer without its secrets.
    ///
    /// # Errors
    /// When there are some and the run is to stop; then the answer is not to be kept.
    pub(super) fn answer(&self, raw: RawAnswer) -> Result<RawAnswer, TurnFailure> {
        let mut hits = Vec::new();
        let clean = raw.map(|text| self.text(&text, &mut hits));
        match self.judged(&hits) {
            Ok(()) => Ok(clean),
            Err(kinds) => Err(TurnFailure::Secret { kinds }),
        }
    }

    /// A payload without its secrets.
    ///
    /// # Errors
    /// When there are some and the run is to stop, or when the payload makes no sense without them.
    pub(super) fn payload(&self, payload: &Payload) -> Result<Payload, Trouble> {
        let mut hits = Vec::new();
        let clean = codec::rewritten(payload, |text| self.text(text, &mut hits));
        self.judged(&hits).map_err(|kinds| stop(&kinds))?;
        clean.map_err(|error| Trouble::failed(Failed::Error, error.to_string()))
    }

    /// A text without its secrets.
    ///
    /// # Errors
    /// When there are some and the run is to stop.
    pub(super) fn words(&self, text: &str) -> Result<String, Trouble> {
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

fn stop(kinds: &[String]) -> Trouble {
    let message = format!(
        "what was about to be published holds a secret ({}), and redact.on_hit says stop; nothing of it was published",
        kinds.join(", ")
    );
    Trouble { ending: Ending::NeedsHuman { reason: NeedsHuman::Secret }, message }
}
