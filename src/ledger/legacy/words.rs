//! The older tool's vocabulary: how it says where an item stands, and how it says nothing.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::domain::item_status::ItemStatus;
use crate::pattern::pattern;
use crate::protocol::findings::normalised;

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
            | (?<same_pr>same[\s_-]?pr(?:[\s_-]+follow[\s_-]?ups?)?)
            | (?<future>(?:future|non[\s_-]?blocking)(?:[\s_-]+follow[\s_-]?ups?)? | deferred)
            | (?<resolved>resolved | fixed | addressed | done | closed)
        )
        (?:[*_`"')\]\s:;,.–—-]+ | $)
        (?<rest>.*)$"#
);

static NOTHING: LazyLock<Regex> = pattern!(
    r"(?x)^(?:
        | n/?a | nil | empty
        | (?:none|nothing)(?:\s(?:blocking|new|else))?(?:\s(?:found|identified|at\sthis\stime|to\sreport))?
        | no(?:\s(?:blocking|non-?blocking|same-?pr|future|new|further|other|additional|remaining|open
                |prior|unresolved|outstanding|known|item))*
          \s(?:issues?|items?|findings?|follow-?\s?ups?|dispositions?)
          (?:\s(?:found|identified|remain|remaining|at\sthis\stime|to\sreport))?
        | requirement\s[0-9]+(?:\s*[:–—-]\s*(?:resolved|addressed|satisfied|fulfilled|met|done))?
    )$"
);

/// Where an item stands in a reviewer's words, and what they say beyond it. What is merely open blocks.
pub(super) fn standing_and_note(text: &str) -> Option<(ItemStatus, Option<String>)> {
    let found = STANDING.captures(text)?;
    let standing = found.name("open").map(|_| ItemStatus::Blocking).or_else(|| named(&found))?;
    let rest = found.name("rest").map_or("", |rest| rest.as_str().trim());
    let inner = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(rest);
    Some((standing, (!says_nothing(inner)).then(|| inner.to_owned())))
}

/// Where an item of a list stands. That it is open does not say where.
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

/// Whether a text only fills its place: `None`, `No blocking issues.`, or a bare `Requirement 2: resolved`.
pub(super) fn says_nothing(text: &str) -> bool {
    NOTHING.is_match(normalised(text).trim_matches(['(', ')']))
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

    #[test]
    fn fillers_are_no_findings() {
        for filler in [
            "None",
            "- None.",
            "N/A",
            "_None_",
            "No blocking issues.",
            "(none)",
            "-",
            "",
            "**None found.**",
            "No same-PR follow-ups.",
            "No new items",
            "Requirement 2",
            "- `Requirement 2`: resolved",
        ] {
            assert!(says_nothing(filler), "{filler}");
        }
        for finding in [
            "None of the errors is handled",
            "No test covers the parser issues",
            "No item is checked",
            "Requirement 2 is not met: the flag is missing",
        ] {
            assert!(!says_nothing(finding), "{finding}");
        }
    }
}
