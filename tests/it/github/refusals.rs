//! A run that cannot do its work is refused before a turn is paid for, with a message that says what to do.

use serde_json::json;

use crate::github_model::{Fault, FaultKind, Pull, Role};

use super::stage::{Stage, TOKEN, gh, loop_words};

fn pull(stage: &Stage, branch: &str, change: impl FnOnce(&mut Pull)) -> u64 {
    let last_head = stage.branch(branch, "one DONE\n");
    let (head, base) = (branch.to_owned(), "main".to_owned());
    let mut pull = Pull { head, base, last_head, is_draft: false, fork: None, merge: None };
    change(&mut pull);
    let mut model = stage.github.state();
    let ada = model.person("ada", Role::Admin);
    model.file(ada, ("Did it", ""), Some(pull))
}

fn refused(stage: &Stage, words: &[&str], variables: &[(&str, &str)], hint: &str) {
    let gh = gh();
    let ended = stage.run_with(&loop_words(words, &gh), variables);
    assert_eq!(ended.exit, Some(2), "{words:?}: {}\n{}", ended.stdout, ended.stderr);
    let message = ended.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains(hint), "{hint}: {message}");
    assert!(!message.contains(TOKEN), "{message}");
}

#[test]
#[ignore = "needs gh"]
fn every_refusal_names_a_solution() {
    let stage = Stage::new();
    let bob = stage.github.state().person("bob", Role::Write);
    let issue = stage.github.state().file(bob, ("Do it", ""), None).to_string();
    let draft = pull(&stage, "draft", |pull| pull.is_draft = true).to_string();
    let locked = pull(&stage, "locked", |_| {}).to_string();
    let fork = pull(&stage, "fork", |pull| pull.fork = Some("eve/r".to_owned())).to_string();
    refused(&stage, &["issue", &draft], &[], &format!("try `agent-loop pr {draft}`"));
    refused(&stage, &["pr", &issue], &[], &format!("try `agent-loop issue {issue}`"));
    refused(&stage, &["pr", "99"], &[], "there is no pull request 99 in octo/r");
    refused(&stage, &["pr", &draft], &[], "`gh pr ready 2 --repo localhost:");
    refused(&stage, &["pr", &fork], &[], "comes from the fork eve/r");
    refused(&stage, &["issue", &issue, "--repo", "octo/none"], &[], "there is no repository octo/none");
    refused(&stage, &["issue", &issue, "--repo", "none"], &[], "type --repo OWNER/REPO");
    refused(
        &stage,
        &["issue", &issue],
        &[("GH_ENTERPRISE_TOKEN", "wrong")],
        "gh auth login --hostname localhost:",
    );
    refused(
        &stage,
        &["issue", &issue],
        &[("GH_ENTERPRISE_TOKEN", "")],
        "gh auth login --hostname localhost:",
    );
    for number in [1, locked.parse().unwrap()] {
        stage.github.state().filed.get_mut(&number).unwrap().is_locked = true;
    }
    refused(&stage, &["pr", &locked], &[], &format!("pull request {locked} in octo/r is locked; unlock it"));
    refused(&stage, &["issue", &issue], &[], "is locked; unlock it first");
    let sso = Fault { method: "GET", path: "repos/octo/r", kind: FaultKind::SingleSignOn, times: 1 };
    stage.github.state().faults.push(sso);
    refused(&stage, &["issue", &issue], &[], "https://github.com/orgs/octo/sso");
    change_login(&stage, |person| person.scopes = Some("gist, read:org".to_owned()));
    refused(&stage, &["issue", &issue], &[], "lacks the scope `repo`");
    change_login(&stage, |person| (person.scopes, person.role) = (None, Role::Read));
    refused(&stage, &["issue", &issue], &[], "ada may not write to octo/r");
    stage.github.state().is_archived = true;
    refused(&stage, &["issue", &issue], &[], "octo/r is archived");
    let ended = stage.run(&loop_words(&["issue", &issue], "no-such-gh"));
    assert!(ended.json()["message"].as_str().unwrap().contains("https://cli.github.com"), "{}", ended.stdout);
    assert!(!stage.root().join("state").exists(), "nothing was begun");
}

/// A run cannot work on these, however they came to be so. No agent is asked.
#[test]
#[ignore = "needs gh"]
fn unworkable_subjects_cost_no_turn() {
    let stage = Stage::new();
    let paid = stage.root().join("paid");
    stage.agent("todo.sh", &format!("#!/bin/sh\n: > '{}'\n", paid.display()));
    let bob = stage.github.state().person("bob", Role::Write);
    let issue = stage.github.state().file(bob, ("Do it", ""), None);
    let [merged, closed, gone, release, signed] =
        ["merged", "closed", "gone", "release/1", "signed"].map(|branch| pull(&stage, branch, |_| {}));
    {
        let mut model = stage.github.state();
        model.filed.values_mut().for_each(|one| one.is_open = ![issue, merged, closed].contains(&one.number));
        let merge = stage.git(&["rev-parse", "main"]);
        model.filed.get_mut(&merged).unwrap().pull.as_mut().unwrap().merge = Some(merge);
        model.protection.classic.insert("release/1".to_owned(), json!({}));
        let rules = |kind: &str| vec![json!({ "type": kind })];
        let signed = ("signed".to_owned(), rules("required_signatures"));
        model
            .protection
            .rules_of_branches
            .extend([signed, ("agent-loop/issue-1".to_owned(), rules("creation"))]);
    }
    let bare = stage.github.bare();
    stage.git(&["--git-dir", bare.to_str().unwrap(), "branch", "--quiet", "-D", "gone"]);
    let sha = stage.git(&["rev-parse", "gone"]);
    let restoring = format!(
        "--hostname {} repos/octo/r/git/refs -f ref=refs/heads/gone -f sha={sha}",
        stage.github.host()
    );
    for (number, hint) in [
        (closed, "pull request 3 is closed; reopen it".to_owned()),
        (
            gone,
            format!(
                "4 was deleted; restore it with the button on the page of the pull request, or with `gh api {restoring}`"
            ),
        ),
        (release, "`release/1`, a protected branch of octo/r (branch protection)".to_owned()),
        (signed, "`signed`, a protected branch of octo/r (commits must be signed)".to_owned()),
    ] {
        refused(&stage, &["pr", &number.to_string()], &[], &hint);
    }
    let (gh, number) = (gh(), merged.to_string());
    let over = stage.run_with(&loop_words(&["pr", &number], &gh), &[]);
    assert_eq!((over.exit, &over.json()["status"]), (Some(0), &json!("merged")), "{}", over.stdout);
    refused(&stage, &["issue", "1"], &[], "the issue is closed; reopen it");
    stage.github.state().filed.get_mut(&issue).unwrap().is_open = true;
    refused(
        &stage,
        &["issue", "1"],
        &[],
        "push to the branch `agent-loop/issue-1` of this run (branches with this name",
    );
    assert!(!paid.exists(), "an agent was asked");
    assert!(stage.github.calls().iter().all(|call| call.method == "GET"), "nothing was written");
}

/// Neither follow-ups nor phases nor the parts of a split can be filed.
#[test]
#[ignore = "needs gh"]
fn disabled_issues_cost_no_turn() {
    let stage = Stage::new();
    let paid = stage.root().join("paid");
    stage.agent("todo.sh", &format!("#!/bin/sh\n: > '{}'\n", paid.display()));
    let bob = stage.github.state().person("bob", Role::Write);
    stage.github.state().file(bob, ("Do it", ""), None);
    stage.github.state().has_issues = false;
    let issues = "issues are disabled in octo/r";
    let decomposed = ["issue", "1", "--plan-first", "--plan-execution-mode", "implement-by-phase"];
    for words in [&["issue", "1"][..], &decomposed, &["discuss", "1", "--materialize-split-issues"]] {
        refused(&stage, words, &[], issues);
    }
    for mode in ["issue", "fix-and-issue"] {
        let hint = format!("{issues}, so no follow-up can be filed; use `--approved-followups summarize`");
        refused(&stage, &["task", "Do it", "--approved-followups", mode], &[], &hint);
    }
    refused(&stage, &["pr", "1"], &[], "there is no pull request 1 in octo/r");
    assert!(!paid.exists(), "an agent was asked");
    assert!(stage.github.calls().iter().all(|call| call.method == "GET"), "nothing was written");
}

fn change_login(stage: &Stage, change: impl FnOnce(&mut crate::github_model::Person)) {
    let mut model = stage.github.state();
    change(model.people.values_mut().find(|person| person.login == "ada").unwrap());
}
