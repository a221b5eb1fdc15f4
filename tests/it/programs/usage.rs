//! The cost of runs: the file of every run, the command that shows it, budgets on the command line.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::stage::{Ended, Stage, task, walk};

fn kept(stage: &Stage) -> Vec<PathBuf> {
    let folder = stage.root().join("state");
    let files = if folder.exists() { walk(&folder) } else { Vec::new() };
    files.into_iter().filter(|path| path.to_string_lossy().ends_with("-usage-summary.json")).collect()
}

fn summary(ended: &Ended) -> (PathBuf, Value) {
    let outcome = ended.json();
    let path = PathBuf::from(outcome["usage_summary"].as_str().unwrap_or_else(|| panic!("{outcome}")));
    let read: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    (path, read)
}

#[test]
fn a_summary_covers_both_journals() {
    let stage = Stage::new();
    let ended = stage.run(&task(&[]));
    assert_eq!(ended.exit, Some(0), "{}", ended.stderr);
    let (path, read) = summary(&ended);
    assert_eq!(
        path.file_name().unwrap().to_string_lossy(),
        format!("{}-usage-summary.json", read["run"].as_str().unwrap())
    );
    assert!(path.parent().unwrap().ends_with("pr-1/logs"), "{}", path.display());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!((&read["schema"], &read["run"]), (&json!("agent-loop/usage/1"), &ended.json()["run"]));
    assert_eq!(read["subjects"].as_array().map(Vec::len), Some(2), "{read:#}");
    let calls = read["calls"].as_array().unwrap();
    assert_eq!(calls[0]["kind"], "implementation", "the turn of the task counts: {read:#}");
    assert_eq!((&read["totals"]["calls"], &read["totals"]["cost"]), (&json!(calls.len()), &Value::Null));
    assert_eq!(read["totals"]["tokens"]["precision"], "partial", "a command agent reports no tokens");
    assert!(!stage.run(&["usage"]).stdout.contains("partial"), "no tokens were reported");
    assert_eq!(ended.json()["usage"]["calls"], json!(calls.len()));

    let shown = stage.run(&["usage"]);
    assert!(shown.stdout.contains("→ pr/1  run "), "{}", shown.stdout);
    assert!(shown.stdout.contains("not reported"), "{}", shown.stdout);
    let all = stage.run(&["usage", "pr/1", "--json"]).json();
    assert_eq!(all, json!([read]));
    assert_eq!(stage.run(&["usage", "--since", "2999-01-01", "--json"]).stdout, "[]\n");
    assert!(!stage.run(&["logs", "pr/1", "--list"]).stdout.contains("usage-summary"));
}

/// A dry run and a refused run leave no summary.
#[test]
fn a_failed_run_leaves_a_summary() {
    let stage = Stage::new();
    stage.run(&task(&["--dry-run"]));
    stage.run(&task(&["--coder", "sam=command:../missing.sh"]));
    assert_eq!(kept(&stage), Vec::<PathBuf>::new());
    stage.agent("broken.sh", "#!/bin/sh\nexit 3\n");
    let words =
        ["task", "x", "--coder", "command:../broken.sh", "--reviewer", "one=command:../todo.sh", "--json"];
    let ended = stage.run(&words);
    let (path, read) = summary(&ended);
    assert_eq!(ended.json()["status"], "failed");
    assert!(path.exists());
    ended.log_of(&stage, "coder broken");
    assert_eq!(
        (&read["calls"][0]["result"], &read["calls"][0]["failure"]),
        (&json!("failed"), &json!("exit"))
    );
}

#[test]
fn a_budget_names_agents_without_costs() {
    let stage = Stage::new();
    let told = stage.run(&task(&["--budget-usd", "0.000001"]));
    assert_eq!(told.exit, Some(0));
    let warnings = told.stderr.matches("the coder `sam` reported no cost").count();
    assert_eq!(warnings, 1, "{}", told.stderr);
    for bad in [&["--budget-usd", "much"][..], &["--budget-tokens=-1"]] {
        assert_eq!(stage.run(&task(bad)).exit, Some(2), "{bad:?}");
    }
}

#[test]
fn unreadable_journals_hide_no_other() {
    let stage = Stage::new();
    stage.run(&task(&[]));
    let journals = walk(&stage.root().join("state"));
    let of_the_task =
        |path: &&PathBuf| path.ends_with("journal.jsonl") && path.to_string_lossy().contains("/task-");
    let journal = journals.iter().find(of_the_task).unwrap();
    let text = fs::read_to_string(journal).unwrap();
    fs::write(journal, format!("nonsense\n{text}")).unwrap();
    let shown = stage.run(&["usage"]);
    assert!(shown.stdout.contains("pr/1  run "), "{}", shown.stdout);
    assert!(shown.stderr.contains(": line 1 of the journal"), "{}", shown.stderr);
    let all = stage.run(&["usage", "--json"]).json();
    assert!(all[1]["unreadable"].as_str().unwrap().contains("line 1"), "{all}");
}
