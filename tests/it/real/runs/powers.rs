//! Tests of the permissions of real agents in a run: coders edit files and run commands, reviewers only read.

use super::super::home::Login;
use super::super::program::Program;
use super::answers::{implemented, reviewed};
use super::stage::{Stage, Told};
use crate::model::{Answer, Scenario, ToolCall};

/// Runs a review whose model writes into its clone and into a folder next to it.
fn reviewer_writes(program: Program, more: &[&str]) -> (Stage, Told) {
    let stage = Stage::with_pull_request(&[program], Login::ApiKey);
    let beside = stage.home.beside().join("egret.txt").display().to_string();
    let calls = vec![
        ToolCall::Shell("cat herons.txt".to_owned()),
        ToolCall::Write { path: "egret.txt".to_owned(), text: "an egret\n".to_owned() },
        ToolCall::Shell("echo an egret > notes.txt".to_owned()),
        ToolCall::Shell(format!("echo an egret > {beside}")),
    ];
    stage.plays(program, Answer::Tools(calls, Box::new(reviewed(&[], &[]))));
    let words = ["pr", "1", "--coder", program.name(), "--reviewer", program.name()];
    let told = stage.run(&[&words, more].concat());
    let results = stage.seen(program).last().unwrap().results.clone();
    assert!(
        results.len() >= 4 && results[0].contains("one heron"),
        "it may read, and tried the rest: {results:?}"
    );
    (stage, told)
}

fn a_reviewer_reads_and_writes_nothing(program: Program) {
    let (stage, told) = reviewer_writes(program, &[]);
    told.assert(0, "approved");
    assert!(!stage.home.beside().join("egret.txt").exists());
    assert_eq!(stage.git(&["status", "--porcelain"]), "");
}

/// Checks that a reviewer with all permissions can write anywhere, and that a change to the reviewed files still voids its vote.
fn with_all_powers_a_reviewer_writes(program: Program) {
    let (stage, told) = reviewer_writes(program, &["--dangerous-agent-permissions"]);
    assert!(
        stage.home.beside().join("egret.txt").exists(),
        "{:?}",
        stage.seen(program).last().unwrap().results
    );
    told.assert(1, "failed");
    assert_eq!(told.failed(), ["tampered"], "{}", told.outcome);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn claude_reviews_and_writes_nothing() {
    a_reviewer_reads_and_writes_nothing(Program::Claude);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn codex_reviews_and_writes_nothing() {
    a_reviewer_reads_and_writes_nothing(Program::Codex);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn claude_has_all_powers() {
    with_all_powers_a_reviewer_writes(Program::Claude);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn codex_has_all_powers() {
    with_all_powers_a_reviewer_writes(Program::Codex);
}

/// Checks that a reviewer has no tools for writing or running commands.
fn a_reviewer_has_only_eyes(program: Program, eyes: &[&str]) {
    let stage = Stage::with_pull_request(&[program], Login::ApiKey);
    stage.plays(program, reviewed(&[], &[]));
    let told = stage.run(&["pr", "1", "--coder", program.name(), "--reviewer", program.name()]);
    told.assert(0, "approved");
    let [seen] = stage.seen(program).try_into().unwrap_or_else(|seen| panic!("{seen:?}"));
    let mut offered = seen.tools.clone();
    offered.sort();
    assert_eq!(offered, eyes);
    assert!(told.outcome["usage"]["input_tokens"].as_u64() >= Some(100), "{}", told.outcome);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn gemini_reviews_and_writes_nothing() {
    a_reviewer_has_only_eyes(Program::Gemini, &["glob", "grep_search", "list_directory", "read_file"]);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn opencode_reviews_and_writes_nothing() {
    a_reviewer_has_only_eyes(Program::OpenCode, &["glob", "grep", "read"]);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn gemini_has_all_powers() {
    with_all_powers_a_reviewer_writes(Program::Gemini);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn opencode_has_all_powers() {
    with_all_powers_a_reviewer_writes(Program::OpenCode);
}

/// Checks that a coder edits files and runs commands, and that its program prevents a push with the message `refusal`.
fn a_coder_works_and_does_not_push(program: Program, refusal: &str) {
    let stage = Stage::new(&[program]);
    let calls = vec![
        ToolCall::Write { path: "egret.txt".to_owned(), text: "an egret\n".to_owned() },
        ToolCall::Shell("cp egret.txt notes.txt".to_owned()),
        ToolCall::Shell("git push origin HEAD".to_owned()),
    ];
    let answers = [Answer::Tools(calls, Box::new(implemented())), reviewed(&[], &[])];
    stage.plays(program, Scenario::script(answers));
    let told = stage.run(&["task", "Note an egret", "--coder", program.name(), "--reviewer", program.name()]);
    told.assert(0, "approved");
    let head = told.outcome["head"].as_str().unwrap();
    for file in ["egret.txt", "notes.txt"] {
        assert_eq!(stage.git(&["show", &format!("{head}:{file}")]), "an egret");
    }
    let results: Vec<String> = stage.seen(program).into_iter().flat_map(|seen| seen.results).collect();
    assert!(results.iter().any(|result| result.contains(refusal)), "{refusal} is not in {results:?}");
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn claude_codes_and_does_not_push() {
    a_coder_works_and_does_not_push(Program::Claude, "has been denied");
}

/// Codex does not forbid the command; there is no remote, no login and no network.
#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn codex_codes_and_does_not_push() {
    a_coder_works_and_does_not_push(Program::Codex, "does not appear to be a git repository");
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn gemini_codes_and_does_not_push() {
    a_coder_works_and_does_not_push(Program::Gemini, "denied");
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn opencode_codes_and_does_not_push() {
    a_coder_works_and_does_not_push(Program::OpenCode, "prevents you");
}
