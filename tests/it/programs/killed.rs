//! `kill -9` at many moments: the same command leads to the same result, and no process of the killed run survives.

use std::fs;
use std::io::{BufRead, BufReader};

use serde_json::Value;

use super::stage::{Ended, Stage, task, until};
#[cfg(target_os = "linux")]
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::{Pid, Signal};

/// The facts that must be the same, no matter how often the program was killed.
fn end(stage: &Stage, outcome: &Value) -> (Value, Value, String, Vec<String>) {
    let tree = stage.git(&["rev-parse", &format!("{}^{{tree}}", stage.branch())]);
    let view = stage.run(&["local", "pr", "view", "1", "--json"]).json();
    let comments = view["comments"].as_array().cloned().unwrap_or_default();
    let first_words = |comment: &Value| {
        let body = comment["body"].as_str().unwrap_or_default();
        body.split(' ').take(2).collect::<Vec<_>>().join(" ")
    };
    (outcome["status"].clone(), outcome["rounds"].clone(), tree, comments.iter().map(first_words).collect())
}

/// Kills the program after this many lines of its output; returns false if it ended before.
pub(super) fn kill_after(stage: &Stage, words: &[&str], lines: usize) -> bool {
    let mut child = stage.start(words);
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    for _ in 0..lines {
        if said.next().is_none() {
            child.wait().unwrap();
            return false;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    true
}

#[test]
fn a_kill_never_changes_the_end() {
    let undisturbed = Stage::new();
    let expected = {
        let ended = undisturbed.run(&task(&[]));
        end(&undisturbed, &ended.json())
    };
    for lines in 1.. {
        let stage = Stage::new();
        let words = task(&[]);
        let killed = kill_after(&stage, &words, lines);
        let ended = stage.run(&words);
        assert_eq!(end(&stage, &ended.json()), expected, "killed after {lines} lines\n{}", ended.stderr);
        if !killed {
            break;
        }
    }
}

/// Returns the processes with this word in their command line.
fn alive(word: &str) -> Vec<String> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let lines = all.filter_map(|entry| {
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        let state = fs::read_to_string(entry.path().join("stat")).ok()?;
        let dead = state.contains(") Z ");
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        (line.contains(word) && !dead).then_some(line)
    });
    lines.collect()
}

#[test]
fn a_killed_coder_leaves_no_child() {
    let stage = Stage::new();
    let mark = stage.root().join("began").display().to_string();
    // The first coder starts a child in its own session that ignores TERM, edits a file, and never ends.
    let stubborn = format!("{}-child", stage.root().display());
    let script = format!(
        "#!/bin/sh\nif [ \"$AGENT_LOOP_ROLE\" = coder ] && [ ! -e {mark} ]; then\n  \
         echo half > half.txt\n  setsid sh -c 'trap \"\" TERM; : {stubborn}; while :; do sleep 0.1; done' &\n  \
         trap '' TERM\n  touch {mark}\n  while :; do sleep 0.1; done # {stubborn}\nfi\nexec {}/todo.sh\n",
        stage.root().display()
    );
    stage.agent("slow.sh", &script);
    let mut words = task(&[]);
    words[4] = "sam=command:../slow.sh";
    let mut child = stage.start(&words);
    until("the coder's turn", || fs::exists(&mark).unwrap());
    until("the coder's child", || !alive(&stubborn).is_empty());
    let second = stage.run(&words);
    assert_eq!(
        (second.exit, second.json()["reason"].as_str()),
        (Some(2), Some("locked")),
        "{}",
        second.stderr
    );
    let message = second.json()["message"].as_str().unwrap().to_owned();
    let (_, since) = message.split_once(&format!("process {} since ", child.id())).unwrap();
    let (since, _) = since.split_once(" UTC)").unwrap();
    since.parse::<jiff::civil::DateTime>().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let ended = stage.run(&words);
    assert_eq!(ended.json()["status"], "approved", "{}", ended.stderr);
    assert_eq!(alive(&stubborn), Vec::<String>::new());
    let half = format!("{}:half.txt", ended.json()["head"].as_str().unwrap());
    assert_eq!(stage.git(&["show", &half]), "half", "the coder continued it");
    assert!(!stage.run(&["status"]).stdout.contains("Saved unfinished work"), "the change has it");
    let status = stage.run(&["status", "--all"]);
    let line = status.stdout.lines().map(str::trim).find(|line| line.starts_with("git ")).unwrap();
    let words: Vec<&str> = line.split(' ').skip(1).collect();
    stage.git(&words.iter().map(|word| word.trim_matches('\'')).collect::<Vec<_>>());
    assert_eq!(stage.run(&["local", "pr", "merge", "1"]).exit, Some(0));
    let cleaned = stage.run(&["clean", "--yes"]);
    assert!(cleaned.stdout.contains(": saved unfinished work of coder sam, "), "{}", cleaned.stdout);
    assert!(!stage.run(&["status", "--all"]).stdout.contains("Saved unfinished work"));
}

/// Nobody repeats the command.
#[test]
fn agents_end_with_a_killed_engine() {
    let stage = Stage::new();
    let began = stage.root().join("began");
    let script =
        format!("#!/bin/sh\ntrap '' TERM HUP\n: > {}\nwhile :; do sleep 0.1; done\n", began.display());
    let agent = stage.agent("slow.sh", &script);
    let mut words = task(&[]);
    let coder = format!("sam=command:{}", agent.display());
    words[4] = &coder;
    let mut child = stage.start(&words);
    until("the coder's turn", || fs::exists(&began).unwrap());
    child.kill().unwrap();
    child.wait().unwrap();
    // The guard's command line contains the path of the stage too.
    until("the end of the coder and of the guard", || alive(&stage.root().display().to_string()).is_empty());
}

/// The coder starts a process without its environment, session and parents, and both ignore SIGTERM.
#[cfg(target_os = "linux")]
#[test]
fn strays_end_with_a_killed_engine() {
    let stage = Stage::new();
    let pipe = stage.root().join("held");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).unwrap();
    let script = "#!/bin/sh\ntrap '' TERM HUP\nexec 3> PIPE\n(setsid env -i PATH=\"$PATH\" sh -c 'while :; do sleep 0.1; done' &)\n\
                  echo ready >&3\nwhile :; do sleep 0.1; done\n";
    let agent = stage.agent("slow.sh", &script.replace("PIPE", &pipe.display().to_string()));
    let mut words = task(&[]);
    let coder = format!("sam=command:{}", agent.display());
    words[4] = &coder;
    let mut child = stage.start(&words);
    let mut held = BufReader::new(fs::File::open(&pipe).unwrap());
    held.read_line(&mut String::new()).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    // The pipe closes when the last process that holds it ends.
    assert_eq!(held.lines().count(), 0);
}

/// The pull request has the settings of the run that opened it from the beginning.
#[test]
fn killed_runs_keep_their_settings() {
    let stage = Stage::new();
    let began = stage.root().join("began");
    let tests = format!("sh -c '[ -e {0} ] || {{ : > {0}; exec sleep 600; }}'", began.display());
    let mut child = stage.start(&task(&["--test-command", &tests, "--agent-timeout-seconds", "77"]));
    until("the tests of the pull request", || began.exists());
    child.kill().unwrap();
    child.wait().unwrap();
    let resumed = stage.run(&["resume", "--json"]);
    let outcome = resumed.json();
    assert_eq!((&outcome["status"], &outcome["pr"]), (&"approved".into(), &1.into()), "{outcome}");
    let file =
        stage.run_program("sh", &["-c", "cat ../state/agent-loop/repositories/*/subjects/pr-1/run.json"]);
    let file: Value = serde_json::from_str(&file.stdout).unwrap();
    assert_eq!(file["flags"]["review.agent_timeout_seconds"], 77, "{file}");
}

/// Closing the terminal is an interrupt too.
#[test]
fn an_interrupted_command_can_resume() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
        let stage = Stage::new();
        let mark = stage.root().join("began").display().to_string();
        let script = format!(
            "#!/bin/sh\nif [ ! -e {mark} ]; then echo half > half.txt; touch {mark}; exec sleep 600; fi\nexec {}/todo.sh\n",
            stage.root().display()
        );
        stage.agent("slow.sh", &script);
        let mut words = task(&[]);
        words[4] = "sam=command:../slow.sh";
        let child = stage.start_captured(&words);
        until("the coder's turn", || fs::exists(&mark).unwrap());
        rustix::process::kill_process(Pid::from_child(&child), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{signal:?}");
        let outcome: Value = serde_json::from_slice(&output.stdout).unwrap();
        let cost =
            |outcome: &Value| (outcome["usage"]["calls"].clone(), outcome["usage"]["precision"].clone());
        assert_eq!(cost(&outcome), (1.into(), "partial".into()), "{outcome}");
        assert_eq!(cost(&stage.run(&["status", "--json"]).json()[0]), (1.into(), "partial".into()));
        let status = stage.run(&["status", "--all"]).stdout;
        let kept = "the coder sam was stopped; its edits are kept, and resume continues them";
        assert!(status.contains(kept) && status.contains("Saved unfinished work:\n"), "{signal:?}: {status}");
        assert_eq!(stage.run(&words).json()["status"], "approved");
        assert!(stage.run(&["local", "pr", "diff", "1"]).stdout.contains("+half"), "{signal:?}");
        let saved = stage.run(&["status", "--all"]).stdout;
        assert_eq!(saved.matches("mirror.git agent-loop/salvage/").count(), 1, "saved once: {saved}");
    }
}

/// Runs the program from a shell with a setup command, and a coder that executes a script first.
fn run_from_shell(prepared: &str, first: &str) -> Ended {
    let stage = Stage::new();
    stage.agent("first.sh", &format!("#!/bin/sh\n{first}\nexec {}/todo.sh\n", stage.root().display()));
    let mut words = task(&[]);
    words[4] = "sam=command:../first.sh";
    let script = format!("{prepared}; exec \"$@\"");
    let shell = [&["-c", &script, "sh", env!("CARGO_BIN_EXE_agent-loop")], words.as_slice()].concat();
    stage.run_program("sh", &shell)
}

#[test]
fn ignored_hangups_stay_ignored() {
    assert_eq!(run_from_shell("trap '' HUP", "kill -HUP $PPID").exit, Some(0));
}

#[test]
fn file_size_limits_kill_nothing() {
    let ended = run_from_shell("ulimit -f 2000", "head -c 4000000 /dev/zero >&2");
    assert!(ended.exit.is_some(), "{}", ended.stderr);
    assert!(!ended.stdout.is_empty(), "{}", ended.stderr);
}
