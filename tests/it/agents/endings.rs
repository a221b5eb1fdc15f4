//! Output that no recording has: several endings, odd values, an ending that contradicts earlier output.

use agent_loop::adapters::agents::driver::transcript::Transcript;
use agent_loop::adapters::agents::driver::vendor_cli::ProcessEnd;
use agent_loop::adapters::agents::vendors;
use agent_loop::adapters::process::exit::Exit;
use agent_loop::domain::failure::TurnFailure;
use agent_loop::domain::vendors::Vendor;
use agent_loop::protocol::raw_answer::RawAnswer;
use jiff::{SignedDuration, Timestamp};

fn now() -> Timestamp {
    "2026-11-21T00:00:00Z".parse().unwrap()
}

/// Returns the result of a program with this output and exit code.
fn outcome(vendor: Vendor, code: i32, lines: &[&str]) -> Result<RawAnswer, TurnFailure> {
    let ending = ProcessEnd { exit: Exit::Code(code), stderr: "", last_message: None, now: now() };
    vendors::cli(vendor).outcome(&transcript(vendor, lines), &ending)
}

/// Returns the transcript of a program with this output.
fn transcript(vendor: Vendor, lines: &[&str]) -> Transcript {
    let cli = vendors::cli(vendor);
    let mut transcript = Transcript::default();
    for line in lines {
        cli.events(line.as_bytes(), &mut |event| transcript.take(event));
    }
    let document = std::mem::take(&mut transcript.document);
    cli.document_events(&document, &mut |event| transcript.take(event));
    transcript
}

const APPROVED: &str =
    r#"{"type":"result","is_error":false,"result":"yes","structured_output":{"state":"approved"}}"#;

#[test]
fn the_last_ending_of_claude_wins() {
    let blocking = r#"{"type":"result","is_error":false,"result":"{\"state\":\"blocking\"}"}"#;
    let answer = outcome(Vendor::Claude, 0, &[APPROVED, blocking]).unwrap();
    assert_eq!((answer.native, answer.message.as_deref()), (None, Some(r#"{"state":"blocking"}"#)));
    let failed = r#"{"type":"result","is_error":true,"api_error_status":500,"result":"API Error: 500"}"#;
    let failure = outcome(Vendor::Claude, 0, &[APPROVED, failed]).unwrap_err();
    assert_eq!(failure.class(), "overloaded");
    let empty = r#"{"type":"result","is_error":false}"#;
    assert_eq!(outcome(Vendor::Claude, 0, &[empty]).unwrap_err().class(), "vacuous");
    assert_eq!(
        outcome(Vendor::Claude, 0, &[APPROVED, empty]).unwrap().most_trusted(),
        r#"{"state":"approved"}"#
    );
    let remark = r#"{"type":"result","is_error":false,"result":"My review stands."}"#;
    let both = outcome(Vendor::Claude, 0, &[APPROVED, remark, empty]).unwrap();
    assert_eq!(both.most_trusted(), "{\"state\":\"approved\"}\n\nMy review stands.");
    let unsure = r#"{"type":"result","result":"yes","structured_output":{"state":"approved"}}"#;
    assert!(outcome(Vendor::Claude, 0, &[unsure]).is_err(), "the output does not exclude an error");
}

#[test]
fn late_failures_of_codex_win() {
    let message = r#"{"type":"item.completed","item":{"type":"agent_message","text":"approved"}}"#;
    let completed = r#"{"type":"turn.completed","usage":{"input_tokens":1,"output_tokens":1}}"#;
    let failed = r#"{"type":"turn.failed","error":{"message":"stream disconnected before completion"}}"#;
    assert!(outcome(Vendor::Codex, 0, &[message, completed]).is_ok());
    assert_eq!(outcome(Vendor::Codex, 0, &[message, completed, failed]).unwrap_err().class(), "network");
}

#[test]
fn messages_before_tools_are_ignored() {
    let message = r#"{"type":"message","role":"assistant","content":"approved","delta":true}"#;
    let tool = r#"{"type":"tool_use","tool_name":"read_file"}"#;
    let done = r#"{"type":"result","status":"success"}"#;
    assert!(outcome(Vendor::Gemini, 0, &[message, done]).is_ok());
    assert_eq!(outcome(Vendor::Gemini, 0, &[message, tool, done]).unwrap_err().class(), "vacuous");
}

/// Each line is odd in values that decide nothing, and the answer is still `yes`.
#[test]
fn odd_values_keep_the_answer() {
    for (vendor, lines) in [
        (
            Vendor::Claude,
            r#"{"type":"result","is_error":false,"result":"yes","errors":null,"permission_denials":null,"modelUsage":null}"#,
        ),
        (
            Vendor::Claude,
            r#"{"type":"result","is_error":false,"result":"yes","modelUsage":{"x":{"inputTokens":1.5}},"api_error_status":"none"}"#,
        ),
        (
            Vendor::Claude,
            r#"{"type":"result","is_error":false,"result":"yes","total_cost_usd":"much","permission_denials":[7],"session_id":7}"#,
        ),
        (
            Vendor::Claude,
            r#"{"type":"result","is_error":false,"result":"yes","error":{"x":1},"subtype":[],"message":7,"usage":"\ud83d"}"#,
        ),
        (
            Vendor::Codex,
            r#"{"type":"item.completed","item":{"type":"agent_message","text":"yes","exit_code":"0","aggregated_output":null}}
               {"type":"turn.completed","usage":{},"error":"none"}"#,
        ),
        (
            Vendor::Codex,
            r#"{"type":"item.completed","item":{"type":"agent_message","text":"yes","message":{}},"thread_id":7}
               {"type":"turn.completed","usage":{"input_tokens":1,"cached_input_tokens":-1,"output_tokens":1}}"#,
        ),
        (
            Vendor::Gemini,
            r#"{"type":"message","role":"assistant","content":"yes","delta":"no","stats":7,"error":7}
               {"type":"result","status":"success","stats":{"input_tokens":"1"},"error":"none"}"#,
        ),
        (
            Vendor::Opencode,
            r#"{"type":"text","part":{"type":"text","text":"yes","cost":"0","tokens":7,"state":7},"sessionID":7}
               {"type":"step_finish","part":{"type":"step-finish","reason":"stop","tokens":{"input":-1},"cost":"0"}}"#,
        ),
        (
            Vendor::Antigravity,
            r#"{"status":"SUCCESS","response":"yes","usage":7,"denied_actions":7,"error":"\ud83d"}"#,
        ),
    ] {
        let lines: Vec<&str> = lines.lines().map(str::trim).collect();
        assert_eq!(outcome(vendor, 0, &lines).unwrap().most_trusted(), "yes", "{lines:?}");
    }
}

#[test]
fn lone_surrogates_become_replacement_characters() {
    let line =
        r#"{"type":"result","is_error":false,"result":"a","structured_output":{"summary":"cut \ud83d"}}"#;
    let answer = outcome(Vendor::Claude, 0, &[line]).unwrap();
    assert_eq!(answer.native.as_deref(), Some("{\"summary\":\"cut \u{fffd}\"}"));
}

#[test]
fn unreadable_endings_are_named() {
    let failure =
        outcome(Vendor::Claude, 0, &[r#"{"type":"result","is_error":false,"result":"yes"#]).unwrap_err();
    let message = failure.to_string();
    assert!(message.contains("its `result` event cannot be read: EOF while parsing a string"), "{message}");
}

/// What comes after the event that ends a turn: an exit code, a signal.
#[test]
fn finished_turns_may_exit_badly() {
    let message = r#"{"type":"item.completed","item":{"type":"agent_message","text":"yes"}}"#;
    let completed = r#"{"type":"turn.completed"}"#;
    let error = r#"{"type":"error","error":{"name":"ProviderAuthError"}}"#;
    let stop = r#"{"type":"step_finish","part":{"reason":"stop"}}"#;
    assert!(outcome(Vendor::Claude, 1, &[APPROVED]).is_ok());
    assert!(outcome(Vendor::Claude, 137, &[APPROVED]).is_ok());
    assert!(outcome(Vendor::Codex, 1, &[message, completed]).is_ok());
    assert_eq!(outcome(Vendor::Codex, 1, &[message]).unwrap_err().class(), "exit");
    assert_eq!(outcome(Vendor::Opencode, 1, &[stop, error]).unwrap_err().class(), "auth");
}

#[test]
fn usage_without_models_is_read() {
    let line = r#"{"type":"result","is_error":false,"result":"yes","total_cost_usd":0.01,
        "usage":{"input_tokens":100,"cache_read_input_tokens":35,"output_tokens":20}}"#;
    let usage = transcript(Vendor::Claude, &[line]).usage.unwrap();
    let counted = (usage.input_tokens, usage.cached_tokens, usage.output_tokens, usage.micro_usd);
    assert_eq!((counted, usage.precision.name()), ((135, 35, 20, 10_000), "exact"));
}

#[test]
fn implausible_instants_become_an_hour() {
    let failed = r#"{"type":"result","is_error":true,"api_error_status":429,"result":"limit"}"#;
    for (epoch, expected) in [
        (253_402_100_000, SignedDuration::from_hours(1)),
        (5, SignedDuration::from_hours(1)),
        (-5, SignedDuration::from_hours(1)),
        ((now() + SignedDuration::from_hours(5)).as_second(), SignedDuration::from_hours(5)),
    ] {
        let limit = format!(
            r#"{{"type":"rate_limit_event","rate_limit_info":{{"status":"rejected","resetsAt":{epoch}}}}}"#
        );
        let failure = outcome(Vendor::Claude, 1, &[&limit, failed]).unwrap_err();
        let (TurnFailure::Quota { resets_at, .. } | TurnFailure::QuotaUnknown { retry_at: resets_at, .. }) =
            failure
        else {
            panic!("{failure}")
        };
        assert_eq!(resets_at.duration_since(now()), expected, "{epoch}");
    }
}

#[test]
fn opencode_costs_need_a_known_price() {
    let priced = |costs: &[f64]| {
        let mut transcript = Transcript::default();
        for cost in costs {
            let tokens = serde_json::json!({"input": 10, "output": 5});
            let part = serde_json::json!({"reason": "stop", "tokens": tokens, "cost": cost});
            let line = serde_json::json!({"type": "step_finish", "part": part}).to_string();
            let cli = vendors::cli(Vendor::Opencode);
            cli.events(line.as_bytes(), &mut |event| transcript.take(event));
        }
        let usage = transcript.usage.unwrap();
        (usage.micro_usd, usage.priced_calls)
    };
    assert_eq!(priced(&[0.00492]), (4920, 1));
    assert_eq!(priced(&[0.000_000_1]), (0, 1), "less than a millionth is a price too");
    assert_eq!(priced(&[0.0]), (0, 0), "no price is not a price of nothing");
    assert_eq!(priced(&[0.0, 0.25]), (250_000, 1));
}
