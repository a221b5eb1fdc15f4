//! The comments of an older thread, gathered by head and round. Who speaks twice in a round is heard once.

use super::reason::OlderReason;
use super::said::{Head, Said};

/// What was said in one round on one head.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) head: Option<Head>,
    pub(super) number: u32,
    pub(super) said: Vec<Said>,
}

impl Round {
    pub(super) fn reviews(&self) -> impl Iterator<Item = &Said> {
        self.said.iter().filter(|said| said.is_review())
    }

    fn has_heard(&self, other: &Said) -> bool {
        self.said.iter().any(|said| (said.role, &said.speaker) == (other.role, &other.speaker))
    }
}

/// The rounds, in the order in which each was first spoken in.
#[derive(Debug, Default)]
pub(super) struct OlderRounds(Vec<Round>);

impl OlderRounds {
    pub(super) fn as_slice(&self) -> &[Round] {
        &self.0
    }

    pub(super) fn take(&mut self, said: Said) -> Result<(), OlderReason> {
        let number = said.round.unwrap_or_else(|| self.round_of(&said));
        let known = self.0.iter_mut().rev().find(|round| round.number == number && round.head == said.head);
        match known {
            Some(round) if round.has_heard(&said) => return Err(OlderReason::Replayed),
            Some(round) => round.said.push(said),
            None => self.0.push(Round { head: said.head.clone(), number, said: vec![said] }),
        }
        Ok(())
    }

    /// The round of a comment that names none: the latest on its head in which its speaker was not heard yet.
    fn round_of(&self, said: &Said) -> u32 {
        let latest = self.0.iter().rev().find(|round| round.head == said.head);
        latest.map_or(1, |round| round.number.saturating_add(u32::from(round.has_heard(said))))
    }
}
