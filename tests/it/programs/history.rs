//! The commands that show earlier runs: their order, wording and omissions.

use std::fs;
use std::path::Path;

use regex::Regex;

use super::screen::assert_screen;
use super::stage::{Stage, task, walk};

/// Performs a run that ends at once, with this task.
fn settled(stage: &Stage, words: &str) {
    stage.git(&["checkout", "--quiet", "main"]);
    stage.write("notes.txt", &format!("one TODO for {words:?}\n"));
    stage.git(&["commit", "--quiet", "--all", "--message", "more to do"]);
    let mut arguments = task(&[]);
    arguments[1] = words;
    let ended = stage.run(&arguments);
    assert_eq!(ended.exit, Some(0), "{}", ended.stderr);
}

/// Returns the subject of a task whose coder is out of quota.
fn parked(stage: &Stage, words: &str) -> String {
    stage.agent("tired.sh", "#!/bin/sh\ncat > /dev/null\nexit 75\n");
    let mut arguments = task(&[]);
    arguments[1] = words;
    arguments[4] = "sam=command:../tired.sh";
    let outcome = stage.run(&arguments).json();
    assert_eq!(outcome["status"], "parked", "{outcome}");
    outcome["subject"].as_str().unwrap().to_owned()
}

/// Returns the output with placeholders for parts that differ from run to run.
fn shown(stage: &Stage, words: &[&str], names: &[(&str, &str)]) -> String {
    let ended = stage.run(words);
    assert_eq!(ended.exit, Some(0), "{}", ended.stderr);
    // An instant of another day has a date: shortly before midnight, that of a quota is one.
    let instants = Regex::new(r"\(([A-Z][a-z]{2} \d+, )?\d\d:\d\d\)").unwrap();
    let tasks = Regex::new(r"\btask/[0-9a-f]{8}\b").unwrap();
    let text = instants.replace_all(&ended.stdout, "(TIME)");
    let mut text = tasks.replace_all(&text, "task/KEY").into_owned();
    for (name, shown) in names {
        text = text.replace(name, shown);
    }
    text
}

#[test]
fn status_starts_with_waiting_runs() {
    let stage = Stage::new();
    for number in 1..=8 {
        settled(&stage, &format!("Do the {number}th thing"));
    }
    for number in 1..=6 {
        assert_eq!(stage.run(&["local", "pr", "close", &number.to_string()]).exit, Some(0));
    }
    let words = "\n  Say hello\u{1b}[31m in two languages, as politely as the house does it, \u{202e}every day and every night\n\nand more\n";
    let subject = parked(&stage, words);
    let status = shown(&stage, &["status"], &[(&subject, "task/KEY")]);
    assert_screen(&stage, "status", &status);
    let all = stage.run(&["status", "--all"]).stdout;
    assert!(all.contains("  pr/1  closed") && !all.contains("more:"), "{all}");
    let list = shown(&stage, &["resume", "--list"], &[(&subject, "task/KEY")]);
    assert!(status.contains(&list), "{status}\n{list}");
    let json = stage.run(&["status", "--json"]).json();
    assert_eq!(json.as_array().map(Vec::len), Some(17), "each task and its pull request: {json}");
    let of = |subject: &str| {
        json.as_array().unwrap().iter().find(|one| one["subject"] == subject).unwrap().clone()
    };
    assert!(of(&subject)["title"].as_str().unwrap().ends_with("every day and every night"), "{json}");
    assert_eq!(of("pr/2")["title"], "Resolve all TODOs");
    assert!(of("pr/2")["last_activity"].as_str().is_some_and(|instant| instant.starts_with("20")));
}

#[test]
fn questions_come_before_settled_runs() {
    let stage = Stage::new();
    settled(&stage, "Do it");
    stage.run(&["local", "issue", "create", "--title", "Which language?"]);
    let questions = r#"{"schema_version":1,"kind":"implementation","summary":"I must know","clarification":{"questions":["Which?"]}}"#;
    stage.agent(
        "asks.sh",
        &format!("#!/bin/sh\ncat > /dev/null\necho '{questions}' > \"$AGENT_LOOP_RESPONSE\"\n"),
    );
    let words =
        ["issue", "2", "--json", "--coder", "sam=command:../asks.sh", "--reviewer", "one=command:../todo.sh"];
    let ended = stage.run(&words);
    assert_eq!(ended.json()["status"], "needs-human", "{}", ended.stdout);
    let status = stage.run(&["status"]).stdout;
    let status =
        status.lines().filter(|line| !line.contains("from task/")).collect::<Vec<_>>().join("\n") + "\n";
    let expected = "\
Waiting for you:

pr/1     approved, not merged
    Resolve all TODOs
    agent-loop local pr merge 1

issue/2  needs-human (clarification)
    Which language?
    agent-loop resume issue/2 --interactive
";
    assert!(status.starts_with(expected), "{status}");
    assert_eq!(stage.run(&["status", "issue/2", "--json"]).json()["doing"], "ended");
}

/// A settings file moves the logs.
#[test]
fn moved_logs_are_listed_and_removed() {
    let stage = Stage::new();
    let (folder, logs) = (stage.root().join(".config/agent-loop"), stage.root().join("moved"));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), format!("[paths]\nlogs = \"{}\"\n", logs.display())).unwrap();
    assert_eq!(stage.run(&task(&[])).json()["status"], "approved");
    let list = stage.run(&["logs", "pr/1", "--list"]).stdout;
    assert!(list.contains("reviewer") && list.contains(&logs.display().to_string()), "{list}");
    stage.run(&["local", "pr", "merge", "1"]);
    assert_eq!(stage.run(&["clean", "--yes"]).exit, Some(0));
    let left: Vec<_> =
        walk(&logs).into_iter().filter(|path| path.extension().is_some_and(|end| end == "log")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn logs_are_listed_and_printed() {
    let stage = Stage::new();
    let ended = stage.run(&task(&["--no-parallel-reviewers", "--test-command", "echo fine"]));
    assert_eq!(ended.exit, Some(0), "{}", ended.stderr);
    let list = stage.run(&["logs", "pr/1", "--list"]).stdout;
    let rows: Vec<Vec<&str>> = list.lines().map(|line| line.split_whitespace().collect()).collect();
    let [subject, heads, second, first, tests, folder] = rows.as_slice() else { panic!("{list}") };
    assert_eq!(
        (subject.join(" "), heads.join(" ")),
        ("pr/1".into(), "# when who round size ended name".into())
    );
    assert_eq!(
        [second[0], second[3], second[4], second[5], second[8]],
        ["1", "reviewer", "two", "1", "answered"]
    );
    assert_eq!([first[0], first[4], first[8]], ["2", "one", "answered"]);
    assert_eq!([tests[0], tests[3], tests[6]], ["3", "tests", "pass"], "{list}");
    assert!(folder[1].ends_with("/subjects/pr-1/logs"), "{list}");
    assert!(list.lines().take(5).all(|line| line.chars().count() <= 80), "{list}");

    let printed = |words: &[&str]| stage.run(&[&["logs", "pr/1"], words].concat());
    assert_eq!(
        (printed(&[]).stdout, printed(&["1"]).stderr.contains("reviewer two")),
        (printed(&["1"]).stdout, true)
    );
    assert!(printed(&[]).stderr.contains("(the latest of 3: agent-loop logs pr/1 --list)"));
    let repository = stage.repository().display().to_string();
    let elsewhere = stage.run_in(Path::new("/"), &["logs", "pr/1", "-C", &repository]).stderr;
    assert!(elsewhere.contains(&format!("agent-loop logs pr/1 --list -C {repository})")), "{elsewhere}");
    assert!(printed(&["3"]).stdout.contains("fine"));
    assert!(printed(&[&first[9][..6]]).stderr.contains("reviewer one"));
    let unknown = printed(&["nonesuch"]);
    assert_eq!(unknown.exit, Some(2));
    assert!(unknown.stderr.contains("there is no log `nonesuch` of pr/1"), "{}", unknown.stderr);
    assert!(unknown.stderr.contains(&list), "{}", unknown.stderr);
    assert_eq!(printed(&["1", "--follow"]).exit, Some(2));
    let raw = stage.run(&["logs", "--raw"]);
    assert!(
        raw.exit == Some(2) && raw.stderr.contains("`--raw` prints one log: name its subject"),
        "{}",
        raw.stderr
    );
    let all = stage.run(&["logs"]).stdout;
    assert!(all.contains(&list) && all.contains("coder sam"), "{all}");
}

#[test]
fn clean_keeps_the_cost_of_runs() {
    let stage = Stage::new();
    settled(&stage, "Do it");
    let mut before = stage.run(&["usage", "--json"]).json();
    assert_eq!(stage.run(&["local", "pr", "merge", "1"]).exit, Some(0));
    let looked = stage.run(&["clean", "--dry-run"]);
    assert!(
        looked.stdout.contains("would keep the costs of these runs, for `agent-loop usage`"),
        "{}",
        looked.stdout
    );
    assert_eq!(stage.run(&["clean", "--yes"]).exit, Some(0));
    assert!(walk(&stage.root().join("state")).iter().all(|path| !path.ends_with("journal.jsonl")));
    let after = stage.run(&["usage", "--json"]).json();
    assert_eq!((&before[0]["source"], &after[0]["source"]), (&"journals".into(), &"kept".into()));
    before[0]["source"] = "kept".into();
    assert_eq!(after, before, "all else is the same");
    assert_eq!(stage.run(&["usage", "pr/1", "--json"]).json(), after);
    let removed = "`agent-loop clean` has removed the journal and the logs of pr/1";
    assert!(stage.run(&["logs", "1"]).stderr.contains(removed));
    let table = stage.run(&["usage"]).stdout;
    assert!(table.lines().next().unwrap().ends_with(" (journal removed)"), "{table}");
    settled(&stage, "Do more");
    assert!(stage.run(&["usage"]).stdout.contains("\n2 runs\n"), "new runs count too");
}

/// A checkout of the user for the coder contains a file that prevents its use.
fn user_checkout_arguments(stage: &Stage) -> Vec<String> {
    let user_checkout = stage.root().join("user-checkout");
    stage.git(&["clone", "--quiet", ".", &user_checkout.display().to_string()]);
    fs::write(user_checkout.join("notes.txt"), "mine\n").unwrap();
    let words = ["--coder", "claude", "--claude-cmd", "/bin/true", "--claude-dir"].map(str::to_owned);
    let reviewer = ["--reviewer", "one=command:../todo.sh", "--json"].map(str::to_owned);
    words.into_iter().chain([user_checkout.display().to_string()]).chain(reviewer).collect()
}

#[test]
fn a_refused_start_leaves_nothing() {
    let stage = Stage::new();
    let user_checkout = user_checkout_arguments(&stage);
    let user_checkout: Vec<&str> = user_checkout.iter().map(String::as_str).collect();
    stage.run(&["local", "issue", "create", "--title", "Do it"]);
    stage.git(&["checkout", "--quiet", "-b", "feature"]);
    stage.write("notes.txt", "two TODO\n");
    stage.git(&["commit", "--quiet", "--all", "--message", "more"]);
    stage.run(&[
        "local", "pr", "create", "--head", "feature", "--base", "main", "--title", "t", "--body", "b",
    ]);
    for order in [["task", "Do it"], ["issue", "1"], ["pr", "2"]] {
        let refused = stage.run(&[&order[..], &user_checkout[..]].concat());
        assert_eq!(
            (refused.exit, refused.json()["reason"].as_str()),
            (Some(2), Some("dirty")),
            "{}",
            refused.stdout
        );
        assert_eq!(stage.run(&["status", "--json"]).stdout, "[]\n", "{order:?}");
        assert_eq!(stage.run(&["resume"]).stdout, "nothing is interrupted or parked\n", "{order:?}");
    }
    for thread in [["issue", "view", "1"], ["pr", "view", "2"]] {
        let view = stage.run(&[&["local"], &thread[..], &["--json"]].concat()).json();
        assert_eq!(view["comments"].as_array().map(Vec::len), Some(0), "{view}");
    }
}

#[test]
fn a_refused_start_removes_nothing() {
    let stage = Stage::new();
    let subject = parked(&stage, "Do it");
    let before = stage.run(&["usage", "--json"]).stdout;
    let user_checkout = user_checkout_arguments(&stage);
    let user_checkout: Vec<&str> = user_checkout.iter().map(String::as_str).collect();
    let refused = stage.run(&[&["task", "Do it"], &user_checkout[..]].concat());
    assert_eq!(
        (refused.exit, refused.json()["reason"].as_str()),
        (Some(2), Some("dirty")),
        "{}",
        refused.stdout
    );
    let known = stage.run(&["status", &subject, "--json"]).json();
    assert_eq!((&known["doing"], &known["title"]), (&"parked".into(), &"Do it".into()));
    assert_eq!(stage.run(&["usage", "--json"]).stdout, before);
}
