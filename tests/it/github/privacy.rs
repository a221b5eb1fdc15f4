//! The login of gh reaches git and gh, and nothing else; the user's configuration of git does not reach our git.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::stage::{Stage, TOKEN, gh, loop_words};

fn program(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The files under a folder that hold the token.
fn holders(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let kind = fs::symlink_metadata(&path).unwrap();
        if kind.is_dir() {
            found.extend(holders(&path));
        } else if kind.is_file() {
            let bytes = fs::read(&path).unwrap();
            if bytes.windows(TOKEN.len()).any(|window| window == TOKEN.as_bytes()) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

#[test]
#[ignore = "needs gh"]
fn the_token_stays_where_it_belongs() {
    let stage = Stage::new();
    let root = stage.root().display().to_string();
    // The arguments of every process, as git pushes and as an agent works.
    let look = format!("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' >> '{root}/arguments'");
    program(&stage.github.bare().join("hooks/update"), &format!("#!/bin/sh\n{look}\n"));
    let agent = include_str!("../../../fixtures/agents/todo-agent.sh").replacen(
        "set -eu",
        &format!("env >> '{root}/environments'; {look}\nset -eu"),
        1,
    );
    stage.agent("todo.sh", &agent);
    // What a user may have configured, to send our git elsewhere or to run something.
    program(&stage.root().join("hooks/pre-push"), &format!("#!/bin/sh\ntouch '{root}/touched'\n"));
    let settings = format!(
        "[url \"https://elsewhere.invalid/\"]\n\tinsteadOf = https://\n[core]\n\thooksPath = {root}/hooks\n[credential]\n\thelper = \
         \"!touch {root}/touched; echo password=stolen\"\n[http]\n\tproxy = http://127.0.0.1:1\n"
    );
    fs::write(stage.root().join(".gitconfig"), &settings).unwrap();
    let local = stage.repository().join(".git/config");
    let before = fs::read_to_string(&local).unwrap();
    fs::write(&local, format!("{before}{settings}")).unwrap();
    let gh = gh();
    let ended = stage.run(&loop_words(&["task", "Do what is marked"], &gh));
    assert_eq!(ended.json()["status"], "approved", "{}\n{}", ended.stdout, ended.stderr);
    assert!(!stage.root().join("touched").exists(), "nothing of the user's configuration was run");
    let arguments = fs::read_to_string(stage.root().join("arguments")).unwrap();
    assert!(arguments.contains("git-credential") || arguments.contains("push"), "the push was seen");
    let environments = fs::read_to_string(stage.root().join("environments")).unwrap();
    assert!(
        environments.contains("AGENT_LOOP_ROLE=coder") && environments.contains("AGENT_LOOP_ROLE=reviewer")
    );
    assert_eq!(holders(stage.root()), Vec::<String>::new());
    assert!(!ended.stdout.contains(TOKEN) && !ended.stderr.contains(TOKEN));
}
