//! Gates that run commands, with the built binary.

use std::fs;

use serde_json::Value;

use super::stage::{Ended, Stage, task};

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
    let outcome = again.json();
    let tests = outcome["gates"].as_array().unwrap().iter().find(|gate| gate["name"] == "tests").unwrap();
    assert_eq!(tests["detail"], "not run again: passed before on the same files", "{}", again.stdout);
    assert_eq!(runs(&stage, "tests"), 1);
    let thread = stage.run(&["local", "pr", "view", "1", "--comments"]).stdout;
    assert!(thread.contains(": not run again: passed before on the same files"), "{thread}");
}

/// Before the reviewers only of a head that the coder has just made, and before approval.
#[test]
fn tests_run_when_heads_change() {
    for (flags, expected) in [
        (&[][..], ["red", "green", "review"].as_slice()),
        (&["--no-pre-review-tests"], &["review", "red", "green", "review"]),
    ] {
        let stage = stage("");
        let root = stage.root().display().to_string();
        let agent = include_str!("../../../fixtures/agents/todo-agent.sh")
            .replacen("implementation)\n  do_all", "implementation)\n  echo half > half.txt", 1)
            .replacen("coder_followup)\n  do_all", "coder_followup)\n  mv half.txt whole.txt; do_all", 1)
            .replace("git grep -l TODO -- . ':!*.sh' || true", "true")
            .replacen("pr_review)", &format!("pr_review)\n  echo review >> {root}/order"), 1);
        stage.agent("todo.sh", &agent);
        let tests = format!(
            "#!/bin/sh\nif test -e half.txt; then word=red; else word=green; fi\necho $word >> {root}/order\ntest $word = green\n"
        );
        let tests = stage.agent("tests.sh", &tests).display().to_string();
        let flags = [&["--test-command", &tests][..], flags].concat();
        let agents = [
            "task",
            "Do it",
            "--json",
            "--coder",
            "sam=command:../todo.sh",
            "--reviewer",
            "one=command:../todo.sh",
        ];
        let ended = stage.run(&[&agents[..], &flags].concat());
        assert_eq!(ended.json()["status"], "approved", "{}{}", ended.stdout, ended.stderr);
        let order = fs::read_to_string(stage.root().join("order")).unwrap();
        let mut order: Vec<&str> = order.lines().collect();
        // A red run is repeated at once.
        order.dedup();
        assert_eq!(order, expected, "{flags:?}");
    }
}

/// Nothing of this is the coder's work.
#[test]
fn unmeasured_tests_are_inconclusive() {
    for (command, why) in [
        ("sleep 600", "took longer than 1 s and was killed"),
        ("sh -c 'exit 126'", "the command is not executable"),
        ("sh -c no-such-program", "the command did not run"),
        (".venv/bin/pytest", "could not run `.venv/bin/pytest`"),
        (".venv/bin/pytest", "runs in a fresh clone"),
        ("sh -c 'kill -9 $$'", "was ended by signal 9"),
    ] {
        let ended = Stage::new().run(&task(&["--test-command", command, "--test-timeout-seconds", "1"]));
        let outcome = ended.json();
        assert_eq!((ended.exit, &outcome["status"]), (Some(6), &"inconclusive".into()), "{outcome}");
        assert!(outcome["message"].as_str().unwrap().contains(why), "{why}: {outcome}");
        assert_eq!(
            (&outcome["items"]["open"], &outcome["usage"]["calls"]),
            (&Value::Array(Vec::new()), &1.into()),
            "{outcome}"
        );
    }
}

/// Runs the command that an outcome proposes, and `status` too.
fn proposed(stage: &Stage, ended: &Ended) -> (String, Ended) {
    let next = ended.json()["next_command"].as_str().unwrap().to_owned();
    assert!(stage.run(&["status"]).stdout.contains(&format!("    {next}\n")), "{next}");
    let mut words: Vec<String> = shlex::split(&next).unwrap();
    if next.contains(" resume ") {
        words.push("--json".to_owned());
    }
    let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
    (next.clone(), stage.run(&words))
}

/// The same command would take too long again.
#[test]
fn a_longer_limit_is_proposed() {
    let stage = Stage::new();
    let limit = ["--test-command", "sleep 2", "--test-timeout-seconds", "1"];
    let (next, again) = proposed(&stage, &stage.run(&task(&limit)));
    assert_eq!(next, "agent-loop resume pr/1 --test-timeout-seconds 4");
    assert_eq!(again.json()["status"], "approved", "{}", again.stderr);
    let stage = Stage::new();
    let slow = ["--setup-command", "sleep 2", "--test-command", "true", "--test-timeout-seconds", "1"];
    let (next, again) = proposed(&stage, &stage.run(&task(&slow)));
    assert!(next.ends_with(" --test-timeout-seconds 4"), "{next}");
    assert_eq!(again.json()["status"], "approved", "{}", again.stderr);
}

/// The same agent would take too long again, whether it is the coder or a reviewer.
#[test]
fn slow_agents_get_more_time() {
    for case in ["implementation)\n", "pr_review)\n"] {
        let stage = Stage::new();
        let slow = include_str!("../../../fixtures/agents/todo-agent.sh").replacen(
            case,
            &format!("{case}  sleep 2\n"),
            1,
        );
        stage.agent("todo.sh", &slow);
        let ended = stage.run(&task(&["--agent-timeout-seconds", "1"]));
        let message = ended.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("was killed (--agent-timeout-seconds allows more)"), "{message}");
        let (next, again) = proposed(&stage, &ended);
        assert!(next.ends_with(" --agent-timeout-seconds 4") && next.contains(" resume "), "{next}");
        assert_eq!(again.json()["status"], "approved", "{}{}", again.stdout, again.stderr);
    }
}

/// An agent with a time limit of its own has no flag for it.
#[test]
fn slow_agents_name_their_setting() {
    let own = stage("[agents.slow]\ncmd = \"../../slow.sh\"\ntimeout_seconds = 1\n");
    own.agent("slow.sh", "#!/bin/sh\nsleep 600\n");
    let words =
        ["task", "Do it", "--json", "--coder", "command:slow", "--reviewer", "one=command:../todo.sh"];
    let (next, explained) = proposed(&own, &own.run(&words));
    assert_eq!(next, "agent-loop config explain agents.slow.timeout_seconds");
    assert!(explained.stdout.contains("timeout_seconds = 1 "), "{}", explained.stdout);
}

/// A gate of the settings has no flag, and a command that did not run shows its output.
#[test]
fn unmeasured_gates_name_a_remedy() {
    let own = stage("[gates.command.lint]\ncommand = \"sleep 600\"\ntimeout_seconds = 1\n");
    let (next, explained) = proposed(&own, &own.run(&task(&[])));
    assert_eq!(next, "agent-loop config explain gates.command.lint.timeout_seconds");
    assert!(explained.stdout.contains("timeout_seconds = 1 "), "{}", explained.stdout);
    let own = Stage::new();
    let ended = own.run(&task(&["--test-command", "./nosuch.sh"]));
    let (next, log) = proposed(&own, &ended);
    assert_eq!(next, "agent-loop logs pr/1");
    assert!(log.stdout.contains("$ ./nosuch.sh"), "{}", log.stdout);
    let message = ended.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("or set another command: --test-command COMMAND"), "{message}");
}

#[test]
fn programs_missing_in_clones_are_named() {
    let warning = "main has no file `.venv/bin/pytest`, which the test command runs";
    let told = |flags: &[&str]| Stage::new().run(&task(flags)).stderr.contains(warning);
    assert!(told(&["--test-command", ".venv/bin/pytest"]));
    assert!(!told(&["--test-command", ".venv/bin/pytest", "--setup-command", "true"]));
    assert!(!told(&["--test-command", "./notes.txt"]));
}

#[test]
fn outcomes_list_gates_not_run() {
    let stage = stage("[gates]\noff = [\"tamper\"]\n");
    let ended = stage.run(&task(&[]));
    assert!(ended.stderr.contains(" · gate tests not run (no test command) · "), "{}", ended.stderr);
    let comments = stage.run(&["local", "pr", "view", "1", "--comments"]).stdout;
    assert!(comments.contains("| gate tests | not run: no test command |"), "{comments}");
    for words in [&["gates", "pr/1"][..], &["gates", "--base", "main"]] {
        let explained = stage.run(words).stdout;
        assert!(explained.contains("· gate tests (not run): no test command"), "{explained}");
    }
    let outcome = ended.json();
    assert_eq!(outcome["status"], "approved", "{}", ended.stderr);
    let gates = outcome["gates"].as_array().unwrap();
    for (name, detail) in
        [("tests", "no test command"), ("score", "aislop not found"), ("tamper", "turned off")]
    {
        let gate =
            gates.iter().find(|gate| gate["name"] == name).unwrap_or_else(|| panic!("{name}: {outcome}"));
        assert_eq!((&gate["verdict"], &gate["detail"]), (&"not-run".into(), &detail.into()), "{name}");
    }
}

/// A run that is blocked before its last gate, and one that ends before its pull request.
#[test]
fn unfinished_runs_list_waiting_gates() {
    let late = "[gates.command.lint]\ncommand = \"GATE lint\"\nbefore_review = false\n";
    let stage = stage(&format!("[gates.tests]\ncommand = \"GATE tests\"\n{late}"));
    fs::write(stage.root().join("red-tests"), "").unwrap();
    let verdicts = |outcome: &Value, name: &str| {
        let gates = outcome["gates"].as_array().unwrap();
        let of_gate = gates.iter().filter(|gate| gate["name"] == name);
        of_gate.map(|gate| format!("{}: {}", gate["verdict"], gate["detail"])).collect::<Vec<_>>()
    };
    let failing = stage.agent("fails.sh", "#!/bin/sh\nexit 1\n").display().to_string();
    let coder = format!("sam=command:{failing}");
    let stopped =
        stage.run(&["task", "Other", "--json", "--coder", &coder, "--reviewer", "one=command:../todo.sh"]);
    assert_eq!(stopped.json()["reason"], "agent-failed", "{}", stopped.stdout);
    let blocked = stage.run(&task(&["--max-rounds", "1"])).json();
    assert_eq!(verdicts(&blocked, "tests").len(), 1, "{blocked}");
    let shown = stage.run(&["status", "pr/1", "--json"]).json();
    for (outcome, name) in
        [(&stopped.json(), "tests"), (&stopped.json(), "lint"), (&blocked, "lint"), (&shown, "lint")]
    {
        assert_eq!(verdicts(outcome, name), ["\"not-run\": \"not measured yet\""], "{outcome}");
    }
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

#[test]
fn conditions_are_explained_without_agents() {
    let stage = stage("[gates.command.lint]\ncommand = \"GATE lint\"\n");
    fs::write(stage.root().join("red-lint"), "").unwrap();
    assert_eq!(stage.run(&task(&["--max-rounds", "1"])).exit, Some(1));
    let logs = stage.logs().len();
    let red = stage.run(&["gates", "pr/1", "--json"]);
    let explained = red.json();
    let states: Vec<String> = explained["conditions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {} {}", one["kind"], one["name"], one["state"]).replace('"', ""))
        .collect();
    let expected = [
        "vote one unmet",
        "vote two unmet",
        "item item-1 unmet",
        "gate tamper met",
        "gate lint unmet",
        "gate score not-run",
        "gate tests not-run",
    ];
    assert_eq!(
        (red.exit, states.as_slice()),
        (Some(1), expected.map(str::to_owned).as_slice()),
        "{explained}"
    );
    let text = stage.run(&["gates", "1"]).stdout;
    for words in ["4 of 5 conditions not met", "✗ vote one: has not voted"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("agent-loop pr"), "a command that only looks suggests no run: {text}");
    assert_eq!(stage.logs().len(), logs, "no program ran: the gate is measured on this head");
    fs::remove_file(stage.root().join("red-lint")).unwrap();
    assert_eq!(stage.run(&task(&["--max-rounds", "2"])).json()["status"], "approved");
    let green = stage.run(&["gates", "pr/1"]);
    assert_eq!(green.exit, Some(0), "{}{}", green.stdout, green.stderr);
    assert!(green.stdout.contains("all met") && !green.stdout.contains("agent-loop pr"), "{}", green.stdout);
    let comments = stage.run(&["local", "pr", "view", "1", "--comments"]).stdout;
    assert!(comments.contains("| gate score | not run: aislop not found |"), "{comments}");
}

#[test]
fn a_new_pull_request_is_measured() {
    let stage = stage("[gates.tests]\ncommand = \"GATE tests\"\n");
    stage.git(&["switch", "--quiet", "--create", "feature"]);
    stage.write("more.txt", "more\n");
    stage.git(&["add", "--all"]);
    stage.git(&["commit", "--quiet", "--message", "more"]);
    stage.git(&["switch", "--quiet", "main"]);
    let words = "local pr create --head feature --base main --title t --body b";
    assert_eq!(stage.run(&words.split(' ').collect::<Vec<_>>()).exit, Some(0));
    for _ in 0..2 {
        let explained = stage.run(&["gates", "pr/1", "--json"]).json();
        assert_eq!(explained["conditions"][2]["state"], "met", "{explained}");
    }
    assert_eq!(runs(&stage, "tests"), 1);
    assert!(!stage.run(&["status"]).stdout.contains("pr/1"), "nothing was begun");
}

/// Another machine, or a later version of the settings, does not know the command of a gate with open findings.
#[test]
fn gates_with_findings_are_kept() {
    let stage = stage("[gates.command.lint]\ncommand = \"GATE lint\"\n");
    fs::write(stage.root().join("red-lint"), "").unwrap();
    assert_eq!(stage.run(&task(&["--max-rounds", "1"])).exit, Some(1));
    fs::write(stage.root().join(".config/agent-loop/config.toml"), "").unwrap();
    for words in [&task(&["--max-rounds", "2"])[..], &["pr", "1", "--max-rounds", "2", "--json"]] {
        let refused = stage.run(words);
        assert_eq!(refused.exit, Some(2), "{}{}", refused.stdout, refused.stderr);
        let message = refused.json()["message"].to_string();
        assert!(message.contains("drop the gate with `--no-gate lint`"), "{message}");
    }
    let branch = stage.branch();
    stage.git(&["switch", "--quiet", &branch]);
    stage.write("more.txt", "more\n");
    stage.git(&["add", "--all"]);
    stage.git(&["commit", "--quiet", "--message", "a head without a measurement"]);
    stage.git(&["switch", "--quiet", "main"]);
    let explained = stage.run(&["gates", "pr/1"]);
    assert_eq!(explained.exit, Some(1), "{}{}", explained.stdout, explained.stderr);
    assert!(
        explained.stdout.contains("? gate lint (inconclusive): the gate `lint` must pass"),
        "{}",
        explained.stdout
    );
    let dropped = stage.run(&["pr", "1", "--no-gate", "lint", "--json"]);
    assert_eq!(dropped.json()["status"], "approved", "{}{}", dropped.stdout, dropped.stderr);
}

#[test]
fn a_checkout_has_gates_too() {
    let stage =
        stage("[gates.tests]\ncommand = \"GATE tests\"\n[gates.command.lint]\ncommand = \"GATE lint\"\n");
    stage.git(&["switch", "--quiet", "--create", "feature"]);
    stage.write("more.txt", "more\n");
    stage.write("more.py", "x = 1  # noqa\n");
    stage.git(&["add", "--all"]);
    stage.git(&["commit", "--quiet", "--message", "more"]);
    let green = stage.run(&["gates", "--base", "main"]);
    assert!(green.stdout.contains("- `more.py`: "), "a reported fact is named: {}", green.stdout);
    assert_eq!(green.exit, Some(0), "{}{}", green.stdout, green.stderr);
    assert!(green.stdout.contains("all met (3 conditions)"), "{}", green.stdout);
    fs::write(stage.root().join("red-lint"), "").unwrap();
    stage.git(&["commit", "--quiet", "--amend", "--allow-empty", "--message", "the same files"]);
    assert_eq!(stage.run(&["gates", "--base", "main"]).exit, Some(0), "the same files");
    stage.write("more.txt", "even more\n");
    stage.git(&["commit", "--quiet", "--all", "--message", "even more"]);
    let red = stage.run(&["gates", "--base", "main", "--markdown"]);
    assert_eq!(red.exit, Some(1), "{}{}", red.stdout, red.stderr);
    assert!(red.stdout.contains("### agent-loop gates: HEAD"), "{}", red.stdout);
    for (words, why) in [
        (&["gates"][..], "--base"),
        (&["gates", "--base", "no-such-branch"], "no branch `no-such-branch`"),
        (&["gates", "issue/7"], "no pull request yet"),
        (&["gates", "pr/7"], "pull request 7 does not exist here"),
        (&["issue", "7", "--dry-run"], "issue 7 does not exist here"),
    ] {
        let refused = stage.run(words);
        assert_eq!(refused.exit, Some(2), "{words:?}");
        assert!(
            format!("{}{}", refused.stdout, refused.stderr).contains(why),
            "{why}: {}{}",
            refused.stdout,
            refused.stderr
        );
    }
    assert_eq!(stage.run(&["gates", "7", "--json"]).json()["next_command"], "agent-loop local pr list");
    let begun = fs::read_dir(stage.repository().join(".git")).unwrap().flatten();
    let ours = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with("agent-loop");
    assert_eq!(begun.filter(|entry| ours(&entry.file_name())).count(), 0, "no forge was made");
    assert!(!stage.root().join("state").exists(), "no state was made");
}
