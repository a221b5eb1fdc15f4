//! The older tool's names as ours: agents as labels, and the ids of items, alone or at the beginning of a line.

use std::sync::LazyLock;

use regex::Regex;

use crate::domain::ids::{ItemId, Label};
use crate::pattern::pattern;

static LEADING: LazyLock<Regex> = pattern!(r#"(?is)^[*_`"'\[(]*(item-[0-9]+)[*_`"'\])]*(.*)$"#);

/// Words that stand beside an agent's name and are none.
const BESIDE: [&str; 5] = ["anthropic", "openai", "google", "code", "cli"];

/// The longest label, in letters.
const LONGEST: usize = 32;

/// The label of an agent; `reviewer` when its name holds nothing that a label can.
#[expect(clippy::expect_used, reason = "a constant label, made by a test")]
pub(super) fn label(name: Option<&str>) -> Label {
    let made = name.and_then(|name| sanitised(name).parse().ok());
    made.unwrap_or_else(|| "reviewer".parse().expect("a valid label"))
}

fn sanitised(name: &str) -> String {
    let lower = name.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let mut telling: Vec<&str> = words.iter().copied().filter(|word| !BESIDE.contains(word)).collect();
    if telling.is_empty() {
        telling = words;
    }
    let known = telling.join("-");
    let letters = known.chars().map(|letter| match letter {
        'a'..='z' | '0'..='9' | '_' => letter,
        _ => '-',
    });
    let dashed: String = letters.collect();
    let parts: Vec<&str> = dashed.split('-').filter(|part| !part.is_empty()).collect();
    let label: String = parts.join("-").trim_start_matches('_').chars().take(LONGEST).collect();
    match label.trim_end_matches('-') {
        "agy" => "antigravity".to_owned(),
        other => other.to_owned(),
    }
}

/// The id that a text is. `Item-3` is `item-3`.
pub(super) fn item_id(text: &str) -> Option<ItemId> {
    let text = text.trim();
    let numbered = text.get(..5).filter(|start| start.eq_ignore_ascii_case("item-"));
    match numbered {
        Some(_) => text.to_ascii_lowercase().parse().ok(),
        None => text.parse().ok(),
    }
}

/// The number in an id; one that is out of all reason is no number.
pub(super) fn number(id: &ItemId) -> Option<u64> {
    id.as_str().strip_prefix("item-")?.parse::<u32>().ok().map(u64::from)
}

/// The id at the beginning of a text, and what follows it.
pub(super) fn leading_id(text: &str) -> Option<(ItemId, &str)> {
    let found = LEADING.captures(text.trim())?;
    let id = item_id(found.get(1)?.as_str())?;
    let rest = found.get(2)?.as_str();
    let goes_on = rest.strip_prefix(['-', '.']).unwrap_or(rest).starts_with(char::is_alphanumeric);
    (!goes_on).then(|| (id, unseparated(rest)))
}

/// A text without the marks that part it from what stood before.
fn unseparated(text: &str) -> &str {
    let is_mark = |letter: char| letter.is_whitespace() || ":;,.-–—>→=".contains(letter);
    let bare = text.trim_start_matches(is_mark);
    match bare.strip_prefix("**").or_else(|| bare.strip_prefix("__")) {
        Some(rest) if rest.starts_with(char::is_whitespace) => rest.trim_start_matches(is_mark),
        Some(_) | None => bare,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_an_agent_share_labels() {
        for (name, expected) in [
            ("Anthropic Claude", "claude"),
            ("Claude Code", "claude"),
            ("claude", "claude"),
            ("OpenAI Codex", "codex"),
            ("Google Gemini", "gemini"),
            ("agy", "antigravity"),
            ("Google Antigravity", "antigravity"),
            ("Claude-2 (strict)", "claude-2-strict"),
            ("Google", "google"),
            ("«»", "reviewer"),
            ("", "reviewer"),
        ] {
            assert_eq!(label(Some(name)).as_str(), expected, "{name}");
        }
        assert_eq!(label(None).as_str(), "reviewer");
    }

    #[test]
    fn leading_ids_are_found_in_markup() {
        for (line, rest) in [
            ("item-3: resolved", "resolved"),
            ("`item-3` - still blocking: note", "still blocking: note"),
            ("**item-3** — future", "future"),
            ("**item-3:** text", "text"),
            ("[Item-3] text", "text"),
            ("item-3", ""),
            ("item-3: `foo()` panics", "`foo()` panics"),
        ] {
            assert_eq!(leading_id(line), Some((ItemId::numbered(3), rest)), "{line}");
        }
        for other in ["item-3b", "item-3-foo", "item-3.1", "item-", "see item-3", "items"] {
            assert_eq!(leading_id(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn every_name_makes_a_label(name in ".{0,60}") {
            prop_assert!(label(Some(&name)).as_str().len() <= LONGEST);
        }
    }
}
