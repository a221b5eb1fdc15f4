//! Instants that people read: at whole seconds, and how long it is until then.

use jiff::{SignedDuration, Timestamp};

/// The first whole second from this instant on: nobody is asked a fraction too early.
#[must_use]
pub fn whole_second(instant: Timestamp) -> Timestamp {
    // Floored, before 1970 too.
    let nanoseconds = instant.as_nanosecond();
    let second = nanoseconds.div_euclid(1_000_000_000);
    let up = second + i128::from(nanoseconds.rem_euclid(1_000_000_000) > 0);
    i64::try_from(up).ok().and_then(|up| Timestamp::from_second(up).ok()).unwrap_or(instant)
}

/// How long it is until then, in the two largest units.
pub fn left(now: Timestamp, instant: Timestamp) -> String {
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

/// An instant, and how long it is until then if it is to come.
pub fn until(now: Timestamp, instant: Timestamp) -> String {
    if instant.duration_since(now) > SignedDuration::ZERO {
        format!("{instant} (in {})", left(now, instant))
    } else {
        instant.to_string()
    }
}

/// So much earlier a clock may be without having been set back by somebody: networks correct clocks by less.
const CORRECTION: SignedDuration = SignedDuration::from_mins(5);

/// Whether the clock that shows `now` was set back since it showed `then`. Then nobody knows how long it is until an instant
/// that was noted before.
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
    fn instants_are_told_with_their_distance() {
        let back = whole_second(at("2026-11-27T13:56:41.883991612Z"));
        assert_eq!(until(at("2026-11-21T14:30:00Z"), back), "2026-11-27T13:56:42Z (in 5 d 23 h)");
        assert_eq!(until(back, back), "2026-11-27T13:56:42Z");
    }

    #[test]
    fn durations_are_told_in_two_units() {
        let now = at("2026-11-21T23:09:00Z");
        for (instant, told) in [
            ("2026-11-24T02:09:00Z", "2 d 3 h"),
            ("2026-11-22T23:30:00Z", "1 d"),
            ("2026-11-22T00:14:59Z", "1 h 5 min"),
            ("2026-11-22T01:09:00Z", "2 h"),
            ("2026-11-21T23:10:00Z", "1 min"),
            ("2026-11-21T23:09:59Z", "less than a minute"),
            ("2026-11-20T23:09:59Z", "less than a minute"),
        ] {
            assert_eq!(left(now, at(instant)), told);
        }
    }

    #[test]
    fn a_correction_sets_no_clock_back() {
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
