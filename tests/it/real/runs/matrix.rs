//! The matrix of errors: all that can be wrong with a program's service, and what a run with that program comes to.

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

/// How the program is logged in, what the service does, and the class of the failure.
type Row = (Login, Answer, Class);

/// The rows of a program. That each of them is a field means that no program can leave one out.
struct Matrix {
    status_401: Row,
    status_403: Row,
    status_404_of_the_model: Row,
    status_429: Row,
    status_429_until_an_instant: Row,
    status_500: Row,
    /// 503, where the vendor has no 529.
    status_529: Row,
    /// Nothing is ever answered.
    hangs: Row,
    /// The connection breaks in the middle of an answer.
    drops: Row,
    /// What only this program's service does.
    more: Vec<Row>,
}

/// The classes that a service can bring a turn to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Auth,
    Billing,
    UnknownModel,
    RateLimited,
    /// The program names the instant at which the allowance is back, which is `later`.
    Quota,
    /// The program names none.
    QuotaOfNobodyKnows,
    Overloaded,
    Network,
    /// Our own limit of silence ended it.
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
            // With a limit of its own (`API_TIMEOUT_MS`).
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
            // What its service says of a wrong key.
            (ApiKey, Answer::error(400), Auth),
            (ApiKey, used_up(later, Window::FiveHours), QuotaOfNobodyKnows),
            (ApiKey, Answer::error(529), Overloaded),
        ],
    }
}

/// It tries six times and waits 62 to 78 s in all, if the service does not say how long: so in `status_429` and `drops`.
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
            // It obeys, and says nothing for all that time: our limit of silence ends it.
            (ApiKey, Answer::error(429).with_header("retry-after", "14400"), Hang),
        ],
    }
}

fn used_up(epoch: i64, window: Window) -> Answer {
    Answer::QuotaReset { epoch, window }
}

/// A limit of Gemini's that is neither of a minute nor of a day, with how long it lasts.
fn retry_info(later: i64) -> Answer {
    let delay = format!("{}s", later - now());
    let body: Value = json!({"error": {
        "code": 429, "status": "RESOURCE_EXHAUSTED", "message": "You exceeded your current quota.",
        "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}],
    }});
    Answer::Error { status: 429, body: Some(body), headers: Vec::new() }
}

/// A refusal after which it may ask again in a millisecond.
fn again_at_once(status: u16) -> Answer {
    Answer::error(status).with_header("retry-after-ms", "1")
}

/// The same, though the allowance is back at this instant only.
fn requests_of_the_day(later: i64) -> Answer {
    again_at_once(429).with_header("x-ratelimit-reset", &later.to_string())
}

fn now() -> i64 {
    SystemClock.now().as_second()
}

impl Matrix {
    /// The rows with their names, the slow ones first.
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

/// How long an allowance is used up, in seconds.
const WAIT: i64 = 4 * 3600;

/// How many rows are tried at the same time: the slow ones only wait.
const LANES: usize = 3;

/// Each row of a program comes to its class, and the run to what follows from it.
fn holds(program: Program, matrix: fn(i64) -> Matrix) {
    // Minutes are all that some programs name.
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

/// A review in which the only reviewer's service does this.
fn reviewed(program: Program, login: Login, service: Answer, class: Class) -> (Stage, Told) {
    let stage = Stage::with_pull_request(&[program], login);
    stage.plays(program, service);
    let name = program.name();
    let mut command =
        stage.command(&["pr", "1", "--coder", name, "--reviewer", name, "--agent-max-retries", "0"]);
    if class == Hang {
        // Claude Code's own limit would end it before ours.
        command.args(["--agent-idle-seconds", "8"]).env("API_TIMEOUT_MS", "600000");
    }
    let told = Told::of(&run(&mut command, ""));
    (stage, told)
}

/// The run failed and says whose fault it is, or it is parked until the instant that is known.
fn comes_to(class: Class, later: i64, told: &Told, row: &str) {
    let outcome = &told.outcome;
    let ended = match class {
        Auth => Err(("auth", "could not log in (`agent-loop doctor` says how): ")),
        Billing => Err(("billing", "has no credit or plan for this: ")),
        UnknownModel => Err(("unknown_model", "does not know or may not use the model: ")),
        Overloaded => Err(("overloaded", "found its service overloaded or broken: ")),
        Network => Err(("network", "could not reach its service: ")),
        Hang => Err(("hang", "wrote nothing and computed nothing for ")),
        RateLimited => Ok(("rate_limited", now() + 15 * 60)),
        Quota => Ok(("quota", later)),
        QuotaOfNobodyKnows => Ok(("quota", now() + 3600)),
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
            // What is told as a wait counts from the turn, which was some time since the test began.
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
