//! Tests of real programs: sessions across turns, structured answers, and the login that is used.

use serde_json::{Value, json};

use super::child::run;
use super::home::{Home, Login};
use super::program::Program;
use crate::model::{Answer, Scenario, Server};

/// Repeats the whole conversation.
fn parrot() -> Scenario {
    Scenario::thinks(|seen| Answer::text(&format!("I was told: {}", seen.said.join(" | "))))
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn claude_resumes_a_session() {
    let path = Program::Claude.path();
    let server = Server::start();
    server.plays("turn", parrot());
    let home = Home::new().with(Program::Claude, &server.url("turn")).repository();
    let words = ["-p", "--output-format", "json"];
    let first: Value =
        serde_json::from_str(&run(home.command(&path).args(words), "One heron.").stdout).unwrap();
    let session = first["session_id"].as_str().unwrap();
    let ended = run(home.command(&path).args(words).args(["--resume", session]), "Two herons.");
    let second: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(second["session_id"], session);
    let told = second["result"].as_str().unwrap();
    assert!(told.contains("One heron.") && told.contains("Two herons."), "{told}");
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn codex_resumes_a_thread() {
    let path = Program::Codex.path();
    let server = Server::start();
    server.plays("turn", parrot());
    let home = Home::new().with(Program::Codex, &server.url("turn")).repository();
    let ended = run(home.command(&path).args(["exec", "--json", "-"]), "One heron.");
    let first: Value = serde_json::from_str(ended.stdout.lines().next().unwrap()).unwrap();
    let thread = first["thread_id"].as_str().unwrap();
    let ended = run(home.command(&path).args(["exec", "--json", "resume", thread, "-"]), "Two herons.");
    assert!(ended.stdout.contains(thread), "{}\n{}", ended.stdout, ended.stderr);
    let seen = server.seen("turn");
    let told = seen.last().unwrap().said.join(" | ");
    assert!(told.contains("One heron.") && told.contains("Two herons."), "{told}");
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn claude_answers_in_the_schema() {
    let path = Program::Claude.path();
    let server = Server::start();
    server.plays("turn", Answer::Structured(json!({"herons": 2})));
    let home = Home::new().with(Program::Claude, &server.url("turn")).repository();
    let schema = r#"{"type":"object","properties":{"herons":{"type":"integer"}},"required":["herons"]}"#;
    let words = ["-p", "--output-format", "json", "--json-schema", schema];
    let ended = run(home.command(&path).args(words), "How many herons?");
    let result: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(result["structured_output"], json!({"herons": 2}), "{result}");
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn codex_never_checks_the_schema() {
    let path = Program::Codex.path();
    let server = Server::start();
    server.plays("turn", Answer::Structured(json!({"egrets": "many"})));
    let home = Home::new().with(Program::Codex, &server.url("turn")).repository();
    let schema = r#"{"type":"object","properties":{"herons":{"type":"integer"}},"required":["herons"],"additionalProperties":false}"#;
    std::fs::write(home.work().join("schema.json"), schema).unwrap();
    let words = ["exec", "--json", "--output-schema", "schema.json", "-o", "last.json", "-"];
    let ended = run(home.command(&path).args(words), "How many herons?");
    assert_eq!(ended.exit, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    let answer: Value = serde_json::from_str(&home.read("last.json")).unwrap();
    assert_eq!(answer, json!({"egrets": "many"}), "an answer in another form is handed on");
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn claude_uses_the_environments_login() {
    let path = Program::Claude.path();
    for (login, header) in [(Login::ApiKey, "x-api-key"), (Login::Subscription, "authorization")] {
        let server = Server::start();
        server.plays("turn", Answer::text("Yes."));
        let home = Home::new().claude(&server.url("turn"), login).repository();
        run(home.command(&path).args(["-p", "--model", "opus"]), "Are you there?");
        let seen = server.seen("turn");
        assert_eq!(seen.len(), 1, "{seen:?}");
        let credential = seen[0].headers.get(header).unwrap().to_str().unwrap();
        assert!(credential.contains("key-of-no-account"), "{seen:?}");
        assert!(seen[0].path.ends_with("/v1/messages") && seen[0].model.contains("opus"), "{seen:?}");
    }
}
