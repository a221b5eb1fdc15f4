//! The matrix of errors: all faults of a program's service, with the expected results of a run.

use std::sync::Mutex;
use std::thread;

use agent_loop::adapters::clock::SystemClock;
use agent_loop::ports::clock::Clock;
use serde_json::{Value, json};

use super::super::child::run;
use super::super::home::Login::{self, ApiKey, Subscription};
use super::super::program::Program;
use super::stage::{Stage, Told};
use crate::model::{Answer, Window};
use Class::{Auth, Billing, Hang, Network, Overloaded, Quota, QuotaOfNobodyKnows, RateLimited, UnknownModel};

/// The login, the behaviour of the service, and the class of the failure.
type Row = (Login, Answer, Class);

/// The rows of a program. They are fields, so that no program can omit one.
struct Matrix {
    status_401: Row,
    status_403: Row,
    status_404_of_the_model: Row,
    status_429: Row,
    status_429_until_an_instant: Row,
    status_500: Row,
    /// The status 503, if the vendor does not use 529.
    status_529: Row,
    /// The service never answers.
    hangs: Row,
    /// The connection breaks in the middle of an answer.
    drops: Row,
    /// Faults that only this program's service has.
    more: Vec<Row>,
}

/// The classes of failures that a service can cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Auth,
    Billing,
    UnknownModel,
    RateLimited,
    /// The program names the instant of the reset, which is `later`.
    Quota,
    /// The program names no reset.
    QuotaOfNobodyKnows,
    Overloaded,
    Network,
    /// Our own idle time limit ended the turn.
    Hang,
}

fn claude(later: i64) -> Matrix {
    Matrix {
        status_401: (ApiKey, Answer::error(401), Auth),
        status_403: (ApiKey, Answer::error(403), Auth),
        status_404_of_the_model: (ApiKey, Answer::error(404), UnknownModel),
        status_429: (ApiKey, Answer::error(429), RateLimited),
        status_429_until_an_instant: (Subscription, used_up(later, Window::FiveHours), Quota),
        status_500: (ApiKey, Answer::error(500), Overloaded),
        status_529: (ApiKey, Answer::error(529), Overloaded),
        hangs: (ApiKey, Answer::Hang, Hang),
        drops: (ApiKey, Answer::DropMidStream, Network),
        more: vec![
            (ApiKey, Answer::error(400), Billing),
            (Subscription, Answer::error(401), Auth),
            (Subscription, Answer::error(429), RateLimited),
            (Subscription, used_up(later, Window::Week), Quota),
            // The program has its own time limit (`API_TIMEOUT_MS`).
            (ApiKey, Answer::Hang, Network),
        ],
    }
}

fn codex(later: i64) -> Matrix {
    Matrix {
        status_401: (ApiKey, Answer::error(401), Auth),
        status_403: (ApiKey, Answer::error(403), Auth),
        status_404_of_the_model: (ApiKey, Answer::error(404), UnknownModel),
        status_429: (ApiKey, Answer::error(429), RateLimited),
        status_429_until_an_instant: (ApiKey, used_up(later, Window::FiveHours), Quota),
        status_500: (ApiKey, Answer::error(500), Overloaded),
        status_529: (ApiKey, Answer::error(503), Overloaded),
        hangs: (ApiKey, Answer::Hang, Hang),
        drops: (ApiKey, Answer::DropMidStream, Network),
        more: vec![(ApiKey, Answer::error(529), Overloaded)],
    }
}

fn gemini(later: i64) -> Matrix {
    Matrix {
        status_401: (ApiKey, Answer::error(401), Auth),
        status_403: (ApiKey, Answer::error(403), Auth),
        status_404_of_the_model: (ApiKey, Answer::error(404), UnknownModel),
        status_429: (ApiKey, Answer::error(429), RateLimited),
        status_429_until_an_instant: (ApiKey, retry_info(later), Quota),
        status_500: (ApiKey, Answer::error(500), Overloaded),
        status_529: (ApiKey, Answer::error(503), Overloaded),
        hangs: (ApiKey, Answer::Hang, Hang),
        drops: (ApiKey, Answer::DropMidStream, Network),
        more: vec![
            // The service's message for an invalid key.
            (ApiKey, Answer::error(400), Auth),
            (ApiKey, used_up(later, Window::FiveHours), QuotaOfNobodyKnows),
            (ApiKey, Answer::error(529), Overloaded),
        ],
    }
}

/// `OpenCode` tries six times and waits 62 to 78 s in total if the service names no delay: in `status_429` and `drops`.
fn opencode(later: i64) -> Matrix {
    Matrix {
        status_401: (ApiKey, Answer::error(401), Auth),
        status_403: (ApiKey, Answer::error(403), Auth),
        status_404_of_the_model: (ApiKey, Answer::error(404), UnknownModel),
        status_429: (ApiKey, Answer::error(429), RateLimited),
        status_429_until_an_instant: (ApiKey, requests_of_the_day(later), Quota),
        status_500: (ApiKey, again_at_once(500), Overloaded),
        status_529: (ApiKey, again_at_once(529), Overloaded),
        hangs: (ApiKey, Answer::Hang, Hang),
        drops: (ApiKey, Answer::DropMidStream, Network),
        more: vec![
            (ApiKey, again_at_once(503), Overloaded),
            // The program waits without output: our idle time limit ends the turn.
            (ApiKey, Answer::error(429).with_header("retry-after", "14400"), Hang),
        ],
    }
}

fn used_up(epoch: i64, window: Window) -> Answer {
    Answer::QuotaReset { epoch, window }
}

/// Returns a limit of Gemini that is neither per minute nor per day, with its duration.
fn retry_info(later: i64) -> Answer {
    let delay = format!("{}s", later - now());
    let body: Value = json!({"error": {
        "code": 429, "status": "RESOURCE_EXHAUSTED", "message": "You exceeded your current quota.",
        "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}],
    }});
    Answer::Error { status: 429, body: Some(body), headers: Vec::new() }
}

/// Returns an error with a delay of a millisecond.
fn again_at_once(status: u16) -> Answer {
    Answer::error(status).with_header("retry-after-ms", "1")
}

/// Returns an error with a delay of a millisecond, although the quota resets at this instant.
fn requests_of_the_day(later: i64) -> Answer {
    again_at_once(429).with_header("x-ratelimit-reset", &later.to_string())
}

fn now() -> i64 {
    SystemClock.now().as_second()
}

impl Matrix {
    /// Returns the rows with their names, the slow ones first.
    fn rows(self) -> Vec<(String, Row)> {
        let named = [
            ("drops", self.drops),
            ("429", self.status_429),
            ("hangs", self.hangs),
            ("401", self.status_401),
            ("403", self.status_403),
            ("404 of the model", self.status_404_of_the_model),
            ("429 until an instant", self.status_429_until_an_instant),
            ("500", self.status_500),
            ("529", self.status_529),
        ];
        let more = self.more.into_iter().rev().map(|row| (format!("more: {:?}", row.1), row));
        more.chain(named.map(|(name, row)| (name.to_owned(), row))).collect()
    }
}

/// The duration until a quota resets, in seconds.
const WAIT: i64 = 4 * 3600;

/// The number of rows that are tested at the same time: the slow ones only wait.
const LANES: usize = 3;

/// Checks the failure class and the outcome of a run for each row of a program.
fn holds(program: Program, matrix: fn(i64) -> Matrix) {
    // Some programs name resets in minutes only.
    let later = now() / 60 * 60 + WAIT;
    let rows = Mutex::new(matrix(later).rows().into_iter());
    let next = || rows.lock().unwrap().next();
    thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| {
                while let Some((name, (login, service, class))) = next() {
                    let (stage, told) = reviewed(program, login, service, class);
                    comes_to(class, later, &told, &format!("{} {name}", program.name()));
                    assert_eq!(told.asked(), [program.name()], "{name}: it was not asked again");
                    assert_eq!(stage.alive(), Vec::<String>::new(), "{name}: somebody is left");
                }
            });
        }
    });
}

/// Runs a review in which the service of the only reviewer has this fault.
fn reviewed(program: Program, login: Login, service: Answer, class: Class) -> (Stage, Told) {
    let stage = Stage::with_pull_request(&[program], login);
    stage.plays(program, service);
    let name = program.name();
    let mut command =
        stage.command(&["pr", "1", "--coder", name, "--reviewer", name, "--agent-max-retries", "0"]);
    if class == Hang {
        // Claude Code's own time limit would end the turn before ours.
        command.args(["--agent-idle-seconds", "8"]).env("API_TIMEOUT_MS", "600000");
    }
    let told = Told::of(&run(&mut command, ""));
    (stage, told)
}

/// Checks that the run failed with the right class, or is parked until the known instant.
fn comes_to(class: Class, later: i64, told: &Told, row: &str) {
    let outcome = &told.outcome;
    let ended = match class {
        Auth => Err(("auth", "could not log in (run `agent-loop doctor` for help): ")),
        Billing => Err(("billing", "has no credit or plan for this: ")),
        UnknownModel => Err(("unknown_model", "cannot use the model: ")),
        Overloaded => Err(("overloaded", "failed because its service is overloaded or down: ")),
        Network => Err(("network", "could not reach its service: ")),
        Hang => Err(("hang", "was idle for ")),
        RateLimited => Ok(("rate_limited", now() + 15 * 60)),
        Quota => Ok(("quota", later)),
        QuotaOfNobodyKnows => Ok(("quota_unknown", now() + 3600)),
    };
    let (Ok((name, _)) | Err((name, _))) = ended;
    assert_eq!(told.failed(), [name], "{row}: {outcome}");
    match ended {
        Err((_, message)) => {
            told.assert(1, "failed");
            assert_eq!(outcome["reason"], "reviewer-unavailable", "{row}: {outcome}");
            let said = outcome["message"].as_str().unwrap();
            assert!(said.contains(message), "{row}: {said}");
        }
        Ok((_, until)) => {
            told.assert(3, "parked");
            let resets_at: jiff::Timestamp = outcome["resets_at"].as_str().unwrap().parse().unwrap();
            // Relative delays count from the turn, which was some time after the start of the test.
            let passed = now() - (later - WAIT) + 1;
            let early = until - resets_at.as_second();
            assert!((-passed..=passed).contains(&early), "{row}: {early} s too early: {outcome}");
        }
    }
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn claude_fails_in_classes() {
    holds(Program::Claude, claude);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn codex_fails_in_classes() {
    holds(Program::Codex, codex);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn gemini_fails_in_classes() {
    holds(Program::Gemini, gemini);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn opencode_fails_in_classes() {
    holds(Program::OpenCode, opencode);
}
