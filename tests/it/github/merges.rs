//! `--auto-merge` on GitHub: conflicts, ways to merge, the rules of a branch, and the merge queue.

use serde_json::{Value, json};

use super::stage::{Ended, Stage, gh, loop_words};
use crate::github_model::{Pull, Role};

const TODO_AGENT: &str = include_str!("../../../fixtures/agents/todo-agent.sh");

/// A person's pull request from `feature` with this text.
fn pull_request(stage: &Stage, text: &str) -> String {
    let last_head = stage.branch("feature", text);
    let (head, base) = ("feature".to_owned(), "main".to_owned());
    let pull = Pull { head, base, last_head, is_draft: false, fork: None, merge: None };
    let mut model = stage.github.state();
    let bob = model.person("bob", Role::Write);
    model.file(bob, ("Did it", ""), Some(pull)).to_string()
}

/// Changes a file on `main`.
fn advance_main(stage: &Stage, file: &str, text: &str) -> String {
    std::fs::write(stage.repository().join(file), text).unwrap();
    stage.git(&["add", "--all"]);
    stage.git(&["commit", "--quiet", "--message", "main goes on"]);
    stage.git(&["push", "--quiet", stage.github.bare().to_str().unwrap(), "main"]);
    stage.git(&["rev-parse", "main"])
}

fn merge(stage: &Stage, number: &str) -> Ended {
    let gh = gh();
    // No check starts by itself here.
    let words =
        ["pr", number, "--auto-merge", "--ci-poll-interval-seconds", "1", "--ci-timeout-seconds", "8"];
    std::fs::create_dir_all(stage.root().join(".config/agent-loop")).unwrap();
    let settings = stage.root().join(".config/agent-loop/config.toml");
    std::fs::write(settings, "[gates.ci]\nstart_seconds = 0\n").unwrap();
    stage.run(&loop_words(&words, &gh))
}

fn tip(stage: &Stage, branch: &str) -> String {
    stage.git(&["--git-dir", stage.github.bare().to_str().unwrap(), "rev-parse", branch])
}

#[test]
#[ignore = "needs gh"]
fn the_coder_merges_a_conflict() {
    let stage = Stage::new();
    let number = pull_request(&stage, "one DONE\n");
    let before = tip(&stage, "feature");
    let other = advance_main(&stage, "notes.txt", "one DONE by somebody else\n");
    let resolves = "coder_followup)\n  grep -q '^<<<<<<<' notes.txt && echo 'one DONE by both' > notes.txt\n";
    stage.agent("todo.sh", &TODO_AGENT.replace("coder_followup)\n", resolves));
    let ended = merge(&stage, &number);
    assert_eq!(ended.json()["status"], "merged", "{}\n{}", ended.stdout, ended.stderr);
    let bare = stage.github.bare();
    let git = |words: &[&str]| stage.git(&[&["--git-dir", bare.to_str().unwrap()][..], words].concat());
    assert_eq!(git(&["show", "main:notes.txt"]), "one DONE by both");
    let parents = git(&["rev-list", "--parents", "-1", "feature"]);
    assert!(parents.ends_with(&format!("{before} {other}")), "a merge commit on the old head: {parents}");
}

/// Somebody pushes while the first review is written: its approval is of an older head.
#[test]
#[ignore = "needs gh"]
fn a_moved_head_is_reviewed_again() {
    let stage = Stage::new();
    let number = pull_request(&stage, "one DONE\n");
    let (bare, other) =
        (stage.github.bare().display().to_string(), stage.root().join("other").display().to_string());
    let pushes = format!(
        "pr_review)\n  if [ ! -e '{other}' ]; then\n  git clone --quiet --branch feature '{bare}' '{other}'\n  \
         (cd '{other}'; echo more > more.txt; git add .; git -c user.name=e -c user.email=e@x commit -qm more; git push -q)\n  fi\n"
    );
    stage.agent("todo.sh", &TODO_AGENT.replacen("pr_review)\n", &pushes, 1));
    let ended = merge(&stage, &number);
    let outcome = ended.json();
    assert_eq!(outcome["status"], "merged", "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(outcome["votes"][0]["head"], tip(&stage, "feature").as_str(), "{outcome}");
    assert_eq!(outcome["rounds"], 2, "{outcome}");
    assert_eq!(stage.git(&["--git-dir", &bare, "show", "main:more.txt"]), "more");
}

#[test]
#[ignore = "needs gh"]
fn refused_merges_say_what_to_do() {
    let stage = Stage::new();
    let number = pull_request(&stage, "one DONE\n");
    let main = advance_main(&stage, "more.txt", "more\n");
    let rule = |kind: &str, parameters: Value| json!({ "type": kind, "parameters": parameters });
    let linear = json!({ "type": "required_linear_history" });
    let strict = json!({ "required_status_checks": [], "strict_required_status_checks_policy": true });
    for (rules, methods, hint) in [
        (
            vec![rule("pull_request", json!({ "required_approving_review_count": 2 }))],
            vec!["merge"],
            "2 approving reviews by people with write access (ask: `gh pr edit 1 --repo localhost:",
        ),
        (
            vec![rule("pull_request", json!({ "required_review_thread_resolution": true }))],
            vec!["merge"],
            "every conversation must be resolved",
        ),
        (
            vec![rule("required_status_checks", strict)],
            vec!["merge"],
            "`gh api -X PUT repos/octo/r/pulls/1/update-branch`",
        ),
        (vec![], vec![], "octo/r allows no way to merge it"),
        (vec![linear], vec!["merge"], "must not contain merge commits"),
    ] {
        {
            let mut model = stage.github.state();
            (model.protection.rules, model.merging.methods) = (rules, methods);
        }
        let ended = merge(&stage, &number);
        let outcome = ended.json();
        assert_eq!(
            (ended.exit, outcome["reason"].as_str()),
            (Some(4), Some("merge")),
            "{hint}: {outcome}\n{}",
            ended.stderr
        );
        assert!(outcome["message"].as_str().unwrap().contains(hint), "{hint}: {outcome}");
        assert_eq!(tip(&stage, "main"), main, "an administrator's right to pass over rules is not used");
    }
    stage.github.state().merging.methods = vec!["merge", "squash"];
    let ended = merge(&stage, &number);
    assert_eq!(
        ended.json()["status"],
        "merged",
        "another way is allowed: {}\n{}",
        ended.stdout,
        ended.stderr
    );
}

#[test]
#[ignore = "needs gh"]
fn a_merge_queue_is_awaited() {
    let stage = Stage::new();
    let number = pull_request(&stage, "one DONE\n");
    {
        let mut model = stage.github.state();
        model.protection.rules = vec![json!({ "type": "merge_queue", "parameters": {} })];
        (model.merging.queue_looks, model.merging.queue_merges) = (3, false);
    }
    let ended = merge(&stage, &number);
    assert_eq!(ended.exit, Some(4), "{}\n{}", ended.stdout, ended.stderr);
    let message = ended.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("the merge queue has removed pull request 1"), "{message}");
    {
        let mut model = stage.github.state();
        (model.merging.queue_looks, model.merging.queue_merges) = (1000, true);
    }
    let ended = merge(&stage, &number);
    assert_eq!(ended.exit, Some(5), "{}\n{}", ended.stdout, ended.stderr);
    stage.github.state().merging.queued[0].1 = 4;
    let ended = merge(&stage, &number);
    assert_eq!(ended.json()["status"], "merged", "{}\n{}", ended.stdout, ended.stderr);
    let calls = stage.github.calls();
    assert!(calls.iter().all(|call| call.method != "PUT"), "nothing passes over the queue");
}
