//! The real agents on the model of GitHub: from a clean clone and an issue to a merged pull request, killed on the way.

use std::fs;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::super::program::Program;
use super::answers::{followed_up, implemented, items, kind, reviewed, runs, writes};
use super::stage::Stage;
use crate::github_model::{Github, Killer, Moment, Role};
use crate::model::{Scenario, Seen};

const TOKEN: &str = "token-of-ada-0123456789";
const WORDS: [&str; 7] = ["issue", "1", "--coder", "claude", "--reviewer", "codex", "--auto-merge"];

/// Starts the same command again, killed at one moment. Returns whether it was killed.
fn is_killed(stage: &Stage, began: impl FnOnce(u32)) -> bool {
    let mut command = stage.command(&WORDS);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    began(child.id());
    child.wait().unwrap().code().is_none()
}

/// A coder in whose first turn the program is killed, if its process is known.
fn coder(seen: &Seen, process: &AtomicU32) -> crate::model::Answer {
    let pid = process.swap(0, Ordering::SeqCst);
    if pid != 0 {
        Killer { pid, moment: Moment::Before, path: "" }.kill();
    }
    match kind(seen) {
        "implementation" => writes("herons.txt", "one heron\n", implemented()),
        _ => runs("echo two herons > herons.txt", followed_up(&items(seen))),
    }
}

#[test]
#[ignore = "needs the pinned agent programs (.ci/programs) and gh"]
fn a_killed_issue_is_merged() {
    let (claude, codex) = (Program::Claude, Program::Codex);
    let github = Github::start();
    github.login("ada", Role::Admin, TOKEN);
    let stage = Stage::new(&[claude, codex]).on_github(&github, TOKEN);
    let bob = github.state().person("bob", Role::Write);
    let text = "There were two herons in the reeds this morning.\n\nSay so in `herons.txt`.";
    github.state().file(bob, ("Count the herons", text), None);
    let settings = stage.home.home().join(".config/agent-loop/config.toml");
    fs::create_dir_all(settings.parent().unwrap()).unwrap();
    fs::write(settings, "[gates.ci]\nstart_seconds = 0\n").unwrap();
    let process = Arc::new(AtomicU32::new(0));
    let known = Arc::clone(&process);
    stage.plays(claude, Scenario::thinks(move |seen| coder(seen, &known)));
    let strict = |seen: &Seen| {
        let missing = if seen.prompt.contains("+two herons") { &[][..] } else { &["There were two."] };
        reviewed(&items(seen), missing)
    };
    stage.plays(codex, Scenario::thinks(strict));

    assert!(is_killed(&stage, |pid| process.store(pid, Ordering::SeqCst)), "in the coder's turn");
    for (moment, path) in [(Moment::After, "/pulls"), (Moment::Before, "/merge")] {
        let at = |pid| github.state().killer = Some(Killer { pid, moment, path });
        assert!(is_killed(&stage, at), "{moment:?} {path}");
    }
    let told = stage.run(&WORDS);
    told.assert(0, "merged");

    let model = github.state();
    let pulls: Vec<_> = model.filed.values().filter(|filed| filed.pull.is_some()).collect();
    let [pull] = pulls.as_slice() else { panic!("{pulls:?}") };
    assert!(model.filed.values().all(|filed| !filed.is_open), "the issue is closed by the merge");
    assert_eq!(
        stage.git(&["--git-dir", github.bare().to_str().unwrap(), "show", "main:herons.txt"]),
        "two herons"
    );
    assert_eq!(stage.turns(claude), 3, "the turn that was cut off ran again, no other did");
    assert_eq!(stage.turns(codex), 2);
    let thread = |number: u64, beginnings: &[&str]| {
        let on = model.comments.iter().filter(|one| one.on == number && !one.body.starts_with("**gate "));
        let said: Vec<&str> = on.map(|one| one.body.as_str()).collect();
        let fits = |(body, beginning): (&&str, &&str)| {
            let (shown, record) = body.split_once("<!-- ").unwrap();
            shown.starts_with(beginning) && record.ends_with(" -->") && !shown.contains("META")
        };
        assert_eq!(said.len(), beginnings.len(), "{said:#?}");
        assert!(said.iter().zip(beginnings).all(fits), "{said:#?}");
    };
    thread(1, &["**agent-loop** works on this issue", "**claude** wrote `"]);
    let shown = [
        "**agent-loop** reviews this pull request at `",
        "**codex** ✗ blocks `",
        "**claude** pushed `",
        "**codex** ✓ approves `",
        "**Approved and merged as `",
    ];
    thread(pull.number, &shown);
}
