//! Tests of the model server without an agent program: answers in each dialect, the order of a script, unknown paths.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::{Answer, Scenario, Server, ToolCall};

/// The path, the request and the location of the answer's text in each dialect.
fn dialects() -> [(&'static str, Value, &'static str); 4] {
    let user = json!({"role": "user", "content": "Hello."});
    [
        ("v1/messages", json!({"model": "m", "messages": [user]}), "/content/0/text"),
        (
            "v1/responses",
            json!({"model": "m", "input": [{"type": "message", "role": "user", "content": "Hello."}]}),
            "/output/0/content/0/text",
        ),
        (
            "v1beta/models/m:generateContent",
            json!({"contents": [{"role": "user", "parts": [{"text": "Hello."}]}]}),
            "/candidates/0/content/parts/0/text",
        ),
        ("v1/chat/completions", json!({"model": "m", "messages": [user]}), "/choices/0/message/content"),
    ]
}

/// Sends a request and returns status and body.
fn ask(url: &str, body: &Value) -> (u16, Value) {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let body = body.to_string();
    let mut stream = TcpStream::connect(host).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or_else(|_| Value::from(body)))
}

#[test]
fn an_answer_fits_its_dialect() {
    let server = Server::start();
    server.plays("heron", Answer::text("A heron."));
    for (path, body, place) in dialects() {
        let (status, answer) = ask(&format!("{}/{path}", server.url("heron")), &body);
        assert_eq!(
            (status, answer.pointer(place).and_then(Value::as_str)),
            (200, Some("A heron.")),
            "{answer}"
        );
    }
    let seen = server.seen("heron");
    assert_eq!(seen.len(), 4);
    assert!(
        seen.iter().all(|seen| seen.prompt == "Hello." && seen.model == "m" && !seen.streamed),
        "{seen:?}"
    );
}

#[test]
fn a_script_answers_turn_by_turn() {
    let server = Server::start();
    let calls = vec![ToolCall::Shell("true".to_owned())];
    server.plays(
        "heron",
        Scenario::script([Answer::Tools(calls, Box::new(Answer::text("One."))), Answer::text("Two.")]),
    );
    let url = format!("{}/v1/messages", server.url("heron"));
    let tools = json!([{"name": "Bash"}]);
    let hello = json!({"role": "user", "content": "Hello."});
    let (_, first) = ask(&url, &json!({"tools": tools, "messages": [hello]}));
    assert_eq!(first["content"][0]["input"]["command"], "true", "{first}");
    let result = json!({"role": "user", "content": [{"type": "tool_result", "content": "done"}]});
    let (_, goes_on) = ask(&url, &json!({"tools": tools, "messages": [hello, result]}));
    assert_eq!(goes_on["content"][0]["text"], "One.", "{goes_on}");
    let more = json!({"role": "user", "content": "And?"});
    let (_, second) = ask(&url, &json!({"tools": tools, "messages": [hello, result, more]}));
    assert_eq!(second["content"][0]["text"], "Two.", "{second}");
    let (status, _) = ask(&url, &json!({"tools": tools, "messages": [hello]}));
    assert_eq!(status, 410, "the script is at its end");
    assert_eq!(server.seen("heron")[1].results, ["done"]);
}

#[test]
fn strange_requests_are_recorded() {
    let server = Server::start();
    server.plays("heron", Answer::text("A heron."));
    assert_eq!(ask(&format!("{}/v1/messages", server.url("egret")), &json!({})).0, 404);
    assert_eq!(ask(&format!("{}/v1/embeddings", server.url("heron")), &json!({})).0, 404);
    assert_eq!(server.strange("heron"), ["POST /v1/embeddings: {}"]);
}
