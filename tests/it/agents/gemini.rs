//! Gemini CLI without recordings: limits that only parts of its output mention.

use agent_loop::adapters::agents::driver::transcript::Transcript;
use agent_loop::adapters::agents::driver::vendor_cli::{ProcessEnd, VendorCli};
use agent_loop::adapters::agents::vendors::gemini::Gemini;
use agent_loop::adapters::process::exit::Exit;
use agent_loop::domain::failure::TurnFailure;

const NOW: &str = "2026-11-21T00:00:00Z";
const LIMIT: &str = "You exceeded your current quota, please check your plan and billing details.";

/// Returns class and instant of a failure with the exit code of a 429.
fn limited(message: Option<&str>, stderr: &str) -> String {
    let mut transcript = Transcript::default();
    if let Some(message) = message {
        let result = serde_json::json!({"type": "result", "status": "error", "error": {"type": "unknown", "message": message}});
        Gemini.events(result.to_string().as_bytes(), &mut |event| transcript.take(event));
    }
    let ending = ProcessEnd { exit: Exit::Code(173), stderr, last_message: None, now: NOW.parse().unwrap() };
    let failure = Gemini.outcome(&transcript, &ending).unwrap_err();
    assert!(failure.to_string().contains("use antigravity (agy) instead"), "{failure}");
    if let TurnFailure::Quota { resets_at: at, .. }
    | TurnFailure::QuotaUnknown { retry_at: at, .. }
    | TurnFailure::RateLimited { retry_at: Some(at), .. } = failure
    {
        return format!("{} {at}", failure.class());
    }
    failure.class().to_owned()
}

#[test]
fn stderr_names_the_reset() {
    let day = "You have exhausted your daily quota on this model.";
    let terminal = |delay: &str| {
        format!(
            "Attempt 1 failed: {LIMIT}\nSuggested retry after 2s.\nError RetryableQuotaError {{ retryDelayMs: 2000 }}\n\
             Error TerminalQuotaError: {day}\n    at x\n  retryDelayMs: {delay},\n"
        )
    };
    let later = "quota 2026-11-21T18:31:10Z";
    for (message, stderr, expected) in [
        (Some(day), terminal("66670000"), later),
        (Some("Your quota will reset after 18h31m10s."), terminal("undefined"), later),
        (None, terminal("66670000"), later),
        // The two seconds are the delay of an earlier attempt, not the reset of the daily quota.
        (Some(day), terminal("undefined"), "quota 2026-11-21T01:00:00Z"),
        (Some(day), String::new(), "quota 2026-11-21T01:00:00Z"),
        (Some(&format!("{LIMIT} Please retry in 48s")), String::new(), "rate-limited 2026-11-21T00:00:48Z"),
        (Some(LIMIT), String::new(), "rate-limited"),
        (None, String::new(), "rate-limited"),
    ] {
        assert_eq!(limited(message, &stderr), expected, "{message:?}: {stderr}");
    }
}

#[test]
fn zero_quotas_are_not_awaited() {
    for (message, expected) in [
        ("Quota exceeded for metric: requests, limit: 0, model: x. Please retry in 48s", "billing"),
        ("Quota exceeded for metric: requests, limit: 0", "billing"),
        (
            "Quota exceeded for metric: requests, limit: 0.5. Retry in 48s",
            "rate-limited 2026-11-21T00:00:48Z",
        ),
        ("Quota exceeded for metric: requests, limit: 05. Retry in 48s", "rate-limited 2026-11-21T00:00:48Z"),
        ("This account has insufficient credits", "billing"),
    ] {
        assert_eq!(limited(Some(message), ""), expected, "{message}");
    }
    let reason = "TerminalQuotaError: no\n  reason: 'INSUFFICIENT_G1_CREDITS_BALANCE',\n";
    assert_eq!(limited(Some(LIMIT), reason), "billing");
}
