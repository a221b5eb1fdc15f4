//! What the service of a real program refuses or breaks off, as the run tells it: status, reason, message and class.

use agent_loop::adapters::clock::SystemClock;
use agent_loop::ports::clock::Clock;

use super::super::child::run;
use super::super::home::Login;
use super::super::program::Program;
use super::answers::reviewed;
use super::stage::{Stage, Told};
use crate::model::{Answer, Scenario, Window};

/// A review in which the only reviewer's service does this.
fn reviewed_by(program: Program, scenario: impl Into<Scenario>, more: &[&str]) -> Option<(Stage, Told)> {
    let stage = Stage::with_pull_request(&[program], Login::ApiKey)?;
    stage.plays(program, scenario);
    let words = ["pr", "1", "--coder", program.name(), "--reviewer", program.name()];
    let told = stage.run(&[&words, more].concat());
    Some((stage, told))
}

/// A failure ends the run with 1, and says whose and why.
fn ends_the_run(program: Program, refusals: &[(Answer, &str, &str)]) {
    for (answer, class, message) in refusals {
        let more = ["--agent-max-retries", "0"];
        let Some((_, told)) = reviewed_by(program, answer.clone(), &more) else { return };
        told.assert(1, "failed");
        assert_eq!(told.failed(), [*class], "{answer:?}: {}", told.outcome);
        assert_eq!(told.outcome["reason"], "reviewer-unavailable");
        let said = told.outcome["message"].as_str().unwrap();
        assert!(said.contains(&format!("`{}` {message}", program.name())), "{answer:?}: {said}");
        assert_eq!(told.asked(), [program.name()], "it was not asked again");
    }
}

/// Too many requests, or a used-up allowance, of which nobody says when it ends: the run is parked for a while.
fn parks_the_run(program: Program, answer: Answer, class: &str, minutes: i64) {
    let more = ["--agent-max-retries", "0"];
    let Some((_, told)) = reviewed_by(program, answer, &more) else { return };
    told.assert(3, "parked");
    assert_eq!(told.failed(), [class], "{}", told.outcome);
    let resets_at: jiff::Timestamp = told.outcome["resets_at"].as_str().unwrap().parse().unwrap();
    let rest = resets_at.duration_since(SystemClock.now()).as_mins();
    assert!((minutes - 2..=minutes).contains(&rest), "{}", told.outcome);
}

/// What passes is asked again, and nobody sees more of it than an event.
fn asks_again(program: Program) {
    let answers = [Answer::error(529), reviewed(&[], &[])];
    let more = ["--agent-max-retries", "1", "--agent-retry-backoff-seconds", "0"];
    let Some((stage, told)) = reviewed_by(program, Scenario::script(answers), &more) else { return };
    told.assert(0, "approved");
    assert_eq!((told.failed(), stage.turns(program)), (vec!["overloaded"], 2));
}

/// A program that waits for ever is ended.
fn is_silent(program: Program) {
    let Some(stage) = Stage::with_pull_request(&[program], Login::ApiKey) else { return };
    stage.plays(program, Answer::Hang);
    let words = ["pr", "1", "--coder", program.name(), "--reviewer", program.name()];
    let mut command = stage.command(&[&words[..], &["--agent-idle-seconds", "8"]].concat());
    let told = Told::of(&run(command.env("API_TIMEOUT_MS", "600000"), ""));
    told.assert(1, "failed");
    assert_eq!(told.failed(), ["hang"], "{}", told.outcome);
    let said = told.outcome["message"].as_str().unwrap();
    assert!(said.contains("wrote nothing and computed nothing for "), "{said}");
    assert_eq!(stage.alive(), Vec::<String>::new());
}

const LOGIN: &str = "could not log in (`agent-loop doctor` says how): ";
const MODEL: &str = "does not know or may not use the model: ";
const SERVICE: &str = "found its service overloaded or broken: ";
const REACH: &str = "could not reach its service: ";

#[test]
fn claude_is_refused() {
    ends_the_run(
        Program::Claude,
        &[
            (Answer::error(401), "auth", LOGIN),
            (Answer::error(403), "auth", LOGIN),
            (Answer::error(404), "unknown_model", MODEL),
            (Answer::error(500), "overloaded", SERVICE),
            (Answer::error(529), "overloaded", SERVICE),
            (Answer::DropMidStream, "network", REACH),
        ],
    );
}

#[test]
fn codex_is_refused() {
    ends_the_run(
        Program::Codex,
        &[
            (Answer::error(401), "auth", LOGIN),
            (Answer::error(403), "auth", LOGIN),
            (Answer::error(404), "unknown_model", MODEL),
            (Answer::error(500), "overloaded", SERVICE),
            (Answer::error(503), "overloaded", SERVICE),
            (Answer::DropMidStream, "network", REACH),
        ],
    );
}

#[test]
fn claude_is_asked_too_often() {
    parks_the_run(Program::Claude, Answer::error(429), "rate_limited", 15);
}

#[test]
fn codex_is_asked_too_often() {
    parks_the_run(Program::Codex, Answer::error(429), "rate_limited", 15);
}

#[test]
fn claude_is_asked_again() {
    asks_again(Program::Claude);
}

#[test]
fn codex_is_asked_again() {
    asks_again(Program::Codex);
}

#[test]
fn claude_is_silent() {
    is_silent(Program::Claude);
}

#[test]
fn codex_is_silent() {
    is_silent(Program::Codex);
}

#[test]
fn gemini_is_used_up() {
    let answer = Answer::QuotaReset { epoch: 0, window: Window::FiveHours };
    parks_the_run(Program::Gemini, answer, "quota", 60);
}

#[test]
fn gemini_is_refused() {
    ends_the_run(
        Program::Gemini,
        &[(Answer::error(400), "auth", LOGIN), (Answer::error(404), "unknown_model", MODEL)],
    );
}

#[test]
fn opencode_is_refused() {
    ends_the_run(
        Program::OpenCode,
        &[(Answer::error(401), "auth", LOGIN), (Answer::error(404), "unknown_model", MODEL)],
    );
}
