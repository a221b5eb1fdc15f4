//! The commands of daily use: stop, resume, status, logs, clean, dry run, completions, manual.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use super::stage::{Ended, Stage, task, until};

/// An agent that announces that it works, and then works until the file `go` exists.
fn patient(stage: &Stage) -> String {
    let root = stage.root().display();
    let script = format!(
        "#!/bin/sh\necho 'I am at work' >&2\ntouch {root}/began\nwhile [ ! -e {root}/go ]; do sleep 0.05; done\n\
         exec {root}/todo.sh\n"
    );
    stage.agent("patient.sh", &script);
    format!("{root}/began")
}

/// Starts a run as a script does in the background, with ignored signals of the terminal; waits until a patient agent works,
/// and returns the subject.
fn with_a_patient(stage: &Stage, agent: &str) -> (Child, String) {
    let began = patient(stage);
    let named = format!("{agent}=command:../patient.sh");
    let (seat, mut words) = (format!("{agent}="), task(&[]));
    *words.iter_mut().find(|word| word.starts_with(&seat)).unwrap() = &named;
    let mut shell = stage.prepared("sh");
    shell.args(["-c", "trap '' INT QUIT; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_agent-loop")]).args(&words);
    let child = shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    until("the agent's turn", || fs::exists(&began).unwrap());
    let running = stage.run(&["status", "--json"]).json();
    assert_eq!(running[0]["doing"], "running");
    (child, running[0]["subject"].as_str().unwrap().to_owned())
}

#[test]
fn runs_are_stopped_shown_and_resumed() {
    let stage = Stage::new();
    let (mut child, subject) = with_a_patient(&stage, "sam");
    let status = stage.run(&["status"]);
    assert!(status.stdout.contains(&format!("process {}", child.id())), "{}", status.stdout);
    assert!(status.stdout.contains(&format!("agent-loop logs {subject} --follow")), "{}", status.stdout);
    let log = stage.run(&["logs", &subject]);
    assert!(log.stdout.contains("I am at work"), "{}", log.stdout);
    let already = stage.run(&["resume", &subject]);
    assert_eq!(already.exit, Some(2));
    assert!(already.stderr.contains("agent-loop stop"), "{}", already.stderr);
    assert!(already.stderr.ends_with(&format!("next: agent-loop logs {subject}\n")), "{}", already.stderr);

    let stopped = stage.run(&["stop", &subject]);
    assert_eq!(stopped.exit, Some(0), "{}", stopped.stderr);
    let how = format!("{subject} is interrupted\nnext: agent-loop resume {subject}\n");
    assert!(stopped.stdout.ends_with(&how), "{}", stopped.stdout);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(stage.run(&["status", "--json"]).json()[0]["doing"], "interrupted");
    assert!(stage.run(&["resume", "--list"]).stdout.contains(&format!("agent-loop resume {subject}")));

    fs::write(stage.root().join("go"), "").unwrap();
    let resumed = stage.run(&["resume", &subject, "--json"]);
    assert_eq!(resumed.json()["status"], "approved", "{}", resumed.stderr);
    let first = format!("{subject}: coder sam · reviewers one, two");
    assert!(resumed.stderr.starts_with(&first), "a resumed run says who works: {}", resumed.stderr);
    let settled = stage.run(&["resume", &subject]);
    assert!(settled.stderr.contains("nothing to resume"), "{}", settled.stderr);
    let nothing = "nothing is interrupted or parked; a run waits for you: agent-loop status\n";
    assert_eq!(stage.run(&["resume"]).stdout, nothing);
}

#[test]
fn logs_follow_runs_to_their_end() {
    let stage = Stage::new();
    let (mut child, _) = with_a_patient(&stage, "one");
    // The run holds its task and its pull request.
    let mut following = stage.start_captured(&["logs", "--follow"]);
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("I am at work")));
    fs::write(stage.root().join("go"), "").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let followed = following.wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&followed.stderr).contains("no longer active"));
}

/// Two reviewers write in turn; what each writes without a line feed is one line.
#[test]
fn followed_lines_are_printed_once() {
    let stage = Stage::new();
    let root = stage.root().display();
    for (name, first, last) in [("one.sh", 0, 8), ("two.sh", 1, 9)] {
        let script = format!(
            "#!/bin/sh\nfor turn in $(seq {first} 2 {last}); do\n\
             while [ ! -e {root}/followed ] || [ $(cat {root}/turns 2>/dev/null | wc -l) -lt $turn ]; do sleep 0.02; done\n\
             printf 'line ' >&2; sleep 0.3; echo $turn of the reviewers >&2; echo >> {root}/turns; sleep 0.3\n\
             done\nexec {root}/todo.sh\n"
        );
        stage.agent(name, &script);
    }
    let mut words = task(&[]);
    (words[6], words[8]) = ("one=command:../one.sh", "two=command:../two.sh");
    let mut run = stage.start(&words);
    until("the pull request", || stage.run(&["logs", "pr/1", "--list"]).stdout.contains("reviewer two"));
    let following = stage.start_captured(&["logs", "pr/1", "--follow"]);
    stage.agent("followed", "");
    assert!(run.wait().unwrap().success());
    let printed = String::from_utf8(following.wait_with_output().unwrap().stdout).unwrap();
    for turn in 0..10 {
        let line = format!("line {turn} of the reviewers\n");
        assert_eq!(printed.matches(&line).count(), 1, "{turn}: {printed}");
    }
}

#[test]
fn logs_follow_a_task_into_reviews() {
    let stage = Stage::new();
    let (mut child, _) = with_a_patient(&stage, "one");
    let known = stage.run(&["status", "--json"]).json();
    let mut subjects = known.as_array().unwrap().iter().filter_map(|one| one["subject"].as_str());
    let task = subjects.find(|subject| subject.starts_with("task/")).unwrap();
    let mut following = stage.start_captured(&["logs", task, "--follow"]);
    let mut headings = BufReader::new(following.stderr.take().unwrap()).lines();
    assert!(headings.any(|line| line.unwrap().starts_with("==> reviewer ")));
    fs::write(stage.root().join("go"), "").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let end = format!("the run of {task} is no longer active");
    assert!(headings.any(|line| line.unwrap() == end));
    assert!(following.wait().unwrap().success());
}

#[test]
fn an_unknown_subject_names_known_ones() {
    let stage = Stage::new();
    let nothing = stage.run(&["stop", "pr/1"]);
    assert!(nothing.stderr.contains("there are no runs in this repository yet"), "{}", nothing.stderr);
    assert!(!stage.repository().join(".git/agent-loop.sqlite3").exists(), "asking makes nothing");
    stage.run(&task(&[]));
    for words in
        [["stop", "pr/2"], ["status", "pr/2"], ["logs", "pr/2"], ["resume", "pr/2"], ["clean", "pr/2"]]
    {
        let ended = stage.run(&words);
        assert_eq!(ended.exit, Some(2), "{words:?}");
        assert!(
            ended.stderr.contains("pr/2 is not known on this machine (known: pr/1, "),
            "{}",
            ended.stderr
        );
        assert!(!ended.stderr.contains("did you mean"), "another number is no typo: {}", ended.stderr);
    }
    let odd = stage.run(&["status", "change/1"]);
    assert!(odd.stderr.contains("`change/1` is not a subject"), "{}", odd.stderr);
    let odd = stage.run(&["status", "pr/one"]);
    assert!(odd.stderr.contains("type 7, #7, pr/7, issue/7, task/KEY or a URL"), "{}", odd.stderr);
    let idle = stage.run(&["stop", "pr/1"]);
    assert!(idle.stderr.contains("no run is active on pr/1"), "{}", idle.stderr);
}

#[test]
fn all_commands_accept_all_forms() {
    let stage = Stage::new();
    stage.run(&task(&[]));
    for command in ["logs", "usage", "verify", "status", "gates"] {
        for form in ["1", "#1", "pr/1"] {
            let ended = stage.run(&[command, form]);
            assert_eq!(ended.exit, Some(0), "{command} {form}: {}{}", ended.stdout, ended.stderr);
        }
    }
    for (words, why) in [
        (["stop", "#1"], "no run is active on pr/1"),
        (["resume", "1"], "there is nothing to resume"),
        (["clean", "1"], "keep pr/1"),
    ] {
        let ended = stage.run(&words);
        assert!(format!("{}{}", ended.stdout, ended.stderr).contains(why), "{words:?}: {}", ended.stderr);
    }
    for command in ["gates", "verify"] {
        let unknown = stage.run(&[command, "99"]).stderr;
        assert!(unknown.contains("there is no issue or pull request 99"), "{command}: {unknown}");
    }
    stage.run(&["local", "issue", "create", "--title", "New"]);
    for form in ["2", "issue/2"] {
        let unused = stage.run(&["verify", form]);
        assert_eq!(unused.stdout, "issue/2: no records; no run has written to it\n", "{}", unused.stderr);
    }
}

#[test]
fn clean_removes_only_what_is_settled() {
    let stage = Stage::new();
    stage.run(&task(&[]));
    let head = stage.git(&["rev-parse", &stage.branch()]);
    stage.agent("tired.sh", "#!/bin/sh\ncat > /dev/null\nexit 75\n");
    let parked = stage.run(&[
        "task",
        "Later",
        "--json",
        "--coder",
        "sam=command:../tired.sh",
        "--reviewer",
        "one=command:../todo.sh",
    ]);
    assert_eq!(parked.json()["status"], "parked", "{}", parked.stderr);

    let looked = stage.run(&["clean", "--dry-run"]);
    assert!(looked.stdout.contains("(parked until"), "{}", looked.stdout);
    assert!(!stage.logs().is_empty());

    assert!(looked.stdout.contains("pr/1 (approved, not merged)"), "{}", looked.stdout);
    assert!(looked.stdout.contains("there is nothing to remove"), "the task is needed: {}", looked.stdout);
    assert_eq!(stage.run(&["local", "pr", "merge", "1"]).exit, Some(0));
    let asked = stage.run(&["clean"]);
    assert_eq!(asked.exit, Some(2), "nobody is there to be asked");
    assert!(
        asked.stderr.starts_with("remove pr/1: journal"),
        "only the error has the prefix: {}",
        asked.stderr
    );
    assert!(asked.stderr.contains("\nagent-loop: clean needs a confirmation"), "{}", asked.stderr);
    assert!(asked.stderr.contains("--yes"), "{}", asked.stderr);
    let cleaned = stage.run(&["clean", "--yes"]);
    assert_eq!(cleaned.exit, Some(0), "{}", cleaned.stderr);
    let left = stage.run(&["status", "--json"]).json();
    assert_eq!(left.as_array().unwrap().len(), 1, "{left}");
    assert_eq!(left[0]["doing"], "parked");
    assert_eq!(stage.git(&["rev-parse", &stage.branch()]), head, "branches stay");
    assert_eq!(stage.run(&["verify", "pr/1"]).exit, Some(0), "published records stay");
}

#[test]
fn a_dry_run_does_nothing() {
    let stage = Stage::new();
    let before = stage.git(&["for-each-ref"]);
    let ended = stage.run(&task(&["--dry-run"]));
    let rehearsed = ended.json();
    assert_eq!((ended.exit, rehearsed["schema"].as_str()), (Some(0), Some("agent-loop/dry-run/1")));
    let effects = rehearsed["effects"].to_string();
    assert!(effects.contains("prepare the clone of the coder sam"), "{effects}");
    assert!(effects.contains("ask the coder sam for an answer of kind `implementation`"), "{effects}");
    assert!(!effects.contains("run the setup"), "there is no setup command: {effects}");
    assert_eq!(stage.git(&["for-each-ref"]), before);
    assert_eq!(stage.run(&["status", "--json"]).stdout, "[]\n");
    assert!(stage.logs().is_empty());

    stage.git(&["checkout", "--quiet", "-b", "feature"]);
    stage.write("more.txt", "two\n");
    stage.git(&["add", "--all"]);
    stage.git(&["commit", "--quiet", "--message", "more"]);
    stage.run(&[
        "local", "pr", "create", "--head", "feature", "--base", "main", "--title", "t", "--body", "b",
    ]);
    let words = ["--dry-run", "--coder", "sam=command:../todo.sh", "--reviewer", "one=command:../todo.sh"];
    let ended = stage.run(&[&["pr", "1"], &words[..]].concat());
    assert!(ended.stdout.contains("comment on pr/1"), "{}", ended.stdout);
    assert!(ended.stdout.contains("ask the reviewer one"), "{}", ended.stdout);
    assert!(ended.stdout.contains("run the tamper on") && !ended.stdout.contains("clone of the gate tamper"));
    let view = stage.run(&["local", "pr", "view", "1", "--json"]).json();
    assert_eq!(view["comments"].as_array().map(Vec::len), Some(0), "{view}");
}

/// A person whose variable is missing in a turn or a test learns why, and how to pass it.
#[test]
fn help_explains_the_environment() {
    let stage = Stage::new();
    for command in ["task", "issue", "pr", "discuss", "gates", "resume"] {
        let help = stage.run(&[command, "--help"]).stdout;
        assert!(
            help.contains("agents.NAME.env") && help.contains("'env DATABASE_URL=... npm test'"),
            "{help}"
        );
    }
    stage.write("check.sh", "test \"$DATABASE_URL\" = sqlite\n");
    stage.git(&["add", "--all"]);
    stage.git(&["commit", "--quiet", "--message", "check"]);
    let passes =
        |command: &str| stage.run(&task(&["--test-command", command])).json()["status"] == "approved";
    assert!(passes("env DATABASE_URL=sqlite sh check.sh"));
}

#[test]
fn completions_and_the_manual_are_printed() {
    let stage = Stage::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(stage.run(&["completions", shell]).stdout.contains("agent-loop"), "{shell}");
    }
    assert!(stage.run(&["man"]).stdout.contains(".TH agent-loop"));
}

#[test]
fn a_later_requirement_needs_another_run() {
    let stage = Stage::new();
    stage.run(&task(&[]));
    let wish = "Keep the other lines.\n\n-- Human Reviewer";
    for (role, shown) in
        [("none", "approved, not merged"), ("member", "approved before the last requirement")]
    {
        stage.run(&["local", "pr", "comment", "1", "--body", wish, "--as", "ada", "--role", role]);
        let status = stage.run(&["status"]);
        assert!(status.stdout.contains(shown), "{role}: {}", status.stdout);
    }
    let next = &stage.run(&["status", "--json"]).json()[0]["next_command"];
    assert_eq!(next, "agent-loop pr 1");
}

/// A reviewer that insists on a finding that the coder disputes, until a person has decided.
const INSISTS: &str = r#"#!/bin/sh
cat > /dev/null
id=$(grep -o '"hr-[0-9a-f]*"' "$AGENT_LOOP_CONTEXT" | sort -u | paste -sd,)
answer() { printf '{"schema_version":1,"kind":"%s","nonce":"%s","summary":"Read.",%s}' "$AGENT_LOOP_KIND" "$AGENT_LOOP_NONCE" "$1" > "$AGENT_LOOP_RESPONSE"; }
seen='"prior_item_dispositions":[{"item_id":"item-1","disposition"'
if [ -n "$id" ]; then answer '"state":"approved","human_requirements_resolved":['"$id"'],'"$seen"':"resolved"}]'
elif grep -q item-1 "$AGENT_LOOP_CONTEXT"; then answer '"state":"blocking",'"$seen"':"blocking","note":"It is wrong."}]'
else answer '"state":"blocking","blocking_items":["Wrong word."],"prior_item_dispositions":[]'
fi
"#;

/// A coder that disputes.
const DISPUTES: &str = r#"#!/bin/sh
[ "$AGENT_LOOP_KIND" = coder_followup ] || exec "$(dirname "$0")/todo.sh"
cat > /dev/null
printf '{"schema_version":1,"kind":"coder_followup","state":"blocking","summary":"No.","addressed_items":[],"remaining_items":[],"disputed_items":["item-1"],"dispute_evidence":{"item-1":"It is right."}}' > "$AGENT_LOOP_RESPONSE"
"#;

#[test]
fn a_decided_dispute_is_continued() {
    let stage = Stage::new();
    stage.agent("insists.sh", INSISTS);
    stage.agent("disputes.sh", DISPUTES);
    let agents = ["--coder", "command:../disputes.sh", "--reviewer", "command:../insists.sh"];
    let ended = stage.run(&[&["task", "Do it", "--json"][..], &agents].concat());
    assert_eq!(ended.json()["reason"], "dispute", "{}", ended.stderr);
    let next = || stage.run(&["status", "--json"]).json()[0]["next_command"].clone();
    assert_eq!((&ended.json()["next_command"], next()), (&next(), "agent-loop local pr view 1".into()));
    stage.run(&["local", "pr", "comment", "1", "--body", "Keep the word.\n\n-- Human Reviewer"]);
    assert_eq!(next(), "agent-loop pr 1", "the person has decided");
    let decided = stage.run(&["pr", "1", "--json"]);
    assert_eq!(decided.json()["status"], "approved", "{}", decided.stderr);
}

#[test]
fn an_ignored_decision_has_ways_out() {
    let stage = Stage::new();
    let insists =
        INSISTS.replace(r#"if [ -n "$id" ]"#, r#"if [ -n "$id" ] && [ "$AGENT_LOOP_LABEL" = two ]"#);
    stage.agent("insists.sh", &insists);
    let addressed = r#""human_requirements":{"addressed_ids":['"$id"'],"checked_discussion_directly":true},"disputed_items""#;
    let disputes = DISPUTES.replace(r#""disputed_items""#, addressed);
    let ids = r#"id=$(grep -o '"hr-[0-9a-f]*"' "$AGENT_LOOP_CONTEXT" | sort -u | paste -sd,)"#;
    stage.agent("disputes.sh", &disputes.replace("cat > /dev/null", &format!("cat > /dev/null\n{ids}")));
    let by = |reviewer: &'static str| ["--coder", "command:../disputes.sh", "--reviewer", reviewer];
    let one = by("one=command:../insists.sh");
    let message = |ended: Ended| ended.json()["message"].as_str().unwrap_or_default().to_owned();
    let undecided = message(stage.run(&[&["task", "Do it", "--json"][..], &one].concat()));
    assert!(undecided.contains("To decide, comment"), "{undecided}");
    stage.run(&["local", "pr", "comment", "1", "--body", "Keep the word.\n\n-- Human Reviewer"]);
    let ignored = message(stage.run(&["pr", "1", "--json"]));
    assert!(!ignored.contains("To decide, comment"), "{ignored}");
    for way in ["although a person has decided (hr-", "another `--reviewer`", "local pr merge 1 --unapproved"]
    {
        assert!(ignored.contains(way), "{way}: {ignored}");
    }
    let replaced = stage.run(&[&["pr", "1", "--json"][..], &by("two=command:../insists.sh")].concat());
    assert_eq!(replaced.json()["status"], "approved", "{}", replaced.stderr);
}

#[test]
fn a_damaged_journal_hides_nothing_else() {
    let stage = Stage::new();
    stage.run(&task(&[]));
    let journals = super::stage::walk(&stage.root().join("state"));
    let of_the_task = |path: &&std::path::PathBuf| {
        path.ends_with("journal.jsonl") && path.to_string_lossy().contains("/task-")
    };
    let journal = journals.iter().find(of_the_task).unwrap();
    let mut text = fs::read_to_string(journal).unwrap();
    text.insert_str(0, "nonsense\n");
    fs::write(journal, text).unwrap();
    let status = stage.run(&["status"]);
    assert!(status.stdout.contains(" approved, not merged"), "{}", status.stdout);
    assert!(status.stdout.contains("cannot be read: line 1 of the journal"), "{}", status.stdout);
    assert!(stage.run(&["clean", "--dry-run"]).stdout.contains("would keep task/"));
}

#[test]
fn a_damaged_mirror_hides_nothing_else() {
    let stage = Stage::new();
    stage.run(&task(&[]));
    let files = super::stage::walk(&stage.root().join("state"));
    let head = files.iter().find(|path| path.ends_with("mirror.git/HEAD")).unwrap();
    fs::write(head, "garbage\n").unwrap();
    let status = stage.run(&["status"]);
    assert!(status.stdout.contains(" approved, not merged"), "{}", status.stdout);
    assert!(status.stdout.contains("The next run makes this copy anew"), "{}", status.stdout);
    let doctor = stage.run(&["doctor"]).stdout;
    assert!(doctor.contains("warning  mirror") && doctor.contains("it makes this copy anew"), "{doctor}");
    let again = stage.run(&["pr", "1", "--json=events"]);
    assert_eq!(again.exit, Some(0), "{}", again.stdout);
    assert!(again.stdout.contains("it was made anew, with all saved work"), "{}", again.stdout);
    assert!(!stage.run(&["doctor"]).stdout.contains("mirror"));
}

#[test]
fn a_damaged_forge_names_the_command() {
    let stage = Stage::new();
    stage.run(&task(&[]));
    let file = stage.repository().join(".git/agent-loop.sqlite3");
    let mut bytes = fs::read(&file).unwrap();
    bytes.get_mut(4096..12288).unwrap().fill(b'x');
    fs::write(&file, bytes).unwrap();
    let shown = file.display();
    for words in [&["status"][..], &["doctor"], &["resume"], &["local", "issue", "list"], &["pr", "1"]] {
        let ended = stage.run(words);
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(said.contains(&format!("`mv {shown} {shown}.damaged`")), "{words:?}: {said}");
    }
}

#[test]
fn a_task_continues_on_its_branch() {
    let stage = Stage::new();
    let first = stage.run(&task(&[])).json();
    stage.git(&["checkout", "--quiet", &stage.branch()]);
    let again = stage.run(&task(&[])).json();
    assert_eq!(again["pr"], 1, "{again}");
    assert_eq!(again["status"], "approved", "{again}");
    assert_eq!(stage.branch().lines().count(), 1, "{first} {again}");
}

#[test]
fn an_empty_comment_is_refused() {
    let stage = Stage::new();
    stage.run(&["local", "issue", "create", "--title", "Words"]);
    let ended = stage.run(&["local", "issue", "comment", "1", "--body", " \n"]);
    assert_eq!(ended.exit, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("the comment is empty"), "{}", ended.stderr);
}

#[test]
fn a_corrected_signature_ends_the_warning() {
    let stage = Stage::new();
    stage.run(&task(&[]));
    let comment = |text: &str| stage.run(&["local", "pr", "comment", "1", "--body", text]);
    comment("Keep it.\n\n-- Human Reviewer.");
    assert!(stage.run(&["status"]).stdout.contains("is not a requirement"));
    comment("Rename it.\n\n-- Human Reviewer");
    assert!(stage.run(&["status"]).stdout.contains("is not a requirement"), "another text");
    comment("Keep it.\n\n-- Human Reviewer");
    let status = stage.run(&["status"]).stdout;
    assert!(!status.contains("is not a requirement"), "{status}");
}

#[test]
fn schemas_are_listed_without_a_kind() {
    let listed = Stage::new().run(&["schema"]);
    assert_eq!(listed.exit, Some(0), "{}", listed.stderr);
    assert!(listed.stdout.lines().any(|kind| kind == "pr_review"), "{}", listed.stdout);
}
