//! Converts names of the older tool: agents to labels, and item ids, alone or at the beginning of a line.

use std::sync::LazyLock;

use regex::Regex;

use crate::domain::ids::{ItemId, Label};
use crate::pattern::pattern;

static LEADING: LazyLock<Regex> = pattern!(r#"(?is)^[*_`"'\[(]*(item-[0-9]+)[*_`"'\])]*(.*)$"#);

/// Words that accompany agent names.
const BESIDE: [&str; 5] = ["anthropic", "openai", "google", "code", "cli"];

/// The maximum length of a label.
const LONGEST: usize = 32;

/// Converts the name of an agent to a label; `reviewer` when no letter of the name is valid in a label.
#[expect(clippy::expect_used, reason = "a constant label, made by a test")]
pub(super) fn label(name: Option<&str>) -> Label {
    let made = name.and_then(|name| sanitised(name).parse().ok());
    made.unwrap_or_else(|| "reviewer".parse().expect("a valid label"))
}

fn sanitised(name: &str) -> String {
    let lower = name.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let mut distinctive: Vec<&str> = words.iter().copied().filter(|word| !BESIDE.contains(word)).collect();
    if distinctive.is_empty() {
        distinctive = words;
    }
    let joined = distinctive.join("-");
    let letters = joined.chars().map(|letter| match letter {
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

/// Parses an item id; `Item-3` is `item-3`.
pub(super) fn item_id(text: &str) -> Option<ItemId> {
    let text = text.trim();
    let numbered = text.get(..5).filter(|start| start.eq_ignore_ascii_case("item-"));
    match numbered {
        Some(_) => text.to_ascii_lowercase().parse().ok(),
        None => text.parse().ok(),
    }
}

/// Returns the number in an id if it fits in 32 bits.
pub(super) fn number(id: &ItemId) -> Option<u64> {
    id.as_str().strip_prefix("item-")?.parse::<u32>().ok().map(u64::from)
}

/// Splits a text into the id at its beginning and the rest.
pub(super) fn leading_id(text: &str) -> Option<(ItemId, &str)> {
    let found = LEADING.captures(text.trim())?;
    let id = item_id(found.get(1)?.as_str())?;
    let rest = found.get(2)?.as_str();
    let continues = rest.strip_prefix(['-', '.']).unwrap_or(rest).starts_with(char::is_alphanumeric);
    (!continues).then(|| (id, unseparated(rest)))
}

/// Removes the punctuation that separates a text from the id before it.
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
    fn agent_names_share_labels() {
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
