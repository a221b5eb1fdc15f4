//! Pull requests from forks: pushed to the fork where its author allows that, and nowhere else.

use super::stage::{Stage, gh, loop_words};
use crate::github_model::{Pull, Role};

/// A pull request of eve from `main` of her fork, with this text.
fn pull_request(stage: &Stage, fork: &str, text: &str) -> String {
    let branch = format!("from-{}", fork.replace('/', "-"));
    let last_head = stage.branch(&branch, text);
    if let Some(fork) = stage.github.state().forks.get(fork) {
        stage.git(&["push", "--quiet", "--force", fork.bare.to_str().unwrap(), &format!("{branch}:main")]);
    }
    let (head, base) = ("main".to_owned(), "main".to_owned());
    let pull = Pull { head, base, last_head, is_draft: false, fork: Some(fork.to_owned()), merge: None };
    let mut model = stage.github.state();
    let eve = model.person("eve", Role::Read);
    model.file(eve, ("Did it", ""), Some(pull)).to_string()
}

#[test]
#[ignore = "needs gh"]
fn a_fork_is_fixed_and_merged() {
    let stage = Stage::new();
    let fork = stage.fork("eve/r", true);
    let number = pull_request(&stage, "eve/r", "a TODO from eve\n");
    let tip = |bare: &std::path::Path| stage.git(&["--git-dir", bare.to_str().unwrap(), "rev-parse", "main"]);
    let (base, before) = (tip(&stage.github.bare()), tip(&fork));
    let gh = gh();
    let ended = stage.run(&loop_words(&["pr", &number], &gh));
    assert_eq!(ended.json()["status"], "approved", "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(tip(&stage.github.bare()), base, "the branch of the same name in the repository is not moved");
    let now = tip(&fork);
    assert_ne!(now, before);
    let show = |words: &[&str]| stage.git(&[&["--git-dir", fork.to_str().unwrap()][..], words].concat());
    assert_eq!(show(&["show", "main:notes.txt"]), "a DONE from eve");
    assert_eq!(show(&["rev-parse", "main^"]), before, "it was moved forward");
    let merged = stage.run(&loop_words(&["pr", &number, "--auto-merge"], &gh));
    assert_eq!(merged.json()["status"], "merged", "{}\n{}", merged.stdout, merged.stderr);
}

/// A program with the output of aislop, which notes whether its linter may run code of the project.
const LINTER: &str = r#"#!/bin/sh
case $1$2 in --version) echo 0.2.0; exit;; scan--help) echo --json; exit;; esac
lint=',"lint":{"issues":0,"skipped":false},"code-quality":{"issues":0,"skipped":false}'
if grep -q 'lint: false' .aislop/config.yml; then lint=; else echo ran >> "${0%/*}/ran"; fi
printf '{"version":"0.2.0","score":90,"engines":{"ai-slop":{"issues":0,"skipped":false},"security":{"issues":0,"skipped":false}%s},"diagnostics":[],"summary":{"errors":0,"warnings":0,"fixable":0,"files":2}}' "$lint"
"#;

#[test]
#[ignore = "needs gh"]
fn code_of_forks_is_not_run() {
    for (mode, runs) in [("auto", false), ("always", true)] {
        let stage = Stage::new();
        stage.fork("eve/r", true);
        let number = pull_request(&stage, "eve/r", "a TODO from eve\n");
        stage.agent("aislop", LINTER);
        let linter = stage.root().join("aislop").display().to_string();
        let gate = ["--gate", "required", "--aislop-cmd", &linter, "--run-project-code", mode];
        let ended = stage.run(&[&loop_words(&["pr", &number], &gh())[..], &gate].concat());
        assert_eq!(ended.json()["status"], "approved", "{}\n{}", ended.stdout, ended.stderr);
        assert_eq!(stage.root().join("ran").exists(), runs, "{mode}");
    }
}

#[test]
#[ignore = "needs gh"]
fn unreachable_forks_are_refused() {
    let stage = Stage::new();
    let gone = stage.fork("eve/gone", true);
    stage.fork("eve/strict", false);
    stage.branch("release", "one of last year\n");
    let default_branch = {
        let last_head = stage.git(&["rev-parse", "main"]);
        let (head, base) = ("main".to_owned(), "release".to_owned());
        let pull = Pull { head, base, last_head, is_draft: false, fork: None, merge: None };
        let mut model = stage.github.state();
        let ada = model.person("ada", Role::Admin);
        model.file(ada, ("Release", ""), Some(pull)).to_string()
    };
    stage.fork("eve/protected", true);
    stage.fork("eve/signed", true);
    {
        let protection = &mut stage.github.state().protection;
        protection.classic.insert("eve/protected:main".to_owned(), serde_json::json!({}));
        let rules = vec![serde_json::json!({ "type": "required_signatures" })];
        protection.rules_of_branches.insert("eve/signed:main".to_owned(), rules);
    }
    let branchless = pull_request(&stage, "eve/gone", "one DONE\n");
    stage.git(&["--git-dir", gone.to_str().unwrap(), "update-ref", "-d", "refs/heads/main"]);
    for (number, hint) in [
        (pull_request(&stage, "eve/strict", "one DONE\n"), "does not allow edits by maintainers"),
        (pull_request(&stage, "", "one DONE\n"), "was deleted; push its commit"),
        (branchless, "was deleted; ask the owner of eve/gone to restore it"),
        (pull_request(&stage, "eve/protected", "one DONE\n"), "branch of eve/protected (branch protection)"),
        (pull_request(&stage, "eve/signed", "one DONE\n"), "branch of eve/signed (commits must be signed)"),
        (default_branch, "the default branch of octo/r, which is never pushed to"),
    ] {
        let gh = gh();
        let ended = stage.run(&loop_words(&["pr", &number], &gh));
        let outcome = ended.json();
        assert_eq!(ended.exit, Some(2), "{hint}: {outcome}\n{}", ended.stderr);
        assert!(outcome["message"].as_str().unwrap().contains(hint), "{hint}: {outcome}");
    }
}
