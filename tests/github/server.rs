//! The server: TLS on loopback with its own certificate, in its own thread. Dropping it ends the thread.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State as Shared};
use axum::http::{HeaderMap, Method, Response, Uri};
use axum::serve::Listener;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::server::TlsStream;

use super::answers::Answer;
use super::description::{self, Exchange};
use super::killer::Moment;
use super::routes::{self, Request};
use super::state::{Call, OWNER, Person, Role, State};
use super::{checks, git};

const SOCKET: &str = "github.sock";

/// A model of GitHub with one repository.
pub(crate) struct Github {
    folder: TempDir,
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((tcp, address)) = self.tcp.accept().await else { continue };
            if let Ok(tls) = self.acceptor.accept(tcp).await {
                return (tls, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

impl Github {
    /// Starts a model with an empty bare repository.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bare = folder.path().join("bare.git");
        std::fs::create_dir(&bare).unwrap();
        git::ask(&bare, &["init", "--quiet", "--bare", "--initial-branch=main", "."]).unwrap();
        git::ask(&bare, &["config", "http.receivepack", "true"]).unwrap();
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(folder.path().join("certificate.pem"), cert.pem()).unwrap();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let tls = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let tcp = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        tcp.set_nonblocking(true).unwrap();
        let address = tcp.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::new(bare)));
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&state);
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let unix = std::os::unix::net::UnixListener::bind(folder.path().join(SOCKET)).unwrap();
        unix.set_nonblocking(true).unwrap();
        let thread = thread::spawn(move || serve((tcp, acceptor), unix, served, stopped));
        Self { folder, address, state, stop: Some(stop), thread: Some(thread) }
    }

    /// Returns the host with its port, in the form of `GH_HOST`.
    pub(crate) fn host(&self) -> String {
        format!("localhost:{}", self.address.port())
    }

    /// Returns the URL of the repository for git.
    pub(crate) fn url(&self) -> String {
        format!("https://{}/{OWNER}/{}.git", self.host(), self.state().name)
    }

    /// Returns the file with the certificate that clients must trust.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    /// Returns the socket that serves the same without TLS, which takes a third of the time.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join(SOCKET)
    }

    pub(crate) fn bare(&self) -> PathBuf {
        self.folder.path().join("bare.git")
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Adds a person who logs in with a token.
    pub(crate) fn login(&self, login: &str, role: Role, token: &str) -> u64 {
        let mut state = self.state();
        let id = state.person(login, role);
        state.people.get_mut(&id).unwrap().token = Some(token.to_owned());
        id
    }

    /// Returns the calls since the last call of this function.
    pub(crate) fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.state().calls)
    }
}

impl Drop for Github {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            if !thread::panicking() {
                ended.unwrap();
                let complaints = description::complaints(&self.state().exchanges);
                assert!(complaints.is_empty(), "the model differs from GitHub:\n{}", complaints.join("\n"));
            }
        }
    }
}

fn serve(
    (tcp, acceptor): (std::net::TcpListener, TlsAcceptor),
    unix: std::os::unix::net::UnixListener,
    state: Arc<Mutex<State>>,
    stopped: oneshot::Receiver<()>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async move {
        let listener = TlsListener { tcp: TcpListener::from_std(tcp).unwrap(), acceptor };
        let router = Router::new().fallback(answer).layer(DefaultBodyLimit::disable()).with_state(state);
        let (unix, same) = (UnixListener::from_std(unix).unwrap(), router.clone());
        tokio::select! {
            served = async { axum::serve(unix, same).await } => served.unwrap(),
            served = async { axum::serve(listener, router).await } => served.unwrap(),
            _ = stopped => {}
        }
    });
}

async fn answer(
    Shared(state): Shared<Arc<Mutex<State>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let mut state = state.lock().unwrap();
    if let Some(id) = uri.path().strip_prefix("/logs/") {
        return checks::stored_log(&state, id);
    }
    let is_write =
        method != Method::GET && !uri.path().ends_with("upload-pack") && !uri.path().ends_with("graphql");
    let killer = state.killer.take_if(|killer| is_write && uri.path().ends_with(killer.path));
    if let Some(killer) = killer.filter(|killer| killer.moment == Moment::Before) {
        killer.kill();
        return Response::builder().status(502).body(Body::empty()).unwrap();
    }
    let path = uri.path();
    let api_path = path
        .strip_prefix("/api/v3/")
        .or_else(|| path.strip_prefix("/api/").filter(|rest| *rest == "graphql"));
    let answer = match api_path {
        Some(path) => api(&mut state, (&method, &uri, &headers), path, &body),
        None => git_request(&mut state, (&method, &uri, &headers), &body),
    };
    if let Some(killer) = killer {
        killer.kill();
    }
    answer
}

fn api(
    state: &mut State,
    (method, uri, headers): (&Method, &Uri, &HeaderMap),
    path: &str,
    body: &[u8],
) -> Response<Body> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let token = header("authorization").and_then(|value| value.strip_prefix("token "));
    let Some(by) = logged_in(state, token) else {
        return Answer::says(401, "Bad credentials").response(None);
    };
    let body_json: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let planned = state.fault_of_the_story(method.as_str(), path);
    let fault = planned.or_else(|| state.fault(method.as_str(), &operation(path, &body_json)));
    let query = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let request = Request {
        method: method.as_str(),
        path,
        query: query.map(|(name, value)| (name.to_owned(), decoded(value))).collect::<BTreeMap<_, _>>(),
        body: body_json,
        by,
    };
    let refusal = fault.and_then(Answer::refusing);
    let refused = refusal.is_some();
    let answer = refusal.unwrap_or_else(|| routes::answer(state, &request));
    if !refused {
        state.exchanges.push(exchange(&request, &answer));
    }
    let shown = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let response = match fault {
        Some(kind) if !refused => answer.broken(kind),
        _ => answer.response(header("if-none-match")),
    };
    state.calls.push(Call { method: method.to_string(), path: shown, status: response.status().as_u16() });
    response
}

/// The path of a call; that of a query in GraphQL with the name of its operation.
fn operation(path: &str, body: &Value) -> String {
    let words = body["query"].as_str().unwrap_or_default().split([' ', '(']);
    words.skip(1).take(1).fold(path.to_owned(), |path, name| format!("{path}/{name}"))
}

fn exchange(request: &Request<'_>, answer: &Answer) -> Exchange {
    Exchange {
        method: request.method.to_owned(),
        path: request.path.to_owned(),
        query: request.query.keys().cloned().collect(),
        request: request.body.clone(),
        status: answer.status,
        answer: answer.body.clone(),
    }
}

fn logged_in(state: &State, token: Option<&str>) -> Option<Person> {
    state.people.values().find(|person| person.token.is_some() && person.token.as_deref() == token).cloned()
}

fn git_request(
    state: &mut State,
    (method, uri, headers): (&Method, &Uri, &HeaderMap),
    body: &[u8],
) -> Response<Body> {
    let basic = headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    let pair = basic.and_then(|text| String::from_utf8(STANDARD.decode(text).ok()?).ok());
    let token = pair.as_deref().and_then(|pair| pair.split_once(':')).map(|(_, token)| token);
    let Some(by) = logged_in(state, token) else {
        let denied = Response::builder().status(401).header("www-authenticate", "Basic realm=\"GitHub\"");
        return denied.body(Body::empty()).unwrap();
    };
    let writes = uri.path().ends_with("git-receive-pack")
        || uri.query().is_some_and(|query| query.contains("receive-pack"));
    let names = [Some(state.name.clone()), state.former_name.clone()];
    let own =
        names.iter().flatten().find_map(|name| uri.path().strip_prefix(&format!("/{OWNER}/{name}.git")));
    let fork = state.forks.iter().find_map(|(name, fork)| {
        uri.path().strip_prefix(&format!("/{name}.git")).map(|path| (fork.clone(), path))
    });
    let (bare, path, may_write) = match (own, fork) {
        (Some(path), _) => (state.bare.clone(), path, by.role != Role::Read),
        (None, Some((fork, path))) => (fork.bare, path, fork.allows_edits),
        (None, None) => return Response::builder().status(404).body(Body::empty()).unwrap(),
    };
    if writes && !may_write {
        return Response::builder().status(403).body(Body::empty()).unwrap();
    }
    git::serve(Path::new(&bare), (method, uri, headers), (path, &by.login), body)
}

/// Decodes a value of a query or a part of a path.
pub(crate) fn decoded(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        let hex = |byte: Option<u8>| char::from(byte.unwrap()).to_digit(16).unwrap();
        bytes.push(match byte {
            b'%' => u8::try_from(hex(rest.next()) * 16 + hex(rest.next())).unwrap(),
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).unwrap()
}
