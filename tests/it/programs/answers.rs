//! Answers of agents to the built program: repaired answers, requirements, secrets, follow-ups, and a verified thread.

use std::fs;

use super::stage::{Ended, Stage};

const WISH: &str = "Keep the other lines.\n\n-- Human Reviewer";

/// Creates a stage with a careless agent, and an issue with a signed requirement.
fn careless() -> Stage {
    let stage = Stage::new();
    stage.agent("careless.sh", include_str!("../../../fixtures/agents/careless-agent.sh"));
    let created = stage.run(&[
        "local",
        "issue",
        "create",
        "--title",
        "Do what is left",
        "--body",
        "There is a TODO.",
        "--as",
        "ada",
    ]);
    assert_eq!(created.exit, Some(0), "{}", created.stderr);
    let wish = ["local", "issue", "comment", "1", "--body", WISH, "--as", "ada", "--role", "member"];
    assert_eq!(stage.run(&wish).exit, Some(0));
    stage
}

fn issue(stage: &Stage, more: &[&str]) -> Ended {
    let mut words = vec!["issue", "1", "--coder", "sam=command:../careless.sh", "--forge", "local", "--json"];
    words.extend(["--reviewer", "careful=command:../careless.sh"]);
    words.extend(more);
    stage.run_with(&words, &[("MY_API_KEY", "not-to-be-seen")])
}

fn configured(stage: &Stage, text: &str) {
    let folder = stage.root().join(".config/agent-loop");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), text).unwrap();
}

fn thread(stage: &Stage, number: &str) -> String {
    stage.run(&["local", "pr", "view", number, "--comments"]).stdout
}

/// An editor replaced the two hyphens by a dash.
#[test]
fn a_near_signature_is_told_once() {
    let stage = careless();
    let wish = ["local", "issue", "comment", "1", "--body", "Use TLS.\n\n— Human Reviewer", "--as", "ada"];
    assert_eq!(stage.run(&wish).exit, Some(0));
    let ended = issue(&stage, &[]);
    let told = "is not a requirement: its last line differs from the signature `-- Human Reviewer`";
    assert_eq!(ended.stderr.matches(told).count(), 1, "{}", ended.stderr);
}

/// The secret that the agent leaks is not published.
#[test]
fn a_careless_agent_is_understood() {
    let stage = careless();
    let ended = issue(
        &stage,
        &["--approved-followups", "issue", "--repair-model", "small", "--repair-model", "large"],
    );
    let outcome = ended.json();
    assert_eq!(outcome["status"], "approved", "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(outcome["redacted"]["github-token"], 1, "{outcome}");
    assert_eq!(outcome["votes"][0]["requirements"].as_array().unwrap().len(), 1, "{outcome}");
    assert!(ended.stderr.contains("asking to reformat the answer"), "{}", ended.stderr);
    let seen = thread(&stage, "2");
    assert!(!seen.contains("ghp_") && seen.contains("1 filed"), "{seen}");
    let filed = stage.run(&["local", "issue", "view", "3", "--json"]).stdout;
    assert!(filed.contains("Write a manual") && filed.contains("AGENT_LOOP_CHILD: parent=2"), "{filed}");
    let logs = stage.run(&["logs", "issue/1", "--list"]).stdout;
    assert_eq!(logs.matches("repair sam").count(), 2, "one model after the other: {logs}");

    let again = issue(&stage, &["--approved-followups", "issue"]);
    assert_eq!(again.json()["status"], "approved");
    assert!(stage.run(&["local", "issue", "view", "4"]).exit != Some(0), "nothing is filed twice");
}

#[test]
fn repair_programs_see_an_empty_folder() {
    let stage = careless();
    let root = stage.root().display().to_string();
    let script = format!(
        "#!/bin/sh\nls -A > {root}/seen\necho \"$AGENT_LOOP_ROLE $AGENT_LOOP_KIND\" >> {root}/seen\n\
                          sed -n 's/\"extra\": 1, //p' | head -n 1\n"
    );
    stage.agent("tidy.sh", &script);
    let ended = issue(&stage, &["--repair-backend", "command:../tidy.sh"]);
    assert_eq!(ended.json()["status"], "approved", "{}", ended.stderr);
    assert_eq!(fs::read_to_string(stage.root().join("seen")).unwrap(), "repair implementation\n");
}

#[test]
fn a_secret_can_end_the_run() {
    let stage = careless();
    configured(&stage, "[redact]\non_hit = \"stop\"\n");
    let ended = issue(&stage, &[]);
    let outcome = ended.json();
    assert_eq!((ended.exit, &outcome["reason"]), (Some(4), &"secret".into()), "{outcome}");
    assert!(outcome["message"].as_str().unwrap().contains("github-token"), "{outcome}");
    let issue = stage.run(&["local", "issue", "view", "1"]).stdout;
    assert!(!issue.contains("ghp_") && issue.contains("Needs a person's decision"), "{issue}");
    assert!(stage.run(&["status"]).stdout.contains("salvage"), "the work is kept");
}

#[test]
fn variables_named_in_settings_are_secrets() {
    let stage = careless();
    configured(
        &stage,
        "[redact]\nvariables = [\"SERVICE_LOGIN\"]\n[agents.careless]\ncmd = \"../../careless.sh\"\nenv = [\"SERVICE_LOGIN\"]\n",
    );
    let words = [
        "issue",
        "1",
        "--coder",
        "sam=command:careless",
        "--reviewer",
        "careful=command:careless",
        "--forge",
        "local",
        "--json",
    ];
    let ended = stage.run_with(&words, &[("SERVICE_LOGIN", "ada:open sesame")]);
    assert_eq!(ended.json()["status"], "approved", "{}", ended.stderr);
    let seen = thread(&stage, "2");
    assert!(seen.contains("Done with [redacted: SERVICE_LOGIN]."), "{seen}");
}

#[test]
fn threads_and_saved_files_are_verified() {
    let stage = careless();
    assert_eq!(issue(&stage, &[]).json()["status"], "approved");
    let sound = stage.run(&["verify", "pr/2", "--save", "../thread.json"]);
    assert_eq!(sound.exit, Some(0), "{}", sound.stdout);
    assert!(
        sound.stdout.contains("4 valid records") && sound.stdout.ends_with("pr/2: sound\n"),
        "{}",
        sound.stdout
    );
    assert_eq!(stage.run(&["verify", "issue/1"]).exit, Some(0));
    let from_file = stage.run_in("..".as_ref(), &["verify", "pr/2", "--dump", "thread.json"]);
    assert_eq!((from_file.exit, from_file.stdout), (Some(0), sound.stdout));

    let view = stage.run(&["local", "pr", "view", "2", "--json"]).json();
    let forged = view["comments"][1]["body"].as_str().unwrap();
    let post = ["local", "pr", "comment", "2", "--body", forged, "--as", "mallory", "--role", "none"];
    assert_eq!(stage.run(&post).exit, Some(0));
    let unsound = stage.run(&["verify", "pr/2", "--json"]);
    let report = unsound.json();
    assert_eq!((unsound.exit, &report["sound"]), (Some(1), &false.into()));
    assert!(report["chains"][0]["ignored"][0]["why"].as_str().unwrap().contains("mallory"), "{report}");

    for wrong in ["{}", "", "[1,2]"] {
        fs::write(stage.root().join("wrong.json"), wrong).unwrap();
        let refused = stage.run(&["verify", "pr/2", "--dump", "../wrong.json"]);
        assert_eq!(refused.exit, Some(2));
        assert!(refused.stderr.contains("is not a saved thread"), "{}", refused.stderr);
    }
}

#[test]
fn schemas_are_printed_in_both_dialects() {
    let stage = Stage::new();
    let ours = stage.run(&["schema", "coder_followup"]).stdout;
    let strict = stage.run(&["schema", "coder_followup", "--strict"]).stdout;
    assert_eq!(ours, fs::read_to_string("schemas/coder_followup.schema.json").unwrap());
    assert_eq!(strict, fs::read_to_string("schemas/strict/coder_followup.schema.json").unwrap());
    let typo = stage.run(&["schema", "coder_folowup"]);
    assert_eq!(typo.exit, Some(2));
    assert!(typo.stderr.contains("did you mean `coder_followup`?"), "{}", typo.stderr);
}
