//! Where a run on GitHub is started: in a checkout, in that of another repository, outside of any; and repositories that were
//! renamed since.

use std::fs;
use std::path::{Path, PathBuf};

use super::stage::{Ended, Stage, gh, loop_words};
use crate::github_model::Role;

fn named(stage: &Stage) -> String {
    format!("{}/octo/r", stage.github.host())
}

/// A folder outside of the checkout, with a path to the shell agent like that from the checkout.
fn beside(stage: &Stage, name: &str) -> PathBuf {
    let folder = stage.root().join(name);
    fs::create_dir(&folder).unwrap();
    folder
}

fn in_folder(stage: &Stage, folder: &Path, words: &[&str]) -> Ended {
    let folder = folder.to_str().unwrap();
    let gh = gh();
    stage.run(&[&loop_words(words, &gh)[..], &["--repo", &named(stage), "-C", folder]].concat())
}

#[test]
#[ignore = "needs gh"]
fn a_named_repository_needs_no_checkout() {
    let stage = Stage::new();
    let bob = stage.github.state().person("bob", Role::Write);
    let issue = stage.github.state().file(bob, ("Do it", "Resolve every TODO."), None).to_string();
    fs::remove_dir_all(stage.repository().join(".git")).unwrap();
    let folder = beside(&stage, "empty");
    let ended = in_folder(&stage, &folder, &["issue", &issue]);
    assert_eq!(ended.json()["status"], "approved", "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "nothing is written there");
    for words in [&["status"][..], &["logs"], &["usage"], &["verify", "pr/2"], &["resume", "--list"]] {
        let there = ["-C", folder.to_str().unwrap()];
        let report = stage.run(&[words, &["--repo", &named(&stage)], &there].concat());
        let has_it =
            report.stdout.contains("pr/2") || report.stdout.contains("nothing is interrupted or parked");
        assert!(report.exit == Some(0) && has_it, "{words:?}: {}\n{}", report.stdout, report.stderr);
        let report = stage.run(&[words, &there].concat());
        assert!(report.exit != Some(0), "{words:?} without --repo: {}", report.stdout);
    }
    // Each next command works where it is printed.
    let merge = format!("gh pr merge 2 --repo {}", named(&stage));
    assert_eq!(ended.json()["next_command"], merge, "{}", ended.stdout);
    let place = format!("--repo {} -C {}", named(&stage), folder.to_str().unwrap());
    let there = ["--repo", &named(&stage), "-C", folder.to_str().unwrap()];
    let agents =
        ["--coder", "command:/bin/false", "--reviewer", "command:/bin/false", "--gh-cmd", &gh(), "--json"];
    let failed = stage.run(&[&["task", "Do it"], &agents[..], &there].concat()).json();
    let resume = failed["next_command"].as_str().unwrap_or_default();
    assert!(resume.starts_with("agent-loop resume task/") && resume.ends_with(&place), "{failed}");
    let status = stage.run(&[&["status"], &there[..]].concat()).stdout;
    assert!(status.contains(resume), "{status}");
    let absent = in_folder(&stage, &folder, &["issue", "99"]).json();
    assert_eq!(absent["next_command"], format!("gh issue list --repo {}", named(&stage)));
    let other = stage.run(&["status", "--repo", "octo/none", "-C", folder.to_str().unwrap()]);
    assert!(other.stderr.contains("there is no repository octo/none"), "{}", other.stderr);
    let all = stage.run(&["resume", "--list", "--all", "--json"]);
    assert_eq!(all.exit, Some(0), "{}", all.stderr);
    assert!(!all.stderr.contains("skipped"), "{}", all.stderr);
    let report = stage.run(&[
        "doctor",
        "--json",
        "--repo",
        &named(&stage),
        "--gh-cmd",
        &gh(),
        "-C",
        folder.to_str().unwrap(),
    ]);
    assert!(report.stdout.contains("ada may administer octo/r"), "{}", report.stdout);
    let ended = stage.run(&loop_words(&["issue", &issue, "-C", folder.to_str().unwrap()], &gh()));
    assert!(
        ended.json()["message"].as_str().unwrap().contains("is not in a git repository"),
        "{}",
        ended.stdout
    );
}

#[test]
#[ignore = "needs gh"]
fn settings_come_from_the_named_repository() {
    let stage = Stage::new();
    fs::write(stage.repository().join("agent-loop.toml"), "[gates.tests]\ncommand = \"true\"\n").unwrap();
    stage.git(&["add", "--all"]);
    stage.git(&["commit", "--quiet", "--message", "settings"]);
    stage.git(&["push", "--quiet", stage.github.bare().to_str().unwrap(), "main"]);
    let other = beside(&stage, "other");
    let there = other.to_str().unwrap();
    fs::write(other.join("agent-loop.toml"), "no settings at all").unwrap();
    stage.git(&["-C", there, "init", "--quiet", "--initial-branch=main"]);
    stage.git(&["-C", there, "add", "--all"]);
    stage.git(&[
        "-C",
        there,
        "-c",
        "user.name=Ada",
        "-c",
        "user.email=a@b",
        "commit",
        "--quiet",
        "-m",
        "other",
    ]);
    let ended = in_folder(&stage, &other, &["task", "Do what is marked"]);
    let outcome = ended.json();
    assert_eq!(outcome["reason"], "untrusted-config", "{}\n{}", ended.stdout, ended.stderr);
    let message = outcome["message"].as_str().unwrap();
    assert!(message.starts_with("agent-loop.toml on main sets programs"), "{message}");
    let next = outcome["next_command"].as_str().unwrap().to_owned();
    assert_eq!(next, format!("agent-loop config trust --repo {} --base main", named(&stage)));
    let outside = beside(&stage, "outside");
    let words: Vec<&str> = next.split(' ').skip(1).collect();
    let trusted = stage.run(&[&words[..], &["-C", outside.to_str().unwrap()]].concat());
    assert!(
        trusted.stdout.contains("gates.tests.command = \"true\""),
        "{}{}",
        trusted.stdout,
        trusted.stderr
    );
    let again = in_folder(&stage, &outside, &["task", "Do what is marked"]).json();
    assert_ne!(again["reason"], "untrusted-config", "{again}");
}

#[test]
#[ignore = "needs gh"]
fn a_renamed_repository_keeps_its_state() {
    let stage = Stage::new();
    let gh = gh();
    let begun = stage.run(&loop_words(&["task", "Do what is marked"], &gh)).json();
    let number = begun["pr"].as_u64().unwrap().to_string();
    {
        let mut model = stage.github.state();
        let former = std::mem::replace(&mut model.name, "renamed".to_owned());
        model.former_name = Some(former);
        model.calls.clear();
    }
    let again = stage.run(&loop_words(&["pr", &number], &gh));
    let outcome = again.json();
    assert_eq!(
        (&outcome["status"], &outcome["head"]),
        (&"approved".into(), &begun["head"]),
        "{}",
        again.stderr
    );
    let calls = stage.github.calls();
    let writes = calls.iter().filter(|call| call.method != "GET");
    // The status links to the page of the repository, whose address is another one now.
    assert!(
        writes.clone().all(|call| call.path.contains("/statuses/")),
        "nothing is published twice: {calls:?}"
    );
    let status = stage.run(&["status"]);
    assert!(status.stdout.contains(&format!("pr/{number}")), "{}\n{}", status.stdout, status.stderr);
    // A new run writes to the repository under its new name: GitHub redirects no writes.
    let other = stage.run(&loop_words(&["task", "Do what is marked, once more"], &gh));
    assert_eq!(other.json()["status"], "approved", "{}\n{}", other.stdout, other.stderr);
    let folders = fs::read_dir(stage.root().join("state/agent-loop/repositories")).unwrap().count();
    assert_eq!(folders, 1, "one repository, one folder");
}
