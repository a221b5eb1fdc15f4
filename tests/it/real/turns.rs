//! Tests of turns of each real program against our model server: one with a text, and one with a tool that changes a file.

use super::child::{Ended, run};
use super::home::Home;
use super::program::Program;
use crate::model::{Answer, Scenario, Server, ToolCall};

/// Returns the arguments that make a program work once, without confirmations, with its prompt on stdin.
pub(super) fn words(program: Program) -> &'static [&'static str] {
    match program {
        Program::Claude => &["-p", "--output-format", "json", "--permission-mode", "acceptEdits"],
        Program::Codex => &["exec", "--json", "--sandbox", "workspace-write", "-"],
        Program::Gemini => &["--output-format", "stream-json", "--skip-trust", "--approval-mode", "yolo"],
        Program::OpenCode => &["run", "--format", "json"],
    }
}

/// Runs one turn with this answer of the model.
fn turn(program: Program, scenario: impl Into<Scenario>) -> (Ended, Home, Server) {
    let path = program.path();
    let server = Server::start();
    server.plays("turn", scenario);
    let home = Home::new().with(program, &server.url("turn")).repository();
    let ended = run(home.command(&path).args(words(program)), "Please do the work.");
    let (stdout, stderr) = (&ended.stdout, &ended.stderr);
    assert_eq!(ended.exit, Some(0), "{stdout}\n{stderr}\n{:?}", server.seen("turn"));
    let strange = server.strange("turn");
    assert!(strange.is_empty(), "{strange:?}");
    (ended, home, server)
}

fn says_text(program: Program) {
    let (ended, _, server) = turn(program, Answer::text("A heron stands in the reeds."));
    assert!(ended.stdout.contains("A heron stands in the reeds."), "{}", ended.stdout);
    let seen = server.seen("turn");
    assert_eq!(seen.len(), 1, "one request is enough: {seen:?}");
    assert!(seen[0].prompt.contains("Please do the work."), "{seen:?}");
    assert!(!seen[0].tools.is_empty(), "a model has hands: {seen:?}");
}

fn changes_a_file(program: Program) {
    let answer = Answer::Tools(
        vec![
            ToolCall::Write {
                path: "heron.txt".to_owned(),
                text: "it's in the reeds
"
                .to_owned(),
            },
            ToolCall::Shell("cp heron.txt egret.txt".to_owned()),
        ],
        Box::new(Answer::text("The heron is written.")),
    );
    let (ended, home, server) = turn(program, Scenario::script([answer]));
    assert_eq!(home.read("heron.txt"), "it's in the reeds\n", "{}\n{:?}", ended.stdout, server.seen("turn"));
    assert_eq!(home.read("egret.txt"), "it's in the reeds\n", "{}", ended.stdout);
    assert!(ended.stdout.contains("The heron is written."), "{}", ended.stdout);
    let results: Vec<usize> = server.seen("turn").iter().map(|seen| seen.results.len()).collect();
    assert_eq!(results, [0, 1, 2], "the model was told how the tools ended");
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn claude_says_text() {
    says_text(Program::Claude);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn codex_says_text() {
    says_text(Program::Codex);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn gemini_says_text() {
    says_text(Program::Gemini);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn opencode_says_text() {
    says_text(Program::OpenCode);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn claude_changes_a_file() {
    changes_a_file(Program::Claude);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn codex_changes_a_file() {
    changes_a_file(Program::Codex);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn gemini_changes_a_file() {
    changes_a_file(Program::Gemini);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn opencode_changes_a_file() {
    changes_a_file(Program::OpenCode);
}
