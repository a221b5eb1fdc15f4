//! How fast content is written: GitHub accepts 80 writes a minute and 500 an hour of one login.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

/// So many writes within such a time.
const LIMITS: [(usize, SignedDuration); 2] =
    [(80, SignedDuration::from_mins(1)), (500, SignedDuration::from_hours(1))];

/// The instants of the last writes, oldest first.
#[derive(Debug, Default)]
pub(super) struct Pace(VecDeque<Timestamp>);

impl Pace {
    /// Returns when the next write is allowed; the past, if it is now.
    pub(super) fn next(&self) -> Timestamp {
        let allowed = |(number, span): (usize, SignedDuration)| {
            let place = self.0.len().checked_sub(number)?;
            self.0.get(place)?.checked_add(span).ok()
        };
        LIMITS.into_iter().filter_map(allowed).max().unwrap_or(Timestamp::MIN)
    }

    /// Counts a write.
    pub(super) fn wrote(&mut self, at: Timestamp) {
        let most = LIMITS.iter().map(|(number, _)| *number).max().unwrap_or(0);
        self.0.push_back(at);
        if self.0.len() > most {
            self.0.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn both_limits_are_kept() {
        let mut pace = Pace::default();
        for write in 1..=1_200 {
            let next = pace.next().max(at(1_000));
            pace.wrote(next);
            let seconds = next.as_second() - 1_000;
            match write {
                ..=80 => assert_eq!(seconds, 0, "{write}"),
                81..=500 => assert_eq!(seconds, (write - 1) / 80 * 60, "{write}"),
                501..=580 => assert_eq!(seconds, 3_600, "{write}"),
                _ => assert!(seconds >= 3_600),
            }
        }
    }
}
