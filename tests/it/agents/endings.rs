//! Streams that no recording has: more than one ending, odd values, an end that takes back what was said before.

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

/// What a program's lines come to, when it ends with this exit code.
fn outcome(vendor: Vendor, code: i32, lines: &[&str]) -> Result<RawAnswer, TurnFailure> {
    let cli = vendors::cli(vendor);
    let mut transcript = Transcript::default();
    for line in lines {
        cli.events(line.as_bytes(), &mut |event| transcript.take(event));
    }
    let ending = ProcessEnd { exit: Exit::Code(code), stderr: "", last_message: None, now: now() };
    cli.outcome(&transcript, &ending)
}

const APPROVED: &str =
    r#"{"type":"result","is_error":false,"result":"yes","structured_output":{"state":"approved"}}"#;

#[test]
fn the_last_ending_of_claude_counts() {
    let blocking = r#"{"type":"result","is_error":false,"result":"{\"state\":\"blocking\"}"}"#;
    let answer = outcome(Vendor::Claude, 0, &[APPROVED, blocking]).unwrap();
    assert_eq!((answer.native, answer.message.as_deref()), (None, Some(r#"{"state":"blocking"}"#)));
    let failed = r#"{"type":"result","is_error":true,"api_error_status":500,"result":"API Error: 500"}"#;
    let failure = outcome(Vendor::Claude, 0, &[APPROVED, failed]).unwrap_err();
    assert_eq!(failure.class(), "overloaded");
    let silent = r#"{"type":"result","is_error":false}"#;
    assert_eq!(outcome(Vendor::Claude, 0, &[APPROVED, silent]).unwrap_err().class(), "vacuous");
    let unsure = r#"{"type":"result","result":"yes","structured_output":{"state":"approved"}}"#;
    assert!(outcome(Vendor::Claude, 0, &[unsure]).is_err(), "nothing says that it is no error");
}

#[test]
fn codex_can_fail_after_its_completion() {
    let said = r#"{"type":"item.completed","item":{"type":"agent_message","text":"approved"}}"#;
    let completed = r#"{"type":"turn.completed","usage":{"input_tokens":1,"output_tokens":1}}"#;
    let failed = r#"{"type":"turn.failed","error":{"message":"stream disconnected before completion"}}"#;
    assert!(outcome(Vendor::Codex, 0, &[said, completed]).is_ok());
    assert_eq!(outcome(Vendor::Codex, 0, &[said, completed, failed]).unwrap_err().class(), "network");
}

#[test]
fn words_before_a_tool_answer_nothing() {
    let said = r#"{"type":"message","role":"assistant","content":"approved","delta":true}"#;
    let tool = r#"{"type":"tool_use","tool_name":"read_file"}"#;
    let done = r#"{"type":"result","status":"success"}"#;
    assert!(outcome(Vendor::Gemini, 0, &[said, done]).is_ok());
    assert_eq!(outcome(Vendor::Gemini, 0, &[said, tool, done]).unwrap_err().class(), "vacuous");
}

#[test]
fn odd_numbers_spoil_no_answer() {
    for odd in [
        r#""errors":null,"permission_denials":null,"modelUsage":null"#,
        r#""modelUsage":{"x":{"inputTokens":1.5,"outputTokens":-3}},"api_error_status":"none""#,
        r#""total_cost_usd":"much","permission_denials":[7]"#,
    ] {
        let line = format!(r#"{{"type":"result","is_error":false,"result":"yes",{odd}}}"#);
        assert_eq!(outcome(Vendor::Claude, 0, &[&line]).unwrap().most_trusted(), "yes", "{odd}");
    }
}

#[test]
fn an_absurd_instant_becomes_an_hour() {
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
        let TurnFailure::Quota { resets_at, .. } = failure else { panic!("{failure}") };
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
