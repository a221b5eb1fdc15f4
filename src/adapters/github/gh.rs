//! Runs `gh api`: each run is one call, with a deadline, repeated where that is safe.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::adapters::clock::SystemClock;
use crate::adapters::process::capture::{Captured, capture};
use crate::adapters::process::command::CommandLine;
use crate::adapters::process::environment;
use crate::adapters::process::time;
use crate::adapters::process::variables::Variables;
use crate::domain::forge_calls::ForgeCalls;
use crate::ports::clock::Clock;

use super::pace::Pace;
use super::reply::{self, ApiReply, Fault, GhOutput, Headers};

/// How long one call may take: gh has no timeout of its own.
const DEADLINE: Duration = Duration::from_mins(1);
/// The pauses before a read is repeated that got no whole answer.
const PAUSES: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(5)];
/// The pauses before each look whether a write without an answer happened: copies of the database lag behind.
pub(super) const LOOKS: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(6)];
/// The longest limit that is waited for; a longer one parks the run.
const SHORT_LIMIT: SignedDuration = SignedDuration::from_secs(60);
/// The rows of one page: as many as GitHub gives.
pub(super) const PAGE: usize = 100;

/// gh on one host.
#[derive(Debug)]
pub struct Gh {
    line: CommandLine,
    host: String,
    known: Mutex<BTreeMap<String, KnownAnswer>>,
    calls: Mutex<ForgeCalls>,
    pace: Mutex<Pace>,
}

/// The last answer to a read, which is valid as long as the server answers "not modified".
#[derive(Debug, Clone)]
struct KnownAnswer {
    etag: String,
    headers: Headers,
    body: Value,
}

/// The position of the rows in the answer to a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// The whole answer is the list.
    All,
    /// A member of the answer is the list.
    Member(&'static str),
}

/// A method that changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Post,
    Put,
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

impl Gh {
    /// Creates a caller of this command for a host, with the variables that its login needs.
    pub fn new(command: &str, host: &str, ours: &Variables, folder: impl Into<PathBuf>) -> Self {
        let line = CommandLine::new(command, folder, environment::for_gh(ours)).variable("GH_HOST", host);
        let host = host.to_owned();
        Self { line, host, known: Mutex::default(), calls: Mutex::default(), pace: Mutex::default() }
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Sends a read, and repeats it if its answer was incomplete.
    pub(super) async fn get(&self, path: &str) -> Result<ApiReply, Fault> {
        let known = locked(&self.known).get(path).cloned();
        let mut pauses = PAUSES.into_iter();
        let reply = loop {
            let etag = known.as_ref().map(|known| format!("If-None-Match: {}", known.etag));
            let line = self.api("GET", path).arguments(etag.iter().flat_map(|etag| ["-H", etag]));
            let called = self.counted(self.unlimited(&line).await, |calls| &mut calls.reads);
            match (called, pauses.next()) {
                (Err(Fault::Lost(_)), Some(pause)) => time::wait(pause).await,
                (reply, _) => break reply?,
            }
        };
        if let (304, Some(known)) = (reply.status, known) {
            return Ok(ApiReply { status: 200, headers: known.headers, body: known.body });
        }
        self.learn(path, &reply);
        Ok(reply)
    }

    /// Reads an answer that is no JSON, once.
    pub(super) async fn text(&self, path: &str) -> Result<String, Fault> {
        locked(&self.calls).reads += 1;
        let captured = self.run(&self.api("GET", path)).await?;
        reply::read_text(printed(&captured), SystemClock.now())
    }

    /// Reads all pages of a list. A full last page is followed by a look at the next: with an answer that did not change,
    /// GitHub does not say that there is one.
    pub(super) async fn list(&self, path: &str, rows: Rows) -> Result<Vec<Value>, Fault> {
        self.first(path, rows, usize::MAX).await
    }

    /// Reads the first pages of a list.
    pub(super) async fn first(&self, path: &str, rows: Rows, pages: usize) -> Result<Vec<Value>, Fault> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let mut all = Vec::new();
        for page in 1..=pages {
            let reply = self.get(&format!("{path}{separator}per_page={PAGE}&page={page}")).await?;
            let more = reply.headers.has_next_page();
            let found = match (rows, reply.body) {
                (Rows::All, Value::Array(found)) => found,
                (Rows::Member(name), mut body) => {
                    body.get_mut(name).and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default()
                }
                (Rows::All, _) => return Err(Fault::Lost(format!("{path} is no list"))),
            };
            let is_full = found.len() >= PAGE;
            all.extend(found);
            if !more && !is_full {
                break;
            }
        }
        Ok(all)
    }

    /// Sends a GraphQL query that may be repeated, and returns its data.
    pub(super) async fn graphql(&self, query: &str, variables: &Value) -> Result<Value, Fault> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let line = self.api("POST", "graphql").arguments(["--input", "-"]).input(body);
        let mut pauses = PAUSES.into_iter();
        loop {
            let called = self.counted(self.unlimited(&line).await, |calls| &mut calls.queries);
            match (called, pauses.next()) {
                (Err(Fault::Lost(_)), Some(pause)) => time::wait(pause).await,
                (reply, _) => return Ok(reply?.body.get_mut("data").map(Value::take).unwrap_or_default()),
            }
        }
    }

    /// Changes something, once. After `Fault::Lost` the caller looks whether it happened.
    pub(super) async fn write(&self, method: Method, path: &str, body: &Value) -> Result<ApiReply, Fault> {
        let line = self.api(method.name(), path).arguments(["--input", "-"]).input(body.to_string());
        let next = locked(&self.pace).next();
        if next.duration_since(SystemClock.now()) > SHORT_LIMIT {
            return Err(Fault::Limited(next));
        }
        SystemClock.sleep_until(next).await;
        locked(&self.pace).wrote(SystemClock.now());
        self.counted(self.unlimited(&line).await, |calls| &mut calls.writes)
    }

    /// Returns the number of calls of GitHub.
    pub(super) fn calls(&self) -> ForgeCalls {
        *locked(&self.calls)
    }

    fn counted(
        &self,
        called: Result<ApiReply, Fault>,
        kind: fn(&mut ForgeCalls) -> &mut u64,
    ) -> Result<ApiReply, Fault> {
        let mut calls = locked(&self.calls);
        match &called {
            Ok(ApiReply { status: 304, .. }) => calls.unchanged += 1,
            Ok(_) => *kind(&mut calls) += 1,
            Err(_) => calls.failed += 1,
        }
        called
    }

    fn learn(&self, path: &str, reply: &ApiReply) {
        let Some(etag) = reply.headers.get("etag").map(str::to_owned) else { return };
        let answer = KnownAnswer { etag, headers: reply.headers.clone(), body: reply.body.clone() };
        locked(&self.known).insert(path.to_owned(), answer);
    }

    fn api(&self, method: &str, path: &str) -> CommandLine {
        self.line
            .clone()
            .arguments(["api", "-i", "-X", method])
            .arguments([
                "-H",
                "Accept: application/vnd.github+json",
                "-H",
                "X-GitHub-Api-Version: 2022-11-28",
            ])
            .argument(path)
    }

    /// Sends a call, and repeats it after a short limit: a limited call had no effect.
    async fn unlimited(&self, line: &CommandLine) -> Result<ApiReply, Fault> {
        loop {
            let called = self.call(line).await;
            let Err(Fault::Limited(until)) = called else { return called };
            if until.duration_since(SystemClock.now()) > SHORT_LIMIT {
                return called;
            }
            SystemClock.sleep_until(until).await;
        }
    }

    async fn call(&self, line: &CommandLine) -> Result<ApiReply, Fault> {
        let captured = self.run(line).await?;
        reply::read(printed(&captured), SystemClock.now())
    }

    async fn run(&self, line: &CommandLine) -> Result<Captured, Fault> {
        let late = || Fault::Lost(format!("no answer within {} seconds", DEADLINE.as_secs()));
        let captured = time::at_most(DEADLINE, capture(line)).await.ok_or_else(late)?;
        captured.map_err(|error| {
            let hint =
                "GitHub is reached through gh; install it (https://cli.github.com), or name it with --gh-cmd";
            Fault::NoProgram(error.hinting(hint))
        })
    }
}

/// Waits for a mutex and returns its guard, also after a panic in another thread.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn printed(captured: &Captured) -> GhOutput<'_> {
    GhOutput { exit: captured.exit, stdout: &captured.stdout, stderr: &captured.stderr }
}

/// Returns a text as a part of a query.
pub(super) fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let encode = |byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(encode).collect()
}
