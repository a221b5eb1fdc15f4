//! Disks that are full or read-only, and paths that are not folders: the message names the problem, and nothing is lost.

use std::fs;
use std::path::PathBuf;

use agent_loop::adapters::storage::folders::Folders;
use agent_loop::adapters::storage::journals::{self, FileJournals};
use agent_loop::ports::journal::{Entry, JournalError, Journals};

use super::stage::{Ended, Stage, task};

/// A disk with this number of kilobytes, until it is dropped.
struct SmallDisk<'stage> {
    stage: &'stage Stage,
    path: PathBuf,
}

impl<'stage> SmallDisk<'stage> {
    fn mount(stage: &'stage Stage, kilobytes: u32) -> Self {
        let disk = Self { stage, path: stage.root().join("small") };
        fs::create_dir(&disk.path).unwrap();
        let size = format!("size={kilobytes}k");
        let mounted = stage.run_program("mount", &["-t", "tmpfs", "-o", &size, "tmpfs", disk.name()]);
        assert_eq!(mounted.exit, Some(0), "{}", mounted.stderr);
        disk
    }

    fn name(&self) -> &str {
        self.path.to_str().unwrap()
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        self.stage.succeeds("umount", &[self.name()]);
    }
}

/// Checks that the run failed because of the disk, and that the message names the path.
fn let_down(ended: &Ended, path: &str) {
    assert_eq!((ended.exit, ended.json()["reason"].as_str()), (Some(1), Some("disk")), "{}", ended.stdout);
    assert!(ended.json()["message"].as_str().unwrap().contains(path), "{}", ended.stdout);
}

fn approved(ended: &Ended) {
    assert_eq!(ended.json()["status"], "approved", "{}\n{}", ended.stdout, ended.stderr);
}

#[test]
fn an_impossible_state_folder_is_named() {
    let stage = Stage::new();
    let file = stage.root().join("file");
    fs::write(&file, "").unwrap();
    let file = file.to_str().unwrap();
    let_down(&stage.run_with(&task(&[]), &[("XDG_STATE_HOME", file)]), file);
}

#[test]
#[ignore = "needs a machine on which a disk can be mounted"]
fn an_unwritable_state_folder_is_named() {
    let stage = Stage::new();
    let disk = SmallDisk::mount(&stage, 400);
    assert!(stage.succeeds("mount", &["-o", "remount,ro", disk.name()]));
    let_down(&stage.run_with(&task(&[]), &[("XDG_STATE_HOME", disk.name())]), disk.name());
}

#[test]
#[ignore = "needs a machine on which a disk can be mounted"]
fn our_full_disk_loses_nothing() {
    let stage = Stage::new();
    let disk = SmallDisk::mount(&stage, 16);
    // Later commands get further before the disk is full.
    for kilobytes in (16..=160).step_by(24) {
        let size = format!("remount,size={kilobytes}k");
        assert!(stage.succeeds("mount", &["-o", &size, disk.name()]));
        let ended = stage.run_with(&task(&[]), &[("XDG_STATE_HOME", disk.name())]);
        let_down(&ended, disk.name());
    }
    assert!(stage.succeeds("mount", &["-o", "remount,size=4m", disk.name()]));
    approved(&stage.run_with(&task(&[]), &[("XDG_STATE_HOME", disk.name())]));
}

#[test]
#[ignore = "needs a machine on which a disk can be mounted"]
fn the_repositorys_full_disk_loses_nothing() {
    let stage = Stage::new();
    let disk = SmallDisk::mount(&stage, 1000);
    let repository = disk.path.join("repository");
    stage.git(&["clone", "--quiet", ".", repository.to_str().unwrap()]);
    let filler = disk.path.join("filler");
    let filling = format!("cat /dev/zero > {} 2> /dev/null || true\nset -eu", filler.display());
    let agent = include_str!("../../../fixtures/agents/todo-agent.sh");
    for who in ["coder", "reviewer"] {
        let filling = format!("if [ $AGENT_LOOP_ROLE = {who} ]; then {filling}; fi");
        stage.agent("todo.sh", &agent.replace("set -eu", &filling));
        let_down(&stage.run(&task(&["-C", repository.to_str().unwrap()])), disk.name());
        fs::remove_file(&filler).unwrap();
    }
    stage.agent("todo.sh", agent);
    approved(&stage.run(&task(&["-C", repository.to_str().unwrap()])));
}

#[tokio::test]
#[ignore = "needs a machine on which a disk can be mounted"]
async fn an_incomplete_entry_is_removed() {
    let stage = Stage::new();
    let disk = SmallDisk::mount(&stage, 16);
    let entry = |body: &str| Entry::Record { body: body.to_owned() };
    let (folders, subject) = (Folders::new(&disk.path, "repository-1"), "pr/7".parse().unwrap());
    let journals = FileJournals::new(folders.clone(), stage.root().join("locks"), |_| Ok(()));
    let journal = journals.open(&subject).await.unwrap();
    journal.append(entry("one")).await.unwrap();
    let path = folders.journal(&subject);
    let acknowledged = fs::metadata(&path).unwrap().len();
    let refusal = journal.append(entry(&"x".repeat(20_000))).await.unwrap_err();
    assert!(matches!(&refusal, JournalError::Disk(text) if text.contains("could not write")), "{refusal}");
    assert_eq!(fs::metadata(&path).unwrap().len(), acknowledged, "the torn line is gone");
    // The answer of a reviewer at the same time is read, now that there is space again.
    assert!(stage.succeeds("mount", &["-o", "remount,size=64k", disk.name()]));
    journal.append(entry("two")).await.unwrap();
    assert_eq!(journals::read(&path).unwrap(), [entry("one"), entry("two")]);
    // An open file prevents unmounting.
    drop(journal);
}

/// A result that was not written is an error of every command that prints.
#[test]
fn unwritten_results_are_errors() {
    let stage = Stage::new();
    assert_eq!(stage.run(&task(&[])).exit, Some(0));
    let program = env!("CARGO_BIN_EXE_agent-loop");
    for command in [
        "status --json",
        "status",
        "doctor --json",
        "usage",
        "logs --list",
        "verify pr/1",
        "config explain",
        "schema pr_review",
        "local pr list",
        "local pr list --json",
        "pr 1 --json",
        "pr 1 --json=events",
        "completions bash",
        "man",
        "--help",
        "--version",
        "clean --dry-run",
        "resume --list",
        "gates pr/1 --json",
    ] {
        let to = |target: &str| stage.run_program("sh", &["-c", &format!("{program} {command} {target}")]);
        let ended = to("> /dev/full");
        assert!(ended.exit.is_some_and(|code| code != 0), "{command}: {:?}", ended.exit);
        assert!(ended.stderr.contains("could not write the result to stdout"), "{command}: {}", ended.stderr);
        let piped = to("| true");
        assert!(!piped.stderr.contains("could not write"), "{command}: {}", piped.stderr);
    }
}
