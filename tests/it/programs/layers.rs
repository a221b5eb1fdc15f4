//! Settings that exclude each other, and settings with two names: a later source wins, and one source may set only one of
//! them.

use std::fs;

use super::stage::{Ended, Stage, task};

/// Writes the user's own file.
fn users_own(stage: &Stage, text: &str) {
    let folder = stage.root().join(".config/agent-loop");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), text).unwrap();
}

/// Returns the value of a key, if it is set.
fn explained(stage: &Stage, key: &str, variables: &[(&str, &str)]) -> Option<String> {
    let ended = stage.run_with(&["config", "explain", "--json"], variables);
    assert_eq!(ended.exit, Some(0), "{}", ended.stderr);
    let all = ended.json();
    let found = all.as_array().unwrap().iter().find(|one| one["key"] == key);
    found.map(|one| one["value"].to_string())
}

fn refused(ended: &Ended) -> String {
    assert_eq!((ended.exit, ended.json()["status"].as_str()), (Some(2), Some("refused")), "{}", ended.stderr);
    ended.json()["message"].as_str().unwrap().to_owned()
}

/// The same applies to a later chain and a model.
#[test]
fn a_later_model_replaces_a_chain() {
    let stage = Stage::new();
    for flags in [
        &["--antigravity-models", "A", "B"][..],
        &["--antigravity-model", "C"],
        &["--antigravity-models", "A", "B"],
        &[],
    ] {
        let ended = stage.run(&task(flags));
        assert_eq!(ended.json()["status"], "approved", "{flags:?}: {}{}", ended.stdout, ended.stderr);
    }
    let chain = "[agents.claude]\nmodels = ['haiku', 'sonnet']\n[agents.claude.coder]\nmodels = ['a', 'b']\n";
    users_own(&stage, chain);
    let ended = stage.run(&task(&["--claude-model", "opus", "--claude-model", "coder=haiku"]));
    assert_eq!(ended.json()["status"], "approved", "{}{}", ended.stdout, ended.stderr);
    let variables = [("AGENT_LOOP_CONFIG__AGENTS__CLAUDE__CODER__MODEL", "opus")];
    let of = |key: &str| explained(&stage, key, &variables);
    assert_eq!(of("agents.claude.coder.model").as_deref(), Some("\"opus\""));
    assert_eq!(of("agents.claude.coder.models"), None, "the chain of the file is replaced");
    assert!(of("agents.claude.models").is_some(), "settings of another role remain");
}

/// They exclude each other within one source, which the refusal names.
#[test]
fn models_and_chains_exclude_each_other() {
    let stage = Stage::new();
    users_own(&stage, "[agents.claude.reviewer]\nmodel = 'a'\nmodels = ['b']\n");
    let message = refused(&stage.run(&task(&[])));
    assert!(
        message.contains("config.toml") && message.contains("agents.claude.reviewer.models"),
        "{message}"
    );
    users_own(&stage, "");
    let both = [
        ("AGENT_LOOP_CONFIG__AGENTS__CLAUDE__MODEL", "a"),
        ("AGENT_LOOP_CONFIG__AGENTS__CLAUDE__MODELS", "['b']"),
    ];
    let message = refused(&stage.run_with(&task(&[]), &both));
    assert!(message.contains("AGENT_LOOP_CONFIG__AGENTS__CLAUDE__MODELS"), "{message}");
    let message = refused(&stage.run(&task(&["--antigravity-model", "a", "--antigravity-models", "b", "c"])));
    assert!(message.contains("--antigravity-models"), "{message}");
}

#[test]
fn settings_know_agy_as_antigravity() {
    let stage = Stage::new();
    users_own(&stage, "[agents.agy]\nmodel = 'A'\n[agents.agy.coder]\nmodels = ['B', 'C']\n");
    let variables = [("AGENT_LOOP_CONFIG__AGENTS__AGY__MODEL", "D")];
    assert_eq!(explained(&stage, "agents.antigravity.model", &[]).as_deref(), Some("\"A\""));
    assert_eq!(explained(&stage, "agents.antigravity.model", &variables).as_deref(), Some("\"D\""));
    assert!(explained(&stage, "agents.antigravity.coder.models", &[]).is_some());
    assert_eq!(explained(&stage, "agents.agy.model", &variables), None);

    users_own(&stage, "[agents.agy]\nmodel = 'A'\n[agents.antigravity]\neffort = 'high'\n");
    let message = refused(&stage.run(&task(&[])));
    let named = ["config.toml", "agents.agy", "agents.antigravity"].iter().all(|word| message.contains(word));
    assert!(named, "{message}");
}

#[test]
fn either_name_finds_the_configured_program() {
    let stage = Stage::new();
    let path = stage.root().join("todo.sh");
    users_own(&stage, &format!("[agents.agy]\ncmd = '{}'\n", path.display()));
    let ended =
        stage.run(&["task", "x", "--json", "--coder", "sam=command:agy", "--reviewer", "r=command:agy"]);
    assert_eq!(ended.json()["status"], "approved", "{}{}", ended.stdout, ended.stderr);
}
