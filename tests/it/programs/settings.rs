//! Settings: their sources, their precedence, and the settings of a repository that need the user's trust.

use std::fs;

use super::stage::Stage;

const AGENT: &str = "[agents.todo]\ncmd = \"../todo.sh\"\n";
const ROLES: &str = "[roles]\ncoder = \"sam=command:todo\"\nreviewers = [\"one=command:todo\"]\n";

/// Commits the repository's file.
fn commit(stage: &Stage, text: &str) {
    stage.write("agent-loop.toml", text);
    stage.git(&["add", "agent-loop.toml"]);
    stage.git(&["commit", "--quiet", "--message", "settings"]);
}

/// Writes the user's own file.
fn users_own(stage: &Stage, text: &str) {
    let folder = stage.root().join(".config/agent-loop");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), text).unwrap();
}

#[test]
fn a_configured_run_needs_no_flag() {
    let stage = Stage::new();
    let agent = AGENT.replace("../todo.sh", &stage.root().join("todo.sh").display().to_string());
    users_own(&stage, &format!("{agent}{ROLES}[gates.tests]\ncommand = \"grep DONE notes.txt\"\n"));
    let ended = stage.run(&["task", "Resolve every TODO", "--json"]);
    assert_eq!(ended.json()["status"], "approved", "{}", ended.stderr);
    assert_eq!(ended.json()["gates"][0]["verdict"], "pass");
}

/// An agent that a flag has named is kept, whatever the settings say.
#[test]
fn a_named_coder_is_kept() {
    let stage = Stage::new();
    let agent = AGENT.replace("../todo.sh", &stage.root().join("todo.sh").display().to_string());
    users_own(&stage, &format!("{agent}{ROLES}"));
    let named = stage.run(&["task", "Resolve every TODO", "--json", "--coder", "bob=command:todo"]);
    assert_eq!(named.json()["status"], "approved", "{}", named.stderr);
    let again = stage.run(&["pr", "1", "--json"]);
    assert_eq!(again.json()["run"], named.json()["run"], "{}", again.stderr);
    assert!(again.json()["message"].as_str().unwrap().starts_with("approved already"), "{}", again.stdout);
}

#[test]
fn settings_for_programs_need_trust() {
    let stage = Stage::new();
    commit(&stage, &format!("{AGENT}{ROLES}"));
    let refused = stage.run(&["task", "Resolve every TODO", "--json"]);
    assert_eq!((refused.exit, refused.json()["reason"].as_str()), (Some(2), Some("untrusted-config")));
    let message = refused.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("agents.todo.cmd"), "{message}");
    let line = message.split('`').find(|part| part.starts_with("agent-loop config trust")).unwrap();
    let words: Vec<&str> = line.split(' ').skip(1).collect();
    assert_eq!(refused.json()["next_command"], line, "one spelling");
    let doctor = stage.run(&["doctor"]).stdout;
    assert!(doctor.contains("[agents.todo] is in the repository's file, which is not trusted"), "{doctor}");
    assert!(doctor.contains("then: agent-loop config trust\n"), "{doctor}");
    assert_eq!(stage.run(&words).exit, Some(0), "the refusal's own words work: {line}");
    assert_eq!(stage.run(&["task", "Resolve every TODO", "--json"]).json()["status"], "approved");

    commit(&stage, &format!("{AGENT}args = [\"--worse\"]\n{ROLES}"));
    let again = stage.run(&["task", "Something else", "--json"]);
    assert_eq!(again.json()["reason"], "untrusted-config");
}

#[test]
fn a_roles_path_is_a_program() {
    let stage = Stage::new();
    for role in ["coder = \"sam=command:./evil.sh\"", "reviewers = [\"yes=scripted:approve.json\"]"] {
        commit(&stage, &format!("[roles]\n{role}\n"));
        let refused = stage.run(&["task", "x", "--json"]);
        assert_eq!(refused.json()["reason"], "untrusted-config", "{role}");
    }
    commit(&stage, "[review]\nmax_rounds = 3\n");
    assert_ne!(stage.run(&["task", "x", "--json"]).json()["reason"], "untrusted-config");
}

#[test]
fn the_base_branchs_settings_count() {
    let stage = Stage::new();
    commit(&stage, "[gates.tests]\ncommand = \"grep DONE notes.txt\"\n");
    assert_eq!(stage.run(&["config", "trust"]).exit, Some(0));
    stage.git(&["checkout", "--quiet", "-b", "weaker"]);
    stage.write("notes.txt", "nothing left\n");
    stage.git(&["add", "--all"]);
    commit(&stage, "[gates.tests]\ncommand = \"true\"\n");
    let opened = stage
        .run(&["local", "pr", "create", "--head", "weaker", "--base", "main", "--title", "t", "--body", "b"]);
    assert_eq!(opened.exit, Some(0), "{}", opened.stderr);
    let ended = stage.run(&[
        "pr",
        "1",
        "--json",
        "--max-rounds",
        "1",
        "--coder",
        "sam=command:../todo.sh",
        "--reviewer",
        "one=command:../todo.sh",
    ]);
    let detail = ended.json()["gates"][0]["verdict"].clone();
    assert_eq!(detail, "fail", "notes.txt on weaker has nothing DONE: {}", ended.stderr);
    assert!(ended.stderr.contains("differs from the branch main"), "{}", ended.stderr);
}

#[test]
fn later_layers_win_and_are_explained() {
    let stage = Stage::new();
    commit(&stage, "[review]\nmax_rounds = 3\nparallel = false\nauto_merge = true\n");
    users_own(&stage, "[review]\nmax_rounds = 4\nparallel = true\n");
    let explain = |variables: &[(&str, &str)]| {
        let ended = stage.run_with(&["config", "explain", "--json"], variables);
        let all = ended.json();
        let find = |key: &str| {
            let one = all.as_array().unwrap().iter().find(|one| one["key"] == key).unwrap().clone();
            (one["value"].to_string(), one["source"].as_str().unwrap().to_owned())
        };
        [find("review.max_rounds"), find("review.parallel"), find("review.auto_merge")]
    };
    let [rounds, parallel, merge] = explain(&[("AGENT_LOOP_CONFIG__REVIEW__MAX_ROUNDS", "5")]);
    assert_eq!(rounds, ("5".to_owned(), "environment".to_owned()));
    assert!(parallel.0 == "true" && parallel.1.ends_with("config.toml"), "{parallel:?}");
    assert_eq!(merge, ("true".to_owned(), "agent-loop.toml on main".to_owned()));
}

#[test]
fn explain_shows_one_section() {
    let stage = Stage::new();
    let shown = |key: &str| stage.run(&["config", "explain", key]);
    let section = shown("review").stdout;
    assert!(
        section.lines().count() > 5 && section.lines().all(|line| line.starts_with("review.")),
        "{section}"
    );
    assert!(shown("review.max_rounds").stdout.starts_with("review.max_rounds = 10  # default\n"));
    assert!(shown("agents.sam").stdout.contains("agents.NAME.cmd is not set"));
    assert!(shown("gate.tests").stderr.contains("did you mean `gates.tests`?"));
    let near = shown("reveiw.max_rounds");
    assert!(
        near.exit == Some(2) && near.stderr.contains("did you mean `review.max_rounds`?"),
        "{}",
        near.stderr
    );
}

#[test]
fn a_typo_names_the_nearest_key() {
    let stage = Stage::new();
    let refused = |text: &str, variables: &[(&str, &str)]| {
        users_own(&stage, text);
        let ended = stage.run_with(&["task", "x", "--json"], variables);
        assert_eq!((ended.exit, ended.json()["reason"].as_str()), (Some(2), Some("config")), "{text}");
        ended.json()["message"].as_str().unwrap().to_owned()
    };
    let message = refused("[review]\nmax_round = 3\n", &[]);
    assert!(message.contains("`review.max_rounds`") && message.contains("config.toml"), "{message}");
    let message = refused("[reviews]\n", &[]);
    assert!(message.contains("unknown key `reviews`"), "{message}");
    let message = refused("[review]\nmax_rounds = \"three\"\n", &[]);
    assert!(message.contains("max_rounds = \"three\""), "the line is shown: {message}");
    let message = refused("[review\n", &[]);
    assert!(message.contains("line 1"), "{message}");
    let message = refused("", &[("AGENT_LOOP_CONFIG__REVIEW__MAXROUNDS", "3")]);
    assert!(message.contains("`review.max_rounds`"), "{message}");
    let message = refused("", &[("AGENT_LOOP_CONFIG__REVIEW__MAX_ROUNDS", "three")]);
    assert!(message.contains("as in TOML"), "{message}");
    let message = refused(
        "[roles]\ncoder = \"command:todo\"\n[agents.todo]\ncmd = \"sh\"\nenv = [\"KEY=hush\"]\n",
        &[],
    );
    assert!(message.contains("names of variables, never values") && !message.contains("hush"), "{message}");
}

#[test]
fn an_unknown_agent_names_the_nearest() {
    let stage = Stage::new();
    users_own(&stage, "[agents.todo]\ncmd = \"sh\"\n");
    let ended = stage.run(&["task", "x", "--json", "--coder", "command:tood"]);
    let message = ended.json()["message"].as_str().unwrap().to_owned();
    assert_eq!(ended.exit, Some(2));
    assert!(message.contains("did you mean `todo`?") && message.contains("command:./tood"), "{message}");
}

#[test]
fn an_agent_sees_only_named_variables() {
    let stage = Stage::new();
    let script =
        include_str!("../../../fixtures/agents/todo-agent.sh").replace("set -eu", "set -eu; env >&2");
    let path = stage.agent("telling.sh", &script);
    users_own(
        &stage,
        &format!(
            "[agents.telling]\ncmd = \"{}\"\nenv = [\"AGENT_KEY\"]\n{}",
            path.display(),
            ROLES.replace("todo", "telling")
        ),
    );
    let keys = [("AGENT_KEY", "its-own-key"), ("OTHER_KEY", "not-its-key")];
    let ended = stage.run_with(&["task", "Resolve every TODO", "--json"], &keys);
    assert_eq!(ended.json()["status"], "approved", "{}", ended.stderr);
    let logs = stage.logs();
    assert!(!logs.is_empty());
    for log in logs {
        let text = fs::read_to_string(log).unwrap();
        assert!(text.contains("AGENT_KEY=its-own-key") && !text.contains("not-its-key"), "{text}");
    }
}

#[test]
fn config_init_overwrites_nothing() {
    let stage = Stage::new();
    assert_eq!(stage.run(&["config", "init"]).exit, Some(0));
    let before = fs::read_to_string(stage.repository().join("agent-loop.toml")).unwrap();
    let again = stage.run(&["config", "init"]);
    assert_eq!(again.exit, Some(2));
    assert!(again.stderr.contains("was not changed"), "{}", again.stderr);
    assert_eq!(fs::read_to_string(stage.repository().join("agent-loop.toml")).unwrap(), before);
    assert_eq!(stage.run(&["config", "init", "--user"]).exit, Some(0));
    let schema: serde_json::Value = serde_json::from_str(&stage.run(&["config", "schema"]).stdout).unwrap();
    assert_eq!(schema["properties"]["review"]["properties"]["max_rounds"]["default"], 10);
}

#[test]
fn an_open_run_keeps_its_terms() {
    let stage = Stage::new();
    stage.agent("tired.sh", "#!/bin/sh\ncat > /dev/null\necho resets_at=$(date +%s) >&2\nexit 75\n");
    users_own(&stage, "[review]\nmax_rounds = 3\n");
    let words =
        ["task", "x", "--json", "--coder", "sam=command:../todo.sh", "--reviewer", "one=command:../tired.sh"];
    let parked = stage.run(&words);
    assert_eq!(parked.json()["status"], "parked", "{}", parked.stderr);
    users_own(&stage, "[review]\nmax_rounds = 7\n");
    stage.agent("tired.sh", include_str!("../../../fixtures/agents/todo-agent.sh"));
    let resumed = stage.run(&["resume", "--json=events"]);
    assert_eq!(resumed.json()["status"], "approved", "{}", resumed.stderr);
    assert!(resumed.stdout.contains("\"max_rounds\":3"), "{}", resumed.stdout);
    let other = stage.run(&[
        "task",
        "y",
        "--json",
        "--coder",
        "sam=command:../todo.sh",
        "--reviewer",
        "one=command:../todo.sh",
    ]);
    assert!(other.stderr.contains("at most 7 rounds"), "{}", other.stderr);
}

#[test]
fn an_endless_settings_file_stays_unread() {
    let stage = Stage::new();
    let folder = stage.root().join(".config/agent-loop");
    fs::create_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.join("config.toml")).unwrap();
    let ended = stage.run(&["config", "explain"]);
    assert!(ended.exit == Some(2) && ended.stderr.contains("it is not a file"), "{}", ended.stderr);
    fs::remove_file(folder.join("config.toml")).unwrap();
    // A repository can contain such a link.
    std::os::unix::fs::symlink("/dev/zero", stage.repository().join("agent-loop.toml")).unwrap();
    let ended = stage.run(&super::stage::task(&[]));
    assert_eq!(ended.json()["status"], "approved", "{}", ended.stderr);
    assert!(ended.stderr.contains("is not on the branch main"), "{}", ended.stderr);
}
