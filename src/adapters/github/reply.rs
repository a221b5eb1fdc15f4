//! Parses the output of `gh api -i`: the answer of the server, or the reason why there is no usable one.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::adapters::process::exit::Exit;

/// The assumed duration of a limit whose end the server does not state.
const UNSAID_LIMIT: SignedDuration = SignedDuration::from_secs(60);

/// gh's exit code when nobody is logged in.
const NO_LOGIN: Exit = Exit::Code(4);

/// An answer that arrived whole.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ApiReply {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) body: Value,
}

/// The headers of an answer, names in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Headers(Vec<(String, String)>);

impl Headers {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns whether there is a page after this one.
    pub(super) fn has_next_page(&self) -> bool {
        self.get("link").is_some_and(|link| link.contains("rel=\"next\""))
    }
}

/// Why a call gave no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// No login, or one that is not accepted.
    LoggedOut(String),
    /// An organisation wants a single sign-on first; the address where it is done, if it was given.
    SingleSignOn(Option<String>),
    NotFound(String),
    /// The login may not do this.
    Forbidden(String),
    /// The request does not fit what is there; GitHub's words.
    Rejected {
        status: u16,
        message: String,
    },
    /// Too many requests; it may be asked again at this instant. Nothing was done.
    Limited(Timestamp),
    /// No whole answer. A write may have happened or not.
    Lost(String),
    /// gh itself cannot be run.
    NoProgram(String),
}

/// What a run of `gh api -i` gave.
#[derive(Debug, Clone, Copy)]
pub(super) struct GhOutput<'output> {
    pub(super) exit: Exit,
    pub(super) stdout: &'output [u8],
    pub(super) stderr: &'output str,
}

/// Reads what gh printed. A server that says "not modified" gave a whole answer, with an empty body.
pub(super) fn read(printed: GhOutput<'_>, now: Timestamp) -> Result<ApiReply, Fault> {
    let (status, headers, body) = answer(printed)?;
    let parsed: Option<Value> = serde_json::from_slice(body).ok();
    match (status, parsed) {
        (304, _) | (204 | 205, None) => Ok(ApiReply { status, headers, body: Value::Null }),
        // GraphQL says 200 to what it refuses.
        (200..300, Some(body)) if body.get("errors").is_some_and(|errors| !errors.is_null()) => {
            Err(graphql_refusal(&headers, &body, now))
        }
        (200..300, Some(body)) if printed.exit.is_success() => Ok(ApiReply { status, headers, body }),
        (200..300, _) => {
            Err(Fault::Lost(format!("the answer was cut off ({status}): {}", complaint(printed))))
        }
        (_, parsed) => Err(refusal(status, &headers, &message(parsed.as_ref()), now)),
    }
}

/// Reads an answer that is no JSON.
pub(super) fn read_text(printed: GhOutput<'_>, now: Timestamp) -> Result<String, Fault> {
    let (status, headers, body) = answer(printed)?;
    let text = String::from_utf8_lossy(body).into_owned();
    if (200..300).contains(&status) { Ok(text) } else { Err(refusal(status, &headers, "", now)) }
}

fn answer(printed: GhOutput<'_>) -> Result<(u16, Headers, &[u8]), Fault> {
    split(printed.stdout).ok_or_else(|| {
        let why = complaint(printed);
        if printed.exit == NO_LOGIN { Fault::LoggedOut(why) } else { Fault::Lost(why) }
    })
}

fn complaint(printed: GhOutput<'_>) -> String {
    printed.stderr.trim().lines().next().unwrap_or_default().to_owned()
}

fn graphql_refusal(headers: &Headers, body: &Value, now: Timestamp) -> Fault {
    let said = message(Some(body)).trim_start_matches(": ").to_owned();
    match body.pointer("/errors/0/type").and_then(Value::as_str) {
        Some("RATE_LIMITED" | "RATE_LIMIT") => Fault::Limited(limit(429, headers, &said, now).unwrap_or(now)),
        Some("NOT_FOUND") => Fault::NotFound(said),
        Some("FORBIDDEN" | "INSUFFICIENT_SCOPES") => Fault::Forbidden(said),
        Some(_) | None => Fault::Rejected { status: 200, message: said },
    }
}

fn refusal(status: u16, headers: &Headers, message: &str, now: Timestamp) -> Fault {
    let said = if message.is_empty() { format!("HTTP {status}") } else { message.to_owned() };
    match status {
        401 => Fault::LoggedOut(said),
        403 | 429 if let Some(until) = limit(status, headers, message, now) => Fault::Limited(until),
        403 if let Some(sso) = headers.get("x-github-sso") => {
            Fault::SingleSignOn(sso.split_once("url=").map(|(_, url)| url.to_owned()))
        }
        403 | 451 => Fault::Forbidden(said),
        404 | 410 => Fault::NotFound(said),
        408 | 500.. => Fault::Lost(said),
        _ => Fault::Rejected { status, message: said },
    }
}

/// Returns when a limit ends, if the answer is one.
fn limit(status: u16, headers: &Headers, message: &str, now: Timestamp) -> Option<Timestamp> {
    let number = |name| headers.get(name).and_then(|value| value.parse::<i64>().ok());
    let later = |span| now.checked_add(span).unwrap_or(now);
    if let Some(seconds) = number("retry-after") {
        return Some(later(SignedDuration::from_secs(seconds)));
    }
    if number("x-ratelimit-remaining") == Some(0) {
        let reset = number("x-ratelimit-reset").and_then(|second| Timestamp::from_second(second).ok());
        return Some(reset.unwrap_or_else(|| later(UNSAID_LIMIT)));
    }
    let is_limit = status == 429 || message.to_ascii_lowercase().contains("rate limit");
    is_limit.then(|| later(UNSAID_LIMIT))
}

/// Returns GitHub's message, with the details of a rejected request.
fn message(body: Option<&Value>) -> String {
    let Some(body) = body else { return String::new() };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let main = body.get("message").and_then(text).unwrap_or_default();
    let errors = body.get("errors").and_then(Value::as_array).into_iter().flatten();
    let details: Vec<String> =
        errors.filter_map(|error| text(error).or_else(|| error.get("message").and_then(text))).collect();
    if details.is_empty() { main } else { format!("{main}: {}", details.join("; ")) }
}

/// Splits what was printed into status, headers and body. Header lines end in CRLF, the status line in LF alone.
fn split(stdout: &[u8]) -> Option<(u16, Headers, &[u8])> {
    let end = stdout.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, body) = stdout.split_at_checked(end)?;
    let head = std::str::from_utf8(head).ok()?;
    let mut lines = head.lines();
    let status = lines.next()?.strip_prefix("HTTP/")?.split(' ').nth(1)?.parse().ok()?;
    let header = |line: &str| {
        line.split_once(':').map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    Some((status, Headers(lines.filter_map(header).collect()), body.get(4..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_000).unwrap()
    }

    fn fault(status: u16, headers: &str, body: &str) -> Fault {
        let stdout = format!("HTTP/2.0 {status} X\nContent-Type: application/json\r\n{headers}\r\n{body}");
        let printed = GhOutput { exit: Exit::Code(1), stdout: stdout.as_bytes(), stderr: "gh: X" };
        read(printed, now()).unwrap_err()
    }

    #[test]
    fn refusals_are_told_apart() {
        let said = |text: &str| format!(r#"{{"message": "{text}"}}"#);
        let limited = |second| Fault::Limited(Timestamp::from_second(second).unwrap());
        for (status, headers, body, expected) in [
            (401, "", said("Bad credentials"), Fault::LoggedOut("Bad credentials".into())),
            (403, "", said("Must have push access"), Fault::Forbidden("Must have push access".into())),
            (
                403,
                "X-Ratelimit-Remaining: 0\r\nX-Ratelimit-Reset: 4600\r\n",
                said("API rate limit exceeded"),
                limited(4600),
            ),
            (403, "Retry-After: 30\r\n", said("secondary"), limited(1030)),
            (429, "", said("slow down"), limited(1060)),
            (403, "", said("You have exceeded a secondary rate limit"), limited(1060)),
            (
                403,
                "X-Github-Sso: required; url=https://github.com/orgs/o/sso?x=1\r\n",
                said("protected by SAML"),
                Fault::SingleSignOn(Some("https://github.com/orgs/o/sso?x=1".into())),
            ),
            (404, "", said("Not Found"), Fault::NotFound("Not Found".into())),
            (
                422,
                "",
                r#"{"message": "Validation Failed", "errors": [{"message": "No commits between a and b"}]}"#
                    .into(),
                Fault::Rejected {
                    status: 422,
                    message: "Validation Failed: No commits between a and b".into(),
                },
            ),
            (502, "", "<html>".into(), Fault::Lost("HTTP 502".into())),
        ] {
            assert_eq!(fault(status, headers, &body), expected, "{status} {body}");
        }
    }

    #[test]
    fn whole_answers_are_read() {
        let stdout =
            b"HTTP/1.1 200 OK\nEtag: W/\"a\"\r\nLink: <https://x?page=2>; rel=\"next\"\r\n\r\n{\"a\": 1}";
        let reply = read(GhOutput { exit: Exit::Code(0), stdout, stderr: "" }, now()).unwrap();
        assert_eq!(
            (reply.status, reply.body["a"].as_u64(), reply.headers.get("etag")),
            (200, Some(1), Some("W/\"a\""))
        );
        assert!(reply.headers.has_next_page());
        let torn =
            GhOutput { exit: Exit::Code(1), stdout: &stdout[..stdout.len() - 3], stderr: "unexpected EOF" };
        assert_eq!(
            read(torn, now()),
            Err(Fault::Lost("the answer was cut off (200): unexpected EOF".into()))
        );
        let unchanged = GhOutput {
            exit: Exit::Code(1),
            stdout: b"HTTP/1.1 304 Not Modified\nA: b\r\n\r\n",
            stderr: "gh: HTTP 304",
        };
        assert_eq!(read(unchanged, now()).unwrap().status, 304);
    }

    #[test]
    fn missing_answers_are_told_apart() {
        let none =
            |code, stderr| read(GhOutput { exit: Exit::Code(code), stdout: b"", stderr }, now()).unwrap_err();
        assert_eq!(
            none(4, "To get started with GitHub CLI, please run:  gh auth login\n"),
            Fault::LoggedOut("To get started with GitHub CLI, please run:  gh auth login".into())
        );
        assert_eq!(none(1, "Get \"https://x\": EOF"), Fault::Lost("Get \"https://x\": EOF".into()));
    }
}
