//! Answers as values, and their form on the wire: complete, unchanged, limited, or broken.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use agent_loop::domain::digest;
use axum::body::{Body, Bytes};
use axum::http::Response;
use http_body::Frame;
use serde_json::{Value, json};

use super::state::{FaultKind, whole_second};

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Answer {
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, body, headers: Vec::new() }
    }

    pub(crate) fn created(body: Value) -> Self {
        Self { status: 201, body, headers: Vec::new() }
    }

    pub(crate) fn says(status: u16, message: &str) -> Self {
        let body = json!({ "message": message, "documentation_url": "https://docs.github.com/rest", "status": status.to_string() });
        Self { status, body, headers: Vec::new() }
    }

    pub(crate) fn invalid(message: &str) -> Self {
        let mut answer = Self::says(422, "Validation Failed");
        answer.body["errors"] = json!([{ "resource": "PullRequest", "code": "custom", "message": message }]);
        answer
    }

    pub(crate) fn with(mut self, name: &'static str, value: &impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    /// Returns the answer of a call that the fault prevents.
    pub(crate) fn refusing(kind: FaultKind) -> Option<Self> {
        match kind {
            FaultKind::Secondary(seconds) => {
                let message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
                Some(Self::says(403, message).with("retry-after", &seconds))
            }
            FaultKind::Primary(seconds) => {
                let reset = whole_second().as_second() + i64::try_from(seconds).unwrap();
                let message = "API rate limit exceeded for user ID 1001.";
                Some(
                    Self::says(403, message)
                        .with("x-ratelimit-remaining", &0)
                        .with("x-ratelimit-reset", &reset),
                )
            }
            FaultKind::SingleSignOn => {
                let url = "https://github.com/orgs/octo/sso?authorization_request=x";
                let message = "Resource protected by organization SAML enforcement.";
                Some(Self::says(403, message).with("x-github-sso", &format!("required; url={url}")))
            }
            FaultKind::NotInDiff => {
                let mut answer = Self::says(422, "Unprocessable Entity");
                answer.body["errors"] = json!(["Pull request review thread line must be part of the diff"]);
                Some(answer)
            }
            FaultKind::Forbidden => Some(Self::says(403, "Resource not accessible by personal access token")),
            FaultKind::BadGateway => Some(Self::says(502, "Bad Gateway")),
            FaultKind::DoneButBadGateway | FaultKind::DoneButTorn | FaultKind::DoneButSilent => None,
        }
    }

    /// Returns the answer on the wire; 304 for a reader that has it already.
    pub(crate) fn response(self, known: Option<&str>) -> Response<Body> {
        let text = self.body.to_string();
        let etag = format!("W/\"{}\"", digest::abbreviated(&text, 16));
        if self.status == 200 && known == Some(etag.as_str()) {
            return Response::builder().status(304).header("etag", etag).body(Body::empty()).unwrap();
        }
        let mut response = Response::builder()
            .status(self.status)
            .header("content-type", "application/json; charset=utf-8")
            .header("etag", etag);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        response.body(Body::from(text)).unwrap()
    }

    /// Returns the answer as a fault breaks it after the work is done.
    pub(crate) fn broken(self, kind: FaultKind) -> Response<Body> {
        let text = self.body.to_string();
        let half = Bytes::from(text.as_bytes()[..text.len() / 2].to_vec());
        let frames = match kind {
            FaultKind::DoneButTorn => vec![half],
            FaultKind::DoneButSilent => Vec::new(),
            FaultKind::DoneButBadGateway
            | FaultKind::BadGateway
            | FaultKind::Secondary(_)
            | FaultKind::Primary(_)
            | FaultKind::Forbidden
            | FaultKind::NotInDiff
            | FaultKind::SingleSignOn => {
                let page = "<html><body>502 Bad Gateway</body></html>";
                return Response::builder()
                    .status(502)
                    .header("content-type", "text/html")
                    .body(Body::from(page))
                    .unwrap();
            }
        };
        let body = Body::new(Broken(frames.into()));
        let length = text.len().to_string();
        Response::builder().status(self.status).header("content-length", length).body(body).unwrap()
    }
}

/// A body that ends in an error.
struct Broken(VecDeque<Bytes>);

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let next = self.0.pop_front().ok_or_else(|| io::Error::other("broken off"));
        Poll::Ready(Some(next.map(Frame::data)))
    }
}
