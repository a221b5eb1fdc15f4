//! Gates that run commands, with the built binary.

use std::fs;

use super::stage::{Stage, task};

/// Notes each run of a gate, and fails while a file exists.
const GATE: &str = "#!/bin/sh\necho run >> ROOT/runs-$1\ntest ! -e ROOT/red-$1\n";

fn stage(settings: &str) -> Stage {
    let stage = Stage::new();
    stage.agent("gate.sh", &GATE.replace("ROOT", &stage.root().display().to_string()));
    let folder = stage.root().join(".config/agent-loop");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), settings.replace("GATE", &gate(&stage))).unwrap();
    stage
}

fn gate(stage: &Stage) -> String {
    stage.root().join("gate.sh").display().to_string()
}

fn runs(stage: &Stage, gate: &str) -> usize {
    fs::read_to_string(stage.root().join(format!("runs-{gate}"))).unwrap_or_default().lines().count()
}

#[test]
fn passed_trees_are_not_run_again() {
    let stage = stage("[gates.tests]\ncommand = \"GATE tests\"\n");
    let ended = stage.run(&task(&[]));
    assert_eq!(ended.json()["status"], "approved", "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(runs(&stage, "tests"), 1);
    let branch = stage.branch();
    stage.git(&["switch", "--quiet", &branch]);
    stage.git(&["commit", "--quiet", "--amend", "--message", "the same files"]);
    stage.git(&["switch", "--quiet", "main"]);
    let again = stage.run(&["pr", "1", "--json"]);
    assert_eq!(again.json()["status"], "approved", "{}\n{}", again.stdout, again.stderr);
    assert_eq!(again.json()["gates"][0]["detail"], "passed before on the same files", "{}", again.stdout);
    assert_eq!(runs(&stage, "tests"), 1);
}

#[test]
fn further_commands_are_gates() {
    let settings = "[gates.command.lint]\ncommand = \"GATE lint\"\nbefore_review = false\n\
                    [gates.command.advice]\ncommand = \"GATE advice\"\nrequired = false\n";
    let stage = stage(settings);
    for red in ["advice", "lint"] {
        fs::write(stage.root().join(format!("red-{red}")), "").unwrap();
    }
    let blocked = stage.run(&task(&["--max-rounds", "1"]));
    let outcome = blocked.json();
    assert_eq!(
        (blocked.exit, &outcome["items"]["open"][0]["reviewer"]),
        (Some(1), &"gate-lint".into()),
        "{outcome}"
    );
    fs::remove_file(stage.root().join("red-lint")).unwrap();
    let approved = stage.run(&task(&["--max-rounds", "2"]));
    let gates = approved.json()["gates"].clone();
    assert_eq!(approved.json()["status"], "approved", "{}\n{}", approved.stdout, approved.stderr);
    assert_eq!((&gates[0]["name"], &gates[0]["verdict"]), (&"advice".into(), &"fail".into()), "{gates}");
    assert_eq!((&gates[1]["name"], &gates[1]["verdict"]), (&"lint".into(), &"pass".into()), "{gates}");
}

#[test]
fn commands_of_gates_are_checked_first() {
    for (settings, why) in [
        ("[gates.command.tests]\ncommand = \"true\"\n", "the name is reserved"),
        ("[gates.command.Lint]\ncommand = \"true\"\n", "gate name"),
        ("[gates.command.lint]\nrequired = true\n", "the lint command is empty"),
        ("[gates.command.lint]\ncommand = \"no-such-linter\"\n", "`no-such-linter` was not found"),
        ("[gates.command.lint]\ncommand = \"a && b\"\n", "gates.command.lint.command = "),
    ] {
        let refused = stage(settings).run(&task(&[]));
        let message = refused.json()["message"].to_string();
        assert_eq!(refused.exit, Some(2), "{message}");
        assert!(message.contains(why), "{why}: {message}");
    }
}
