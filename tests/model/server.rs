//! The server: one for each test, on a port chosen by the system, with its own thread.

use std::collections::HashMap;
use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, Response, Uri};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::request::{Dialect, Seen};
use super::scenario::{Answer, Scenario};
use super::wire;

/// A model server. It stops when it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    plays: Plays,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

type Plays = Arc<Mutex<HashMap<String, Play>>>;

/// A running scenario.
struct Play {
    scenario: Scenario,
    /// The answers to turns in progress, by the last message of the user.
    turns: HashMap<String, Answer>,
    seen: Vec<Seen>,
    /// Requests that do not ask a model, or are unreadable.
    strange: Vec<String>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let plays = Plays::default();
        let (stop, stopped) = oneshot::channel();
        let state = Arc::clone(&plays);
        let thread = thread::spawn(move || serve(listener, state, stopped));
        Self { address, plays, stop: Some(stop), thread: Some(thread) }
    }

    /// Replaces the script of a model. Its recorded requests are kept.
    pub(crate) fn plays(&self, name: &str, scenario: impl Into<Scenario>) {
        let scenario = scenario.into();
        let mut plays = locked(&self.plays);
        if let Some(play) = plays.get_mut(name) {
            play.scenario = scenario;
        } else {
            let play = Play { scenario, turns: HashMap::new(), seen: Vec::new(), strange: Vec::new() };
            plays.insert(name.to_owned(), play);
        }
    }

    /// Returns the URL of a model.
    pub(crate) fn url(&self, name: &str) -> String {
        format!("http://{}/s/{name}", self.address)
    }

    /// Returns the requests to a model, oldest first.
    pub(crate) fn seen(&self, name: &str) -> Vec<Seen> {
        locked(&self.plays).get(name).map(|play| play.seen.clone()).unwrap_or_default()
    }

    /// Returns the requests that the server did not understand.
    pub(crate) fn strange(&self, name: &str) -> Vec<String> {
        locked(&self.plays).get(name).map(|play| play.strange.clone()).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            if !thread::panicking() {
                ended.unwrap();
            }
        }
    }
}

fn locked(plays: &Plays) -> MutexGuard<'_, HashMap<String, Play>> {
    plays.lock().unwrap()
}

fn serve(listener: TcpListener, plays: Plays, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let router = Router::new().fallback(answer).layer(DefaultBodyLimit::disable()).with_state(plays);
        // Requests without an answer are dropped with the runtime.
        tokio::select! {
            served = async { axum::serve(listener, router).await } => served.unwrap(),
            _ = stopped => {}
        }
    });
}

async fn answer(
    State(plays): State<Plays>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let Some((name, path)) =
        uri.path().strip_prefix("/s/").map(|rest| rest.split_once('/').unwrap_or((rest, "")))
    else {
        return not_here(&format!("no scenario in {}", uri.path()));
    };
    let replied = {
        let mut plays = locked(&plays);
        match plays.get_mut(name) {
            Some(play) => play.reply(&method, &format!("/{path}"), headers, &body),
            None => Some(not_here(&format!("no scenario {name}"))),
        }
    };
    match replied {
        Some(response) => response,
        None => pending().await,
    }
}

fn not_here(what: &str) -> Response<Body> {
    wire::with_json(404, &[], &json!({"error": {"message": what, "type": "not_found_error"}}))
}

impl Play {
    fn reply(
        &mut self,
        method: &Method,
        path: &str,
        headers: HeaderMap,
        body: &[u8],
    ) -> Option<Response<Body>> {
        if method == Method::HEAD {
            return Some(Response::new(Body::empty()));
        }
        if path.ends_with("/models") {
            return Some(wire::with_json(200, &[], &json!({"object": "list", "data": [], "models": []})));
        }
        if path.ends_with("/count_tokens") || path.ends_with(":countTokens") {
            return Some(wire::with_json(200, &[], &json!({"input_tokens": 100, "totalTokens": 100})));
        }
        let value: Option<Value> = serde_json::from_slice(body).ok();
        let (Some(dialect), Some(value)) = (Dialect::of(path), value) else {
            self.strange.push(format!("{method} {path}: {}", String::from_utf8_lossy(body)));
            return Some(not_here(&format!("{method} {path}")));
        };
        let seen = dialect.read(path, headers, &value);
        if seen.aside {
            return wire::reply(&seen, &Answer::text("A title"));
        }
        let answer = self.turn(&seen);
        let reply = wire::reply(&seen, &answer);
        self.seen.push(seen);
        reply
    }

    /// Returns the answer to a request. Results of tools continue the turn that requested them.
    fn turn(&mut self, seen: &Seen) -> Answer {
        if let (false, Some(answer)) = (seen.results.is_empty(), self.turns.get(&seen.prompt)) {
            return answer.clone();
        }
        let answer = self.scenario.begin(seen).to(seen);
        self.turns.insert(seen.prompt.clone(), answer.clone());
        answer
    }
}
