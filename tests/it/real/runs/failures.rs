//! Tests of temporary errors of a service, which a retry resolves. Persistent errors are in `matrix`.

use super::super::home::Login;
use super::super::program::Program;
use super::answers::reviewed;
use super::stage::Stage;
use crate::model::{Answer, Scenario};

/// Checks that a temporary error is retried and only leads to an event.
fn asks_again(program: Program) {
    let stage = Stage::with_pull_request(&[program], Login::ApiKey);
    stage.plays(program, Scenario::script([Answer::error(529), reviewed(&[], &[])]));
    let name = program.name();
    let retries = ["--agent-max-retries", "1", "--agent-retry-backoff-seconds", "0"];
    let told = stage.run(&[&["pr", "1", "--coder", name, "--reviewer", name], &retries[..]].concat());
    told.assert(0, "approved");
    assert_eq!((told.failed(), stage.turns(program)), (vec!["overloaded"], 2));
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn claude_is_asked_again() {
    asks_again(Program::Claude);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn codex_is_asked_again() {
    asks_again(Program::Codex);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn gemini_is_asked_again() {
    asks_again(Program::Gemini);
}
