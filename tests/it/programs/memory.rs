//! The agent memory: the agents that get it, its folder, and refused folders.

use std::fs;

use super::stage::{Ended, Stage, task, walk};

const TODO_AGENT: &str = include_str!("../../../fixtures/agents/todo-agent.sh");

/// The shell agent, which saves its prompt and the content of its folder.
fn stage() -> Stage {
    let stage = Stage::new();
    stage.write("README.md", "# Votes\n\nCounts votes.\n");
    stage.git(&["add", "--all"]);
    stage.git(&["commit", "--quiet", "--message", "words"]);
    let seen = stage.root().join("seen");
    fs::create_dir(&seen).unwrap();
    let keep = format!(
        "set -eu\nname={}/$AGENT_LOOP_ROLE-$AGENT_LOOP_ENTRY-$$\ncat > \"$name.prompt\"\n\
         ls -A > \"$name.files\"\n[ ! -e .notes ] || cat .notes/memory.md > \"$name.memory\"",
        seen.display()
    );
    stage.agent("todo.sh", &TODO_AGENT.replace("set -eu", &keep).replace("AGENT_LOOP_ENTRY", "PPID"));
    stage
}

/// Removes and returns what agents saw, by the extension of the file.
fn seen(stage: &Stage, ending: &str) -> Vec<(String, String)> {
    let folder = stage.root().join("seen");
    let mut found: Vec<(String, String)> = walk(&folder)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|own| own == ending))
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            fs::remove_file(&path).unwrap();
            (path.file_name().unwrap().to_string_lossy().into_owned(), text)
        })
        .collect();
    found.sort();
    found
}

fn approved(ended: &Ended) {
    assert_eq!(ended.json()["status"], "approved", "{}\n{}", ended.stdout, ended.stderr);
}

#[test]
fn agents_get_the_memory() {
    let stage = stage();
    approved(&stage.run(&task(&[])));
    let prompts = seen(&stage, "prompt");
    assert_eq!(prompts.len(), 3);
    for (who, prompt) in &prompts {
        for words in ["## What is known of this repository", "It may be out of date", "\n- Counts votes.\n"] {
            assert!(prompt.contains(words), "{who}: {words}\n{prompt}");
        }
        let (_, rest) = prompt.split_once("## What is known").unwrap();
        let fences: Vec<&str> = rest.lines().filter(|line| line.starts_with("DATA-")).take(2).collect();
        assert_eq!(fences[0], fences[1], "{rest}");
    }
    let cached = walk(&stage.root().join(".cache/agent-loop"));
    assert!(cached.len() == 1 && cached[0].ends_with("agent-memory.json"), "{cached:?}");
    fs::remove_dir_all(stage.root().join(".cache")).unwrap();
    let mut words = task(&["--no-agent-memory"]);
    words[1] = "Do it again";
    stage.write("notes.txt", "another TODO\n");
    stage.git(&["commit", "--quiet", "--all", "--message", "again"]);
    approved(&stage.run(&words));
    assert!(seen(&stage, "prompt").iter().all(|(_, prompt)| !prompt.contains("What is known")));
    assert!(!stage.root().join(".cache").exists());
}

/// The memory is only in the coder's checkout.
#[test]
fn a_relative_folder_is_never_committed() {
    let stage = stage();
    approved(&stage.run(&task(&["--agent-memory-dir", ".notes"])));
    let memories = seen(&stage, "memory");
    assert_eq!(memories.len(), 1, "{memories:?}");
    assert!(memories[0].0.starts_with("coder") && memories[0].1.contains("- Counts votes."), "{memories:?}");
    for (who, prompt) in seen(&stage, "prompt") {
        let is_told = prompt.contains("`.notes/memory.md` in the current folder has more");
        assert_eq!(is_told, who.starts_with("coder"), "{who}: {prompt}");
    }
    let branch = stage.branch();
    assert_eq!(stage.git(&["ls-tree", "-r", "--name-only", &branch]), "README.md\nnotes.txt");
    assert!(!stage.git(&["log", "--name-only", "--format=", &branch]).contains(".notes"));
}

#[test]
fn user_checkouts_get_no_relative_folder() {
    let stage = stage();
    let user_checkout = stage.root().join("user_checkout");
    stage.git(&["clone", "--quiet", ".", user_checkout.to_str().unwrap()]);
    let [cmd, dir] =
        [stage.root().join("todo.sh"), user_checkout.clone()].map(|path| path.display().to_string());
    let settings = format!("[agents.user_checkout]\ncmd = {cmd:?}\ndir = {dir:?}\n");
    let own = stage.root().join(".config/agent-loop");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("config.toml"), settings).unwrap();
    let before = (walk(&user_checkout), stage.git(&["for-each-ref"]));
    for more in [&["--agent-memory-dir", ".notes"][..], &["--agent-memory-dir", ".notes", "--dry-run"]] {
        let mut words = task(more);
        words[4] = "sam=command:user_checkout";
        let ended = stage.run(&words);
        assert_eq!(ended.exit, Some(2), "{}\n{}", ended.stdout, ended.stderr);
        for part in ["`.notes`", "the coder `sam`", "agents.user_checkout.dir", "an absolute path"] {
            assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
        }
    }
    assert_eq!((walk(&user_checkout), stage.git(&["for-each-ref"])), before, "nothing was begun");
    // A reviewer has another checkout: the memory is only in the coder's.
    let mut words = task(&["--agent-memory-dir", ".notes"]);
    words[6] = "one=command:user_checkout";
    approved(&stage.run(&words));
    assert_eq!(seen(&stage, "memory").len(), 1);
}

#[test]
fn memory_is_kept_in_absolute_folders() {
    let stage = stage();
    let kept = stage.root().join("kept");
    approved(&stage.run(&task(&["--agent-memory-dir", kept.to_str().unwrap()])));
    assert_eq!(walk(&kept).len(), 1);
    assert!(!stage.root().join(".cache").exists());
}

#[test]
fn an_impossible_folder_is_refused_first() {
    let stage = stage();
    for (folder, why) in [
        ("../x", "leads out"),
        (".git/x", "belongs to git"),
        ("~/x", "letters, digits"),
        (".", "the checkout itself"),
    ] {
        let ended = stage.run(&task(&["--agent-memory-dir", folder]));
        assert_eq!(
            (ended.exit, ended.json()["reason"].as_str()),
            (Some(2), Some("config")),
            "{}",
            ended.stdout
        );
        assert!(ended.stdout.contains(why), "{folder}: {}", ended.stdout);
    }
    let ended = stage.run(&task(&["--agent-memory-dir", "notes.txt"]));
    assert_eq!(ended.exit, Some(1), "{}", ended.stdout);
    assert!(ended.stdout.contains("`notes.txt` cannot contain the agent memory"), "{}", ended.stdout);
    approved(&stage.run(&task(&["--agent-memory-dir", ".notes"])));
}

#[test]
fn a_refresh_concerns_one_command() {
    let stage = stage();
    approved(&stage.run(&task(&["--refresh-agent-memory", "--refresh-test-profile"])));
    let kept: Vec<String> = walk(&stage.root().join("state"))
        .into_iter()
        .filter(|path| path.ends_with("run.json"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    assert!(!kept.is_empty() && kept.iter().all(|text| !text.contains("refresh")), "{kept:?}");
    let ended = stage.run_with(
        &task(&["--refresh-agent-memory"]),
        &[("AGENT_LOOP_CONFIG__AGENT_MEMORY__ENABLED", "false")],
    );
    assert_eq!(ended.json()["reason"], "config", "{}", ended.stdout);
    assert!(ended.stdout.contains("the agent memory is off"), "{}", ended.stdout);
}

#[test]
fn a_secret_test_command_is_forgotten() {
    let stage = stage();
    let secret = format!("ghp_{}", "aB3dE5".repeat(6));
    stage.write(&secret, "DONE\n");
    stage.git(&["add", "--all"]);
    stage.git(&["commit", "--quiet", "--message", "a file with an odd name"]);
    approved(&stage.run(&task(&["--test-command", &format!("grep -c DONE {secret}")])));
    seen(&stage, "prompt");
    stage.write("notes.txt", "another TODO\n");
    stage.git(&["commit", "--quiet", "--all", "--message", "again"]);
    let mut words = task(&[]);
    words[1] = "Do it again";
    approved(&stage.run(&words));
    for (who, prompt) in seen(&stage, "prompt") {
        assert!(!prompt.contains("(passed in an earlier run)"), "{who}: {prompt}");
    }
}

#[test]
fn a_passing_test_command_is_remembered() {
    let stage = stage();
    approved(&stage.run(&task(&["--test-command", "grep -c DONE notes.txt"])));
    seen(&stage, "prompt");
    stage.write("notes.txt", "another TODO\n");
    stage.git(&["commit", "--quiet", "--all", "--message", "again"]);
    let mut words = task(&["--test-command", "grep -c TODO notes.txt", "--max-rounds", "2"]);
    words[1] = "Do it again";
    stage.run(&words);
    for (who, prompt) in seen(&stage, "prompt") {
        assert!(prompt.contains("- `grep -c DONE notes.txt` (passed in an earlier run)"), "{who}: {prompt}");
        assert!(!prompt.contains("`grep -c TODO notes.txt` (passed"), "{who}: a red one is not");
    }
    words = task(&[]);
    words[1] = "Do it once more";
    words.remove(2);
    let untested = stage.run(&words).stdout;
    let suggestion = "no tests were run; --test-command 'grep -c DONE notes.txt' adds them";
    assert!(untested.contains(suggestion), "{untested}");
}
