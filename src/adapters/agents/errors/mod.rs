//! Classifies failed turns by the error message of an agent's program or by its stderr.

pub(super) mod patterns;
pub mod reset;
mod zones;

use jiff::{SignedDuration, Timestamp};

use crate::adapters::process::output::tail;
use crate::domain::failure::TurnFailure;
use crate::text::sanitize;

use patterns::{Named, PATTERNS};

/// The maximum length of a detail, in characters.
pub(super) const DETAIL: usize = 400;

/// The number of last lines of stderr that are classified: a stack trace is below its error.
const STDERR_LINES: usize = 60;

/// The number of last lines of stderr in messages, and the maximum length of each, in characters.
const LAST_LINES: usize = 5;
const LAST_LINE: usize = 200;

/// The assumed time until a quota resets, if it is unknown.
const UNKNOWN_WAIT: SignedDuration = SignedDuration::from_hours(1);

/// A rate limit with a longer delay is a used-up quota: no turn waits that long.
const LONG_WAIT: SignedDuration = SignedDuration::from_mins(10);

/// Returns the class of an error message of an agent's program.
///
/// It is for error messages, never for texts of a model. Phrases about a login have priority, because waiting does not help;
/// phrases about a quota outrank a status of 401 or 403, and a status of 429 ranks below both.
pub fn classify(text: &str, now: Timestamp) -> Option<TurnFailure> {
    let text = heard(text);
    let (named, start) =
        PATTERNS.iter().find_map(|(named, pattern)| Some((*named, pattern.find(&text)?.start())))?;
    let detail = detail(&text, start);
    let reset = reset::instant(&text, now);
    let day = if reset.is_none() { reset::day(&text, now) } else { None };
    Some(match named {
        Named::Auth | Named::AuthStatus => TurnFailure::Auth { detail },
        Named::NoTrouble => return None,
        Named::SessionLost => TurnFailure::SessionLost { detail },
        Named::Quota | Named::AnyQuota | Named::RateLimited if let Some(retry_at) = day => {
            TurnFailure::QuotaUnknown { retry_at, detail }
        }
        Named::AnyQuota if reset.is_none() => TurnFailure::Billing { detail },
        Named::Billing => TurnFailure::Billing { detail },
        Named::UnknownModel => TurnFailure::UnknownModel { detail },
        Named::Quota => used_up(reset, now, detail),
        Named::AnyQuota | Named::RateLimited => limit(reset, now, detail),
        Named::Overloaded => TurnFailure::Overloaded { detail },
        Named::Network => TurnFailure::Network { detail },
    })
}

/// Returns the class of the last lines of stderr. Earlier lines did not end the program, and quoted lines have another
/// author.
pub fn classify_stderr(stderr: &str, now: Timestamp) -> Option<TurnFailure> {
    let stderr = heard(stderr);
    let is_own = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('>');
    let mut last: Vec<&str> = stderr.lines().rev().filter(is_own).take(STDERR_LINES).collect();
    last.reverse();
    classify(&last.join("\n"), now)
}

/// Returns the failure for a limit: a used-up quota or a rate limit, depending on the delay.
pub fn limit(reset: Option<Timestamp>, now: Timestamp, detail: String) -> TurnFailure {
    if reset.is_some_and(|reset| reset.duration_since(now) > LONG_WAIT) {
        used_up(reset, now, detail)
    } else {
        TurnFailure::RateLimited { retry_at: reset, detail }
    }
}

/// Returns the last non-blank lines of stderr, shortened, for the detail of an exit.
pub fn last_words(stderr: &str) -> String {
    let stderr = tail::plain(stderr);
    let lines = stderr.lines().rev().filter(|line| !line.trim().is_empty()).take(LAST_LINES);
    let mut lines: Vec<String> = lines.map(|line| sanitize::one_line(line, LAST_LINE)).collect();
    lines.reverse();
    lines.join("\n")
}

/// Returns the end of a text, without escape sequences and without lines that all runs of a program print.
fn heard(text: &str) -> String {
    let start = text.ceil_char_boundary(text.len().saturating_sub(reset::LOOKED_AT));
    let plain = tail::plain(text.get(start..).unwrap_or_default());
    let lines = plain.lines().filter(|line| !NOISE.iter().any(|noise| line.contains(noise)));
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns a short text unchanged, and a long one from the line that indicates the class.
fn detail(text: &str, start: usize) -> String {
    let before = text.get(..start).unwrap_or_default();
    let line = before.rfind('\n').map_or(0, |end| end + 1);
    let from = match start {
        _ if text.len() <= DETAIL => 0,
        // The phrase that indicates the class must be visible.
        start if start - line < DETAIL / 2 => line,
        start => start,
    };
    sanitize::one_line(text.get(from..).unwrap_or_default(), DETAIL)
}

/// Returns the failure of an agent that names an instant itself. An implausible instant is ignored.
pub fn said_used_up(said: Option<Timestamp>, now: Timestamp, detail: String) -> TurnFailure {
    used_up(said.filter(|instant| reset::is_believed(*instant, now)), now, detail)
}

/// Returns the failure for a used-up quota. If its reset time has passed, the next attempt is later.
pub fn used_up(reset: Option<Timestamp>, now: Timestamp, detail: String) -> TurnFailure {
    if let Some(resets_at) = reset.filter(|reset| now.duration_since(*reset) <= reset::JUST_NOW) {
        return TurnFailure::Quota { resets_at, detail };
    }
    // The instant is rounded to a whole second for people.
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let retry_at = now.checked_add(UNKNOWN_WAIT).unwrap_or(Timestamp::MAX);
    TurnFailure::QuotaUnknown { retry_at, detail }
}

/// The messages of Codex about its tool servers, which do not indicate a problem of its own service.
const NOISE: [&str; 2] = ["rmcp::", "codex_models_manager::"];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    /// Returns an instant shortly after the recordings.
    fn now() -> Timestamp {
        "2026-11-21T00:10:00Z".parse().unwrap()
    }

    fn fixture(path: &str) -> String {
        std::fs::read_to_string(format!("{}/fixtures/agents/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    /// Returns the last error message in a recorded stdout; a stderr, and a stdout without events, are messages
    /// themselves.
    fn message(path: &str) -> String {
        let text = fixture(path);
        let mut events = text.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let places = ["/result", "/error/data/message", "/error/message", "/message"];
        let said =
            |event: Value| places.iter().find_map(|place| Some(event.pointer(place)?.as_str()?.to_owned()));
        let event = if path.ends_with(".stdout") { events.find_map(said) } else { None };
        event.unwrap_or(text)
    }

    /// Returns the class and the instant of a failure.
    fn found(failure: Option<&TurnFailure>) -> String {
        let Some(failure) = failure else { return "none".to_owned() };
        if let TurnFailure::Quota { resets_at: at, .. }
        | TurnFailure::QuotaUnknown { retry_at: at, .. }
        | TurnFailure::RateLimited { retry_at: Some(at), .. } = failure
        {
            return format!("{} {at}", failure.class());
        }
        failure.class().to_owned()
    }

    #[track_caller]
    fn assert_recorded(rows: &[(&str, &str)]) {
        for (path, expected) in rows {
            let message = message(path);
            assert_eq!(found(classify(&message, now()).as_ref()), *expected, "{path}: {message}");
        }
    }

    #[test]
    fn recorded_failures_of_claude_are_classified() {
        assert_recorded(&[
            ("claude/err-e401-r1.stdout", "auth"),
            ("claude/err-e401oauth-r1.stdout", "auth"),
            ("claude/err-e403-r1.stdout", "auth"),
            ("claude/oauth-err-e401-r1.stdout", "auth"),
            ("claude/oauth-err-e401oauth-r1.stdout", "auth"),
            ("claude/noauth-p-json.stdout", "auth"),
            ("claude/noauth-p-text.stdout", "auth"),
            ("claude/stream-e400credit-r0.stdout", "billing"),
            ("claude/err-e404-r1.stdout", "unknown-model"),
            ("claude/err-e429-r1.stdout", "rate-limited"),
            ("claude/err-e429unified-r1.stdout", "rate-limited"),
            ("claude/err-e429weekly-r1.stdout", "rate-limited"),
            ("claude/oauth-err-e429-r1.stdout", "rate-limited"),
            ("claude/err-e429legacy-r1.stdout", "quota 2026-11-21T01:02:58Z"),
            ("claude/oauth-err-e429legacy-r1.stdout", "quota 2026-11-21T01:03:16Z"),
            ("claude/oauth-err-e429unified-r1.stdout", "quota 2026-11-21T02:03:00Z"),
            ("claude/oauth-err-e429weekly-r1.stdout", "quota 2026-11-24T00:03:00Z"),
            ("claude/err-e500-r1.stdout", "overloaded"),
            ("claude/err-e529-r1.stdout", "overloaded"),
            ("claude/dflt-e529.stdout", "overloaded"),
            ("claude/stream-refused.stdout", "network"),
            ("claude/hang-t5s-r0.stdout", "network"),
            ("claude/resume-unknown.stderr", "session-lost"),
            ("claude/resume-notuuid.stderr", "session-lost"),
            ("claude/err-maxtok-r1.stdout", "none"),
            ("claude/err-refusal-r1.stdout", "none"),
            ("claude/stream-noverbose.stderr", "none"),
            ("claude/sessionid-again.stderr", "none"),
        ]);
    }

    #[test]
    fn recorded_failures_of_codex_are_classified() {
        assert_recorded(&[
            ("codex/err-e401-r0.stdout", "auth"),
            ("codex/err-e401missing-r0.stdout", "auth"),
            ("codex/noauth-baseurl-cfg-401.stdout", "auth"),
            ("codex/err-e403-r0.stdout", "auth"),
            ("codex/cflags-nokey.stdout", "auth"),
            ("codex/noauth-loginstatus.stderr", "auth"),
            ("codex/err-e404-r0.stdout", "unknown-model"),
            ("codex/err-e429quota-r0.stdout", "billing"),
            ("codex/err-streamfail_quota-r0.stdout", "billing"),
            ("codex/err-e429notincl-r0.stdout", "billing"),
            ("codex/err-e429usage-r0.stdout", "quota 2026-11-21T02:07:00Z"),
            ("codex/chatgpt-e429usage.stdout", "quota 2026-11-21T02:12:00Z"),
            ("codex/err-e429usagenoplan-r0.stdout", "quota 2026-11-21T01:10:00Z"),
            ("codex/err-e429usageweek-text.stderr", "quota 2026-11-24T02:09:00Z"),
            ("codex/err-e429-r0.stdout", "rate-limited"),
            ("codex/err-streamfail_rate-r0.stdout", "rate-limited 2026-11-21T00:10:01.5Z"),
            ("codex/err-e500-r0.stdout", "overloaded"),
            ("codex/err-e503-r0.stdout", "overloaded"),
            ("codex/err-streamfail_overl-r0.stdout", "overloaded"),
            ("codex/err-middrop-r0.stdout", "network"),
            ("codex/noauth-exec-json.stdout", "network"),
            ("codex/noauth-exec-json.stderr", "network"),
            ("codex/err-e400-r0.stdout", "none"),
            ("codex/nogit.stderr", "none"),
            // Errors of tool servers do not concern the turn.
            ("codex/chatgpt-e429usage.stderr", "none"),
        ]);
    }

    #[test]
    fn recorded_failures_of_others_are_classified() {
        assert_recorded(&[
            ("gemini/err-e401-json.stderr", "auth"),
            ("gemini/err-e401-stream.stdout", "auth"),
            ("gemini/err-e401-stream.stderr", "auth"),
            ("gemini/noauth-p-json.stderr", "auth"),
            ("gemini/noauth-p-text.stderr", "auth"),
            ("gemini/max1-e429.stdout", "rate-limited 2026-11-21T00:10:02Z"),
            ("gemini/max1-e429.stderr", "rate-limited 2026-11-21T00:10:02Z"),
            ("gemini/max1-e500.stdout", "overloaded"),
            ("gemini/max1-e500.stderr", "overloaded"),
            ("gemini/resume-unknown.stderr", "session-lost"),
            ("gemini/ok-json.stderr", "none"),
            ("opencode/dflt-e401.stdout", "auth"),
            ("opencode/dflt-e429.stdout", "rate-limited"),
            ("opencode/dflt-e500.stdout", "overloaded"),
            ("opencode/dflt-e529.stdout", "overloaded"),
            ("opencode/noauth-run.stdout", "network"),
            ("opencode/resume-unknown.stderr", "session-lost"),
            ("opencode/dflt-e400.stdout", "none"),
        ]);
    }

    #[test]
    fn reported_failures_are_classified_too() {
        let rows = [
            (
                "Individual quota reached. Contact your admin. Resets in 143h57m55s.",
                "quota 2026-11-27T00:07:55Z",
            ),
            ("authentication required", "auth"),
            ("The model does not exist or you do not have access to it.", "unknown-model"),
            ("authentication timed out", "auth"),
            ("429 Too Many Requests: api key unauthorized", "auth"),
            ("resource exhausted", "rate-limited"),
            (
                "Failed to authenticate. API Error: 403 You've reached your usage limit for this cycle",
                "quota 2026-11-21T01:10:00Z",
            ),
            ("API Error: 403 You've reached your weekly (7-day) usage limit.", "quota 2026-11-21T01:10:00Z"),
            (
                "API Error: 400 You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.",
                "quota 2026-12-01T00:00:00Z",
            ),
            (
                "Usage limit reached for 5 hour. Your limit will reset at 2026-11-21 10:10:00",
                "quota 2026-11-21T05:10:00Z",
            ),
            ("You have exhausted your daily quota on this model.", "quota 2026-11-21T01:10:00Z"),
            ("Error: thread/resume failed: no rollout found for thread id X (code -32600)", "session-lost"),
            ("stream disconnected before completion: idle timeout waiting for SSE", "network"),
            ("Codex ran out of room in the model's context window. Start a new thread", "none"),
            ("connection reset by peer, then: unexpected status 401 Unauthorized", "auth"),
            (r#"{\"error\":{\"code\":401,\"message\":\"no\"}}"#, "auth"),
            ("You exceeded your current quota, please check your plan and billing details.", "billing"),
            ("Rate limit reached, retry-after: 3600", "quota 2026-11-21T01:10:00Z"),
            // If the reset time has passed, the next attempt is later.
            ("Claude AI usage limit reached|1795215600", "quota 2026-11-21T01:10:00Z"),
            ("error at src/401/unauthorized.rs:429: 500 tests, model of overloaded network", "none"),
            ("gh: You are not logged into any GitHub hosts. exit code 4", "none"),
            ("Model metadata for `gpt-5-mock` not found. Defaulting to fallback metadata", "none"),
            ("", "none"),
        ];
        for (text, expected) in rows {
            assert_eq!(found(classify(text, now()).as_ref()), expected, "{text}");
        }
    }

    /// The time of day is unknown, so that the beginning of the day is a guess.
    #[test]
    fn a_date_alone_is_a_guess() {
        for (date, day) in [
            ("Dec 3", "2026-12-03"),
            ("December 3rd, 2026.", "2026-12-03"),
            ("Thu, 3 Dec (UTC)", "2026-12-03"),
            ("on 2026-12-03", "2026-12-03"),
            ("Jan 2", "2027-01-02"),
            ("Nov 31", ""),
            ("Nov 21", ""),
            ("Mar 3", ""),
        ] {
            let failure = classify(&format!("You've hit your weekly limit · resets {date}"), now());
            let Some(TurnFailure::QuotaUnknown { retry_at, .. }) = failure else {
                panic!("{date}: {failure:?}")
            };
            let expected = if day.is_empty() { "2026-11-21T01:10:00Z" } else { &format!("{day}T00:00:00Z") };
            assert_eq!(retry_at.to_string(), expected, "{date}");
        }
    }

    #[test]
    fn only_last_own_lines_count() {
        let cap = "RESOURCE_EXHAUSTED (code 429): Individual quota reached. Resets in 143h57m55s.";
        for (stderr, expected) in [
            (format!("{cap}\n"), "quota 2026-11-27T00:07:55Z"),
            (format!("{cap}\n  at stack.js\n"), "quota 2026-11-27T00:07:55Z"),
            (format!("> {cap}\nSegmentation fault\n"), "none"),
            (format!("{cap}\n{}Segmentation fault\n", "trace line\n".repeat(300)), "none"),
        ] {
            assert_eq!(found(classify_stderr(&stderr, now()).as_ref()), expected, "{stderr}");
        }
    }

    #[test]
    fn details_show_the_classifying_words() {
        let text = format!(
            "{}\n\u{1b}[31mError: Not logged in\u{1b}[0m\r\nbye {}",
            "x ".repeat(900),
            "y".repeat(900)
        );
        let Some(TurnFailure::Auth { detail }) = classify(&text, now()) else { panic!("{text}") };
        assert!(detail.starts_with("Error: Not logged in bye y"), "{detail}");
        assert_eq!(detail.chars().count(), DETAIL);
    }

    #[test]
    fn last_lines_are_few_and_plain() {
        let stderr = format!("1\n2\n\n3\n4\n\u{1b}[1m5\u{7}\n \n{}\n", "é".repeat(300));
        let words = last_words(&stderr);
        assert!(words.starts_with("2\n3\n4\n5\né"), "{words}");
        assert_eq!(words.chars().count(), 8 + LAST_LINE);
    }

    proptest! {
        #[test]
        fn logins_count_most_in_any_text(
            before in "(.|\\n|\u{1b}\\[|Connection refused|rate limit exceeded ){0,100}",
        ) {
            let failure = classify(&format!("{before}\nError: \u{1b}[1m401 Unauthorized"), now());
            // An unfinished escape sequence hides what follows it, as in a terminal.
            if !before.contains('\u{1b}') {
                let Some(TurnFailure::Auth { detail }) = &failure else { panic!("{failure:?}") };
                prop_assert!(detail.chars().count() <= DETAIL && !detail.chars().any(char::is_control));
            }
        }
    }
}
