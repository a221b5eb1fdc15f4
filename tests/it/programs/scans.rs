//! Scans of the score gate with the built binary: where a scorer runs, what is kept of its reports, and what the coder gets.

use std::fs;
use std::path::{Path, PathBuf};

use super::stage::{Ended, Stage, walk};

/// A stage with a branch `feature`, and a scorer of the user's own.
fn stage(scorer: &str) -> Stage {
    let stage = Stage::new();
    let script = format!("#!/bin/sh\necho scan >> ROOT/scans\n{scorer}")
        .replace("ROOT", &stage.root().display().to_string());
    let scorer = stage.agent("scorer.sh", &script);
    let folder = stage.root().join(".config/agent-loop");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), format!("[gates.score]\ncommand = \"{}\"\n", scorer.display()))
        .unwrap();
    stage.git(&["switch", "--quiet", "--create", "feature"]);
    stage.write("more.txt", "more\n");
    stage.git(&["add", "--all"]);
    stage.git(&["commit", "--quiet", "--message", "more"]);
    stage
}

fn measured(stage: &Stage, exit: i32) -> Ended {
    let ended = stage.run(&["gates", "--base", "main", "--json"]);
    assert_eq!(ended.exit, Some(exit), "{}{}", ended.stdout, ended.stderr);
    ended
}

fn scans(stage: &Stage) -> usize {
    fs::read_to_string(stage.root().join("scans")).unwrap().lines().count()
}

const REPORT: &str = r#"printf '{"tool":"x 1","score":90,"files":1}'"#;

/// The scorer prints more than a pipe holds and ends with 1, as aislop does for a finding.
#[test]
fn scorers_run_in_isolation() {
    let scorer = "{ env; echo \"SCANNED=$(pwd)\"; } > ROOT/scan-$$; test ! -e .git || exit 9\n\
                  printf '{\"tool\":\"x 1\",\"score\":90,\"files\":1,\"findings\":['\n\
                  seq -f '{\"path\":\"notes.txt\",\"line\":1,\"severity\":\"info\",\"rule\":\"r%g\",\"message\":\"m\"}' 9000 | paste -sd, -\n\
                  printf ']}'; exit 1";
    let stage = stage(scorer);
    measured(&stage, 0);
    let notes: Vec<PathBuf> = fs::read_dir(stage.root())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("scan-"))
        .collect();
    assert_eq!(notes.len(), scans(&stage));
    for note in notes {
        let variables = fs::read_to_string(note).unwrap();
        assert!(
            !variables.contains("secret-of-the-forge") && !variables.contains("SSH_AUTH_SOCK"),
            "{variables}"
        );
        let [place, home, temporary] = ["SCANNED", "HOME", "TMPDIR"].map(|name| {
            let value = variables.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
            Path::new(value.unwrap())
        });
        for value in [home, temporary] {
            assert_eq!(value.parent(), place.parent(), "beside the files: {variables}");
            assert!(!value.exists(), "{value:?}");
        }
        assert!(!place.exists() && !place.starts_with(stage.repository()), "{place:?}");
    }
}

/// The change brings a scorer that is content with it.
#[test]
fn a_change_brings_no_scorer() {
    let stage = Stage::new();
    stage.git(&["switch", "--quiet", "--create", "feature"]);
    let folder = stage.repository().join("node_modules/.bin");
    fs::create_dir_all(&folder).unwrap();
    stage.agent("repository/node_modules/.bin/aislop", "#!/bin/sh\ntouch ../ran\n");
    stage.git(&["add", "--all"]);
    stage.git(&["commit", "--quiet", "--message", "a scorer"]);
    let path = format!("node_modules/.bin:{}:/usr/bin:/bin", folder.display());
    for path in ["/usr/bin:/bin", &path.replacen(&format!("{}:", folder.display()), "", 1)] {
        let ended = stage.run_with(&["gates", "--base", "main"], &[("PATH", path)]);
        assert!(ended.stdout.contains("aislop not found"), "{}{}", ended.stdout, ended.stderr);
    }
    assert!(walk(stage.root()).iter().all(|path| !path.ends_with("ran")));
}

#[test]
fn only_whole_measurements_are_kept() {
    let stage = stage(&format!("test ! -e ROOT/broken || exit 0\n{REPORT}"));
    let broken = stage.root().join("broken");
    fs::write(&broken, "").unwrap();
    for _ in 0..2 {
        measured(&stage, 6);
    }
    let failed = scans(&stage);
    fs::remove_file(broken).unwrap();
    measured(&stage, 0);
    assert_eq!(scans(&stage), failed + 2, "no error is kept");
    measured(&stage, 0);
    assert_eq!(scans(&stage), failed + 2, "both trees are known");
    let kept: Vec<_> = walk(&stage.root().join(".cache"))
        .into_iter()
        .filter(|path| path.to_string_lossy().contains("scores"))
        .collect();
    assert_eq!(kept.len(), 2, "{kept:?}");
    for path in kept {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("\\\"score\\\":90"), "{text}");
        fs::write(&path, text.replace("\\\"score\\\":90", "\\\"score\\\":99")).unwrap();
    }
    measured(&stage, 0);
    assert_eq!(scans(&stage), failed + 4, "a changed file is no measurement");
}

/// Ten new findings, the errors last.
#[test]
fn the_coder_gets_eight_findings() {
    let scorer = "score=95; findings=\n\
        if test -e found.txt; then score=60; for at in 1 2 3 4 5 6 7 8 9 10; do\n\
        severity=warning; test $at -gt 8 && severity=error\n\
        findings=\"$findings,{\\\"path\\\":\\\"found.txt\\\",\\\"line\\\":$at,\\\"severity\\\":\\\"$severity\\\",\\\"rule\\\":\\\"r\\\",\\\"message\\\":\\\"m\\\"}\"; done; fi\n\
        printf '{\"tool\":\"x 1\",\"score\":%d,\"files\":1,\"findings\":[%s]}' $score \"${findings#,}\"";
    let stage = stage(scorer);
    stage.git(&["switch", "--quiet", "main"]);
    let todo = include_str!("../../../fixtures/agents/todo-agent.sh");
    let finds = todo
        .replacen("implementation)\n  do_all", "implementation)\n  seq 10 | sed 's/^/line /' > found.txt", 1)
        .replacen("coder_followup)\n  do_all", "coder_followup)\n  rm found.txt; do_all", 1);
    stage.agent("todo.sh", &finds);
    let ended = stage.run(&super::stage::task(&[]));
    assert_eq!(ended.json()["status"], "approved", "{}{}", ended.stdout, ended.stderr);
    let comments = stage.run(&["local", "pr", "view", "1", "--json"]).json()["comments"].clone();
    let bodies: Vec<&str> =
        comments.as_array().unwrap().iter().map(|one| one["body"].as_str().unwrap()).collect();
    let of_gate: Vec<&&str> = bodies.iter().filter(|body| body.starts_with("**gate score**")).collect();
    let [red, green] = of_gate.as_slice() else { panic!("{bodies:#?}") };
    let opened: Vec<&str> = red.lines().filter(|line| line.starts_with("- `item-")).collect();
    assert_eq!(opened.len(), 8, "{red}");
    for (line, place) in
        opened.iter().zip(["found.txt:9 error r", "found.txt:10 error r", "found.txt:1 warning r"])
    {
        assert!(line.contains(place), "{place}: {line}");
    }
    assert!(red.contains(" 8  line 8\n") && red.contains(" 10  line 10\n"), "lines of code: {red}");
    let (summary, folded) = green.split_once("<details>").unwrap();
    assert!(summary.contains("95 → 95") && folded.contains("weight of all findings"), "{green}");
    for resolved in 1..=8 {
        assert!(green.contains(&format!("`item-{resolved}` is resolved")), "{green}");
    }
}
