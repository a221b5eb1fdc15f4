//! The zone of a time in an error message, and the instant of a local time in it.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use regex::{Captures, Regex};

use crate::pattern::pattern;

/// The zone of a time. In parentheses any text is a zone, elsewhere only what looks like one.
pub(super) const NAME: &str = r"(?:\s?\((?P<zone>[^()]{1,60})\)|\s?(?P<bare_zone>(?:\b(?:utc|gmt))?[-+][0-9]{2}:?[0-9]{2}\b|\b(?:utc|gmt)[-+][0-9]{1,2}\b|\b(?:z|utc|gmt|[a-z]+/[a-z0-9_+/-]+|(?-i:[A-Z]{2,4}T))\b))?";

static ZONE: LazyLock<Regex> = pattern!(format!("(?i)^{NAME}"));
static OFFSET: LazyLock<Regex> =
    pattern!(r"(?i)^(?:utc|gmt)?\s?[-+](?P<hours>[0-9]{1,2}):?(?P<minutes>[0-9]{2})?$");

/// Returns the zone at the beginning of a text: UTC if the text names none, and `None` if the zone is unknown.
pub(super) fn after(text: &str) -> Option<TimeZone> {
    ZONE.captures(text).map_or(Some(TimeZone::UTC), |found| named(&found))
}

/// Returns the zone of a time: UTC if it has none, and `None` if the zone is unknown.
pub(super) fn named(found: &Captures<'_>) -> Option<TimeZone> {
    let Some(name) = found.name("zone").or(found.name("bare_zone")).map(|zone| zone.as_str().trim()) else {
        return Some(TimeZone::UTC);
    };
    if let Some(offset) = OFFSET.captures(name) {
        let part =
            |name: &str| offset.name(name).map_or(Some(0), |digits| digits.as_str().parse::<i32>().ok());
        let seconds = part("hours")?.checked_mul(3600)?.checked_add(part("minutes")?.checked_mul(60)?)?;
        let signed = if name.contains('-') { -seconds } else { seconds };
        return Some(TimeZone::fixed(Offset::from_seconds(signed).ok()?));
    }
    match name {
        "Z" | "z" => Some(TimeZone::UTC),
        // The database in the program is used instead of the machine's, so that a text always has the same meaning.
        name => TimeZoneDatabase::bundled().get(name).ok(),
    }
}

/// Returns the later of two instants with the same local time, and the later side of a skipped local time, so that an agent
/// is not asked too early.
pub(super) fn latest(shown: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(shown).later().ok()
}
