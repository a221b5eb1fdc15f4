//! The older tool's words for the status of an item.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::domain::item_status::ItemStatus;
use crate::pattern::pattern;
use crate::protocol::placeholder::says_nothing;

static STANDING: LazyLock<Regex> = pattern!(
    r#"(?xis)
        ^[\s*_`"'(\[]*
        (?:(?:is|now|still|remains|stays|kept|marked|as)[\s_-]+[*_`]*)*
        (?:
            (?<blocking>block(?:ing|er|ed)(?:[\s_-]+issues?)? | must[\s_-]?fix)
            | (?<open>
                open | active | unresolved
                | (?:not|partially|partly)[\s_-]+(?:yet[\s_-]+)?(?:resolved|fixed|addressed|done)
            )
            | (?<same_pr>same[\s_-]?(?:pr|plan)(?:[\s_-]+follow[\s_-]?ups?)?)
            | (?<future>(?:future|non[\s_-]?blocking)(?:[\s_-]+follow[\s_-]?ups?)? | deferred)
            | (?<resolved>resolved | fixed | addressed | done | closed)
        )
        (?:[*_`"')\]\s:;,.–—-]+ | $)
        (?<rest>.*)$"#
);

/// Returns the status of an item in a reviewer's text, and the rest of the text. A merely open item is blocking.
pub(super) fn standing_and_note(text: &str) -> Option<(ItemStatus, Option<String>)> {
    // In `… from codex, round 1: its text -> blocking: why` the present status is after the arrow.
    let text = [" -> ", " → "].iter().find_map(|arrow| text.rsplit_once(arrow)).map_or(text, |(_, now)| now);
    let found = STANDING.captures(text)?;
    let first = found.name("open").map(|_| ItemStatus::Blocking).or_else(|| named(&found))?;
    let rest = found.name("rest").map_or("", |rest| rest.as_str().trim());
    let clauses = rest.split([',', ';']).filter_map(|clause| {
        let found = STANDING.captures(clause)?;
        found.name("open").map(|_| ItemStatus::Blocking).or_else(|| named(&found))
    });
    // `resolved, but only partially; still blocking` is open.
    let standing = clauses.filter(|status| status.must_fix()).fold(first, ItemStatus::max);
    let inner = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(rest);
    Some((standing, (!says_nothing(inner)).then(|| inner.to_owned())))
}

/// Returns the status of a list item. `open` alone is not a status.
pub(super) fn standing(text: &str) -> Option<ItemStatus> {
    STANDING.captures(text).and_then(|found| named(&found))
}

fn named(found: &Captures<'_>) -> Option<ItemStatus> {
    let names = [
        ("blocking", ItemStatus::Blocking),
        ("same_pr", ItemStatus::SamePr),
        ("future", ItemStatus::Future),
        ("resolved", ItemStatus::Resolved),
    ];
    names.into_iter().find(|(name, _)| found.name(name).is_some()).map(|(_, standing)| standing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_read_in_any_spelling() {
        for (text, expected, note) in [
            ("resolved", ItemStatus::Resolved, None),
            ("**Resolved** (see `lib.rs`)", ItemStatus::Resolved, Some("see `lib.rs`")),
            ("_fixed_", ItemStatus::Resolved, None),
            ("still blocking: no test", ItemStatus::Blocking, Some("no test")),
            ("still_blocking", ItemStatus::Blocking, None),
            ("not yet resolved", ItemStatus::Blocking, None),
            ("unresolved", ItemStatus::Blocking, None),
            ("same_pr", ItemStatus::SamePr, None),
            ("Same-PR follow-up", ItemStatus::SamePr, None),
            ("future — later", ItemStatus::Future, Some("later")),
            (
                "Future follow-up from codex, round 1: text -> blocking: needed now",
                ItemStatus::Blocking,
                Some("needed now"),
            ),
            ("Same-PR follow-up from codex, round 1: text: more -> resolved", ItemStatus::Resolved, None),
            (
                "resolved, but only partially; still blocking",
                ItemStatus::Blocking,
                Some("but only partially; still blocking"),
            ),
            ("non-blocking", ItemStatus::Future, None),
        ] {
            assert_eq!(standing_and_note(text), Some((expected, note.map(str::to_owned))), "{text}");
        }
        for unclear in ["", "looks good", "resolvedness", "I think it is resolved", "futures are leaked"] {
            assert_eq!(standing_and_note(unclear), None, "{unclear}");
        }
    }

    #[test]
    fn open_alone_is_no_status() {
        assert_eq!(standing("open"), None);
        assert_eq!(standing("future"), Some(ItemStatus::Future));
    }
}
