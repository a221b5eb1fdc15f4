//! Instants in messages.

use jiff::{SignedDuration, Timestamp};

/// Rounds an instant up to a whole second, so that no agent is asked a fraction too early.
#[must_use]
pub fn whole_second(instant: Timestamp) -> Timestamp {
    // `div_euclid` rounds down before 1970 too.
    let nanoseconds = instant.as_nanosecond();
    let second = nanoseconds.div_euclid(1_000_000_000);
    let up = second + i128::from(nanoseconds.rem_euclid(1_000_000_000) > 0);
    i64::try_from(up).ok().and_then(|up| Timestamp::from_second(up).ok()).unwrap_or(instant)
}

/// Returns the time that remains until an instant, in the two largest units.
pub fn time_until(now: Timestamp, instant: Timestamp) -> String {
    let minutes = instant.duration_since(now).as_secs() / 60;
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours, rest) {
        (..=0, ..=0, ..=0) => "less than a minute".to_owned(),
        (0, 0, rest) => format!("{rest} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, rest) => format!("{hours} h {rest} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// Formats an instant for readers in any place.
pub fn utc(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// The largest step back that counts as a correction of the clock: time servers correct clocks by less.
const CORRECTION: SignedDuration = SignedDuration::from_mins(5);

/// Returns whether the clock was set back since it showed `then`: the time that remains until an instant recorded at `then`
/// is unknown.
pub fn was_set_back(then: Timestamp, now: Timestamp) -> bool {
    then.duration_since(now) > CORRECTION
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn durations_have_two_units() {
        let now = at("2026-11-21T23:09:00Z");
        for (instant, expected) in [
            ("2026-11-24T02:09:00Z", "2 d 3 h"),
            ("2026-11-22T23:30:00Z", "1 d"),
            ("2026-11-22T00:14:59Z", "1 h 5 min"),
            ("2026-11-22T01:09:00Z", "2 h"),
            ("2026-11-21T23:10:00Z", "1 min"),
            ("2026-11-21T23:09:59Z", "less than a minute"),
            ("2026-11-20T23:09:59Z", "less than a minute"),
        ] {
            assert_eq!(time_until(now, at(instant)), expected);
        }
    }

    #[test]
    fn clock_corrections_are_tolerated() {
        let then = at("2026-11-21T12:00:00Z");
        assert!(!was_set_back(then, at("2027-11-21T12:00:00Z")));
        assert!(!was_set_back(then, at("2026-11-21T11:56:00Z")));
        assert!(was_set_back(then, at("2026-11-21T11:54:00Z")));
    }

    proptest! {
        #[test]
        fn whole_seconds_round_up(
            second in -377_705_000_000_i64..253_402_000_000,
            nanosecond in 0_i32..1_000_000_000,
        ) {
            let instant = Timestamp::new(second, nanosecond).unwrap();
            let whole = whole_second(instant);
            prop_assert_eq!(whole.subsec_nanosecond(), 0);
            prop_assert!(whole >= instant);
            prop_assert!(whole.duration_since(instant) < SignedDuration::from_secs(1));
            prop_assert_eq!(whole_second(whole), whole);
        }
    }
}
