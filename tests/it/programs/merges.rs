//! `local pr merge`: an approved head is merged, anything else only with consent; commands on a merged pull request; and the
//! conflict of an approved head with its base branch.

use std::fs;

use super::stage::{Stage, task};

fn head_of(stage: &Stage) -> String {
    stage.run(&["local", "pr", "view", "1", "--json"]).json()["head"].as_str().unwrap().to_owned()
}

/// Expects a refusal with this reason and the command that goes on.
fn refused(stage: &Stage, why: &str) {
    let ended = stage.run(&["local", "pr", "merge", "1"]);
    assert_eq!(ended.exit, Some(2), "{}", ended.stdout);
    for part in ["is not approved", why, "`agent-loop pr 1`", "`agent-loop local pr merge 1 --unapproved`"] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    assert_eq!(stage.run(&["local", "pr", "view", "1", "--json"]).json()["state"], "open");
}

#[test]
fn an_unapproved_head_needs_consent() {
    let stage = Stage::new();
    stage.agent(
        "idle.sh",
        include_str!("../../../fixtures/agents/todo-agent.sh").replace("do_all\n", "").as_str(),
    );
    let mut words = task(&["--max-rounds", "1", "--test-command", "grep DONE notes.txt"]);
    words[4] = "sam=command:../half.sh";
    stage.agent("half.sh", "#!/bin/sh\necho more >> notes.txt\nexec \"$(dirname \"$0\")/idle.sh\"\n");
    assert_eq!(stage.run(&words).json()["status"], "blocked");
    refused(&stage, "its run ended as blocked (rounds)");
    refused(&stage, "finding");
    refused(&stage, "gate tests: fail");
    let merged = stage.run(&["local", "pr", "merge", "1", "--unapproved"]);
    assert_eq!(merged.exit, Some(0), "{}", merged.stderr);
    assert!(merged.stdout.starts_with("Merged #1 as "), "{}", merged.stdout);
    assert!(merged.stdout.contains("not approved: its run ended as blocked"), "{}", merged.stdout);
}

#[test]
fn an_approval_holds_for_its_head() {
    let stage = Stage::new();
    assert_eq!(stage.run(&task(&[])).json()["status"], "approved");
    stage.run(&["local", "check", "set", &head_of(&stage), "build", "failure"]);
    refused(&stage, "check `build` is failure");
    stage.run(&["local", "check", "set", &stage.branch(), "build", "success"]);
    let post = ["local", "pr", "comment", "1", "--body", "Also in docs.\n\n-- Human Reviewer"];
    assert_eq!(stage.run(&post).exit, Some(0));
    refused(&stage, "a person added a requirement after the approval");
    stage.git(&["checkout", "--quiet", &stage.branch()]);
    stage.git(&["commit", "--quiet", "--allow-empty", "--message", "more"]);
    stage.git(&["checkout", "--quiet", "main"]);
    refused(&stage, "its run approved an older head");
}

/// No command proposes another one that fails in the same way.
#[test]
fn a_lost_base_ends_in_closing() {
    let stage = Stage::new();
    stage.git(&["branch", "feature"]);
    assert_eq!(stage.run(&task(&["--base", "feature"])).json()["status"], "approved");
    stage.git(&["branch", "--delete", "--force", "feature"]);
    let close = "agent-loop local pr close 1";
    let gone = "the base branch `feature` of pull request 1 does not exist any more; create the branch again, or close";
    let merged = stage.run(&["local", "pr", "merge", "1"]).stderr;
    assert!(merged.contains(gone) && merged.ends_with(&format!("next: {close}\n")), "{merged}");
    let again = stage.run(&["pr", "1", "--json"]).json();
    assert!(again["message"].as_str().unwrap().starts_with(gone), "{again}");
    assert_eq!(again["next_command"], close);
    assert_eq!(stage.run(&["local", "pr", "close", "1"]).exit, Some(0));
}

#[test]
fn approved_and_own_changes_are_merged() {
    let stage = Stage::new();
    assert_eq!(stage.run(&task(&[])).json()["status"], "approved");
    let merged = stage.run(&["local", "pr", "merge", "1"]);
    assert!(merged.exit == Some(0) && merged.stdout.ends_with(".\n"), "{}", merged.stderr);
    assert!(!merged.stdout.contains('('), "{}", merged.stdout);
    stage.git(&["checkout", "--quiet", "-b", "own"]);
    stage.write("own.txt", "mine\n");
    stage.git(&["add", "--all"]);
    stage.git(&["commit", "--quiet", "--message", "own"]);
    stage.git(&["checkout", "--quiet", "main"]);
    stage.run(&["local", "pr", "create", "--head", "own", "--base", "main", "--title", "Own"]);
    let merged = stage.run(&["local", "pr", "merge", "2"]);
    assert_eq!(merged.exit, Some(0), "{}", merged.stderr);
    assert!(merged.stdout.contains("(no run of agent-loop has reviewed it)"), "{}", merged.stdout);
}

/// The base branch has changed the same lines since the approval.
#[test]
fn a_conflict_names_files_and_command() {
    let stage = Stage::new();
    assert_eq!(stage.run(&task(&[])).json()["status"], "approved");
    stage.write("notes.txt", "theirs\n");
    stage.git(&["commit", "--quiet", "--all", "--message", "theirs"]);
    let words = ["local", "pr", "merge", "1"];
    let refused = stage.run(&words);
    let next = "agent-loop pr 1 --auto-merge";
    let why = "pull request #1 was not merged: `main` conflicts with this change in notes.txt";
    assert!(refused.stderr.contains(why), "{}", refused.stderr);
    assert!(refused.stderr.ends_with(&format!("\nnext: {next}\n")), "{}", refused.stderr);
    assert_eq!(stage.run(&[&words[..], &["--json"]].concat()).json()["next_command"], next);
}

/// A checkout of the base branch with the user's own changes is not touched.
#[test]
fn a_dirty_checkout_is_named_plainly() {
    let stage = Stage::new();
    assert_eq!(stage.run(&task(&[])).json()["status"], "approved");
    stage.write("notes.txt", "mine\n");
    let refused = stage.run(&["local", "pr", "merge", "1"]).stderr;
    let folder = stage.repository().display().to_string();
    let why = format!(
        "pull request #1 was not merged: `main` is checked out in {folder}, and this checkout cannot be updated: notes.txt \
         has uncommitted changes\ncommit or stash them (`git -C {folder} stash push --include-untracked`; afterwards"
    );
    assert!(refused.contains(&why), "{refused}");
}

/// The user's checkout is in the way of the merge, and later is not.
#[test]
fn a_merge_left_over_is_approved() {
    let stage = Stage::new();
    let dirty = format!("sh -c 'echo mine >> {}/notes.txt'", stage.repository().display());
    let ended = stage.run(&task(&["--auto-merge", "--test-command", &dirty]));
    assert_eq!(
        (ended.json()["status"].as_str(), ended.json()["reason"].as_str()),
        (Some("needs-human"), Some("merge"))
    );
    assert_eq!(ended.json()["next_command"], "agent-loop resume pr/1");
    stage.git(&["checkout", "--quiet", "--", "notes.txt"]);
    let merged = stage.run(&["local", "pr", "merge", "1"]);
    assert!(merged.exit == Some(0) && !merged.stdout.contains('('), "{}{}", merged.stdout, merged.stderr);
}

#[test]
fn a_trusted_strangers_requirement_counts() {
    let stage = Stage::new();
    assert_eq!(stage.run(&task(&[])).json()["status"], "approved");
    let wish = "Also in docs.\n\n-- Human Reviewer";
    stage.run(&["local", "pr", "comment", "1", "--body", wish, "--as", "mallory", "--role", "none"]);
    assert_eq!(stage.run(&["status", "pr/1", "--json"]).json()["message"], "approved, not merged");
    let folder = stage.root().join(".config/agent-loop");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), "[trust]\nhumans = [\"mallory\"]\n").unwrap();
    refused(&stage, "a person added a requirement after the approval");
}

/// A run was killed after it had opened the pull request.
#[test]
fn unreviewed_work_of_agents_needs_consent() {
    let stage = Stage::new();
    let branch = "agent-loop/task-0123456789abcdef";
    stage.git(&["checkout", "--quiet", "-b", branch]);
    stage.write("notes.txt", "DONE\n");
    stage.git(&["commit", "--quiet", "--all", "--message", "done"]);
    stage.git(&["checkout", "--quiet", "main"]);
    stage.run(&["local", "pr", "create", "--head", branch, "--base", "main", "--title", "Done"]);
    refused(&stage, "its run has not reviewed it");
    assert_eq!(stage.run(&["local", "pr", "merge", "1", "--unapproved"]).exit, Some(0));
}

/// Whoever merged it, and whether or not a run approved it, a merged pull request has one answer, and nothing is written.
#[test]
fn a_merged_change_has_one_answer() {
    let stage = Stage::new();
    assert_eq!(stage.run(&task(&[])).json()["status"], "approved");
    assert_eq!(stage.run(&["local", "pr", "merge", "1"]).exit, Some(0));
    stage.git(&["branch", "own", "main"]);
    stage.git(&["checkout", "--quiet", "own"]);
    stage.write("own.txt", "mine\n");
    stage.git(&["add", "--all"]);
    stage.git(&["commit", "--quiet", "--message", "own"]);
    stage.git(&["checkout", "--quiet", "main"]);
    stage.run(&["local", "pr", "create", "--head", "own", "--base", "main", "--title", "Own"]);
    assert_eq!(stage.run(&["local", "pr", "merge", "2"]).exit, Some(0));
    let agents = ["--json", "--coder", "sam=command:../todo.sh", "--reviewer", "one=command:../todo.sh"];
    let journals = || {
        let paths = super::stage::walk(&stage.root().join("state")).into_iter();
        let journals = paths.filter(|path| path.ends_with("journal.jsonl"));
        journals.map(|path| (fs::metadata(&path).unwrap().modified().unwrap(), path)).collect::<Vec<_>>()
    };
    let before = journals();
    for number in ["1", "2"] {
        let comments = || stage.run(&["local", "pr", "view", number, "--json"]).json()["comments"].clone();
        let published = comments();
        let again = stage.run(&[&["pr", number][..], &agents].concat());
        let outcome = again.json();
        assert_eq!((again.exit, &outcome["status"]), (Some(0), &"merged".into()), "{}", again.stderr);
        assert!(outcome["message"].as_str().unwrap().contains("is merged already"), "{outcome}");
        let gates = stage.run(&["gates", number]);
        assert_eq!(gates.exit, Some(2), "{}", gates.stderr);
        assert!(
            gates.stdout.contains("is merged already") && gates.stdout.contains("next: agent-loop status")
        );
        assert_eq!((comments(), journals()), (published, before.clone()), "nothing is written");
    }
    assert!(!stage.run(&["status"]).stdout.contains("pr/2"), "no run was begun on it");
}

/// A person may merge a head that its run has not approved.
#[test]
fn merged_heads_name_what_was_approved() {
    let agents = ["--json", "--coder", "sam=command:../todo.sh", "--reviewer", "one=command:../todo.sh"];
    let stage = Stage::new();
    assert_eq!(stage.run(&task(&[])).json()["status"], "approved");
    let wish = "Also in docs.\n\n-- Human Reviewer";
    stage.run(&["local", "pr", "comment", "1", "--body", wish]);
    assert_eq!(stage.run(&["local", "pr", "merge", "1", "--unapproved"]).exit, Some(0));
    let message = stage.run(&[&["pr", "1"][..], &agents].concat()).json()["message"].clone();
    let message = message.as_str().unwrap();
    assert!(message.contains("A person added a requirement after its last run had approved it"), "{message}");
    let stage = Stage::new();
    assert_eq!(stage.run(&task(&[])).json()["status"], "approved");
    stage.git(&["switch", "--quiet", &stage.branch()]);
    stage.git(&["commit", "--quiet", "--allow-empty", "--message", "more"]);
    stage.git(&["switch", "--quiet", "main"]);
    assert_eq!(stage.run(&["local", "pr", "merge", "1", "--unapproved"]).exit, Some(0));
    let message = stage.run(&[&["pr", "1"][..], &agents].concat()).json()["message"].clone();
    assert!(message.as_str().unwrap().contains("Its last run approved an older head"), "{message}");
}

/// A signature with another dash is no signature, and its author learns that at once.
#[test]
fn near_signatures_are_told_at_once() {
    let stage = Stage::new();
    assert_eq!(stage.run(&task(&[])).json()["status"], "approved");
    let said = stage.run(&["local", "pr", "comment", "1", "--body", "Use TLS.\n\n— Human Reviewer"]);
    let why = "is not a requirement: its last line differs from the signature `-- Human Reviewer`";
    assert!(said.stdout.contains(&format!(" on #1 {why}")), "{}", said.stdout);
    let status = stage.run(&["status"]).stdout;
    assert!(
        status.contains(&format!(" on pr/1 {why}")) && status.contains("approved, not merged"),
        "{status}"
    );
}

/// A coder that leaves conflict markers, and a reviewer that approves after a commit on the base branch.
const CARELESS: &str = r#"#!/bin/sh
cat > "ROOT/$AGENT_LOOP_KIND.prompt"
items=$(sed -n 's/.*"id": *"\(item-[0-9]*\)".*/"\1"/p' "$AGENT_LOOP_CONTEXT" | paste -sd, -)
case "$AGENT_LOOP_KIND" in
implementation)
  echo mine > notes.txt
  echo '{"schema_version":1,"kind":"implementation","summary":"s","pr_title":"t","pr_body":"b"}' ;;
coder_followup)
  echo more >> notes.txt
  echo '{"schema_version":1,"kind":"coder_followup","state":"approved","summary":"Fixed.","addressed_items":['$items'],"remaining_items":[]}' ;;
*)
  (cd ROOT/repository && echo theirs > notes.txt && git commit --quiet --all --message theirs) > /dev/null
  printf '{"schema_version":1,"kind":"pr_review","nonce":"%s","state":"approved","summary":"s","blocking_items":[],"prior_item_dispositions":[]}' "$AGENT_LOOP_NONCE" ;;
esac > "$AGENT_LOOP_RESPONSE"
"#;

#[test]
fn an_unresolved_conflict_is_explained() {
    let stage = Stage::new();
    let root = stage.root().display().to_string();
    stage.agent("careless.sh", &CARELESS.replace("ROOT", &root));
    let agents = ["--coder", "sam=command:../careless.sh", "--reviewer", "one=command:../careless.sh"];
    let ended = stage.run(&[&["task", "Write", "--forge", "local", "--auto-merge"][..], &agents].concat());
    let said = format!("{}{}", ended.stderr, ended.stdout);
    assert!(said.contains("item-1 Resolve the conflict with `main` at "), "{said}");
    assert!(
        said.contains("conflict markers remain in notes.txt (merge the base branch yourself, "),
        "{said}"
    );
    assert!(!said.contains('…') && !said.contains("agent-loop makes the merge commit"), "{said}");
    let prompt = fs::read_to_string(stage.root().join("coder_followup.prompt")).unwrap();
    assert!(prompt.contains("agent-loop makes the merge commit"), "{prompt}");
    let status = stage.run(&["status"]).stdout;
    assert!(status.contains("\n  pr/1  coder sam, round 1  "), "{status}");
}
