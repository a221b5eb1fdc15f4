//! The comments of an older thread, grouped by head and round. The latest comment of an agent in a round counts.

use super::comment::{Head, OlderComment};

/// The comments of one round on one head.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) head: Option<Head>,
    pub(super) number: u32,
    /// The comments that count, in forge order.
    pub(super) said: Vec<OlderComment>,
}

impl Round {
    pub(super) fn reviews(&self) -> impl DoubleEndedIterator<Item = &OlderComment> {
        self.said.iter().filter(|said| said.is_review())
    }

    fn earlier(&self, other: &OlderComment) -> Option<usize> {
        self.said.iter().position(|said| (said.role, &said.speaker) == (other.role, &other.speaker))
    }
}

/// Puts a comment in its round, and returns the earlier comment that it replaces. The rounds are in the order of their first
/// comments.
pub(super) fn take(rounds: &mut Vec<Round>, said: OlderComment) -> Option<OlderComment> {
    let number = said.round.unwrap_or_else(|| next_round(rounds, &said));
    let Some(round) = rounds.iter_mut().rev().find(|round| round.number == number && round.head == said.head)
    else {
        rounds.push(Round { head: said.head.clone(), number, said: vec![said] });
        return None;
    };
    let replaced = round.earlier(&said).map(|index| round.said.remove(index));
    round.said.push(said);
    replaced
}

/// Returns the round of a comment that names none: the latest on its head in which its agent has no comment yet.
fn next_round(rounds: &[Round], said: &OlderComment) -> u32 {
    let latest = rounds.iter().rev().find(|round| round.head == said.head);
    latest.map_or(1, |round| round.number.saturating_add(u32::from(round.earlier(said).is_some())))
}
