//! Whole debates of the built binary: exit codes, a question, debaters at the same time, interrupts, time limits.

use std::fs;

use serde_json::Value;

use super::stage::{Ended, Stage, until, walk};

/// A debater that votes; `VOTE` in a file named after its label beside the repository.
const DEBATER: &str = r#"#!/bin/sh
cat > /dev/null
root=$(dirname "$0")
vote=$(cat "$root/$AGENT_LOOP_LABEL.vote")
rebuttal=
test "$AGENT_LOOP_ROUND" = 1 || rebuttal='"rebuttal":"I have read it.",'
test "$vote" != split || rebuttal='"split_proposals":["First part","Second part"],'
printf '{"schema_version":1,"kind":"%s","nonce":"%s",%s"outcome":"%s","rationale":"Because."}' \
  "$AGENT_LOOP_KIND" "$AGENT_LOOP_NONCE" "$rebuttal" "$vote" > "$AGENT_LOOP_RESPONSE"
"#;

/// Waits until four debaters have begun, then votes.
const TOGETHER: &str = r#"#!/bin/sh
cat > /dev/null
root=$(dirname "$0")
echo $$ > "$root/$AGENT_LOOP_LABEL.pid"
while test "$(ls "$root"/*.pid | wc -l)" -lt 4; do sleep 0.05; done
printf '{"schema_version":1,"kind":"discuss_review","nonce":"%s","outcome":"implement","rationale":"Because."}' \
  "$AGENT_LOOP_NONCE" > "$AGENT_LOOP_RESPONSE"
"#;

/// Writes its process id and that of its child, and never ends.
const ENDLESS: &str =
    "#!/bin/sh\nsleep 1000 &\necho $$ $! > \"$(dirname \"$0\")/$AGENT_LOOP_LABEL.pid\"\nwait\n";

const PROGRAM: &str = env!("CARGO_BIN_EXE_agent-loop");

const QUESTION: [&str; 3] = ["discuss", "--question", "Should slugs keep accents?"];

fn stage(script: &str, votes: &[(&str, &str)]) -> Stage {
    let stage = Stage::new();
    stage.agent("debater.sh", script);
    for (label, vote) in votes {
        fs::write(stage.root().join(format!("{label}.vote")), vote).unwrap();
    }
    stage
}

fn words<'words>(
    begin: &[&'words str],
    debaters: &'words [String],
    more: &[&'words str],
) -> Vec<&'words str> {
    let debaters = debaters.iter().flat_map(|debater| ["--reviewer", debater.as_str()]);
    begin.iter().copied().chain(debaters).chain(more.iter().copied()).chain(["--json"]).collect()
}

fn debaters(labels: &[&str]) -> Vec<String> {
    labels.iter().map(|label| format!("{label}=command:../debater.sh")).collect()
}

fn status(ended: &Ended) -> (Option<i32>, String, String) {
    let outcome = ended.json();
    let text = |key: &str| outcome[key].as_str().unwrap_or_default().to_owned();
    (ended.exit, text("status"), text("next_command"))
}

#[test]
fn plan_settings_leave_debates_alone() {
    let stage = stage(DEBATER, &[("one", "implement")]);
    stage.write("agent-loop.toml", "[planning]\nfirst = true\n");
    stage.git(&["add", "--all"]);
    stage.git(&["commit", "--quiet", "--message", "plan first"]);
    let panel = debaters(&["one"]);
    let ended = stage.run(&words(&QUESTION, &panel, &["--materialize-split-issues"]));
    assert_eq!(status(&ended).1, "consensus", "{}", ended.stderr);
}

#[test]
fn a_question_is_debated_once() {
    let stage = stage(DEBATER, &[("one", "implement"), ("two", "implement")]);
    let panel = debaters(&["one", "two"]);
    for _ in 0..2 {
        let ended = stage.run(&words(&QUESTION, &panel, &[]));
        let (exit, status, next) = status(&ended);
        assert_eq!((exit, status.as_str()), (Some(0), "consensus"), "{}", ended.stderr);
        assert!(next.starts_with("agent-loop issue 1"), "{next}");
    }
    let known = stage.run(&words(&QUESTION, &panel, &[])).json();
    let message = known["message"].as_str().unwrap();
    assert!(message.starts_with("decided by `one`, `two`: both debaters"), "{message}");
    let issue = stage.run(&["local", "issue", "view", "1", "--json"]).json();
    assert_eq!(issue["comments"].as_array().map(Vec::len), Some(4));
    assert_eq!(stage.run(&["local", "issue", "list", "--json"]).json().as_array().map(Vec::len), Some(1));
    assert_eq!(stage.git(&["status", "--porcelain"]), "");
    let made = stage.run(&[
        "issue",
        "1",
        "--json",
        "--coder",
        "sam=command:../todo.sh",
        "--reviewer",
        "rev=command:../todo.sh",
    ]);
    assert_eq!(made.json()["status"], "approved", "{}", made.stderr);
}

/// Without the usual programs, the debaters make the change that they decided on.
#[test]
fn debaters_make_the_change() {
    let stage = stage(DEBATER, &[("one", "implement"), ("two", "implement")]);
    stage.agent(
        "able.sh",
        "#!/bin/sh\ncase $AGENT_LOOP_KIND in discuss_*) p=debater ;; *) p=todo ;; esac\nexec \"$(dirname \"$0\")/$p.sh\"\n",
    );
    let nowhere = ["--claude-cmd", "/nowhere/claude", "--codex-cmd", "/nowhere/codex"];
    let panel = ["one=command:../able.sh", "two=command:../able.sh"].map(str::to_owned);
    let ended = stage.run(&words(&QUESTION, &panel, &nowhere));
    let next = status(&ended).2;
    let agents = format!("--coder one=command:{}", stage.repository().display());
    assert!(next.contains(&agents) && next.contains(" --reviewer two=command:"), "{next}");
    let typed = shlex::split(&format!("{next} --json")).unwrap();
    let typed: Vec<&str> = typed.iter().skip(1).map(String::as_str).collect();
    let bare = stage.run(&["issue", "1", "--json"]);
    assert!(bare.json()["message"].as_str().unwrap().contains("name another agent: --coder AGENT"));
    assert!(stage.run(&["status"]).stdout.contains(&next), "a refused command changes nothing: {next}");
    let made = stage.run(&typed);
    assert_eq!(made.json()["status"], "approved", "{}", made.stderr);
}

#[test]
fn a_split_shows_its_stages() {
    let stage = stage(DEBATER, &[("one", "split")]);
    let panel = debaters(&["one"]);
    let ended = stage.run(&words(&QUESTION, &panel, &["--materialize-split-issues"]));
    let next = status(&ended).2;
    assert!(next.starts_with("agent-loop issue 2"), "{next}");
    stage.run(&["local", "issue", "close", "3"]);
    let status = stage.run(&["status", "issue/1"]).stdout;
    assert!(status.contains(&format!("1. First part (#2) can start: {next}\n")), "{status}");
    assert!(status.contains("2. Second part (#3) done"), "{status}");
}

/// A plan and a debate file only the stages that their own commands ask for.
#[test]
fn plans_and_debates_share_no_flag() {
    let stage = stage(DEBATER, &[("one", "implement"), ("two", "split")]);
    let panel = debaters(&["one"]);
    let debate = stage.run(&words(&QUESTION, &panel, &["--materialize-split-issues"]));
    assert_eq!(status(&debate).1, "consensus", "{}", debate.stderr);
    stage.agent(
        "todo.sh",
        &include_str!("../../../fixtures/agents/todo-agent.sh").replace(
            "\"plan_steps\":",
            "\"deferred_stages\":[{\"title\":\"Later\",\"summary\":\"Not now.\"}],\"plan_steps\":",
        ),
    );
    let agents = ["--coder", "sam=command:../todo.sh", "--reviewer", "rev=command:../todo.sh"];
    let planned = stage.run(&[&["issue", "1", "--plan-first", "--json"][..], &agents].concat());
    assert_eq!(planned.json()["status"], "planned", "{}", planned.stderr);
    let view = stage.run(&["local", "issue", "view", "1"]).stdout;
    assert!(view.contains("No issue is filed") && view.contains("| plan |"), "{view}");
    let issues = || stage.run(&["local", "issue", "list", "--json"]).json().as_array().map(Vec::len);
    assert_eq!(issues(), Some(1));
    let filing = ["issue", "1", "--plan-first", "--materialize-split-issues", "--json"];
    let planned = stage.run(&[&filing[..], &agents].concat());
    assert_eq!(
        (planned.json()["status"].as_str(), issues()),
        (Some("planned"), Some(2)),
        "{}",
        planned.stderr
    );
    stage.run(&["local", "issue", "comment", "1", "--body", "Debate it again."]);
    let split = stage.run(&words(&["discuss", "1"], &debaters(&["two"]), &[]));
    assert_eq!((status(&split).1.as_str(), issues()), ("consensus", Some(2)), "{}", split.stderr);
}

#[test]
fn a_deadlock_is_for_a_person() {
    let stage = stage(DEBATER, &[("one", "implement"), ("two", "needs-human")]);
    let panel = debaters(&["one", "two"]);
    let ended = stage.run(&words(&QUESTION, &panel, &["--discuss-max-rounds", "1"]));
    assert_eq!(
        (ended.exit, ended.json()["status"].as_str()),
        (Some(4), Some("deadlock")),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.json()["rounds"], 2);
    let shown = stage.run(&["status", "issue/1"]).stdout;
    assert!(shown.contains("implement    topic "), "{shown}");
    let next = "agent-loop local issue comment 1 --body-file -";
    assert_eq!(ended.json()["next_command"], next);
    let again = stage.run(&words(&["discuss", "1"], &panel, &["--discuss-max-rounds", "1"])).json();
    assert_eq!(again["next_command"], next);
    assert!(
        again["message"].as_str().unwrap().starts_with("debated by `one`, `two`: no agreement"),
        "{again}"
    );
    stage.write("decision.txt", "Implement it.\n");
    let typed = stage.run_program("sh", &["-c", &format!("'{PROGRAM}' {} < decision.txt", &next[11..])]);
    assert_eq!(typed.exit, Some(0), "{}", typed.stderr);
    assert!(stage.run(&["status"]).stdout.contains("    agent-loop discuss 1\n"));
    let told = "! in the debate of issue/1, no agreement after round 2: `one` implement, `two` needs-human; a person must decide; \
                this run goes on nevertheless";
    assert_told(&stage, told);
    let votes: Vec<Value> = ended.json()["votes"].as_array().unwrap().clone();
    assert_eq!(votes.iter().map(|vote| &vote["state"]).collect::<Vec<_>>(), ["implement", "needs-human"]);
}

/// Asserts that a dry run of the change and the change itself say this once.
fn assert_told(stage: &Stage, told: &str) {
    let agents = ["issue", "1", "--coder", "sam=command:../todo.sh", "--reviewer", "rev=command:../todo.sh"];
    for more in [&["--dry-run"][..], &[]] {
        let made = stage.run(&[&agents, more].concat()).stderr;
        assert_eq!(made.matches(told).count(), 1, "{made}");
    }
}

#[test]
fn an_agreed_question_can_be_answered() {
    let stage = stage(DEBATER, &[("one", "needs-human"), ("two", "needs-human")]);
    let panel = debaters(&["one", "two"]);
    let ended = stage.run(&words(&QUESTION, &panel, &[]));
    let next = "agent-loop local issue comment 1 --body-file -";
    assert_eq!(status(&ended), (Some(0), "consensus".to_owned(), next.to_owned()), "{}", ended.stderr);
    stage.run(&["local", "issue", "comment", "1", "--body", "Implement it."]);
    let answered = stage.run(&["status"]).stdout;
    assert!(answered.contains("    agent-loop discuss 1\n"), "{answered}");
}

/// Both debaters agree, so none of them failed; the change is made only by a person who knows the decision.
#[test]
fn a_decision_against_is_told() {
    let stage = stage(DEBATER, &[("one", "do-not-implement"), ("two", "do-not-implement")]);
    let panel = debaters(&["one", "two"]);
    let words: Vec<&str> =
        words(&QUESTION, &panel, &[]).into_iter().filter(|word| *word != "--json").collect();
    let ended = stage.run(&words);
    assert!(
        ended.stderr.contains("round 1  one: do-not-implement  two: do-not-implement\n"),
        "{}",
        ended.stderr
    );
    let next = "agent-loop local issue close 1 --reason 'not planned'";
    assert!(ended.stdout.ends_with(&format!("next: {next}\n")), "{}", ended.stdout);
    assert!(stage.run(&["status"]).stdout.contains(&format!("    {next}\n")));
    let again = stage.run(&words).stdout;
    assert!(again.starts_with("consensus issue/1 · 1 round\n"), "{again}");
    let told = "! in the debate of issue/1, both debaters vote `do-not-implement` (unanimous, round 1); this run goes on";
    assert_told(&stage, told);
    assert_eq!(stage.run_program("sh", &["-c", &format!("'{PROGRAM}' {}", &next[11..])]).exit, Some(0));
}

/// A debater that failed is asked again by the same command; the others are not.
#[test]
fn a_failed_debate_is_continued() {
    let stage = stage(DEBATER, &[("one", "implement")]);
    let panel = debaters(&["one", "two"]);
    let ended = stage.run(&words(&QUESTION, &panel, &[]));
    assert_eq!(
        status(&ended),
        (Some(1), "failed".to_owned(), "agent-loop discuss 1".to_owned()),
        "{}",
        ended.stderr
    );
    fs::write(stage.root().join("two.vote"), "implement").unwrap();
    let again = stage.run(&words(&["discuss", "1"], &panel, &[]));
    assert_eq!(again.json()["status"], "consensus", "{}", again.stderr);
    let asked = stage.logs().iter().filter(|path| path.to_string_lossy().contains("debater-one")).count();
    assert_eq!(asked, 1);
}

#[test]
fn four_debaters_work_at_once() {
    let stage = stage(TOGETHER, &[]);
    let panel = debaters(&["one", "two", "three", "four"]);
    let ended =
        stage.run(&words(&QUESTION, &panel, &["--discuss-parallel", "--agent-timeout-seconds", "60"]));
    assert_eq!(ended.json()["status"], "consensus", "{}", ended.stderr);
}

/// Returns the processes of these debaters that have begun.
fn begun(stage: &Stage, labels: &[&str]) -> Vec<String> {
    let read = |label: &&str| fs::read_to_string(stage.root().join(format!("{label}.pid"))).ok();
    let whole = labels.iter().filter_map(read).filter(|text| text.ends_with('\n'));
    whole.flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn is_alive(stage: &Stage, pid: &str) -> bool {
    stage.succeeds("kill", &["-0", pid])
}

/// An interrupt ends every debater, and the debate is resumed later.
#[test]
fn an_interrupt_ends_all_debaters() {
    let stage = stage(ENDLESS, &[("one", "implement"), ("two", "implement")]);
    let panel = debaters(&["one", "two"]);
    let child = stage.start(&words(&QUESTION, &panel, &["--discuss-parallel"]));
    until("both debaters begin", || begun(&stage, &["one", "two"]).len() == 4);
    assert!(stage.succeeds("kill", &["-INT", &child.id().to_string()]));
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
    for pid in begun(&stage, &["one", "two"]) {
        assert!(!is_alive(&stage, &pid), "{pid} is alive");
    }
    stage.agent("debater.sh", DEBATER);
    let resumed = stage.run(&["resume", "issue/1", "--json"]);
    assert_eq!(resumed.json()["status"], "consensus", "{}", resumed.stderr);
}

/// After `kill -9` no process of a debater is left, and a vote that was given is not asked for again.
#[test]
fn a_killed_debate_keeps_its_votes() {
    let stage = stage(DEBATER, &[("one", "implement"), ("two", "implement"), ("three", "implement")]);
    stage.agent("slow.sh", ENDLESS);
    let mut panel = debaters(&["one"]);
    panel.extend(["two", "three"].map(|label| format!("{label}=command:../slow.sh")));
    let mut child = stage.start(&words(&QUESTION, &panel, &["--discuss-parallel"]));
    let votes_kept = || {
        let files = walk(&stage.root().join("state")).into_iter();
        let journals = files.filter(|path| path.ends_with("journal.jsonl"));
        journals.filter_map(|path| fs::read_to_string(path).ok()).any(|text| text.contains("\"answered\""))
    };
    until("two debaters begin", || begun(&stage, &["two", "three"]).len() == 4);
    until("the other votes", votes_kept);
    child.kill().unwrap();
    child.wait().unwrap();
    until("the end of all debaters", || {
        begun(&stage, &["two", "three"]).iter().all(|pid| !is_alive(&stage, pid))
    });
    stage.agent("slow.sh", DEBATER);
    let resumed = stage.run(&["resume", "issue/1", "--json"]);
    assert_eq!(resumed.json()["status"], "consensus", "{}", resumed.stderr);
    assert_eq!(
        resumed.json()["message"],
        "all 3 debaters vote `implement` (unanimous, round 1)",
        "{}",
        resumed.stderr
    );
    assert_eq!(resumed.json()["votes"].as_array().map(Vec::len), Some(3));
    let asked = stage.logs().iter().filter(|path| path.to_string_lossy().contains("debater-one")).count();
    assert_eq!(asked, 1);
}

#[test]
fn slow_debaters_are_ended() {
    let stage = stage(DEBATER, &[("one", "implement"), ("two", "implement")]);
    stage.agent("slow.sh", ENDLESS);
    let mut panel = debaters(&["one", "two"]);
    panel.push("slow=command:../slow.sh".to_owned());
    let limits = [
        "--discuss-debater-timeout",
        "1",
        "--discuss-on-debater-failure",
        "partial",
        "--discuss-max-rounds",
        "0",
    ];
    let ended = stage.run(&words(&QUESTION, &panel, &limits));
    assert_eq!(ended.json()["status"], "deadlock", "{}", ended.stderr);
    let issue = stage.run(&["local", "issue", "view", "1"]).stdout;
    assert!(issue.contains("`slow` (timeout): took longer than 1 s and was killed"), "{issue}");
}

#[test]
fn debates_refuse_what_they_lack() {
    let stage = stage(DEBATER, &[]);
    for (words, said) in [
        (&["discuss", "1", "--forge", "local", "--reviewer", "one=command:../debater.sh"][..], "issue 1"),
        (&["discuss", "--question", "  "], "the question is empty"),
        (&["discuss"], "<NUMBER|--question <TEXT>>"),
        (&["discuss", "--question", "Why?", "--reviewer", "one=command:../nobody.sh"], "nobody.sh"),
        (&["discuss", "--question", "Why?", "--codex-cmd", "/nowhere"], "/nowhere"),
        (&["discuss", "--question", "Why?", "--base", "nowhere"], "nowhere"),
        (&["discuss", "--question", "Why?", "--no-gate", "test"], "did you mean `tests`?"),
        (&["issue", "1", "--discuss-parallel"], "--discuss-parallel"),
    ] {
        let ended = stage.run(words);
        assert_eq!(ended.exit, Some(2), "{words:?}: {}", ended.stderr);
        let text = format!("{}{}", ended.stdout, ended.stderr);
        assert!(words[0] != "discuss" || !text.contains("agent-loop issue -h"), "{text}");
        assert!(text.contains(said), "{words:?}: {}", ended.stderr);
        assert_eq!(stage.run(&["local", "issue", "list", "--json"]).stdout, "[]\n", "{words:?}");
    }
}

#[test]
fn a_decision_waits_for_a_person() {
    let stage = stage(DEBATER, &[("ann", "implement")]);
    let ended = stage.run(&words(&QUESTION, &debaters(&["ann"]), &[]));
    assert_eq!(ended.json()["message"], "the only debater votes `implement` (round 1)", "{}", ended.stderr);
    let status = stage.run(&["status"]).stdout;
    assert!(status.starts_with("Waiting for you:\n\nissue/1  consensus: implement"), "{status}");
    let next = &ended.json()["next_command"];
    assert!(status.contains(&format!("\n    {}\n", next.as_str().unwrap())), "{status}");
    let thread = stage.run(&["local", "issue", "view", "1"]).stdout;
    assert!(thread.contains("**Implement** · decided in round 1 · 1 vote"), "{thread}");
    stage.run(&["local", "issue", "close", "1"]);
    assert!(stage.run(&["status"]).stdout.contains("consensus: implement, closed"));
}
