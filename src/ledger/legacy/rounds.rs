//! The comments of an older thread, gathered by head and round. Who speaks twice in a round is heard once.

use super::comment::{Head, OlderComment};
use super::reason::OlderReason;

/// What was said in one round on one head.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) head: Option<Head>,
    pub(super) number: u32,
    pub(super) said: Vec<OlderComment>,
}

impl Round {
    pub(super) fn reviews(&self) -> impl Iterator<Item = &OlderComment> {
        self.said.iter().filter(|said| said.is_review())
    }

    fn has_heard(&self, other: &OlderComment) -> bool {
        self.said.iter().any(|said| (said.role, &said.speaker) == (other.role, &other.speaker))
    }
}

/// Puts a comment in its round. The rounds stand in the order in which each was first spoken in.
pub(super) fn take(rounds: &mut Vec<Round>, said: OlderComment) -> Result<(), OlderReason> {
    let number = said.round.unwrap_or_else(|| next_round(rounds, &said));
    match rounds.iter_mut().rev().find(|round| round.number == number && round.head == said.head) {
        Some(round) if round.has_heard(&said) => return Err(OlderReason::Replayed),
        Some(round) => round.said.push(said),
        None => rounds.push(Round { head: said.head.clone(), number, said: vec![said] }),
    }
    Ok(())
}

/// The round of a comment that names none: the latest on its head in which its speaker was not heard yet.
fn next_round(rounds: &[Round], said: &OlderComment) -> u32 {
    let latest = rounds.iter().rev().find(|round| round.head == said.head);
    latest.map_or(1, |round| round.number.saturating_add(u32::from(round.has_heard(said))))
}
