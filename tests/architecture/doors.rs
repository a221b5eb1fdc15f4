//! Rules for access to the system: each kind of access is allowed only in certain files, under any imported name.

use std::path::Path;

use super::tree::{CRATE, Tree, assert_kept};

/// A kind of access to the system, with the files and folders that may use it.
struct Door {
    name: &'static str,
    rooms: &'static [&'static str],
    is_taken: fn(&[&str]) -> bool,
}

const DOORS: [Door; 8] = [
    Door {
        name: "starts a program",
        rooms: &["adapters/process"],
        is_taken: |path| matches!(path, ["std" | "tokio", "process", "Command", ..]),
    },
    Door { name: "ends the program", rooms: &[], is_taken: |path| path == ["std", "process", "exit"] },
    Door {
        name: "reads the clock",
        rooms: &["adapters/clock.rs", "adapters/process/time.rs", "cli/run/retain.rs"],
        is_taken: |path| matches!(path, [.., "SystemTime" | "Instant" | "Timestamp" | "Zoned", "now"]),
    },
    Door {
        name: "waits",
        rooms: &["adapters/clock.rs", "adapters/process/time.rs"],
        is_taken: |path| matches!(path, ["tokio", "time", "sleep" | "timeout", ..]),
    },
    Door {
        name: "spawns a task",
        rooms: &["engine"],
        is_taken: |path| matches!(path, ["tokio", "spawn"] | ["tokio", "task", "spawn"]),
    },
    Door {
        name: "reads the environment",
        rooms: &["cli/surroundings.rs"],
        is_taken: |path| match path {
            ["std", "env", name, ..] => {
                !["args_os", "current_exe", "join_paths", "split_paths"].contains(name)
            }
            _ => false,
        },
    },
    Door {
        name: "reads its own command line",
        rooms: &[
            "cli/mod.rs",
            "cli/view/ending.rs",
            "cli/commands/demo.rs",
            "cli/commands/resume/job.rs",
            "cli/run/command.rs",
        ],
        is_taken: |path| matches!(path, ["std", "env", "args_os" | "current_exe"]),
    },
    Door {
        name: "prints",
        rooms: &["cli/view/print.rs"],
        is_taken: |path| matches!(path, [.., "io", "stdout" | "stderr"]),
    },
];

/// Returns the accesses outside of the allowed files.
fn trespassers(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for (file, named) in tree.paths() {
        let path: Vec<&str> = named.what.iter().map(String::as_str).collect();
        let taken = DOORS.iter().filter(|door| (door.is_taken)(&path));
        let outside = taken.filter(|door| !door.rooms.iter().any(|room| file.starts_with(Path::new(room))));
        found
            .extend(outside.map(|door| {
                format!("{}:{}: {}: {}", file.display(), named.line, door.name, path.join("::"))
            }));
    }
    found
}

#[test]
fn system_access_stays_in_its_files() {
    assert_kept(&trespassers(&CRATE));
}

#[test]
fn every_way_through_is_seen() {
    for text in [
        "use tokio::process::{Child, Command};",
        "use std::process; fn f() { process::Command::new(\"git\"); }",
        "fn f() { std::process::Command::new(\"git\"); }",
        "fn f() { assert!(std::process::Command::new(\"git\").status().is_ok()); }",
        "use std::time::{Duration, SystemTime}; fn f() { SystemTime::now(); }",
        "use std::process::exit; fn f() { exit(1); }",
        "use tokio::time::{self, Instant}; fn f() { time::sleep(d); }",
        "use tokio::{spawn, sync::Notify};",
        "use std::time::Instant; fn f() { Instant::now(); }",
        "fn f() { let now = jiff::Timestamp::now(); }",
        "use std::env::{self, var}; ",
        "use std::env; fn f() { env::vars_os(); }",
        "fn f() { std::io::stdout(); }",
    ] {
        let tree = Tree::example(&[("text/prompt.rs", text)]);
        assert!(!trespassers(&tree).is_empty(), "{text}");
    }
}

#[test]
fn other_access_is_allowed() {
    let text = "use std::process::ExitCode; use std::time::Duration; fn f(at: jiff::Timestamp) { std::env::split_paths(p); let t: std::time::SystemTime; }";
    assert_eq!(trespassers(&Tree::example(&[("text/prompt.rs", text)])), Vec::<String>::new());
    let text = "use tokio::process::Command;";
    assert_eq!(trespassers(&Tree::example(&[("adapters/process/child.rs", text)])), Vec::<String>::new());
}
