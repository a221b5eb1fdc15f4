//! Finds the reset time of a quota in an error message of an agent's program.

use std::sync::LazyLock;

use jiff::civil::Date;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use jiff::{RoundMode, SignedDuration, SignedDurationRound, Span, SpanRelativeTo, Timestamp, ToSpan, Unit};
use regex::{Captures, Regex};

use crate::pattern::pattern;

use super::zones::{self, latest};

/// The number of bytes to search: the end of a text has the reason.
pub(in crate::adapters::agents) const LOOKED_AT: usize = 64 * 1024;

/// The maximum length of an instant, in bytes; the longest known one has 45.
const LONGEST: usize = 120;

/// The longest period of a plan: a month.
const FURTHEST: SignedDuration = SignedDuration::from_hours(60 * 24);

/// The maximum age: older instants are about something else.
const LONGEST_AGO: SignedDuration = SignedDuration::from_hours(24);

/// A time of day that has just passed is today's: minutes are truncated, and clocks differ.
pub(in crate::adapters::agents) const JUST_NOW: SignedDuration = SignedDuration::from_mins(2);

/// Returns the reset time of a quota according to a message of an agent's program: the latest instant in it.
///
/// Times without a zone are UTC, for agents run with `TZ=UTC`. Instants more than 60 days in the future, or more than a day
/// in the past, are ignored.
pub fn instant(text: &str, now: Timestamp) -> Option<Timestamp> {
    let start = text.ceil_char_boundary(text.len().saturating_sub(LOOKED_AT));
    let text = text.get(start..)?;
    LABEL
        .captures_iter(text)
        .filter_map(|label| {
            let value = text.get(label.get(0)?.end()..)?;
            after(&label, value.get(..value.floor_char_boundary(LONGEST))?, now)
        })
        .filter(|instant| is_believed(*instant, now))
        .max()
        .map(|instant| {
            window(text)
                .and_then(|window| now.checked_add(window).ok())
                .map_or(instant, |end| end.min(instant))
        })
}

/// Returns the beginning of the latest day that a message names for the reset without a time of day: a guess.
pub fn day(text: &str, now: Timestamp) -> Option<Timestamp> {
    let start = text.ceil_char_boundary(text.len().saturating_sub(LOOKED_AT));
    let text = text.get(start..)?;
    let values = LABEL.find_iter(text).filter_map(|label| text.get(label.end()..));
    values
        .filter_map(|value| {
            let text = spaced(value.get(..value.floor_char_boundary(LONGEST))?);
            let mut dates = DATES.iter().map(|date| date.trim_end()).filter(|date| !date.is_empty());
            let (shown, _) = dates.find_map(|format| shown(format, &text))?;
            on_a_day(&shown, now.to_zoned(TimeZone::UTC).date(), |date| {
                latest(date.at(0, 0, 0, 0), &TimeZone::UTC)
                    .filter(|instant| *instant > now && is_believed(*instant, now))
            })
        })
        .max()
}

/// Returns the longest window that a message names for its limit. No quota resets later than one window from now: a time
/// that seems to be later is in another zone.
fn window(text: &str) -> Option<SignedDuration> {
    let windows = WINDOW.captures_iter(text).filter_map(|found| {
        if let (Some(number), Some(unit)) =
            (found.name("number").or(found.name("count")), found.name("unit").or(found.name("units")))
        {
            return duration(number.as_str(), unit.as_str());
        }
        Some(SignedDuration::from_hours(if found.name("week").is_some() { 7 * 24 } else { 24 }))
    });
    windows.max()
}

/// Returns whether an instant can be a reset time.
pub fn is_believed(instant: Timestamp, now: Timestamp) -> bool {
    let away = instant.duration_since(now);
    -LONGEST_AGO < away && away <= FURTHEST
}

/// Returns the instant at the start of the text after a label.
fn after(label: &Captures<'_>, value: &str, now: Timestamp) -> Option<Timestamp> {
    if let Some(found) = DIGITS.captures(value) {
        return in_digits(&found);
    }
    if let Some(instant) = on_a_clock(value, now) {
        return Some(instant);
    }
    let is_milliseconds = label.name("milliseconds").or(label.name("delay_milliseconds")).is_some();
    if !is_milliseconds && let Some(found) = EPOCH.captures(value) {
        return epoch(found.get(1)?.as_str());
    }
    let wait = amounts(value).or_else(|| {
        label.name("separator")?;
        let number = NUMBER.captures(value)?.name("number")?;
        duration(number.as_str(), if is_milliseconds { "ms" } else { "s" })
    })?;
    let milliseconds = SignedDurationRound::new().smallest(Unit::Millisecond).mode(RoundMode::Ceil);
    now.checked_add(wait.round(milliseconds).ok()?).ok()
}

/// Parses `1795222978` in seconds, or `1795222978000` in milliseconds.
fn epoch(digits: &str) -> Option<Timestamp> {
    let number = digits.parse().ok()?;
    if digits.len() == 13 { Timestamp::from_millisecond(number) } else { Timestamp::from_second(number) }.ok()
}

/// The forms of a date, and last that of a time of day without a date.
const DATES: [&str; 10] = [
    "%Y-%m-%d ",
    "%b %d %Y ",
    "%B %d %Y ",
    "%d %b %Y ",
    "%d %B %Y ",
    "%b %d ",
    "%B %d ",
    "%d %b ",
    "%d %B ",
    "",
];

/// The forms of a time of day. A lone number is not one.
const TIMES: [&str; 5] = ["%I:%M:%S %p", "%I:%M %p", "%I %p", "%H:%M:%S", "%H:%M"];

/// Parses `Nov 24th, 2026 2:09 AM`, `Wed, 25 Nov 2026 02:09:00 GMT` or `2:03am (UTC)`: the first such instant from now on.
fn on_a_clock(value: &str, now: Timestamp) -> Option<Timestamp> {
    let text = spaced(value);
    // After the name of a day, a time alone is ambiguous.
    let has_no_day = value.starts_with(|first: char| first.is_ascii_digit());
    let dates = DATES.iter().filter(|date| has_no_day || !date.is_empty());
    let (shown, rest) = dates
        .flat_map(|date| TIMES.map(|time| format!("{date}{time}")))
        .find_map(|format| shown(&format, &text))?;
    let zone = zones::after(rest)?;
    let (time, today) = (shown.to_time().ok()?, now.to_zoned(zone.clone()).date());
    let instant = |date: Date| latest(date.to_datetime(time), &zone);
    if shown.month().is_none() {
        let mut days = (-1..=2).filter_map(|day| instant(today.checked_add(day.days()).ok()?));
        return days.find(|instant| now.duration_since(*instant) <= JUST_NOW);
    }
    on_a_day(&shown, today, |date| instant(date).filter(|instant| is_believed(*instant, now)))
}

/// Returns the text of a date or time without punctuation, without the name of the day, and with plain numbers.
fn spaced(value: &str) -> String {
    let space = |letter: char| if letter == ',' || letter.is_whitespace() { ' ' } else { letter };
    let text: String = value.chars().filter(|letter| *letter != '.').map(space).collect();
    ORNAMENT.replace_all(&text, "$digit").into_owned()
}

/// Parses the beginning of a text by a format; the rest begins with no letter or digit.
fn shown<'text>(format: &str, text: &'text str) -> Option<(BrokenDownTime, &'text str)> {
    let (shown, length) = BrokenDownTime::parse_prefix(format, text.as_bytes()).ok()?;
    let rest = text.get(length..)?;
    (!rest.starts_with(|letter: char| letter.is_ascii_alphanumeric())).then_some((shown, rest))
}

/// Returns the first instant of a date whose year may be missing.
fn on_a_day(
    shown: &BrokenDownTime,
    today: Date,
    instant: impl Fn(Date) -> Option<Timestamp>,
) -> Option<Timestamp> {
    let (month, day) = (shown.month()?, shown.day()?);
    let mut years = shown
        .year()
        .map_or(-1..=1, |_| 0..=0)
        .map(|away| shown.year().unwrap_or(today.year()).saturating_add(away));
    years.find_map(|year| instant(Date::new(year, month, day).ok()?))
}

/// Parses `2026-11-24T00:03:00Z` or `2026-11-24 00:03+01:00`.
fn in_digits(found: &Captures<'_>) -> Option<Timestamp> {
    let (date, time) = (found.name("date")?.as_str(), found.name("time")?.as_str());
    latest(format!("{date}T{time}").parse().ok()?, &zones::named(found)?)
}

/// Parses `3 days 4 hours 12 minutes`, `143h57m55s` or `11.054s`, up to the first word that is not a unit.
fn amounts(mut value: &str) -> Option<SignedDuration> {
    let mut sum = None;
    while let Some(found) = AMOUNT.captures(value) {
        let Some(amount) = duration(found.name("number")?.as_str(), found.name("unit")?.as_str()) else {
            break;
        };
        sum = Some(sum.unwrap_or(SignedDuration::ZERO).saturating_add(amount));
        value = value.get(found.get(0)?.end()..)?;
    }
    sum
}

fn duration(number: &str, unit: &str) -> Option<SignedDuration> {
    let span: Span = format!("{number} {}", unit.to_ascii_lowercase()).parse().ok()?;
    span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
}

/// The labels before an instant or a delay.
static LABEL: LazyLock<Regex> = pattern!(
    r#"(?ix)\b(?:
            (?:try|retry|retrying)(?:\sagain)?\s(?:in|after|at|on)
          | wait(?:\sfor)?
          | retry[-_]?after(?:[-_]?(?P<milliseconds>ms)|[-_]?seconds)?
          | retry_?delay(?:_?(?:seconds|(?P<delay_milliseconds>ms)))?
          | (?:quota_?)?resets?(?:[-_\s]?(?:in|at|on|after|timestamp|time_stamp|time|delay))?
            (?:[-_](?:seconds|requests|tokens))?
          | limit\sreached
          | regain\saccess\s(?:on|at)
          | until
          )[\\"'\s]*(?P<separator>[:=|])?[\\"'\s]*(?:(?:about|approximately|around|~)\s?)?"#
);

/// The irrelevant parts of a date: the name of the day, the ending of an ordinal, `at`.
static ORNAMENT: LazyLock<Regex> =
    pattern!(r"(?i)^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\s|(?P<digit>[0-9])(?:st|nd|rd|th)\b|\bat\s");

static WINDOW: LazyLock<Regex> = pattern!(
    r"(?ix) \b(?:reached|exhausted|exceeded)\sfor\s(?P<number>[0-9]{1,3})[\s-](?P<unit>hour|day|week)s?\b
          | \b(?P<count>[0-9]{1,3})[\s-](?P<units>hour|day|week)s?\)?\s(?:usage\s|token\s|rate\s){0,2}limit
          | \b(?P<week>weekly)\s(?:usage\s|token\s|rate\s){0,2}limit
          | \bdaily\s(?:usage\s|token\s|rate\s){0,2}limit"
);

static DIGITS: LazyLock<Regex> = pattern!({
    let time = r"(?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?)";
    let zone = zones::NAME;
    format!(r"(?i)^(?P<date>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})[t\s]{time}{zone}")
});
static EPOCH: LazyLock<Regex> = pattern!(r"^([0-9]{13}|[0-9]{10})(?:\.[0-9]+)?(?:[^0-9]|$)");
static AMOUNT: LazyLock<Regex> =
    pattern!(r"(?i)^\s?,?\s?(?:and\s)?(?P<number>[0-9]{1,9}(?:\.[0-9]{1,9})?)[0-9]*[\s-]?(?P<unit>[a-z]+)");
static NUMBER: LazyLock<Regex> =
    pattern!(r#"^(?P<number>[0-9]{1,9}(?:\.[0-9]{1,9})?)[0-9]*(?:[\s,;.})\]"'\\]|$)"#);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Each row: a message, and the instant that it names, or "" for none.
    #[track_caller]
    fn assert_read(now: &str, rows: &[(&str, &str)]) {
        for (text, expected) in rows {
            let expected = (!expected.is_empty()).then(|| at(expected));
            assert_eq!(instant(text, at(now)), expected, "{text}");
        }
    }

    #[test]
    fn every_form_of_claude_is_read() {
        assert_read(
            "2026-11-21T00:03:10Z",
            &[
                ("You've hit your session limit · resets 2:03am (UTC)", "2026-11-21T02:03:00Z"),
                ("You've hit your limit · resets 9:51pm (America/New_York)", "2026-11-21T02:51:00Z"),
                ("You've hit your weekly limit · resets Nov 24, 12:03am (UTC)", "2026-11-24T00:03:00Z"),
                ("resets 3pm (Europe/Berlin)", "2026-11-21T14:00:00Z"),
                ("resets Nov 24, 3pm (Europe/Berlin)", "2026-11-24T14:00:00Z"),
                ("limit reached ∙ resets 2am", "2026-11-21T02:00:00Z"),
                ("Your limit will reset at 7pm (Asia/Tokyo).", "2026-11-21T10:00:00Z"),
                ("Claude AI usage limit reached|1795222978", "2026-11-21T01:02:58Z"),
                ("resets 3pm (Nowhere/Atlantis)", ""),
                ("resets 10pm (UTC+05:30)", "2026-11-21T16:30:00Z"),
                ("resets 10pm (GMT-3)", "2026-11-21T01:00:00Z"),
                ("resets 22:00 +0530", "2026-11-21T16:30:00Z"),
                ("resets 10pm (your local time)", ""),
                ("5-hour limit reached, resets 9am", "2026-11-21T05:03:10Z"),
                ("weekly limit reached, resets Dec 24, 9am", "2026-11-28T00:03:10Z"),
                ("You will regain access on 2026-12-01 at 00:00 UTC.", "2026-12-01T00:00:00Z"),
                ("resets 13pm (UTC)", ""),
                ("Please try again later.", ""),
            ],
        );
    }

    #[test]
    fn every_form_of_codex_is_read() {
        assert_read(
            "2026-11-21T00:07:30Z",
            &[
                ("You’ve hit your usage limit. … or try again at 2:07 AM.", "2026-11-21T02:07:00Z"),
                ("or try again at 2:07\u{202f}PM.", "2026-11-21T14:07:00Z"),
                ("or try again\u{a0}at 2:07 p.m.", "2026-11-21T14:07:00Z"),
                ("or try again at Nov 24th, 2026 2:09 AM.", "2026-11-24T02:09:00Z"),
                ("or try again at Dec 1st, 2026 12:09 PM.", "2026-12-01T12:09:00Z"),
                ("Try again in 3 days 4 hours 12 minutes.", "2026-11-24T04:19:30Z"),
                ("Please try again in 11.054s. Visit https://example.com", "2026-11-21T00:07:41.054Z"),
                ("Please try again in 1m30s.", "2026-11-21T00:09:00Z"),
                ("Please try again in 1.5s.", "2026-11-21T00:07:31.500Z"),
                ("Please try again in 828ms.", "2026-11-21T00:07:30.828Z"),
                (r#"{"resets_at": 1795222978, "resets_in_seconds": 3000}"#, "2026-11-21T01:02:58Z"),
                ("You’ve hit your usage limit. Try again later.", ""),
            ],
        );
    }

    #[test]
    fn forms_of_google_programs_are_read() {
        assert_read(
            "2026-11-21T00:00:00Z",
            &[
                ("Individual quota reached. … Resets in 143h57m55s.", "2026-11-26T23:57:55Z"),
                ("Please retry in 26.72s.", "2026-11-21T00:00:26.720Z"),
                ("Please retry in 26.7200001s.", "2026-11-21T00:00:26.721Z"),
                (r#""retryDelay": "34s""#, "2026-11-21T00:00:34Z"),
                (r#"{\"retryDelay\":\"34s\"}"#, "2026-11-21T00:00:34Z"),
                ("retryDelayMs: 2000,", "2026-11-21T00:00:02Z"),
                ("Your quota will reset after 18h31m10s.", "2026-11-21T18:31:10Z"),
                (r#""quotaResetDelay": "5h", "retryDelay": "34s""#, "2026-11-21T05:00:00Z"),
                (r#""quotaResetTimeStamp": "2026-11-22T01:02:03Z""#, "2026-11-22T01:02:03Z"),
                ("Suggested retry after 2s.. Max attempts reached", "2026-11-21T00:00:02Z"),
            ],
        );
    }

    #[test]
    fn headers_epochs_and_instants_are_read() {
        assert_read(
            "2026-11-21T00:00:00Z",
            &[
                ("retry-after: 3600", "2026-11-21T01:00:00Z"),
                (r#""retry-after":"3600","#, "2026-11-21T01:00:00Z"),
                ("retry-after-ms: 1500", "2026-11-21T00:00:01.500Z"),
                ("Retry-After: Wed, 25 Nov 2026 02:09:00 GMT", "2026-11-25T02:09:00Z"),
                ("x-ratelimit-reset: 1795222978", "2026-11-21T01:02:58Z"),
                ("x-ratelimit-reset-tokens: 6m0s", "2026-11-21T00:06:00Z"),
                ("anthropic-ratelimit-unified-reset: 1795222978", "2026-11-21T01:02:58Z"),
                ("resets at 2026-11-21T05:00:00Z", "2026-11-21T05:00:00Z"),
                (r#""resets_at":"2026-11-21T05:00:00.5+01:00""#, "2026-11-21T04:00:00.500Z"),
                ("rate limited until 2026-11-21 05:00 (Europe/Berlin)", "2026-11-21T04:00:00Z"),
                ("resets_at=1795222978", "2026-11-21T01:02:58Z"),
                ("resetsAt: 1795222978123", "2026-11-21T01:02:58.123Z"),
                ("wait until 17:30", "2026-11-21T17:30:00Z"),
                ("resets 5:00 CEST", ""),
                ("resets Nov 31, 5:00", ""),
                ("resets 25:00, retry-after: x, until then, reset 5", ""),
            ],
        );
    }

    #[test]
    fn implausible_instants_are_ignored_too() {
        assert_read(
            "2026-11-21T02:04:30Z",
            &[
                ("resets 2:03am (UTC)", "2026-11-21T02:03:00Z"),
                ("resets 2:02am (UTC)", "2026-11-22T02:02:00Z"),
                ("resets_at: 1795140269", ""),
                ("resets_at: 1795140300", "2026-11-20T02:05:00Z"),
                ("resets_at: 9999999999", ""),
                ("try again at Nov 24th, 2027 2:09 AM.", ""),
                ("try again in 61 days", ""),
                ("try again in 999999999 weeks 999999999 weeks", ""),
            ],
        );
        assert_read("2026-11-21T00:01:00Z", &[("resets 11:59pm (UTC)", "2026-11-20T23:59:00Z")]);
    }

    #[test]
    fn midnight_and_new_year_are_read() {
        assert_read(
            "2026-12-31T23:50:00Z",
            &[
                ("resets 12:03am (UTC)", "2027-01-01T00:03:00Z"),
                ("resets 12am", "2027-01-01T00:00:00Z"),
                ("resets 12pm", "2027-01-01T12:00:00Z"),
                ("resets 00:00", "2027-01-01T00:00:00Z"),
                ("resets Jan 2, 12:03am (UTC)", "2027-01-02T00:03:00Z"),
                ("resets Dec 31, 11:55pm (UTC)", "2026-12-31T23:55:00Z"),
                ("resets Feb 29, 1am (UTC)", ""),
            ],
        );
    }

    #[test]
    fn clock_changes_never_ask_too_early() {
        // The time 1:30 occurs twice on this day, at 05:30 and 06:30 UTC.
        assert_read(
            "2026-11-01T04:00:00Z",
            &[
                ("resets 1:30am (America/New_York)", "2026-11-01T06:30:00Z"),
                ("resets 12:30am (America/New_York)", "2026-11-01T04:30:00Z"),
                ("resets 3am (America/New_York)", "2026-11-01T08:00:00Z"),
                ("resets 11pm (America/New_York)", "2026-11-02T04:00:00Z"),
                ("resets Nov 1, 1:30am (America/New_York)", "2026-11-01T06:30:00Z"),
            ],
        );
        // The time 2:30 is skipped on this day: it is 3:30 then.
        assert_read(
            "2027-03-14T05:00:00Z",
            &[
                ("resets 2:30am (America/New_York)", "2027-03-14T07:30:00Z"),
                ("resets 1:59am (America/New_York)", "2027-03-14T06:59:00Z"),
                ("resets 3:30am (America/New_York)", "2027-03-14T07:30:00Z"),
                ("resets 12am (America/New_York)", "2027-03-14T05:00:00Z"),
                ("resets 11:57pm (America/New_York)", "2027-03-15T03:57:00Z"),
            ],
        );
    }

    #[test]
    fn long_texts_are_read_backwards() {
        let text = format!("resets 5pm {} resets 4pm", "é".repeat(LOOKED_AT));
        assert_read("2026-11-21T00:00:00Z", &[(text.as_str(), "2026-11-21T16:00:00Z")]);
    }

    const NASTY: &str = "(reset|resets at |try again in|until |limit reached|retry-after|[:|= (\"]|Nov|Feb 29,|\
                         2026-1[0-9]-[0-9]{2}|T|[0-9]{1,14}|:[0-9]{2}|[ap]m|[hmsdw]|days|\\(America/New_York\\)|\
                         GMT|EST|[-+.,]|é|\u{202f}){0,12}";

    proptest! {
        #[test]
        fn no_text_has_an_implausible_instant(
            text in prop_oneof![NASTY, ".{0,200}"],
            second in prop_oneof![1_780_000_000_i64..1_830_000_000, -377_705_023_201_i64..=253_402_207_200],
        ) {
            let now = Timestamp::from_second(second).unwrap();
            if let Some(instant) = instant(&text, now) {
                prop_assert!(is_believed(instant, now), "{}", instant);
            }
        }

        #[test]
        fn times_of_day_are_within_reach(
            second in 1_780_000_000_i64..1_830_000_000,
            hour in 0..24_i64,
            minute in 0..60_i64,
            name in prop::sample::select(vec!["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"]),
        ) {
            let now = Timestamp::from_second(second).unwrap();
            let half = if hour < 12 { "am" } else { "pm" };
            let twelve = format!("resets {}:{minute:02}{half} ({name})", (hour + 11) % 12 + 1);
            let found = instant(&twelve, now).unwrap();
            prop_assert_eq!(Some(found), instant(&format!("resets {hour:02}:{minute:02} ({name})"), now));
            let away = found.duration_since(now);
            prop_assert!(-JUST_NOW <= away && away <= SignedDuration::from_hours(25), "{}", away);
        }
    }
}
