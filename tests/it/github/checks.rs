//! The checks of a commit: check runs with the logs of failed jobs, and what waiting for them costs.

use agent_loop::domain::ids::CommitSha;
use agent_loop::domain::pull_request::{Check, CheckState};
use agent_loop::ports::forge::Forge;

use super::stage::{Stage, gh, loop_words};
use crate::github_model::{CheckRow, Ci, Fault, FaultKind, Pull, Role};

fn row(commit: &CommitSha, name: &str, state: &str, log: Option<&str>) -> CheckRow {
    let (commit, name, state) = (commit.to_string(), name.to_owned(), state.to_owned());
    CheckRow { commit, name, state, log: log.map(str::to_owned) }
}

#[tokio::test]
#[ignore = "needs gh"]
async fn failed_jobs_show_their_logs() {
    let stage = Stage::new();
    let head: CommitSha = stage.branch("feature", "one\n").parse().unwrap();
    let log =
        "2026-01-01T00:00:00.0000000Z test a failed\n2026-01-01T00:00:00.0000000Z ##[error]exit code 1\n";
    stage.github.state().checks.extend([
        row(&head, "build", "failure", Some(log)),
        row(&head, "scan", "timed_out", None),
        row(&head, "deploy", "cancelled", None),
        row(&head, "lint", "skipped", None),
    ]);
    let forge = stage.forge().await.unwrap();
    let board = forge.checks(&head).await.unwrap();
    let shown = |check: &Check| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        (check.name.clone(), check.state, text(&check.conclusion), text(&check.excerpt))
    };
    let expected = [
        ("build", CheckState::Failure, "", "test a failed\n##[error]exit code 1"),
        ("scan", CheckState::Failure, "timed_out", "What it found"),
        ("deploy", CheckState::Pending, "cancelled", ""),
        ("lint", CheckState::Success, "skipped", ""),
    ];
    let expected =
        expected.map(|(name, state, word, text)| (name.to_owned(), state, word.to_owned(), text.to_owned()));
    assert_eq!(board.checks.iter().map(shown).collect::<Vec<_>>(), expected);
    assert!(board.checks[0].url.as_ref().is_some_and(|url| url.ends_with("/octo/r/runs/9000")));
    stage.github.calls();
    assert_eq!(forge.checks(&head).await.unwrap(), board);
    assert_eq!(
        stage.github.calls().len(),
        1,
        "a log is read once, and statuses only when all runs have ended"
    );
    let forbidden = Fault { method: "GET", path: "/check-runs", kind: FaultKind::SingleSignOn, times: 1 };
    stage.github.state().faults.push(forbidden);
    assert!(forge.checks(&head).await.is_err(), "no answer is not an empty board");
}

/// A person's pull request into `main`; a CI that fails while a file has this word.
fn stage_with_ci(text: &str, ci: Ci) -> (Stage, String) {
    let stage = Stage::new();
    let last_head = stage.branch("feature", text);
    let (head, base) = ("feature".to_owned(), "main".to_owned());
    let pull = Pull { head, base, last_head, is_draft: false, fork: None, merge: None };
    let number = {
        let mut model = stage.github.state();
        model.ci = Some(ci);
        let bob = model.person("bob", Role::Write);
        model.file(bob, ("Did it", "Nearly."), Some(pull)).to_string()
    };
    (stage, number)
}

const WAITS: [&str; 3] = ["--auto-merge", "--ci-poll-interval-seconds", "1"];

#[test]
#[ignore = "needs gh"]
fn red_checks_are_fixed_and_merged() {
    let (stage, number) = stage_with_ci("a BROKEN one\n", Ci { fails_on: "BROKEN", polls: 3 });
    let fixing = include_str!("../../../fixtures/agents/todo-agent.sh")
        .replace("coder_followup)\n  do_all", "coder_followup)\n  sed -i 's/BROKEN/WHOLE/' notes.txt");
    stage.agent("todo.sh", &fixing);
    let gh = gh();
    let ended = stage.run(&loop_words(&[&["pr", &number][..], &WAITS].concat(), &gh));
    assert_eq!(ended.json()["status"], "merged", "{}\n{}", ended.stdout, ended.stderr);
    let model = stage.github.state();
    let told: String = model.comments.iter().map(|comment| comment.body.clone()).collect();
    assert!(told.contains("The check build failed: https://localhost/octo/r/runs/"), "{told}");
    assert!(told.contains("found BROKEN"), "{told}");
    let polls = model.calls.iter().filter(|call| call.path.contains("/check-runs")).count();
    let statuses =
        model.calls.iter().filter(|call| call.path.ends_with("/status?per_page=100&page=1")).count();
    assert!(polls > 6 && statuses < polls, "{polls} reads of runs, {statuses} of statuses");
}

#[test]
#[ignore = "needs gh"]
fn unfinished_checks_leave_the_run_open() {
    let (stage, number) = stage_with_ci("one DONE\n", Ci { fails_on: "BROKEN", polls: 1000 });
    let gh = gh();
    for (words, exit, said) in [
        (&[][..], 5, "no result yet from build"),
        (&["--auto-merge", "--ci-timeout-seconds", "1"], 5, "no result yet from build"),
        (&["--ci-check-name", "other"], 5, "no result yet from other (not reported)"),
    ] {
        let ended = stage.run(&loop_words(&[&["pr", &number][..], words].concat(), &gh));
        let outcome = ended.json();
        assert_eq!(
            (ended.exit, outcome["status"].as_str()),
            (Some(exit), Some("approved-ci-pending")),
            "{outcome}"
        );
        assert!(outcome["message"].as_str().unwrap().contains(said), "{outcome}");
    }
    let explained = stage.run(&["gates", &format!("pr/{number}"), "--json", "--gh-cmd", &gh]);
    assert_eq!(explained.exit, Some(5), "{}{}", explained.stdout, explained.stderr);
    assert!(explained.stdout.contains("no result yet from"), "{}", explained.stdout);
}
