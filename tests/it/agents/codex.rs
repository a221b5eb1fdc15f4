//! Codex without recordings: sandboxes that do not start, limits, its own error messages.

use agent_loop::adapters::agents::driver::transcript::Transcript;
use agent_loop::adapters::agents::driver::vendor_cli::{ProcessEnd, VendorCli};
use agent_loop::adapters::agents::vendors::codex::Codex;
use agent_loop::adapters::process::exit::Exit;
use agent_loop::domain::failure::TurnFailure;
use agent_loop::protocol::raw_answer::RawAnswer;

const NOW: &str = "2026-11-21T00:00:00Z";
const DONE: &str = r#"{"type":"turn.completed","usage":{"input_tokens":1,"output_tokens":1}}"#;
const ANSWER: &str = r#"{"type":"item.completed","item":{"type":"agent_message","text":"{}"}}"#;

fn transcript(stream: &[&str], session: &[&str]) -> Transcript {
    let mut transcript = Transcript::default();
    for line in stream {
        Codex.events(line.as_bytes(), &mut |event| transcript.take(event));
    }
    for line in session {
        Codex.session_events(line.as_bytes(), &mut |event| transcript.take(event));
    }
    transcript
}

fn outcome(exit: Exit, stream: &[&str], session: &[&str]) -> Result<RawAnswer, TurnFailure> {
    let ending = ProcessEnd { exit, stderr: "", last_message: None, now: NOW.parse().unwrap() };
    Codex.outcome(&transcript(stream, session), &ending)
}

fn class(exit: Exit, stream: &[&str], session: &[&str]) -> String {
    match outcome(exit, stream, session) {
        Ok(_) => "answered".to_owned(),
        Err(TurnFailure::Quota { resets_at, .. } | TurnFailure::QuotaUnknown { retry_at: resets_at, .. }) => {
            format!("quota {resets_at}")
        }
        Err(failure) => failure.class().to_owned(),
    }
}

fn command(output: &str, code: i32) -> String {
    let item =
        serde_json::json!({"type": "command_execution", "aggregated_output": output, "exit_code": code});
    serde_json::json!({"type": "item.completed", "item": item}).to_string()
}

fn limits(primary: (f64, i64), secondary: (f64, i64)) -> String {
    let window =
        |(percent, at)| serde_json::json!({"used_percent": percent, "window_minutes": 300, "resets_at": at});
    let limits = serde_json::json!({"primary": window(primary), "secondary": window(secondary)});
    let payload = serde_json::json!({"type": "token_count", "info": null, "rate_limits": limits});
    serde_json::json!({"type": "event_msg", "payload": payload}).to_string()
}

fn failed_with(info: &str) -> String {
    format!(
        r#"{{"type":"event_msg","payload":{{"type":"task_complete","error":{{"codex_error_info":{info}}}}}}}"#
    )
}

#[test]
fn turns_without_a_sandbox_fail() {
    let broken = command("bwrap: execvp codex-linux-sandbox: No such file or directory\n", 1);
    let Err(TurnFailure::Denied { detail }) = outcome(Exit::Code(0), &[&broken, ANSWER, DONE], &[]) else {
        panic!("an answer without a look at anything");
    };
    assert!(detail.contains("execvp") && detail.ends_with("does not contain CODEX_HOME"), "{detail}");
    // A turn with another successful command has an answer, and a warning about the first one.
    let ran = command("bwrap: is what this file is about", 0);
    assert_eq!(class(Exit::Code(0), &[&broken, &ran, ANSWER, DONE], &[]), "answered");
    assert_eq!(transcript(&[&broken, &ran], &[]).denied.len(), 1);
    // A failing command is not a failure of the sandbox.
    let failed = command("error: bwrap: not found", 127);
    assert_eq!(class(Exit::Code(0), &[&failed, ANSWER, DONE], &[]), "answered");
}

#[test]
fn failures_in_session_files_are_read() {
    let output = r"Process exited with code 1\nOutput:\nbwrap: No permissions to create a new namespace\n";
    let failure = format!(
        r#"{{"type":"response_item","payload":{{"type":"function_call_output","output":"{output}"}}}}"#
    );
    assert_eq!(class(Exit::Code(0), &[ANSWER, DONE], &[&failure]), "denied");
    let began = r#"{"type":"event_msg","payload":{"type":"task_started"}}"#;
    assert_eq!(class(Exit::Code(0), &[ANSWER, DONE], &[&failure, began]), "answered");
}

#[test]
fn limits_end_with_the_used_window() {
    let message =
        r#"{"type":"turn.failed","error":{"message":"You’ve hit your usage limit. Try again later."}}"#;
    let class = |session: &str| class(Exit::Code(1), &[message], &[session]);
    assert_eq!(class(""), "quota 2026-11-21T01:00:00Z");
    assert_eq!(class(&limits((100.0, 1_795_226_400), (30.0, 1_795_312_800))), "quota 2026-11-21T02:00:00Z");
    assert_eq!(class(&limits((100.0, 1_795_226_400), (100.0, 1_795_312_800))), "quota 2026-11-22T02:00:00Z");
    // Past and implausible instants are ignored.
    assert_eq!(class(&limits((100.0, 1_795_000_000), (100.0, 0))), "quota 2026-11-21T01:00:00Z");
    assert_eq!(class(&limits((100.0, i64::MAX), (f64::NAN, 5_000_000_000))), "quota 2026-11-21T01:00:00Z");
}

#[test]
fn nearly_used_quotas_are_warnings() {
    let low = |primary, secondary| {
        transcript(&[], &[&limits((primary, 1_795_226_400), (secondary, 1_795_312_800))]).low
    };
    assert_eq!(low(79.4, 0.0), None);
    assert_eq!(low(93.0, 30.0).map(|(percent, _)| percent), Some(93));
    assert_eq!(low(30.0, 250.0).map(|(percent, _)| percent), Some(100));
}

#[test]
fn error_codes_classify_silent_messages() {
    let message = r#"{"type":"turn.failed","error":{"message":"Nope."}}"#;
    for (info, expected) in [
        (r#""usage_limit_exceeded""#, "billing"),
        (r#""model_not_found""#, "unknown-model"),
        (r#""server_overloaded""#, "overloaded"),
        (r#""rate_limit_exceeded""#, "rate-limited"),
        (r#""unauthorized""#, "auth"),
        (r#"{"http_connection_failed":{"http_status_code":403}}"#, "auth"),
        (r#"{"response_too_many_failed_attempts":{"http_status_code":429}}"#, "rate-limited"),
        (r#"{"http_connection_failed":{"http_status_code":99999999}}"#, "exit"),
        (r#""context_window_exceeded""#, "exit"),
        (r#""other""#, "exit"),
        ("[1]", "exit"),
    ] {
        assert_eq!(class(Exit::Code(1), &[message], &[&failed_with(info)]), expected, "{info}");
    }
}

#[test]
fn invalid_thread_ids_are_ignored() {
    for id in ["--last", "../../x", "", "01a1fb6d"] {
        let line = format!(r#"{{"type":"thread.started","thread_id":"{id}"}}"#);
        assert_eq!(transcript(&[&line], &[]).session, None);
        assert_eq!(Codex.session_file(id), None);
    }
}

#[test]
fn models_outside_the_plan_are_unknown() {
    let detail =
        r#"{\"detail\":\"The 'gpt-5-x' model is not supported when using Codex with a ChatGPT account.\"}"#;
    let line = format!(r#"{{"type":"turn.failed","error":{{"message":"{detail}"}}}}"#);
    assert_eq!(class(Exit::Code(1), &[&line], &[]), "unknown-model");
}

#[test]
fn rate_limits_have_the_named_instant() {
    let line = r#"{"type":"turn.failed","error":{"message":"Rate limit reached for gpt-5. Please try again in 11.054s."}}"#;
    let failure = outcome(Exit::Code(1), &[line], &[]).unwrap_err();
    let TurnFailure::RateLimited { retry_at: Some(at), .. } = failure else { panic!("{failure}") };
    assert_eq!(at.to_string(), "2026-11-21T00:00:11.054Z");
}

#[test]
fn successful_retries_are_ignored() {
    let again = r#"{"type":"error","message":"Reconnecting... waiting for network (Connection failed: error sending request)"}"#;
    assert_eq!(class(Exit::Code(0), &[again, ANSWER, DONE], &[]), "answered");
    assert_eq!(class(Exit::Signal(9), &[again], &[]), "network");
    assert_eq!(class(Exit::Signal(9), &[], &[]), "killed");
    assert_eq!(class(Exit::Code(0), &[ANSWER], &[]), "vacuous");
    assert_eq!(class(Exit::Code(0), &[DONE], &[]), "vacuous");
}
