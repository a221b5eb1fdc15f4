//! Programs of vendors, each simulated by a short script: the parts of their turns in usage, warnings and logs.

use std::fs;

use serde_json::{Value, json};

use super::stage::{Stage, task};

/// The reviewer's only call.
fn reviewed(stage: &Stage) -> Value {
    let all = stage.run(&["usage", "--json"]).json();
    let calls = all[0]["calls"].as_array().unwrap_or_else(|| panic!("{all:#}")).clone();
    calls.into_iter().find(|call| call["role"] == "reviewer").unwrap_or_else(|| panic!("{all:#}"))
}

fn reviewer<'words>(name: &'words str, more: &[&'words str]) -> Vec<&'words str> {
    let mut words = task(&[]);
    words.truncate(5);
    words.extend(["--reviewer", name, "--agent-max-retries", "0"]);
    words.extend(more);
    words
}

#[test]
fn cut_off_turns_count_in_part() {
    let stage = Stage::new();
    stage.agent(
        "claude",
        r#"#!/bin/sh
echo '{"type":"system","subtype":"init","session_id":"d9592bd3-c97a-4e9a-876e-100f51d7d891","model":"claude-opus"}'
for block in 1 2; do
  echo '{"type":"assistant","message":{"id":"msg_1","model":"claude-opus","usage":{"input_tokens":20000,"cache_read_input_tokens":30000,"output_tokens":900},"content":[]}}'
done
kill -9 $$
"#,
    );
    let ended = stage.run(&reviewer("claude", &["--claude-cmd", "../claude"]));
    assert_ne!(ended.exit, Some(0), "{}", ended.stderr);
    let call = reviewed(&stage);
    assert_eq!(
        (&call["result"], &call["failure"], &call["model"]),
        (&json!("failed"), &json!("killed"), &json!("claude-opus"))
    );
    let tokens = json!({ "input": 50_000, "cached": 30_000, "output": 900, "precision": "partial" });
    assert_eq!(call["tokens"], tokens);
}

/// The report has the model, the answer, denied permissions and the length of the prompt.
#[test]
fn antigravity_turns_are_reported_in_full() {
    let stage = Stage::new();
    stage.agent(
        "agy",
        &r#"#!/bin/sh
nonce=$(printf '%s\n' "$*" | sed -n 's/^The nonce of this question is \([a-z0-9]*\).*/\1/p')
echo '[agy] tool run_command auto-denied: no terminal to ask' >&2
echo '{"conversation_id":"c","status":"SUCCESS","response":"","structured_output":{"schema_version":1,"kind":"pr_review",
  "nonce":"'"$nonce"'","state":"approved","summary":"SUMMARY","prior_item_dispositions":[]}}'
"#
        .replace("SUMMARY", &"ok ".repeat(400)),
    );
    let ended = stage.run(&reviewer("agy", &["--antigravity-cmd", "../agy"]));
    assert_eq!(ended.exit, Some(0), "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains("answered, although permissions were denied: [agy] tool run_command auto-denied"),
        "{}",
        ended.stderr
    );
    let call = reviewed(&stage);
    assert_eq!(call["model"], "Gemini 3.1 Pro (High)");
    assert_eq!(call["tokens"]["precision"], "estimated");
    assert!(call["tokens"]["output"].as_u64().unwrap() > 300, "{call:#}");
    let log = stage.logs().into_iter().find(|path| path.to_string_lossy().contains("reviewer")).unwrap();
    let log = fs::read_to_string(log).unwrap();
    let mut lines = log.lines();
    let (line, size) = (lines.next().unwrap(), lines.next().unwrap());
    assert!(line.starts_with("$ ") && line.ends_with(" -p PROMPT"), "{line}");
    assert!(size.starts_with("# prompt: ") && size.ends_with(" bytes in the last argument"), "{size}");
}

/// A reviewer that answers completely and does not exit, or exits with an error.
#[test]
fn complete_answers_survive_bad_exits() {
    for (ending, warning) in [
        ("exec sleep 1000", "it answered, but did not exit afterwards, and was ended"),
        ("echo 'hook cancelled' >&2; exit 1", "it answered, and then ended with exit code 1: hook cancelled"),
    ] {
        let stage = Stage::new();
        stage.agent("claude", &format!("{CLAUDE}{ending}\n"));
        let ended = stage.run(&reviewer("claude", &["--claude-cmd", "../claude"]));
        assert_eq!(ended.exit, Some(0), "{}", ended.stderr);
        assert!(ended.stderr.contains(warning), "{}", ended.stderr);
        let call = reviewed(&stage);
        assert_eq!((&call["result"], &call["tokens"]["precision"]), (&json!("answered"), &json!("exact")));
    }
}

/// The reviewer writes an approval, goes on with its work, and would write another answer.
#[test]
fn a_draft_is_no_vote() {
    let stage = Stage::new();
    let drafts = include_str!("../../../fixtures/agents/todo-agent.sh").to_owned() + "exec sleep 1000\n";
    stage.agent("drafts.sh", &drafts);
    for limit in ["--agent-timeout-seconds", "--agent-idle-seconds"] {
        let mut words = task(&[limit, "2", "--agent-max-retries", "0"]);
        words[8] = "two=command:../drafts.sh";
        let ended = stage.run(&words);
        assert_eq!(ended.json()["reason"], "reviewer-unavailable", "{}{}", ended.stdout, ended.stderr);
        let votes = ended.json()["votes"].clone();
        assert!(votes.as_array().unwrap().iter().all(|vote| vote["agent"] != "two"), "{votes}");
    }
}

/// Approves with a structured answer.
const CLAUDE: &str = r#"#!/bin/sh
nonce=$(sed -n 's/^The nonce of this question is \([a-z0-9]*\).*/\1/p')
echo '{"type":"result","is_error":false,"result":"done","usage":{"input_tokens":5},"structured_output":{"schema_version":1,
"kind":"pr_review","nonce":"'"$nonce"'","state":"approved","summary":"Fine.","prior_item_dispositions":[]}}' | tr -d '\n'
echo
"#;

/// As the coder, adds a file, and after a review edits the marked file. Records its arguments.
const CODER: &str = r#"#!/bin/sh
cat > /dev/null
echo "$PWD $*" >> "$HOME/calls"
case "$AGENT_LOOP_KIND" in
implementation)
  echo new > new.txt
  answer='"kind":"implementation","summary":"s","pr_title":"t","pr_body":"b"' ;;
coder_followup)
  echo DONE > notes.txt
  answer='"kind":"coder_followup","state":"approved","summary":"s","addressed_items":["item-1"],"remaining_items":[]' ;;
esac
echo '{"type":"system","subtype":"init","session_id":"d9592bd3-c97a-4e9a-876e-100f51d7d891","model":"claude-opus"}'
echo '{"type":"result","is_error":false,"result":"done","session_id":"d9592bd3-c97a-4e9a-876e-100f51d7d891",
"structured_output":{"schema_version":1,'"$answer"'}}' | tr -d '\n'
echo
"#;

/// The run of the pull request is that of the task, or of a later process.
#[test]
fn coders_sessions_continue_on_pull_requests() {
    let seats = ["--coder", "claude", "--claude-cmd", "../claude", "--reviewer", "one=command:../todo.sh"];
    for runs in [&["task Go"][..], &["task Go --max-rounds 1", "pr 1 --max-rounds 9"]] {
        let stage = Stage::new();
        stage.agent("claude", CODER);
        let mut last = None;
        for run in runs {
            last = Some(stage.run(&run.split(' ').chain(seats).collect::<Vec<_>>()));
        }
        let last = last.unwrap();
        assert_eq!(last.exit, Some(0), "{}", last.stderr);
        let calls = fs::read_to_string(stage.root().join("calls")).unwrap();
        let calls: Vec<(&str, bool)> = calls
            .lines()
            .map(|call| (call.split(' ').next().unwrap(), call.contains("--resume d9592bd3")))
            .collect();
        assert_eq!(calls.len(), 2);
        assert_eq!((calls[0].1, calls[1].1), (false, true), "the session continues");
        assert_eq!(calls[0].0, calls[1].0, "a session belongs to a folder");
    }
}

/// Variables of a surrounding agent session are not passed to agents.
#[test]
fn surrounding_sessions_reach_no_agent() {
    let stage = Stage::new();
    stage.agent("claude", &format!("{CLAUDE}env >&2\n"));
    let surrounding = [
        "CLAUDECODE",
        "CLAUDE_CODE_ENTRYPOINT",
        "CLAUDE_CODE_SSE_PORT",
        "CLAUDE_CODE_SESSION_ACCESS_TOKEN",
        "CLAUDE_PROJECT_DIR",
        "CODEX_THREAD_ID",
        "CODEX_SANDBOX",
        "OPENCODE_PID",
        "GEMINI_CLI",
    ];
    let mut variables = surrounding.map(|name| (name, "of-a-session")).to_vec();
    variables.push(("ANTHROPIC_API_KEY", "of-the-user"));
    let ended = stage.run_with(&reviewer("claude", &["--claude-cmd", "../claude"]), &variables);
    assert_eq!(ended.exit, Some(0), "{}", ended.stderr);
    let logs: String = stage.logs().iter().map(|log| fs::read_to_string(log).unwrap()).collect();
    assert!(logs.contains("ANTHROPIC_API_KEY=of-the-user") && !logs.contains("of-a-session"), "{logs}");
}
