//! Messages about failures: one line when a turn fails, and at the end the log; and refusals that name the allowed values.

use std::fs;

use super::stage::{Ended, Stage, task};

/// Runs with a coder that executes this script; `--json` only if requested.
fn with_a_coder_that(stage: &Stage, script: &str, more: &[&str]) -> Ended {
    stage.agent("odd.sh", &format!("#!/bin/sh\ncat > /dev/null\n{script}\n"));
    let mut words = task(more);
    words[4] = "sam=command:../odd.sh";
    words.remove(2);
    stage.run(&words)
}

fn count(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

/// Returns the line about the failed turn.
fn failure<'ended>(ended: &'ended Ended, who: &str) -> &'ended str {
    let begins = format!("! {who} ");
    let mut lines = ended.stderr.lines().filter(|line| line.starts_with(&begins));
    let line = lines.next().unwrap_or_else(|| panic!("{}", ended.stderr));
    assert_eq!(lines.next(), None, "a failure is reported once");
    line
}

/// A failure is a line when it happens; the end names its log.
#[test]
fn a_failure_is_reported_once() {
    let stage = Stage::new();
    let ended = with_a_coder_that(&stage, "echo oh no >&2; exit 3", &[]);
    assert_eq!(failure(&ended, "coder sam"), "! coder sam ended with exit code 3: oh no; not retried");
    assert_eq!((count(&ended.stderr, "oh no"), count(&ended.stdout, "oh no")), (1, 0), "{}", ended.stderr);
    assert!(ended.log_of(&stage, "coder sam").contains("oh no"));
    let next = "next (once the cause is fixed): agent-loop resume task/";
    assert!(ended.stdout.contains(next), "{}", ended.stdout);
    let ended = with_a_coder_that(&Stage::new(), "echo first; echo last on stdout; exit 3", &[]);
    let line = "! coder sam ended with exit code 3: last on stdout; not retried";
    assert_eq!(failure(&ended, "coder sam"), line);
}

#[test]
fn an_idle_coder_is_not_repeated() {
    let stage = Stage::new();
    let answer = r#"{"schema_version":1,"kind":"implementation","summary":"none is left","pr_title":"t","pr_body":"b"}"#;
    let script = &format!("echo '{answer}' > \"$AGENT_LOOP_RESPONSE\"");
    let ended = with_a_coder_that(&stage, script, &[]);
    assert!(ended.stdout.starts_with("blocked (no-change)"), "{}", ended.stdout);
    assert!(ended.stdout.contains("describe the task in other words, or name"), "{}", ended.stdout);
    let next = ended.stdout.lines().last().unwrap().strip_prefix("next: agent-loop ").unwrap();
    assert!(next.starts_with("logs task/"), "{next}");
    let log = stage.run(&next.split(' ').collect::<Vec<_>>());
    assert!(log.stdout.contains("none is left"), "{}{}", log.stdout, log.stderr);
    assert!(stage.run(&["status"]).stdout.contains(&format!("agent-loop {next}")));
}

#[test]
fn json_runs_name_logs_too() {
    let stage = Stage::new();
    stage.agent("odd.sh", "#!/bin/sh\nexit 3\n");
    let mut words = task(&["--quiet"]);
    words[4] = "sam=command:../odd.sh";
    words[2] = "--json=events";
    let ended = stage.run(&words);
    ended.log_of(&stage, "coder sam");
    let outcome = ended.json();
    let log = outcome["failed_logs"]["coder sam"].as_str().unwrap();
    for path in [log, outcome["usage_summary"].as_str().unwrap()] {
        assert!(fs::exists(path).unwrap(), "{path}");
    }
    let events = ended.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let failed: Vec<_> = events.filter(|event| event["event"] == "turn-failed").collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(
        (&failed[0]["failure"]["class"], &failed[0]["log"], &failed[0]["follows"]["what"]),
        (&"exit".into(), &log.into(), &"nothing".into())
    );
    let line = ended.stdout.lines().find(|line| line.contains("\"status\":\"failed\"")).unwrap();
    assert!(line.contains("\"event\":\"published\"") && line.contains("ended with exit code 3"), "{line}");
}

#[test]
fn malformed_answers_are_quoted() {
    let token = format!("ghp_{}", "a1".repeat(18));
    let script = format!(
        "printf 'All \\033[31mdone\\033[0m, <!-- x\\n\\n-- Human Reviewer\\n{token} '; head -c 5000 /dev/zero | tr '\\000' y; echo END"
    );
    let stage = Stage::new();
    let ended = with_a_coder_that(&stage, &script, &[]);
    let line = failure(&ended, "coder sam");
    let said = line.split('“').nth(1).and_then(|rest| rest.split('”').next()).unwrap();
    assert!(said.starts_with("All ") && said.contains("done") && said.ends_with("yy…"), "{line}");
    assert!(said.chars().count() == 100 && said.contains("[redacted: github-token]"), "{line}");
    assert!(!ended.stderr.contains(['\u{1b}']) && !ended.stderr.contains(&token), "{}", ended.stderr);
    assert!(
        line.contains("gave a malformed answer: ") && line.contains("asking to reformat the answer"),
        "{line}"
    );
    assert!(ended.log_of(&stage, "coder sam").contains("yyyEND"));
    // The agent that should reformat the answer failed too: both logs are named at the end.
    assert!(failure(&ended, "repair sam").ends_with("not retried"));
    ended.log_of(&stage, "repair sam");

    let silent = with_a_coder_that(&Stage::new(), "", &[]);
    assert!(failure(&silent, "coder sam").contains("; it is empty; not retried"), "{}", silent.stderr);
}

#[test]
fn answers_in_files_are_logged() {
    let stage = Stage::new();
    let script = "printf '{\"state\": \"maybe\"}' > \"$AGENT_LOOP_RESPONSE\"";
    let ended = with_a_coder_that(&stage, script, &[]);
    assert!(ended.log_of(&stage, "coder sam").contains("{\"state\": \"maybe\"}"), "{}", ended.stderr);
    assert!(failure(&ended, "coder sam").contains("; 3 more errors; asking"), "{}", ended.stderr);
    let task = &stage.run(&["status", "--json"]).json()[0]["subject"];
    let list = stage.run(&["logs", task.as_str().unwrap(), "--list"]).stdout;
    assert!(list.contains("failed (malformed)") && !list.contains("answered"), "{list}");
}

/// Creates a coder whose answer has an unknown key, and which reformats it when requested.
const CARELESS: &str = r#"#!/bin/sh
if [ "$AGENT_LOOP_ROLE" = repair ]; then
  cat > /dev/null
  printf '{"schema_version": 1, "kind": "implementation", "summary": "Every TODO is done now.",
    "pr_title": "Resolve all TODOs", "pr_body": "Replaces every TODO."}' > "$AGENT_LOOP_RESPONSE"
  exit
fi
"$(dirname "$0")/todo.sh"
sed -i 's/{/{"extra": true, /' "$AGENT_LOOP_RESPONSE"
"#;

#[test]
fn only_lasting_failures_name_their_logs() {
    let stage = Stage::new();
    stage.agent("careless.sh", CARELESS);
    stage.agent("broken.sh", "#!/bin/sh\nexit 9\n");
    let mut words = task(&[]);
    (words[4], words[8]) = ("sam=command:../careless.sh", "two=command:../broken.sh");
    let ended = stage.run(&words);
    assert!(failure(&ended, "coder sam").contains("extra"), "{}", ended.stderr);
    assert!(failure(&ended, "coder sam").contains("asking to reformat the answer"), "{}", ended.stderr);
    assert_eq!(
        ended.json()["failed_logs"].as_object().map(serde_json::Map::len),
        Some(1),
        "{}",
        ended.stdout
    );
    ended.log_of(&stage, "reviewer two");
}

/// Returns the message of a refusal on stderr.
fn refused(words: &[&str], why: &str) {
    let ended = Stage::new().run(words);
    let flat = ended.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(ended.exit == Some(2) && flat.contains(why), "{words:?}: {}", ended.stderr);
}

#[test]
fn a_refused_number_names_its_bounds() {
    for (flag, least) in [
        ("--max-rounds", "1"),
        ("--test-timeout-seconds", "1"),
        ("--repair-timeout-seconds", "1"),
        ("--ci-timeout-seconds", "0"),
        ("--ci-poll-interval-seconds", "1"),
        ("--progress-interval-seconds", "1"),
        ("--agent-timeout-seconds", "1"),
        ("--agent-idle-seconds", "0"),
        ("--agent-max-retries", "0"),
        ("--agent-retry-backoff-seconds", "0"),
        ("--max-clarification-rounds", "0"),
        ("--budget-tokens", "0"),
        ("--budget-minutes", "0"),
    ] {
        refused(&["task", "x", flag, "-1"], &format!(": -1 is not allowed: at least {least}"));
        refused(&["task", "x", flag, "soon"], &format!(": type a whole number, at least {least}"));
        refused(
            &["task", "x", flag, "99999999999999999999"],
            "99999999999999999999 is not allowed: at most ",
        );
    }
    refused(&["task", "x", "--max-rounds", "0"], "'--max-rounds <N>': 0 is not allowed: at least 1");
    refused(&["pr", "0"], "0 is not allowed: at least 1");
    refused(&["issue", "two"], "type a number, such as 7 or #7, or a URL");
    refused(&["local", "pr", "view", "0"], "0 is not allowed: at least 1");
    refused(&["task", "x", "--budget-usd", "-1"], "-1 is not an amount of dollars");
}

#[test]
fn a_task_needs_no_quotes() {
    let stage = Stage::new();
    let mut words = task(&[]);
    words.splice(1..2, ["Resolve", "every", "TODO"]);
    let ended = stage.run(&words);
    assert_eq!(ended.exit, Some(0), "{}", ended.stderr);
    let again = stage.run(&task(&[]));
    assert_eq!(ended.json()["pr"], again.json()["pr"], "it is the same task as with quotes");
    refused(&["task", "fix", "--quiet", "the", "bug"], "or quote the whole task");
    refused(&["task", "add", "a", "--verbose", "flag"], "`--verbose` is not an option");
}

#[test]
fn test_commands_have_no_shell() {
    let stage = Stage::new();
    let ended = stage.run(&task(&["--test-command", "make && make test"]));
    let message = ended.json()["message"].as_str().unwrap().to_owned();
    assert_eq!(ended.exit, Some(2), "{message}");
    assert!(message.contains("only a shell understands `&&`"), "{message}");
    assert!(message.contains("Type --test-command \"sh -c 'make && make test'\""), "{message}");
    // The commands in the messages work in a shell.
    let typed = message.split("Type ").nth(1).and_then(|rest| rest.split(" (in").next()).unwrap();
    let script = format!("printf '%s' {typed}");
    let words = stage.run_program("sh", &["-c", &script]).stdout;
    assert_eq!(words, "--test-commandsh -c 'make && make test'");
    // The settings in the messages work too.
    let setting =
        message.split("configuration: ").nth(1).and_then(|rest| rest.split("), or").next()).unwrap();
    stage.write("agent-loop.toml", &format!("[gates.tests]\n{setting}\n"));
    stage.git(&["add", "--all"]);
    stage.git(&["commit", "--quiet", "--message", "settings"]);
    let configured = stage.run(&["config", "explain", "--json"]);
    assert!(configured.stdout.contains("sh -c 'make && make test'"), "{}", configured.stdout);

    stage.write("agent-loop.toml", "[gates.tests]\ncommand = \"make test | tee log\"\n");
    stage.git(&["commit", "--quiet", "--all", "--message", "a pipe"]);
    stage.run(&["config", "trust"]);
    let ended = stage.run(&task(&[]));
    let message = ended.json()["message"].as_str().unwrap().to_owned();
    assert!(ended.exit == Some(2) && message.contains("only a shell understands `|`"), "{message}");

    let quoted =
        Stage::new().run(&task(&["--test-command", "sh -c 'true && grep -c DONE notes.txt > /dev/null'"]));
    assert_eq!(quoted.exit, Some(0), "{}", quoted.stderr);
}

#[test]
fn help_says_where_messages_go() {
    for command in ["task", "resume", "demo"] {
        let help = Stage::new().run(&[command, "--help"]).stdout;
        let flat = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            flat.contains("stderr (see --quiet)") || flat.contains("only warnings are printed on stderr"),
            "{help}"
        );
    }
}
