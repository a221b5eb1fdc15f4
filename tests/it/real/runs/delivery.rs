//! Tests of runs from a task, or from a pull request with findings, to an approval, with real agents in both roles.

use std::fs;

use serde_json::Value;

use super::super::home::Login;
use super::super::program::Program;
use super::answers::{followed_up, implemented, items, kind, reviewed, runs, writes};
use super::stage::Stage;
use crate::model::{Answer, Scenario, Seen};

/// Checks a coder that uses a tool, and a reviewer that approves.
fn a_task_is_done_and_approved(coder: Program, reviewer: Program) {
    let stage = Stage::new(&[coder, reviewer]);
    stage.plays(coder, writes("herons.txt", "two herons\n", implemented()));
    stage.plays(reviewer, reviewed(&[], &[]));
    let told =
        stage.run(&["task", "Count the herons", "--coder", coder.name(), "--reviewer", reviewer.name()]);
    told.assert(0, "approved");
    assert_eq!(told.named("warning").collect::<Vec<_>>(), Vec::<&Value>::new());
    assert_eq!(told.asked(), [coder.name(), reviewer.name()]);
    let head = told.outcome["head"].as_str().unwrap();
    assert_eq!(stage.git(&["show", &format!("{head}:herons.txt")]), "two herons");
    assert_eq!(stage.git(&["status", "--porcelain"]), "", "the checkout is left alone");
    // There are two requests of the coder and one of the reviewer, each with 100 input and 20 output tokens.
    let usage = &told.outcome["usage"];
    let spent = ["calls", "input_tokens", "output_tokens"].map(|name| usage[name].as_u64());
    assert_eq!((spent, &usage["precision"]), ([2, 300, 60].map(Some), &"exact".into()), "{usage}");

    let [seen] = stage.seen(reviewer).try_into().unwrap_or_else(|seen| panic!("{seen:?}"));
    assert!(seen.prompt.contains("+two herons"), "the reviewer is shown the change: {}", seen.prompt);
    let approves = format!("**{}** ✓ approves", reviewer.name());
    let vote = stage.comments().into_iter().find(|body| body.starts_with(&approves)).unwrap();
    let signed = format!("<sub>{} · ", seen.model);
    assert!(vote.contains(&signed), "{signed} is not in {vote}");
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn claude_codes_and_codex_approves() {
    a_task_is_done_and_approved(Program::Claude, Program::Codex);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn codex_codes_and_claude_approves() {
    a_task_is_done_and_approved(Program::Codex, Program::Claude);
}

/// Returns a reviewer with one finding for each state of the file, until the file lists two herons.
fn strict(seen: &Seen) -> Answer {
    let known = items(seen);
    if seen.prompt.contains("+two herons in the reeds") {
        reviewed(&known, &[])
    } else if seen.prompt.contains("+two herons") {
        reviewed(&known, &["Say where they stand."])
    } else {
        reviewed(&known, &["There were two."])
    }
}

/// Returns the turns that had the prompt of an earlier turn in their conversation.
fn remembered(seen: &[Seen]) -> Vec<bool> {
    let begun = seen.iter().filter(|seen| seen.results.is_empty());
    begun.map(|seen| seen.said.iter().filter(|said| said.contains("## Your answer")).count() > 1).collect()
}

/// Returns a coder that fixes one finding per turn.
fn diligent() -> Scenario {
    let mut texts = ["two herons in the reeds", "two herons"].map(str::to_owned).to_vec();
    Scenario::thinks(move |seen| {
        assert_eq!(kind(seen), "coder_followup");
        runs(&format!("echo {} > herons.txt", texts.pop().unwrap()), followed_up(&items(seen)))
    })
}

/// Findings are fixed round by round, and each review starts a new session.
#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn only_the_coder_remembers_its_rounds() {
    let (claude, codex) = (Program::Claude, Program::Codex);
    let stage = Stage::with_pull_request(&[claude, codex], Login::ApiKey);
    stage.plays(codex, Scenario::thinks(strict));
    stage.plays(claude, diligent());
    let told = stage.run(&["pr", "1", "--coder", "claude", "--reviewer", "codex"]);
    told.assert(0, "approved");
    assert_eq!(told.outcome["rounds"], 3);
    assert_eq!(told.outcome["items"]["resolved"], 2);
    assert_eq!(told.asked(), ["codex", "claude", "codex", "claude", "codex"]);
    assert_eq!(stage.git(&["show", "feature:herons.txt"]), "two herons in the reeds");
    assert_eq!(remembered(&stage.seen(claude)), [false, true], "the coder's session is gone on with");
    assert_eq!(remembered(&stage.seen(codex)), [false, false, false], "each review is a fresh look");
    let usage = &told.outcome["usage"];
    assert_eq!((&usage["calls"], &usage["precision"]), (&5.into(), &"exact".into()), "{usage}");
    let comments = stage.comments();
    let pushed = comments.iter().filter(|body| body.starts_with("**claude** pushed"));
    assert_eq!(pushed.filter(|body| body.contains("<sub>claude-")).count(), 2, "{comments:?}");
}

/// The sessions of a program are lost before the second turn of the coder.
fn a_lost_session_is_replaced(coder: Program, reviewer: Program, sessions: &str) {
    let stage = Stage::with_pull_request(&[coder, reviewer], Login::ApiKey);
    stage.plays(coder, diligent());
    let sessions = stage.home.home().join(sessions);
    stage.plays(
        reviewer,
        Scenario::thinks(move |seen| {
            if seen.prompt.contains("This is round 2 ") {
                fs::remove_dir_all(&sessions).unwrap();
            }
            strict(seen)
        }),
    );
    let told = stage.run(&["pr", "1", "--coder", coder.name(), "--reviewer", reviewer.name()]);
    told.assert(0, "approved");
    assert_eq!(told.failed(), ["session_lost"]);
    assert_eq!(told.asked().into_iter().filter(|label| *label == coder.name()).count(), 3);
    assert_eq!(remembered(&stage.seen(coder)), [false, false]);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn claude_replaces_a_lost_session() {
    a_lost_session_is_replaced(Program::Claude, Program::Codex, ".claude/projects");
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn codex_replaces_a_lost_session() {
    a_lost_session_is_replaced(Program::Codex, Program::Claude, ".codex/sessions");
}
