//! Elapsed time, local instants and sizes as text.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::instant::time_until;

/// Formats a duration for a line that is redrawn: `0:42`, `12:03`, `1:02:03`.
pub fn clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// Formats a future instant: the time until then, and the local time of day.
pub fn until(now: Timestamp, instant: Timestamp) -> String {
    let zoned = |instant: Timestamp| instant.to_zoned(TimeZone::system());
    let (here, there) = (zoned(now), zoned(instant));
    let format = if here.date() == there.date() { "%H:%M" } else { "%b %-d, %H:%M" };
    if instant <= now {
        format!("now (since {})", there.strftime(format))
    } else {
        format!("in {} ({})", time_until(now, instant), there.strftime(format))
    }
}

/// Formats a size for people.
pub fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{} kB", count / 1_000),
        _ => format!("{} MB", count / 1_000_000),
    }
}
