//! Parked runs and their resumption: `resume --due` from many processes at once, in all repositories, and the printed jobs.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Child;

use jiff::SignedDuration;
use serde_json::Value;

use agent_loop::domain::instant::utc;

use super::stage::{Ended, Stage, from_now, task, until, walk};

/// An agent whose quota is used up until the instant in the file `until`. Without that file it works, and writes a line per
/// turn.
fn with_a_quota(stage: &Stage, name: &str, work: &str) {
    let root = stage.root().display();
    let script = format!(
        "#!/bin/sh\nif [ -e {root}/until ]; then cat > /dev/null; sed s/^/resets_at=/ {root}/until >&2; exit 75; fi\n\
         echo asked >> {root}/asked\n{work}\nexec {root}/todo.sh\n"
    );
    stage.agent(name, &script);
}

fn used_up_until(stage: &Stage, instant: &str) {
    fs::write(stage.root().join("until"), format!("{instant}\n")).unwrap();
}

fn is_back(stage: &Stage) {
    fs::remove_file(stage.root().join("until")).unwrap();
}

/// Returns the number of turns of the agent with the quota.
fn asked(stage: &Stage) -> usize {
    fs::read_to_string(stage.root().join("asked")).unwrap_or_default().lines().count()
}

/// Returns the current second as a reset time: one that is long past would be implausible.
fn past() -> String {
    from_now(SignedDuration::ZERO)
}

/// Returns a reset time in the far future.
fn future() -> String {
    from_now(SignedDuration::from_hours(50))
}

/// Creates a run that is parked in the middle of a round: one reviewer has voted, the other is out of quota.
fn parked_review(stage: &Stage, work: &str, instant: &str) -> Value {
    with_a_quota(stage, "tired.sh", work);
    used_up_until(stage, instant);
    let mut words = task(&[]);
    words[8] = "two=command:../tired.sh";
    let parked = stage.run(&words);
    assert_eq!(
        (parked.exit, parked.json()["status"].as_str()),
        (Some(3), Some("parked")),
        "{}",
        parked.stderr
    );
    parked.json()
}

fn silent(ended: &Ended) {
    assert_eq!((ended.exit, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", ""));
}

#[test]
fn a_parked_round_reaches_its_approval() {
    let past = past();
    let stage = Stage::new();
    silent(&stage.run(&["resume", "--due"]));
    let parked = parked_review(&stage, "", &past);
    assert_eq!(parked["resets_at"], past);
    assert_eq!(parked["next_command"], format!("agent-loop resume {}", parked["subject"].as_str().unwrap()));
    assert_eq!(parked["votes"].as_array().map(Vec::len), Some(1), "the vote that was given stays");

    let again = stage.run(&["resume", "--due"]);
    assert_eq!(again.exit, Some(0), "parked again is no failure: {}", again.stderr);
    let waits = format!("quota of `two` (reviewer) is used up until {}", utc(past.parse().unwrap()));
    assert!(again.stdout.contains(&waits), "{}", again.stdout);
    assert!(!again.stdout.contains("--print-cron"), "--due prints no hint: {}", again.stdout);
    let plain = stage.run(&["resume"]);
    assert_eq!(plain.exit, Some(3), "{}", plain.stderr);
    assert_eq!(plain.stdout.matches("--print-cron").count(), 1, "{}", plain.stdout);
    assert!(plain.stdout.contains("next (after 20"), "{}", plain.stdout);

    is_back(&stage);
    let done = stage.run(&["resume", "--due", "--json"]);
    assert_eq!((done.exit, done.json()["status"].as_str()), (Some(0), Some("approved")), "{}", done.stderr);
    assert!(!done.stderr.contains("✓ one"), "the vote of one remains valid: {}", done.stderr);
    assert_eq!(asked(&stage), 1);
    for words in [&["resume", "--due"][..], &["resume", "--due", "--json"], &["resume", "--due", "pr/1"]] {
        silent(&stage.run(words));
    }
}

#[test]
fn implausible_resets_park_an_hour() {
    let an_hour = from_now(SignedDuration::from_hours(1));
    let soon = from_now(SignedDuration::from_mins(80));
    let stage = Stage::new();
    stage.agent("script.json", r#"{"turns": [{"exit": 75, "quota_resets_at": "2286-11-20T17:46:39Z"}]}"#);
    let tired = |said: &str| {
        let script = format!("#!/bin/sh\ncat > /dev/null\necho resets_at={said} >&2\nexit 75\n");
        stage.agent("tired.sh", &script);
        stage.run(&[
            "task",
            &format!("because of {said}"),
            "--json",
            "--coder",
            "command:../tired.sh",
            "--reviewer",
            "command:../todo.sh",
        ])
    };
    let scripted =
        ["task", "x", "--json", "--coder", "scripted:../script.json", "--reviewer", "command:../todo.sh"];
    let absurd =
        ["9999999999", "9999999999999", "2199-01-01T00:00:00Z", "2020-01-01T00:00:00Z", "0", "-1", "soon"];
    for parked in absurd.map(tired).into_iter().chain([stage.run(&scripted)]) {
        let instant = parked.json()["resets_at"].as_str().unwrap_or_default().to_owned();
        assert!(an_hour <= instant && instant < soon, "{an_hour} {instant} {soon}: {}", parked.stdout);
    }
}

#[test]
fn runs_parked_in_delivery_resume() {
    let past = past();
    for order in [vec!["task", "Do it"], vec!["issue", "1"]] {
        let stage = Stage::new();
        stage.run(&["local", "issue", "create", "--title", "Do it"]);
        with_a_quota(&stage, "tired.sh", "");
        used_up_until(&stage, &past);
        let mut words = task(&[]);
        words.splice(0..2, order);
        words[4] = "sam=command:../tired.sh";
        assert_eq!(stage.run(&words).json()["status"], "parked");
        is_back(&stage);
        // Cron has its own current folder, and the person has switched to another branch.
        stage.git(&["checkout", "--quiet", "-b", "elsewhere"]);
        let repository = stage.repository().display().to_string();
        let done = stage.run_in(Path::new("/"), &["resume", "--due", "--json", "-C", &repository]);
        assert_eq!(done.json()["status"], "approved", "{}", done.stderr);
        let number = done.json()["pr"].to_string();
        assert_eq!(stage.run(&["local", "pr", "view", &number, "--json"]).json()["base_ref"], "main");
    }
}

const NOTHING_IS_DUE: &str =
    "Nothing was resumed, because no run is due yet. The command of a run resumes it before its time.";

#[test]
fn runs_not_due_are_listed() {
    let (past, future) = (past(), future());
    let stage = Stage::new();
    parked_review(&stage, "", &future);
    silent(&stage.run(&["resume", "--due"]));
    silent(&stage.run(&["resume", "--due", "--list"]));
    assert_eq!(stage.run(&["resume", "--due", "--list", "--json"]).stdout, "[]\n");
    let list = stage.run(&["resume", "--list"]);
    let (line, _) = list.stdout.split_once('\n').unwrap();
    assert!(line.starts_with("pr/1  parked, can be resumed in 2 d"), "{line}");
    let plain = stage.run(&["resume"]);
    assert_eq!(
        (plain.exit, plain.stdout.split_once("\n\n")),
        (Some(0), Some((NOTHING_IS_DUE, list.stdout.as_str()))),
        "the waiting runs are listed, and no agent is asked"
    );
    let json = stage.run(&["resume", "--list", "--json"]).json();
    assert_eq!((&json[0]["due"], &json[0]["resets_at"]), (&false.into(), &future.as_str().into()));
    assert!(stage.run(&["status"]).stdout.contains(line));

    used_up_until(&stage, &past);
    assert_eq!(stage.run(&["resume", "pr/1", "--json"]).json()["status"], "parked", "who names it means it");
    let list = stage.run(&["resume", "--list", "--due"]);
    assert!(list.stdout.starts_with("pr/1  parked, can be resumed now\n"), "{}", list.stdout);
    let json = stage.run(&["resume", "--list", "--due", "--json"]).json();
    assert_eq!(json[0]["due"], true);
}

#[test]
fn interrupted_runs_are_not_due() {
    let stage = Stage::new();
    let root = stage.root().display().to_string();
    // Nobody ends this process after the kill: it ends when the folder of the test is removed.
    let script = format!("#!/bin/sh\ntouch {root}/began\nwhile [ -e {root}/began ]; do sleep 0.1; done\n");
    stage.agent("slow.sh", &script);
    let mut words = task(&[]);
    words[4] = "sam=command:../slow.sh";
    let mut child = stage.start(&words);
    until("the coder's turn", || fs::exists(format!("{root}/began")).unwrap());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(stage.run(&["resume", "--list"]).stdout.contains("interrupted"));
    silent(&stage.run(&["resume", "--due"]));
}

#[test]
fn one_of_two_crons_resumes() {
    let past = past();
    let stage = Stage::new();
    let root = stage.root().display().to_string();
    assert!(stage.succeeds("mkfifo", &[&format!("{root}/gate")]));
    parked_review(&stage, &format!("cat {root}/gate > /dev/null"), &past);
    is_back(&stage);
    let mut crons: Vec<Child> =
        (0..2).map(|_| stage.start_captured(&["resume", "--due", "--json", "--quiet"])).collect();
    // The agent of one run waits until the other run has ended.
    let mut first = None;
    until("one of them ends", || {
        first = crons.iter_mut().position(|child| child.try_wait().unwrap().is_some());
        first.is_some()
    });
    let loser = crons.remove(first.unwrap()).wait_with_output().unwrap();
    assert_eq!((loser.status.code(), loser.stdout, loser.stderr), (Some(0), Vec::new(), Vec::new()));
    fs::write(format!("{root}/gate"), "go\n").unwrap();
    let winner = crons.remove(0).wait_with_output().unwrap();
    assert_eq!(winner.status.code(), Some(0));
    let outcome: Value = serde_json::from_slice(&winner.stdout).unwrap();
    assert_eq!(outcome["status"], "approved");
    assert_eq!(asked(&stage), 1);
}

#[test]
fn many_crons_ask_an_agent_once() {
    let (past, future) = (past(), future());
    let stage = Stage::new();
    // The agent parks the run again, so that a process that looked before could ask once more.
    let again = format!("echo resets_at={future} >&2; exit 75");
    parked_review(&stage, &again, &past);
    is_back(&stage);
    let crons: Vec<Child> = (0..6).map(|_| stage.start_captured(&["resume", "--due", "--quiet"])).collect();
    let mut words = Vec::new();
    for cron in crons {
        let ended = cron.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
        words.extend(Some([ended.stdout, ended.stderr].concat()).filter(|said| !said.is_empty()));
    }
    assert_eq!((asked(&stage), words.len()), (1, 1), "one process resumed the run and printed it");
}

/// Another process may resume the run between the check and the lock.
#[test]
fn no_run_is_resumed_twice() {
    let (past, future) = (past(), future());
    let stage = Stage::new();
    let root = stage.root().display().to_string();
    assert!(stage.succeeds("mkfifo", &[&format!("{root}/gate")]));
    parked_review(&stage, &format!("cat {root}/gate > /dev/null"), &past);
    let late = format!(
        "#!/bin/sh\ncat > /dev/null\nif [ -e {root}/until ]; then echo resets_at={past} >&2; exit 75; fi\n\
         echo asked >> {root}/late\necho resets_at={future} >&2\nexit 75\n"
    );
    stage.agent("late.sh", &late);
    let mut words = task(&[]);
    (words[1], words[4]) = ("Do more", "sam=command:../late.sh");
    assert_eq!(stage.run(&words).exit, Some(3));
    is_back(&stage);

    // The first process sees two due runs and works on pr/1; meanwhile the second takes the task, which is parked again.
    let first = stage.start_captured(&["resume", "--due", "--json", "--quiet"]);
    until("the reviewer's turn", || asked(&stage) == 1);
    let second = stage.run(&["resume", "--due", "--json"]);
    assert_eq!((second.exit, second.stdout.lines().count()), (Some(0), 1), "{}", second.stderr);
    assert_eq!(
        (&second.json()["status"], &second.json()["resets_at"]),
        (&"parked".into(), &future.as_str().into())
    );
    fs::write(format!("{root}/gate"), "go\n").unwrap();
    let first = first.wait_with_output().unwrap();
    let said = String::from_utf8(first.stdout).unwrap();
    assert_eq!((first.status.code(), said.lines().count()), (Some(0), 1), "{said}");
    assert!(said.contains("approved"), "{said}");
    assert_eq!(fs::read_to_string(format!("{root}/late")).unwrap(), "asked\n");
}

#[test]
fn a_taken_subject_is_skipped_silently() {
    let past = past();
    let stage = Stage::new();
    let root = stage.root().display().to_string();
    assert!(stage.succeeds("mkfifo", &[&format!("{root}/gate")]));
    parked_review(&stage, &format!("cat {root}/gate > /dev/null"), &past);
    is_back(&stage);
    let mut person = stage.start(&["pr", "1"]);
    until("the reviewer's turn", || asked(&stage) == 1);
    silent(&stage.run(&["resume", "--due"]));
    silent(&stage.run(&["resume", "--due", "pr/1"]));
    fs::write(format!("{root}/gate"), "go\n").unwrap();
    assert_eq!(person.wait().unwrap().code(), Some(0));
}

#[test]
fn every_known_repository_is_searched() {
    let past = past();
    let stage = Stage::new();
    let other = stage.root().join("other");
    assert!(
        stage
            .succeeds("cp", &["-r", &stage.repository().display().to_string(), &other.display().to_string()])
    );
    parked_review(&stage, "", &past);
    // A full path finds the subject, even if the repository is moved.
    let root = format!("{}/", stage.root().display());
    let mut words: Vec<String> = task(&[]).iter().map(|word| word.replace("../", &root)).collect();
    words[8] = format!("two=command:{root}tired.sh");
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert_eq!(stage.run_in(&other, &words).exit, Some(3));
    let list = stage.run_in(Path::new("/"), &["resume", "--list", "--all"]);
    for place in [stage.repository(), other.clone()] {
        assert!(
            list.stdout.contains(&format!("agent-loop resume pr/1 -C {}", place.display())),
            "{}",
            list.stdout
        );
    }
    is_back(&stage);
    let moved = stage.root().join("moved");
    fs::rename(&other, &moved).unwrap();
    let done = stage.run_in(Path::new("/"), &["resume", "--due", "--all", "--json", "--quiet"]);
    assert_eq!((done.exit, done.stdout.lines().count()), (Some(0), 1), "{}", done.stderr);
    assert_eq!(done.json()["status"], "approved");
    assert_eq!(done.stderr.lines().count(), 1, "{}", done.stderr);
    assert!(done.stderr.contains(&format!("{} is gone", other.display())), "{}", done.stderr);
    stage.run_in(&moved, &["status"]);
    let done = stage.run_in(Path::new("/"), &["resume", "--due", "--all", "--json", "--quiet"]);
    assert_eq!((done.exit, done.stderr.as_str()), (Some(0), ""), "nothing on stderr: {}", done.stdout);
    assert_eq!(done.json()["status"], "approved");
    silent(&stage.run_in(Path::new("/"), &["resume", "--due", "--all"]));
    let left = stage.run_in(Path::new("/"), &["resume", "--all"]).stdout;
    assert!(left.starts_with("nothing is interrupted or parked; 2 runs wait for you:\n"), "{left}");
    for place in [stage.repository(), moved] {
        assert!(left.contains(&format!("\n  agent-loop status -C {}\n", place.display())), "{left}");
    }
}

#[test]
fn cron_reports_unreadable_journals() {
    let past = past();
    let stage = Stage::new();
    with_a_quota(&stage, "tired.sh", "");
    used_up_until(&stage, &past);
    let mut words = task(&[]);
    words[4] = "sam=command:../tired.sh";
    assert_eq!(stage.run(&words).exit, Some(3));
    let journal = walk(&stage.root().join("state")).into_iter().find(|path| path.ends_with("journal.jsonl"));
    fs::write(journal.unwrap(), "nonsense\n").unwrap();
    let ended = stage.run(&["resume", "--due"]);
    assert_eq!((ended.exit, ended.stdout.as_str()), (Some(1), ""));
    assert!(ended.stderr.contains("line 1 of the journal"), "{}", ended.stderr);
}

/// Creates the program and a parked repository, in folders with names that need quoting everywhere.
fn in_odd_places(stage: &Stage) -> (String, PathBuf) {
    let past = past();
    let folder = stage.root().join("50%h of my programs");
    fs::create_dir(&folder).unwrap();
    let program = folder.join("agent-loop");
    fs::copy(env!("CARGO_BIN_EXE_agent-loop"), &program).unwrap();
    let odd = stage.root().join("100%n $HOME it's; mine");
    assert!(
        stage.succeeds("cp", &["-r", &stage.repository().display().to_string(), &odd.display().to_string()])
    );
    with_a_quota(stage, "tired.sh", "");
    used_up_until(stage, &past);
    let mut words = task(&[]);
    words[8] = "two=command:../tired.sh";
    assert_eq!(stage.run_in(&odd, &words).exit, Some(3));
    is_back(stage);
    (program.display().to_string(), odd)
}

#[test]
fn the_cron_line_works_under_cron() {
    let stage = Stage::new();
    let (program, odd) = in_odd_places(&stage);
    let place = odd.display().to_string();
    let printed = stage.run_program(&program, &["resume", "--print-cron", "-C", &place]);
    assert_eq!((printed.exit, printed.stderr.as_str()), (Some(0), ""));
    let (comments, lines): (Vec<&str>, Vec<&str>) =
        printed.stdout.lines().partition(|line| line.starts_with('#'));
    assert!(comments.iter().any(|line| line.contains("| crontab -")), "{comments:?}");
    let command = lines[0].strip_prefix("*/10 * * * * ").unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!(
        command.matches('%').count(),
        command.matches("\\%").count(),
        "a bare % ends the command: {command}"
    );
    let command = command.replace("\\%", "%");
    let done = stage.run_program("env", &["-i", "PATH=/usr/bin:/bin", "/bin/sh", "-c", &command]);
    assert_eq!((done.exit, done.stderr.as_str()), (Some(0), ""), "{command}");
    assert!(done.stdout.starts_with("approved #1 at "), "{}", done.stdout);
    let everywhere = stage.run_program(&program, &["resume", "--print-cron", "--all"]);
    assert!(everywhere.stdout.ends_with("resume --due --quiet --all\n"), "{}", everywhere.stdout);
}

#[test]
fn systemd_accepts_the_printed_units() {
    let stage = Stage::new();
    let (program, odd) = in_odd_places(&stage);
    let printed =
        stage.run_program(&program, &["resume", "--print-systemd", "-C", &odd.display().to_string()]);
    assert_eq!((printed.exit, printed.stderr.as_str()), (Some(0), ""));
    let folder = stage.root().join("units");
    fs::create_dir(&folder).unwrap();
    let mut names = Vec::new();
    for part in printed.stdout.split("# ---- ").filter(|part| part.starts_with("~/.config/systemd/user/")) {
        let (line, text) = part.split_once('\n').unwrap();
        let name = line.trim_end_matches(" ----").rsplit('/').next().unwrap().to_owned();
        fs::write(folder.join(&name), text).unwrap();
        names.push(folder.join(name).display().to_string());
    }
    assert_eq!(names.len(), 2, "{}", printed.stdout);
    assert!(printed.stdout.contains("systemctl --user enable --now agent-loop-resume-100nHOMEitsmine-"));
    if !stage.succeeds("systemd-analyze", &["--version"]) {
        return;
    }
    let runtime = format!("XDG_RUNTIME_DIR={}", folder.display());
    let verify = |names: &[String]| {
        let words = [runtime.as_str(), "systemd-analyze", "--user", "--man=no", "verify"];
        let all: Vec<&str> = words.into_iter().chain(names.iter().map(String::as_str)).collect();
        let ended = stage.run_program("env", &all);
        (ended.exit, ended.stdout + &ended.stderr)
    };
    assert_eq!(verify(&names), (Some(0), String::new()));
    // Proves that the silence above is meaningful: an unescaped path causes a warning.
    let service = fs::read_to_string(&names[0]).unwrap();
    fs::write(&names[0], service.replace("50%%h", "50%h")).unwrap();
    assert!(verify(&names[..1]).1.contains("not executable"), "{}", verify(&names[..1]).1);
}

#[test]
fn dangerous_permissions_are_never_remembered() {
    const LOUD: &str = "DANGEROUS PERMISSIONS";
    const WITHOUT: &str = "continues without";
    let stage = Stage::new();
    with_a_quota(&stage, "tired.sh", "");
    used_up_until(&stage, &past());
    let mut words = task(&["--dangerous-agent-permissions"]);
    words[8] = "two=command:../tired.sh";
    let begun = stage.run(&words);
    assert!(begun.exit == Some(3) && begun.stderr.contains(LOUD), "{}", begun.stderr);

    for words in [&["resume", "pr/1", "--json"][..], &["resume", "--due", "--quiet"]] {
        let without = stage.run(words);
        assert_eq!(without.stderr.matches(WITHOUT).count(), 1, "{}", without.stderr);
        assert!(without.stderr.contains("resume pr/1 --dangerous-agent-permissions"), "{}", without.stderr);
        assert!(!without.stderr.contains(LOUD), "{}", without.stderr);
    }
    for words in [&["resume", "pr/1"][..], &["resume", "--due", "--all"], &["resume"]] {
        let with = stage.run(&[words, &["--dangerous-agent-permissions"]].concat());
        assert_eq!(with.stderr.matches(LOUD).count(), 1, "{}", with.stderr);
        assert!(!with.stderr.contains(WITHOUT), "{}", with.stderr);
    }
    let nothing = stage.run(&["resume", "--list", "--dangerous-agent-permissions"]);
    assert_eq!(nothing.exit, Some(2), "what has no effect is refused: {}", nothing.stdout);

    // A command that is typed again must name all permissions again.
    words.pop();
    assert_eq!(stage.run(&words).exit, Some(3));
    let plain = stage.run(&["resume"]);
    assert!(!plain.stderr.contains(WITHOUT), "{}", plain.stderr);
}

/// Creates a run that waits for a quota that resets in hours.
fn waiting(stage: &Stage) -> Child {
    with_a_quota(stage, "tired.sh", "");
    used_up_until(stage, &future());
    let mut words = task(&["--on-quota", "wait"]);
    words[8] = "two=command:../tired.sh";
    let mut child = stage.start(&words);
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("waiting for another try")), "it waits");
    child
}

#[test]
fn a_run_killed_waiting_is_parked() {
    let stage = Stage::new();
    let mut killed = waiting(&stage);
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(stage.run(&["resume", "--list"]).stdout.contains("pr/1  parked, can be resumed in"));
}
