//! Whether a text that is no valid answer still speaks against an approval. Used to refuse, never to approve.

use std::sync::LazyLock;

use regex::Regex;

#[expect(clippy::expect_used, reason = "a constant pattern, compiled by a test")]
static STATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)["']?\b(?:state|outcome|agent_state|agent_plan_state)\b["']?\s*[:=]\s*["']?([a-z-]+)"#)
        .expect("a valid pattern")
});

/// Whether a text names another verdict than this one. Naming none is no opposition; an answer without a verdict has none.
pub fn speaks_against(text: &str, verdict: Option<&'static str>) -> bool {
    let Some(verdict) = verdict.filter(|verdict| *verdict != "blocking") else { return false };
    STATE.captures_iter(text).filter_map(|found| found.get(1)).any(|word| word.as_str() != verdict)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_word_speaks_against_an_approval_and_nothing_against_a_refusal() {
        for text in ["{\"state\": \"blocking\"", "state: blocking", "<!-- AGENT_STATE: blocking -->"] {
            assert!(speaks_against(text, Some("approved")), "{text}");
            assert!(!speaks_against(text, Some("blocking")), "{text}");
        }
        assert!(!speaks_against("no verdict here", Some("approved")));
        assert!(!speaks_against("{\"state\":\"approved\"", Some("approved")));
    }
}
