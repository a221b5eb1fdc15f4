//! Whether a text that is no valid answer still speaks against an approval. Used to refuse, never to approve.

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::pattern;

use super::json::with_plain_letters;

static STATE: LazyLock<Regex> =
    pattern!(r#"(?i)["']?\b(?:state|outcome|agent_state|agent_plan_state)\b["']?\s*[:=]\s*["']?([a-z-]+)"#);
static WITHHOLDING: LazyLock<Regex> = pattern!(
    r"(?i)\b(?:not|cannot|can't|don't|won't|never)\s+(?:\w+\s+)?approv|\bdisapprov|\bI\s+(?:block|reject|refuse)\b|\brequest(?:s|ed|ing)?\s+changes\b"
);
static DOUBTFUL: LazyLock<Regex> = pattern!(
    r"(?i)\b(?:block(?:s|ed|ing|ers?)?|reject(?:s|ed|ing)?|refuse[sd]?|unresolved|verdict|panics?|wrong|fails?)\b|\bmust\s+(?:be\s+)?fix"
);

/// Whether a text names another verdict than this one. Naming none is no opposition; an answer without a verdict has none.
pub fn speaks_against(text: &str, verdict: Option<&'static str>) -> bool {
    let Some(verdict) = approving(verdict) else { return false };
    let text = with_plain_letters(text);
    let words = STATE.captures_iter(&text).filter_map(|found| found.get(1));
    words.into_iter().any(|word| !word.as_str().eq_ignore_ascii_case(verdict))
}

/// Whether words beside an answer take back what it approves.
pub fn takes_back(text: &str, verdict: Option<&str>) -> bool {
    verdict.is_some_and(|verdict| verdict != "blocking") && WITHHOLDING.is_match(text)
}

/// Whether a text leaves any doubt about an approval that stands somewhere else: anything but a few plain words does.
pub fn leaves_doubt(text: &str, verdict: Option<&'static str>) -> bool {
    /// More words than these are a review of their own, in characters.
    const FEW: usize = 300;
    let is_plain = text.trim() == "{}" || (text.len() <= FEW && !text.contains(['{', '[', '"', '*', '#']));
    let speaks = || speaks_against(text, verdict) || WITHHOLDING.is_match(text) || DOUBTFUL.is_match(text);
    approving(verdict).is_some() && (!is_plain || speaks())
}

fn approving(verdict: Option<&'static str>) -> Option<&'static str> {
    verdict.filter(|verdict| *verdict != "blocking")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_approvals_can_be_opposed() {
        for text in [
            "{\"state\": \"blocking\"",
            "state: blocking",
            "<!-- AGENT_STATE: blocking -->",
            "{\"st\\u0061te\":\"block\\u0069ng\"",
        ] {
            assert!(speaks_against(text, Some("approved")), "{text}");
            assert!(!speaks_against(text, Some("blocking")), "{text}");
        }
        assert!(!speaks_against("no verdict here", Some("approved")));
        assert!(!speaks_against("{\"state\":\"Approved\"", Some("approved")));
    }

    #[test]
    fn retractions_of_approvals_are_heard() {
        for text in
            ["I do not approve this.", "I can't really approve it", "I block this", "Requesting changes."]
        {
            assert!(takes_back(text, Some("approved")), "{text}");
            assert!(!takes_back(text, Some("blocking")) && !takes_back(text, None), "{text}");
        }
        for text in ["No blocking issues.", "Approved.", "Nothing to object to."] {
            assert!(!takes_back(text, Some("approved")), "{text}");
        }
    }

    #[test]
    fn doubt_outweighs_an_approval_elsewhere() {
        for text in ["Blocking: the parser", "rejected", "must be fixed", "{\"blocking_items\":[\"x\"]"] {
            assert!(leaves_doubt(text, Some("approved")), "{text}");
        }
        for text in ["{\"answer\": \"x\"}", "[1]", "**Verdict**", &"word ".repeat(100)] {
            assert!(leaves_doubt(text, Some("approved")), "{text}");
        }
        for text in ["I wrote my answer to stdout.", "{}", "See stdout, it works."] {
            assert!(!leaves_doubt(text, Some("approved")), "{text}");
        }
        assert!(!leaves_doubt("blocked", Some("blocking")));
    }
}
