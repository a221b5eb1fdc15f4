//! A whole run, killed at each of its writes, before the write and after it: nothing is lost or done twice.

use super::stage::{Stage, gh, loop_words};
use crate::github_model::{Moment, Role};

/// The result of a run.
#[derive(Debug, PartialEq, Eq)]
struct End {
    records: usize,
    pull_requests: usize,
    open: usize,
    text: String,
}

fn end(stage: &Stage) -> End {
    let bare = stage.github.bare();
    let text = stage.git(&["--git-dir", bare.to_str().unwrap(), "show", "main:notes.txt"]);
    let model = stage.github.state();
    let mut records: Vec<&str> =
        model.comments.iter().filter_map(|one| one.body.trim_end().lines().next_back()).collect();
    let written = records.len();
    records.sort_unstable();
    records.dedup();
    assert_eq!(records.len(), written, "each record is published once");
    let pull_requests = model.filed.values().filter(|filed| filed.pull.is_some()).count();
    let open = model.filed.values().filter(|filed| filed.is_open).count();
    End { records: written, pull_requests, open, text }
}

fn stage() -> (Stage, String) {
    let stage = Stage::new();
    // The first change leaves something to do, so that there are two rounds.
    let agent = include_str!("../../../fixtures/agents/todo-agent.sh")
        .replace("implementation)\n  do_all", "implementation)\n  sed -i 's/one/first/' notes.txt");
    stage.agent("todo.sh", &agent);
    std::fs::create_dir_all(stage.root().join(".config/agent-loop")).unwrap();
    let settings = stage.root().join(".config/agent-loop/config.toml");
    std::fs::write(settings, "[gates.ci]\nstart_seconds = 0\n").unwrap();
    let bob = stage.github.state().person("bob", Role::Write);
    let issue = stage.github.state().file(bob, ("Do it", "Do what is marked."), None).to_string();
    (stage, issue)
}

#[test]
#[ignore = "needs gh"]
fn a_run_survives_every_kill() {
    let gh = gh();
    let (whole, issue) = stage();
    let words = loop_words(&["issue", &issue, "--auto-merge"], &gh);
    let ended = whole.run(&words);
    assert_eq!(ended.json()["status"], "merged", "{}\n{}", ended.stdout, ended.stderr);
    let expected = end(&whole);
    assert_eq!((expected.open, expected.text.as_str()), (0, "first DONE"));

    let (stage, _) = stage();
    let mut kills = 0;
    for moment in [Moment::Before, Moment::After].into_iter().cycle() {
        if !stage.run_killed(&words, moment) {
            break;
        }
        kills += 1;
        assert!(kills < 60, "the run never ends");
    }
    assert!(kills >= 20, "only {kills} kills");
    let ended = stage.run(&words);
    assert_eq!(ended.json()["status"], "merged", "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(end(&stage), expected, "after {kills} kills");
}
