//! The search for agents' programs: never in the repository under review.

use std::fs;

use super::stage::Stage;

/// Creates a `claude` in this folder that records its start.
fn claude(stage: &Stage, folder: &str) {
    fs::create_dir(stage.root().join(folder)).unwrap();
    let word = format!("{}-{folder}", stage.root().join("ran").display()).replace("repository/", "");
    stage.agent(&format!("{folder}/claude"), &format!("#!/bin/sh\n: > '{word}'\nexit 1\n"));
}

/// Relative folders would contain programs of the repository under review.
#[test]
fn relative_folders_in_path_are_ignored() {
    let stage = Stage::new();
    claude(&stage, "repository/bin");
    claude(&stage, "good");
    stage.git(&["add", "--all"]);
    stage.git(&["commit", "--quiet", "--message", "helpful"]);
    let good = stage.root().join("good").display().to_string();
    let words = ["task", "x", "--json", "--agent-max-retries", "0", "--coder", "claude"];
    let words = [&words[..], &["--reviewer", "one=command:../todo.sh"]].concat();
    let ended = stage.run_with(&words, &[("PATH", &format!("bin:{good}:/usr/local/bin:/usr/bin:/bin"))]);
    assert!(!stage.root().join("ran-bin").exists(), "the repository's own was started: {}", ended.stderr);
    assert!(stage.root().join("ran-good").exists(), "{}\n{}", ended.stdout, ended.stderr);
}
