//! Tests that fail and then pass on the same files, with the built binary.

use super::stage::{Stage, task};

/// A test command that fails the first time it runs on each text of the file.
const FLAKY: &str = "#!/bin/sh\nseen=ROOT/seen-$(git hash-object notes.txt)\ntest -e $seen && exit 0\ntouch $seen\necho unlucky\nexit 1\n";

#[test]
fn flaky_tests_are_named() {
    for (setting, status) in [("fail", "blocked"), ("allow", "approved")] {
        let stage = Stage::new();
        let script = FLAKY.replace("ROOT", &stage.root().display().to_string());
        let command = stage.agent("flaky.sh", &script).display().to_string();
        let folder = stage.root().join(".config/agent-loop");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config.toml"), format!("[gates.tests]\nflaky = \"{setting}\"\n"))
            .unwrap();
        let ended = stage.run(&task(&["--test-command", &command, "--max-rounds", "1"]));
        let outcome = ended.json();
        assert_eq!(outcome["status"], status, "{setting}\n{}\n{}", ended.stdout, ended.stderr);
        let gates = outcome["gates"].as_array().unwrap();
        let detail = gates.iter().find(|gate| gate["name"] == "tests").unwrap()["detail"].as_str().unwrap();
        assert!(detail.contains("unlucky") && detail.contains("flaky: failed, and passed"), "{detail}");
        let list = stage.run(&["logs", "pr/1", "--list"]).stdout;
        assert!(!list.contains(['?', '…']), "{list}");
        let ended = |who: &str| {
            let line = list.lines().find(|line| line.contains(&format!(" {who}  "))).unwrap();
            line.split_whitespace().rev().nth(1).unwrap().to_owned()
        };
        assert_eq!(
            (ended("tests"), ended("tests, repeated")),
            ("fail".to_owned(), "pass".to_owned()),
            "{list}"
        );
    }
}
