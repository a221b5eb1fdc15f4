//! Placeholder texts, such as `None`, `N/A`, `No blocking issues.` They mean nothing in any list or note.

use std::sync::LazyLock;

use regex::Regex;

use crate::domain::invisible::is_invisible;
use crate::pattern::pattern;

static NOTHING: LazyLock<Regex> = pattern!(
    r"(?x)^(?:
        | n/?a | nil | null | no | ok | empty
        | (?:none|nothing)(?:\s(?:blocking|new|else))?(?:\s(?:found|identified|at\sthis\stime|to\sreport))?
        | no(?:\s(?:blocking|non-?blocking|same-?pr|same-?plan|future|new|further|other|additional|remaining|open
                |prior|unresolved|outstanding|known|item))*
          \s(?:issues?|items?|findings?|follow-?\s?ups?|dispositions?)
          (?:\s(?:found|identified|remain|remaining|at\sthis\stime|to\sreport))?
        | requirement\s[0-9]+(?:\s*[:–—-]\s*(?:resolved|addressed|satisfied|fulfilled|met|done))?
    )$"
);

/// Returns whether a text is a placeholder, or has no visible characters.
pub fn says_nothing(text: &str) -> bool {
    let seen: String = text.chars().filter(|letter| !is_invisible(*letter)).collect();
    let is_around = |letter: char| letter.is_whitespace() || "-+•*_`().!;:,".contains(letter);
    let bare = seen.trim_matches(is_around).to_lowercase().replace('`', "");
    NOTHING.is_match(&bare.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "no same-plan follow-ups",
            "no future follow-ups",
            "nothing",
            "ok",
            "null",
            "__none__",
            "\u{200b}\u{2060}",
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
