//! Tests of the output of real programs when the service returns errors: our error patterns rely on it.

use agent_loop::adapters::clock::SystemClock;
use agent_loop::ports::clock::Clock;
use serde_json::Value;

use super::child::{Ended, run};
use super::home::Home;
use super::program::Program;
use super::turns::words;
use crate::model::{Answer, Scenario, Server, Window};

/// Returns a quota error with a reset in four hours.
fn used_up() -> Answer {
    Answer::QuotaReset { epoch: SystemClock.now().as_second() + 4 * 3600, window: Window::FiveHours }
}

fn turn(program: Program, scenario: impl Into<Scenario>) -> Ended {
    let path = program.path();
    let server = Server::start();
    server.plays("turn", scenario);
    let home = Home::new().with(program, &server.url("turn")).repository();
    let ended = run(home.command(&path).args(words(program)), "Please do the work.");
    assert!(!server.seen("turn").is_empty(), "nobody was asked: {}\n{}", ended.stdout, ended.stderr);
    ended
}

/// Returns the last JSON object in the output of a program.
fn last(ended: &Ended) -> Value {
    let line = ended.stdout.lines().last().unwrap_or_default();
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {}\n{}", ended.stdout, ended.stderr))
}

fn codex_fails(answer: Answer, says: &str) {
    let ended = turn(Program::Codex, answer);
    let last = last(&ended);
    assert_eq!((ended.exit, &last["type"]), (Some(1), &Value::from("turn.failed")), "{last}");
    assert!(last["error"]["message"].as_str().unwrap().contains(says), "{last}");
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn codex_distinguishes_refusals() {
    for (answer, says) in [
        (Answer::error(401), "401 Unauthorized"),
        (Answer::error(403), "403 Forbidden"),
        (Answer::error(404), "does not exist or you do not have access"),
        (Answer::error(429), "429 Too Many Requests"),
        (Answer::error(500), "high demand"),
        (Answer::error(503), "at capacity"),
        (used_up(), "hit your usage limit"),
        (Answer::DropMidStream, "stream disconnected before completion"),
    ] {
        codex_fails(answer, says);
    }
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn gemini_distinguishes_refusals() {
    // The exit code is the lower byte of the status, which is 400 for an invalid key.
    for (answer, status, says) in [
        (Answer::error(400), 400, "API key not valid"),
        (Answer::error(500), 500, "internal error"),
        (used_up(), 429, "exhausted your daily quota"),
    ] {
        let ended = turn(Program::Gemini, answer);
        let last = last(&ended);
        assert_eq!((ended.exit, &last["status"]), (Some(status & 0xff), &Value::from("error")), "{last}");
        assert!(last["error"]["message"].as_str().unwrap().contains(says), "{last}");
    }
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn opencode_distinguishes_refusals() {
    for (status, body) in [(401, "Incorrect API key"), (404, "model")] {
        let ended = turn(Program::OpenCode, Answer::error(status));
        let last = last(&ended);
        assert_eq!((ended.exit, &last["type"]), (Some(1), &Value::from("error")), "{last}");
        assert_eq!(last["error"]["data"]["statusCode"].as_u64(), Some(status.into()), "{last}");
        assert!(last["error"]["data"]["message"].as_str().unwrap().contains(body), "{last}");
    }
}
