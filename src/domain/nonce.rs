//! The nonce of a vote: the word that ties an answer to the question that asked for it.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::turn::TurnKey;

/// A word of ten letters and digits that only the agent of one turn gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonce(String);

/// The secret from which the nonces of a subject are made. It is kept in the journal and nowhere else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NonceSecret(String);

/// Letters and digits that are not mistaken for each other.
const ALPHABET: [char; 32] = [
    'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'm', 'n', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w',
    'x', 'y', 'z', '2', '3', '4', '5', '6', '7', '8', '9',
];

const LENGTH: usize = 10;

impl Nonce {
    /// Returns the nonce of a question. Asking it again, after a failure or a malformed answer, does not change it.
    pub fn of(secret: &NonceSecret, question: &TurnKey) -> Self {
        let TurnKey {
            run,
            attempt_window,
            round,
            role,
            label,
            kind,
            head,
            clarifications,
            again: _,
            retry: _,
        } = question;
        let named = format!(
            "{}\n{run}\n{attempt_window}\n{round}\n{role}\n{label}\n{kind}\n{head}\n{clarifications}",
            secret.0
        );
        let digest = Sha256::digest(named);
        let letters = digest.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32)));
        Self(letters.take(LENGTH).collect())
    }

    /// Returns the word itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Nonce {
    fn from(word: &str) -> Self {
        Self(word.to_owned())
    }
}

impl NonceSecret {
    /// Makes a secret from text that nobody can guess.
    pub fn new(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for NonceSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("NonceSecret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agent::{ResponseKind, Role};
    use crate::domain::turn::RunRound;

    fn question(round: u32, label: &str) -> TurnKey {
        let at = RunRound { run: "run-1".parse().unwrap(), attempt_window: 0, round };
        let head = "a".repeat(40).parse().unwrap();
        TurnKey::first(at, Role::Reviewer, &label.parse().unwrap(), ResponseKind::PrReview, &head)
    }

    #[test]
    fn each_question_has_its_own_nonce() {
        let secret = NonceSecret::new("secret".to_owned());
        let nonce = Nonce::of(&secret, &question(1, "codex"));
        assert_eq!(nonce.as_str().len(), LENGTH);
        assert!(nonce.as_str().chars().all(|letter| letter.is_ascii_alphanumeric()));
        let again = TurnKey { again: 1, retry: 2, ..question(1, "codex") };
        assert_eq!(Nonce::of(&secret, &again), nonce);
        let other_secret = NonceSecret::new("other".to_owned());
        for other in [
            Nonce::of(&secret, &question(2, "codex")),
            Nonce::of(&secret, &question(1, "claude")),
            Nonce::of(&other_secret, &question(1, "codex")),
        ] {
            assert_ne!(other, nonce);
        }
    }
}
